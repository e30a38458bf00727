"""Where encrypted files lie under a name, each whole or not at all, whoever opens them."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from portal.evidence.chunks import Source, StoreError, StoreFault

DIGEST = re.compile(r"[0-9a-f]{64}")
NAME = re.compile(r"[0-9a-f]{32}")


class Shelf(Protocol):
    """Encrypted files under names of one form."""

    def keep(self, temporary: Path, name: str) -> None:
        """Give a synced file its name for good; one that is there already is replaced."""

    def open(self, name: str, first: int = 0, last: int | None = None) -> tuple[Source, int]:
        """Return the bytes from ``first`` to ``last``, both included, and the length of the whole file."""

    def exists(self, name: str) -> bool:
        """Say whether a file is there."""

    def delete(self, name: str) -> bool:
        """Remove a file for good; says whether it was there."""

    def names(self, written_before: datetime | None = None) -> Iterator[str]:
        """Go through the names in order, optionally only of files written before a time."""


class LocalShelf:
    """Files on a local disk."""

    def __init__(self, root: Path, form: re.Pattern[str]) -> None:
        self._root = root
        self._form = form

    def keep(self, temporary: Path, name: str) -> None:
        """Rename into place; a file already there is replaced, which also mends a damaged one."""
        path = self._path(name)
        if not path.parent.exists():
            # All of them at once: one by one each would cost a writer a sync of the root.
            for number in range(256):
                (self._root / f"{number:02x}").mkdir(mode=0o700, exist_ok=True)
            sync_directory(self._root)
        temporary.replace(path)
        sync_directory(path.parent)

    def open(self, name: str, first: int = 0, last: int | None = None) -> tuple[Source, int]:
        """Return the file at its first byte; whoever reads stops by himself."""
        try:
            descriptor = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise StoreError(StoreFault.ABSENT) from None
        file: io.FileIO = os.fdopen(descriptor, "rb", buffering=0)
        file.seek(first)
        return file, os.fstat(descriptor).st_size

    def exists(self, name: str) -> bool:
        """Say whether a file is there."""
        return self._path(name).is_file()

    def delete(self, name: str) -> bool:
        """Remove a file for good; says whether it was there."""
        path = self._path(name)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync_directory(path.parent)
        return True

    def names(self, written_before: datetime | None = None) -> Iterator[str]:
        """Go through the names in order."""
        for directory in sorted(self._root.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(directory.iterdir()):
                if self._form.fullmatch(path.name) and (
                    written_before is None or path.stat().st_mtime < written_before.timestamp()
                ):
                    yield path.name

    def _path(self, name: str) -> Path:
        """Return where a name lies, which is never outside the shelf."""
        path = self._root / check_name(name, self._form)[:2] / name
        if not path.parent.resolve().is_relative_to(self._root):
            raise StoreError(StoreFault.BAD_DIGEST)
        return path


def check_name(name: str, form: re.Pattern[str]) -> str:
    """Return a name; anything of another form is no name, no path and no key.

    Raises StoreError.
    """
    if not form.fullmatch(name):
        raise StoreError(StoreFault.BAD_DIGEST)
    return name


def sync_directory(directory: Path) -> None:
    """Make the names in a directory last."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_folder(folder: Path, older_than: datetime) -> int:
    """Remove files last written before a time; returns how many."""
    removed = 0
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime < older_than.timestamp():
                path.unlink()
                removed += 1
        except FileNotFoundError:  # its writer was faster
            continue
    return removed
