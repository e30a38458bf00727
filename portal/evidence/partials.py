"""What has arrived of an upload: an append-only file of its own, encrypted segment by segment.

A segment is

    length of its content (4 bytes) | nonce (12 bytes) | content in AES-256-GCM

under the upload's own key, bound to the upload and to the place at which the segment begins: segments that
were exchanged, left out or taken from another upload do not open. The nonce is random, not a number, because
a tail that was written but never acknowledged is cut off and written anew with other content.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.vault.envelope import NONCE_BYTES, TAG_BYTES

SEGMENT_BYTES = 256 * 1024
HELD_SECONDS = 2.0  # so long another request may have the file before this one is told to come again
KEY_BYTES = 32

_NAME = re.compile(r"[0-9a-f]{32}")
_LENGTH_BYTES = 4
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class PartialFault(StrEnum):
    """Why a partial file cannot be used."""

    ABSENT = "absent"
    HELD = "held"
    DAMAGED = "damaged"
    NO_SPACE = "no_space"


class PartialError(Exception):
    """A partial file cannot be used; what was acknowledged of it is as it was."""

    def __init__(self, code: PartialFault) -> None:
        super().__init__(code.value)
        self.code = code


class Partials:
    """The partial files of one portal, on a local or shared disk."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def create(self, name: str) -> None:
        """Make an empty file that is there after a power cut."""
        with _said():
            os.close(os.open(self._path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            self._sync()

    @contextmanager
    def held(self, name: str) -> Iterator[Partial]:
        """Open a file for this request alone; the kernel lets go of it when the process dies."""
        try:
            descriptor = os.open(self._path(name), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise PartialError(PartialFault.ABSENT) from None
        try:
            _lock(descriptor)
            yield Partial(descriptor, name)
        finally:
            os.close(descriptor)

    def remove(self, name: str) -> bool:
        """Remove a file for good; says whether it was there."""
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            return False
        return True

    def names(self, written_before: datetime) -> Iterator[str]:
        """Go through the files last written before a time."""
        for path in self._root.iterdir():
            try:
                if _NAME.fullmatch(path.name) and path.stat().st_mtime < written_before.timestamp():
                    yield path.name
            except FileNotFoundError:  # it was finished meanwhile
                continue

    def free_bytes(self) -> int:
        """Return how much room the disk has for us."""
        return shutil.disk_usage(self._root).free

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise PartialError(PartialFault.ABSENT)
        return self._root / name

    def _sync(self) -> None:
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Partial:
    """One open partial file; the caller says where its acknowledged part ends."""

    descriptor: int
    name: str

    def append(self, key: bytes, content: bytes, *, begins: int, stored: int) -> int:
        """Write content that begins at a place of the original behind ``stored`` bytes; returns the new end.

        On the disk when this returns. Whatever lay behind was never acknowledged and goes.
        """
        cipher, end = AESGCM(key), stored
        with _said():
            os.ftruncate(self.descriptor, stored)
            for start in range(0, len(content), SEGMENT_BYTES):
                piece = content[start : start + SEGMENT_BYTES]
                end += self._write(cipher, piece, begins + start, end)
            os.fsync(self.descriptor)
        return end

    def content(self, key: bytes) -> Original:
        """Return the content from its beginning, as something to read."""
        return Original(self, AESGCM(key))

    def bound(self, place: int) -> bytes:
        """Return what a segment is bound to: this upload and the place at which it begins."""
        return bytes.fromhex(self.name) + place.to_bytes(8, "big")

    def _write(self, cipher: AESGCM, piece: bytes, place: int, end: int) -> int:
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = cipher.encrypt(nonce, piece, self.bound(place))
        segment = len(piece).to_bytes(_LENGTH_BYTES, "big") + nonce + sealed
        view, position = memoryview(segment), end
        while view:
            written = os.pwrite(self.descriptor, view, position)
            view, position = view[written:], position + written
        return len(segment)


class Original:
    """Reads the content out of a partial file, forwards, one segment in memory at a time."""

    def __init__(self, partial: Partial, cipher: AESGCM) -> None:
        self._partial = partial
        self._cipher = cipher
        self._position = 0
        self._place = 0
        self._segment = b""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; raises PartialError damaged."""
        if not self._segment:
            self._segment = self._next()
        taken, self._segment = self._segment[:size], self._segment[size:]
        return taken

    def _next(self) -> bytes:
        head = os.pread(self._partial.descriptor, _LENGTH_BYTES + NONCE_BYTES, self._position)
        if not head:
            return b""
        length = int.from_bytes(head[:_LENGTH_BYTES], "big")
        if not 0 < length <= SEGMENT_BYTES:
            raise PartialError(PartialFault.DAMAGED)
        sealed = os.pread(self._partial.descriptor, length + TAG_BYTES, self._position + len(head))
        try:
            piece = self._cipher.decrypt(head[_LENGTH_BYTES:], sealed, self._partial.bound(self._place))
        except (InvalidTag, ValueError):
            raise PartialError(PartialFault.DAMAGED) from None
        self._position += len(head) + len(sealed)
        self._place += length
        return piece


def _lock(descriptor: int) -> None:
    """Wait a moment for the file; raises PartialError held."""
    end = time.monotonic() + HELD_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise PartialError(PartialFault.HELD) from None
            time.sleep(0.02)
        else:
            return


@contextmanager
def _said() -> Iterator[None]:
    """Turn a full disk into our own error."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise PartialError(PartialFault.NO_SPACE) from error
        raise
