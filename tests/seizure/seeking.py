"""Searching what was taken: memories of processes, files, and whatever else is bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from tests.seizure.canaries import Canary, Kind, starts_of

AROUND = 400
AT_ONCE = 32 * 1024 * 1024
_REGION = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw")


class Search:
    """What was found of some canaries, and how many bytes were looked at."""

    def __init__(self, canaries: list[Canary]) -> None:
        self._canaries = canaries
        self._starts = starts_of(canaries, in_memory=False)
        self._starts_in_memory = starts_of(canaries, in_memory=True)
        self.found: set[tuple[str, Kind]] = set()
        self.looked_at = 0

    def kinds(self, *rounds: str) -> set[Kind]:
        """Return the kinds found, of some rounds or of all."""
        return {kind for round_, kind in self.found if not rounds or round_ in rounds}

    def through(self, content: bytes) -> None:
        """Look for every shape of every canary."""
        self.looked_at += len(content)
        near = _near(content, self._starts)
        self.found |= {
            (one.round, one.kind) for one in self._canaries if any(form in near for form in one.forms)
        }

    def through_files(self, paths: Iterable[Path]) -> None:
        """Look through files, and at their names."""
        for path in paths:
            with suppress(OSError):  # of a live portal: what is gone again
                self.through(str(path).encode() + b"\0" + path.read_bytes())

    def through_memory(self, processes: Iterable[psutil.Process]) -> None:
        """Look through everything that the processes have written to; shapes of live programs only."""
        for process in processes:
            for piece in memory_of(process):
                self.looked_at += len(piece)
                # Texts are kept with one, two or four bytes a letter: without zeros they look alike.
                near = _near(piece.translate(None, b"\0"), self._starts_in_memory)
                self.found |= {
                    (one.round, one.kind)
                    for one in self._canaries
                    if near and any(form in near for form in one.forms_in_memory)
                }


def _near(content: bytes, starts: list[bytes]) -> bytes:
    """Return what stands around each place where something may begin."""
    pieces = []
    for start in starts:
        at = content.find(start)
        while at >= 0:
            pieces.append(content[max(0, at - AROUND) : at + AROUND])
            at = content.find(start, at + AROUND)
    return b"\n".join(pieces)


def memory_of(process: psutil.Process) -> Iterator[bytes]:
    """Every piece of a process' memory that can be written to: heap, stacks, what it asked for."""
    with (
        Path(f"/proc/{process.pid}/maps").open() as maps,
        Path(f"/proc/{process.pid}/mem").open("rb", 0) as mem,
    ):
        for line in maps:
            region = _REGION.match(line)
            if not region or "[v" in line:
                continue
            start, end = (int(edge, 16) for edge in region.groups())
            for at in range(start, end, AT_ONCE):
                with suppress(OSError, ValueError, OverflowError):
                    mem.seek(at)
                    yield mem.read(min(AT_ONCE, end - at))


def family(pid: int) -> list[psutil.Process]:
    """A process with all that it started."""
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def files_in(*folders: Path) -> list[Path]:
    """Every plain file below some folders."""
    return [
        path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
    ]
