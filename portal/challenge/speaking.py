"""Speaking one challenge: six digits put together from the portal's own recordings.

Every sound has the same length, so that neither its size nor how long it takes says anything about the
digits, and no two have the same samples. A program that understands speech reads it: like the picture it is a
speed bump, and the limits carry the weight.
"""

from __future__ import annotations

import io
import operator
import secrets
import sys
import wave
from array import array
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from portal.challenge.kinds import Kind

DIGITS = 6
SECONDS = 9
RATE = 16_000  # samples a second
TAKES = "abc"

_VOICES = Path(__file__).with_name("voices")
_ONE = 1 << 16  # the step of an unchanged recording, in parts of a sample
_MIDDLE = 128  # silence in unsigned samples of one byte
_LEAST_PAUSE = RATE // 3


@dataclass(frozen=True, slots=True)
class Recording:
    """A WAV sound and the digits that are said in it."""

    answer: str = field(repr=False)
    sound: bytes = field(repr=False)


def speak(kind: Kind) -> Recording:
    """Say six digits at random pauses over a light noise; about 30 ms, 144 KB."""
    answer = "".join(str(secrets.randbelow(10)) for _ in range(DIGITS))
    words = [_varied(_voice(kind, digit, secrets.choice(TAKES))) for digit in answer]
    pauses = _pauses(RATE * SECONDS - sum(map(len, words)), DIGITS + 1)
    level = 2 + secrets.randbelow(3)
    said = bytearray()
    for pause, word in zip(pauses, [*words, b""], strict=True):
        said += bytes([_MIDDLE - level]) * pause
        said += bytes(sample - level for sample in word)
    hiss = secrets.token_bytes(len(said)).translate(bytes(value % (2 * level + 1) for value in range(256)))
    return Recording(answer, _wav(bytes(map(operator.add, said, hiss))))


@cache
def _voice(kind: Kind, digit: str, take: str) -> array[int]:
    """Return the samples of one recording."""
    with wave.open(str(_VOICES / f"{kind}-{digit}-{take}.wav")) as file:
        samples = array("h", file.readframes(file.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _varied(voice: array[int]) -> bytes:
    """Return a recording a little faster or slower, louder or softer, in unsigned samples of one byte."""
    step = _ONE * (950 + secrets.randbelow(101)) // 1000
    gain = 190 + secrets.randbelow(67)  # of 256
    said = bytearray()
    for place in range(0, (len(voice) - 1) * _ONE, step):
        before, part = voice[place >> 16], place & (_ONE - 1)
        between = before + ((voice[(place >> 16) + 1] - before) * part >> 16)
        said.append(_MIDDLE + (between * gain >> 16))
    return bytes(said)


def _pauses(total: int, count: int) -> list[int]:
    """Share so many samples of silence out at random, none very short."""
    weights = [100 + secrets.randbelow(100) for _ in range(count)]
    spare = total - count * _LEAST_PAUSE
    pauses = [_LEAST_PAUSE + spare * weight // sum(weights) for weight in weights]
    pauses[-1] += total - sum(pauses)
    return pauses


def _wav(samples: bytes) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(RATE)
        file.writeframes(samples)
    return out.getvalue()
