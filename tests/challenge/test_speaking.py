"""If these fail whoever cannot see is kept out, or the sound's size tells a robot what is said in it.

Whether people understand the digits cannot be measured here: these tests hear nothing. They show that every
recording is there, loud enough above the noise, apart from its neighbours, and that nothing leaks beside it.
"""

from __future__ import annotations

import io
import secrets
import wave
from array import array
from collections import Counter
from pathlib import Path

import pytest

from portal.challenge import speaking
from portal.challenge.answers import fold
from portal.challenge.kinds import Kind, spoken_in
from portal.challenge.speaking import DIGITS, RATE, SECONDS, TAKES, speak

VOICES = Path(speaking.__file__).with_name("voices")
SPOKEN = [kind for kind in Kind if kind.is_spoken]
FRAME = RATE // 50  # 20 ms
CHI_SQUARE_9 = 45.0  # exceeded once in a million by chance, with nine degrees of freedom


def samples(sound: bytes) -> bytes:
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 1, RATE)
        return bytes(file.readframes(file.getnframes()))


def words_in(sound: bytes) -> list[int]:
    """Lengths, in frames, of what stands out from the noise; gaps of up to eight frames are inside a word.

    The weak end of an English six may come alone, in a frame or two: that is no word.
    """
    data = samples(sound)
    loud = [
        max(abs(value - 128) for value in data[at : at + FRAME]) > 12 for at in range(0, len(data), FRAME)
    ]
    lengths: list[int] = []
    quiet = 99
    for one in loud:
        if one and quiet > 8:
            lengths.append(0)
        quiet = 0 if one else quiet + 1
        if one:
            lengths[-1] += 1
    return [length for length in lengths if length > 3]


@pytest.mark.parametrize("kind", SPOKEN)
def test_every_digit_is_recorded_in_three_ways_small_and_plain(kind: Kind) -> None:
    seen = set()
    for digit in "0123456789":
        for take in TAKES:
            path = VOICES / f"{kind}-{digit}-{take}.wav"
            assert path.stat().st_size < 30_000
            with wave.open(str(path)) as file:
                assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
                frames = file.readframes(file.getnframes())
            assert 0.2 < len(frames) / 2 / RATE < 0.8
            assert max(map(abs, array("h", frames))) > 20_000
            seen.add(frames)
    assert len(seen) == 30


def test_the_recordings_say_how_they_were_made_and_that_they_are_free() -> None:
    told = (VOICES / "README.txt").read_text()
    assert "eSpeak NG" in told
    assert "CC0" in told


@pytest.mark.parametrize("kind", SPOKEN)
def test_every_sound_has_the_same_length_whatever_is_said(kind: Kind) -> None:
    made = [speak(kind) for _ in range(12)]
    assert {len(one.sound) for one in made} == {44 + RATE * SECONDS}
    assert len(made[0].sound) < 200_000
    assert len({one.sound for one in made}) == 12
    # The same header: nothing but the samples differs.
    assert len({one.sound[:44] for one in made}) == 1


@pytest.mark.parametrize("kind", SPOKEN)
def test_six_words_stand_apart_from_a_light_noise(kind: Kind) -> None:
    for _ in range(6):
        made = speak(kind)
        assert len(made.answer) == DIGITS
        assert made.answer.isdigit()
        words = words_in(made.sound)
        assert len(words) == DIGITS
        assert all(word >= 6 for word in words)


def test_nothing_is_cut_off_by_loudness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "randbelow", lambda below: below - 1)
    for kind in SPOKEN:
        data = samples(speak(kind).sound)
        assert min(data) > 0
        assert max(data) < 255


def test_the_slowest_digits_still_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "randbelow", lambda below: 0 if below != 10 else 7)
    monkeypatch.setattr(secrets, "choice", lambda takes: "c")
    made = speak(Kind.ENGLISH)
    assert len(samples(made.sound)) == RATE * SECONDS
    assert len(words_in(made.sound)) == DIGITS


def test_one_digit_hardly_ever_sounds_the_same_twice() -> None:
    voice = speaking._voice(Kind.MANDARIN, "3", "a")
    # Of 6,767 ways: two of twenty are alike once in 36 runs, four pairs not once in a million.
    assert len({speaking._varied(voice) for _ in range(20)}) > 16


@pytest.mark.parametrize(
    "typed", ["304519", "3 0 4 5 1 9", "３０４５１９", "三零四五一九", "三〇四五幺九", "3O4519", "304-519\n"]
)
def test_digits_may_be_typed_in_any_way(typed: str) -> None:
    assert fold(typed) == fold("304519")


def test_different_digits_stay_different() -> None:
    assert len({fold(digit) for digit in "0123456789"}) == 10
    assert len({fold(digit) for digit in "零一二三四五六七八九"}) == 10


def test_who_reads_english_hears_english() -> None:
    assert (spoken_in("en"), spoken_in("zh_Hans"), spoken_in("")) == (
        Kind.ENGLISH,
        Kind.MANDARIN,
        Kind.MANDARIN,
    )


def test_the_answer_is_not_seen_in_the_recordings_text() -> None:
    made = speak(Kind.MANDARIN)
    assert made.answer not in repr(made)
    assert made.answer.encode() not in made.sound[:64]


def chi_square(digits: str) -> float:
    """How far the digits are from being equally frequent."""
    found, expected = Counter(digits), len(digits) / 10
    return sum((found[digit] - expected) ** 2 / expected for digit in "0123456789")


@pytest.mark.assure
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", SPOKEN)
def test_over_two_thousand_sounds_every_digit_is_as_frequent_at_every_place(
    kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [speak(kind).answer for _ in range(2000)]
    squares = [chi_square("".join(answer[place] for answer in answers)) for place in range(DIGITS)]
    squares.append(chi_square("".join(answers)))
    with capsys.disabled():
        print(f"\n{kind}: chi-square at each place and of all: {', '.join(f'{one:.1f}' for one in squares)}")
    assert max(squares) < CHI_SQUARE_9
    assert len(set(answers)) > 1980
