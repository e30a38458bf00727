"""Clean copies for staff: each file is opened in a child process of its own, never in this one.

Meant for jobs. A hostile file costs its own child at most, within the limits of portal.evidence.confinement.
Originals and results pass through memory files, so nothing readable is left on the disk.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, BinaryIO

from portal.evidence.cleaning_faults import CleaningFault
from portal.evidence.confinement import LIMITS
from portal.evidence.hashes import BITS, CUTS, Hashes
from portal.evidence.inspection import Kind, MediaType
from portal.evidence.store import Readable

_ROOT = Path(__file__).resolve().parents[2]
_MODULES = {
    Kind.PICTURE: "portal.evidence.pictures",
    Kind.DOCUMENT: "portal.evidence.documents",
    Kind.VIDEO: "portal.evidence.media",
    Kind.AUDIO: "portal.evidence.media",
}
_PAGES = "portal.evidence.pages"
CAN_DRAW_PAGES = find_spec("pypdfium2") is not None
_MOST_PAGES = 20
_COPY_BYTES = 256 * 1024


class CleaningError(Exception):
    """There is no clean copy; carries the fault, nothing of the file."""

    def __init__(self, code: CleaningFault) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True)
class Measures:
    """Pixels of a picture or film, pages of a document, length of a film or recording in milliseconds."""

    width: int | None = None
    height: int | None = None
    pages: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Clean:
    """A clean copy and, of a picture or film, a small JPEG still: open files, which the caller closes."""

    media_type: MediaType
    main: BinaryIO
    thumb: BinaryIO | None
    measures: Measures
    hashes: Hashes = field(default_factory=list)

    def close(self) -> None:
        """Give back the memory of both copies."""
        self.main.close()
        if self.thumb is not None:
            self.thumb.close()


def clean_stream(media_type: MediaType, source: Readable) -> Clean:
    """Make clean copies of an original read from a stream; raises CleaningError."""
    main = _memory_file()
    thumb = _memory_file() if media_type.kind in {Kind.PICTURE, Kind.VIDEO} else None
    results = [main] if thumb is None else [main, thumb]
    try:
        facts = _ask_child(_MODULES[media_type.kind], media_type.kind, source, results)
        clean_type = _clean_type(facts)
    except BaseException:
        for result in results:
            result.close()
        raise
    if thumb is not None and not thumb.seek(0, os.SEEK_END):  # a recording in the container of a film
        thumb.close()
        thumb = None
    main.seek(0)
    if thumb is not None:
        thumb.seek(0)
    return Clean(clean_type, main, thumb, _measures(facts), _hashes(facts))


def draw_pages(document: Readable) -> list[bytes]:
    """Draw the first pages of a clean document as JPEG pictures; none without the program for it.

    Raises CleaningError.
    """
    if not CAN_DRAW_PAGES:
        return []
    with _memory_file() as drawn:
        facts = _ask_child(_PAGES, Kind.DOCUMENT, document, [drawn])
        lengths = facts.get("lengths")
        if not isinstance(lengths, list) or not all(isinstance(one, int) and one > 0 for one in lengths):
            raise CleaningError(CleaningFault.CRASHED)
        drawn.seek(0)
        return [drawn.read(length) for length in lengths[:_MOST_PAGES]]


def _ask_child(module: str, kind: Kind, source: Readable, results: list[BinaryIO]) -> dict[str, object]:
    """Run the child for one file and return its facts."""
    descriptors = [result.fileno() for result in results]
    with _memory_file() as original:
        while piece := source.read(_COPY_BYTES):
            original.write(piece)
        patience = LIMITS[kind].patience(original.tell())
        original.seek(0)
        command = [sys.executable, "-m", module, *map(str, descriptors)]
        return _facts(_run(command, original, descriptors, patience))


def _run(command: list[str], original: IO[bytes], descriptors: list[int], seconds: float) -> bytes:
    """Run a child without keys, environment or terminal and return what it says."""
    try:
        done = subprocess.run(  # noqa: S603 - the command is this program's own, without any outside text
            command,
            stdin=original,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=descriptors,
            cwd=_ROOT,
            env={"PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "1"},
            start_new_session=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CleaningError(CleaningFault.TOO_COSTLY) from None
    if done.returncode in {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ}:
        raise CleaningError(CleaningFault.TOO_COSTLY)
    if done.returncode:
        raise CleaningError(CleaningFault.CRASHED)
    return done.stdout


def _facts(said: bytes) -> dict[str, object]:
    """Read the child's answer, trusting only its form: the file may have taken the child over."""
    try:
        facts = json.loads(said)
        if not isinstance(facts, dict):
            raise CleaningError(CleaningFault.CRASHED)
        if "fault" in facts:
            raise CleaningError(CleaningFault(facts["fault"]))
    except ValueError:
        raise CleaningError(CleaningFault.CRASHED) from None
    return facts


def _clean_type(facts: dict[str, object]) -> MediaType:
    try:
        return MediaType(str(facts["media_type"]))
    except (KeyError, ValueError):
        raise CleaningError(CleaningFault.CRASHED) from None


def _measures(facts: dict[str, object]) -> Measures:
    def number(name: str) -> int | None:
        value = facts.get(name)
        return value if isinstance(value, int) and 0 <= value < 2**31 else None

    return Measures(number("width"), number("height"), number("pages"), number("duration_ms"))


def _hashes(facts: dict[str, object]) -> Hashes:
    """Read the likeness hashes; a child that was taken over cannot make more than there are cuts."""
    told = facts.get("hashes", [])
    hashes: dict[tuple[bool, int], int] = {}
    for one in told if isinstance(told, list) else []:
        match one:
            case [bool(mirrored), int(cut), int(whole)] if 0 <= cut < len(CUTS) and 0 <= whole < 1 << BITS:
                hashes[mirrored, cut] = whole
    return [(mirrored, cut, whole) for (mirrored, cut), whole in hashes.items()]


def _memory_file() -> BinaryIO:
    """Return a file that is never on a disk; elsewhere than on Linux, one without a name."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("evidence"), "w+b")
    return tempfile.TemporaryFile("w+b")  # type: ignore[return-value, unused-ignore]  # typed as its wrapper
