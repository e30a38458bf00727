"""Clean copies for staff: each file is opened in a child process of its own, never in this one.

Meant for jobs. A hostile file costs its own child at most: 640 MiB, 10 seconds of computing, 15 of waiting.
Originals and results pass through memory files, so nothing readable is left on the disk.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, BinaryIO

from portal.evidence.inspection import InspectionFault, MediaType
from portal.evidence.store import Readable

TIMEOUT_SECONDS = 15

_ROOT = Path(__file__).resolve().parents[2]
_PICTURES = "portal.evidence.pictures"
_DOCUMENTS = "portal.evidence.documents"
_COPY_BYTES = 256 * 1024


class CleaningFault(StrEnum):
    """Why there is no clean copy; the first six are those of inspection."""

    EMPTY = InspectionFault.EMPTY.value
    TOO_LARGE = InspectionFault.TOO_LARGE.value
    NOT_ALLOWED = InspectionFault.NOT_ALLOWED.value
    BROKEN = InspectionFault.BROKEN.value
    TOO_MANY_PIXELS = InspectionFault.TOO_MANY_PIXELS.value
    ENCRYPTED_PDF = InspectionFault.ENCRYPTED_PDF.value
    TOO_COSTLY = "too_costly"
    CRASHED = "crashed"


class CleaningError(Exception):
    """There is no clean copy; carries the fault, nothing of the file."""

    def __init__(self, code: CleaningFault) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True)
class Clean:
    """A clean copy and, of a picture, a small JPEG one: open files, which the caller closes."""

    media_type: MediaType
    main: BinaryIO
    thumb: BinaryIO | None
    width: int | None
    height: int | None
    pages: int | None

    def close(self) -> None:
        """Give back the memory of both copies."""
        self.main.close()
        if self.thumb is not None:
            self.thumb.close()


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The same as files in a directory."""

    media_type: MediaType
    main_path: Path
    thumb_path: Path | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a decoder found in a file: pixels of a picture, pages of a document."""

    media_type: MediaType
    width: int | None
    height: int | None
    pages: int | None


def clean_stream(media_type: MediaType, source: Readable) -> Clean:
    """Make clean copies of an original read from a stream; raises CleaningError."""
    main = _memory_file()
    thumb = _memory_file() if media_type.is_picture else None
    results = [main] if thumb is None else [main, thumb]
    try:
        facts = _ask_child(media_type, source, results)
    except BaseException:
        for result in results:
            result.close()
        raise
    for result in results:
        result.seek(0)
    return Clean(MediaType(str(facts["media_type"])), main, thumb, *_measures(facts))


def clean(media_type: MediaType, source_path: Path, target_dir: Path) -> Cleaned:
    """Make clean copies of a file as main.* and thumb.jpg in a private directory; raises CleaningError."""
    with source_path.open("rb") as source:
        copies = clean_stream(media_type, source)
    try:
        main_path = _keep(copies.main, target_dir / f"main{copies.media_type.extension}")
        thumb_path = _keep(copies.thumb, target_dir / "thumb.jpg") if copies.thumb else None
    finally:
        copies.close()
    return Cleaned(copies.media_type, main_path, thumb_path)


def deep_check(media_type: MediaType, source: Readable) -> Checked:
    """Have a child decode an original in full without making copies; raises CleaningError."""
    return Checked(media_type, *_measures(_ask_child(media_type, source, [])))


def _ask_child(media_type: MediaType, source: Readable, results: list[BinaryIO]) -> dict[str, object]:
    """Run the child for one file and return its facts."""
    descriptors = [result.fileno() for result in results]
    module = _PICTURES if media_type.is_picture else _DOCUMENTS
    with _memory_file() as original:
        while piece := source.read(_COPY_BYTES):
            original.write(piece)
        original.seek(0)
        return _facts(_run([sys.executable, "-m", module, *map(str, descriptors)], original, descriptors))


def _run(command: list[str], original: IO[bytes], descriptors: list[int]) -> bytes:
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
            timeout=TIMEOUT_SECONDS,
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


def _measures(facts: dict[str, object]) -> tuple[int | None, int | None, int | None]:
    width, height, pages = (
        value if isinstance(value := facts.get(name), int) else None for name in ("width", "height", "pages")
    )
    return width, height, pages


def _memory_file() -> BinaryIO:
    """Return a file that is never on a disk; elsewhere than on Linux, one without a name."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("evidence"), "w+b")
    return tempfile.TemporaryFile("w+b")  # type: ignore[return-value, unused-ignore]  # typed as its wrapper


def _keep(copy: BinaryIO, path: Path) -> Path:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(copy, file, _COPY_BYTES)
    return path
