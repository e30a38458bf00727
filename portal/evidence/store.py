"""The evidence store: originals under their SHA-256, encrypted at rest, never half there.

A stored file is

    magic "WPEV1" | length of the sealed key (2 bytes) | sealed data key | chunk | chunk | ... | last chunk

The data key is fresh for every file and sealed under the key purpose "evidence", bound to the digest
of the original: a file in another's place does not open. Each chunk is 256 KiB of it (the last one what
remains) in AES-256-GCM with its number and a mark of the last one as nonce: chunks that were exchanged, left
out, cut off or added do not open.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.vault.envelope import NONCE_BYTES, TAG_BYTES
from portal.vault.keys import Keyring, Purpose
from portal.vault.opening import SealError, open_sealed
from portal.vault.sealing import seal

CHUNK_BYTES = 256 * 1024

_MAGIC = b"WPEV1"
_FIXED_HEAD = len(_MAGIC) + 2
_SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES
_DATA_KEY_BYTES = 32
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StoreFault(StrEnum):
    """Why the store did not take or give a file."""

    BAD_DIGEST = "bad_digest"
    ABSENT = "absent"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    NO_SPACE = "no_space"


class StoreError(Exception):
    """The store did not take or give a file; nothing half-written stays behind."""

    def __init__(self, code: StoreFault) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored: SHA-256 of the original in hexadecimal, and its size in bytes."""

    digest: str
    size: int


class Readable(Protocol):
    """Anything that gives bytes until it gives none."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes."""


class Store(Protocol):
    """Where originals and clean copies lie; one digest may belong to several rows."""

    def put(self, stream: Readable, limit: int | None = None) -> Stored:
        """Store a stream for good before returning; raises StoreError too_large or no_space."""

    def open(self, digest: str) -> BinaryIO:
        """Return the original for reading; raises StoreError absent, and damaged on opening or reading."""

    def exists(self, digest: str) -> bool:
        """Say whether a file is there."""

    def delete(self, digest: str) -> bool:
        """Remove a file; the caller has made sure that no row needs it. Says whether it was there."""

    def digests(self, written_before: datetime | None = None) -> Iterator[str]:
        """Go through what is stored, for scrubbing and for finding what no row knows."""

    def sweep(self, older_than: datetime) -> int:
        """Remove what interrupted writes left before that time; returns how many."""


class LocalStore:
    """The store on a local disk."""

    def __init__(self, root: Path, ring: Keyring) -> None:
        self._root = root.resolve()
        self._ring = ring
        self._temporary = self._root / "tmp"
        self._temporary.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, stream: Readable, limit: int | None = None) -> Stored:
        """Encrypt a stream to a temporary file, sync it, give it its digest's name, sync the directory."""
        temporary = self._temporary / secrets.token_hex(16)
        try:
            with _space_said():
                stored = self._write(temporary, stream, limit)
                self._publish(temporary, stored.digest)
        finally:
            temporary.unlink(missing_ok=True)
        return stored

    def open(self, digest: str) -> BinaryIO:
        """Return a buffered reader over the decrypted original."""
        try:
            descriptor = os.open(self._path(digest), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise StoreError(StoreFault.ABSENT) from None
        file = os.fdopen(descriptor, "rb", buffering=0)
        try:
            cipher, start = self._read_head(file, digest)
            return io.BufferedReader(_Original(file, cipher, start), CHUNK_BYTES)
        except StoreError:
            file.close()
            raise

    def exists(self, digest: str) -> bool:
        """Say whether a file is there."""
        return self._path(digest).is_file()

    def delete(self, digest: str) -> bool:
        """Remove a file for good; says whether it was there."""
        path = self._path(digest)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        _sync_directory(path.parent)
        return True

    def digests(self, written_before: datetime | None = None) -> Iterator[str]:
        """Go through the stored digests in order, optionally only those written before a time."""
        for directory in sorted(self._root.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(directory.iterdir()):
                if _DIGEST.fullmatch(path.name) and (
                    written_before is None or path.stat().st_mtime < written_before.timestamp()
                ):
                    yield path.name

    def sweep(self, older_than: datetime) -> int:
        """Remove temporary files last written before a time; returns how many."""
        removed = 0
        for path in self._temporary.iterdir():
            try:
                if path.stat().st_mtime < older_than.timestamp():
                    path.unlink()
                    removed += 1
            except FileNotFoundError:  # its writer was faster
                continue
        return removed

    def _path(self, digest: str) -> Path:
        """Return where a digest lies; anything but 64 hexadecimal digits is no digest and no path."""
        if not _DIGEST.fullmatch(digest):
            raise StoreError(StoreFault.BAD_DIGEST)
        path = self._root / digest[:2] / digest
        if not path.parent.resolve().is_relative_to(self._root):
            raise StoreError(StoreFault.BAD_DIGEST)
        return path

    def _write(self, temporary: Path, stream: Readable, limit: int | None) -> Stored:
        key = secrets.token_bytes(_DATA_KEY_BYTES)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            # The head binds the digest, known only at the end; its length is known now.
            file.seek(len(self._head(key, "0" * 64)))
            stored = _encrypt(stream, file, AESGCM(key), limit)
            file.seek(0)
            _write_all(file, self._head(key, stored.digest))
            os.fsync(descriptor)
        return stored

    def _publish(self, temporary: Path, digest: str) -> None:
        """Rename into place; a file already there is replaced, which also mends a damaged one."""
        path = self._path(digest)
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _sync_directory(self._root)
        temporary.replace(path)
        _sync_directory(path.parent)

    def _head(self, key: bytes, digest: str) -> bytes:
        sealed = seal(self._ring, Purpose.EVIDENCE, key, _key_context(digest))
        return _MAGIC + len(sealed).to_bytes(2, "big") + sealed

    def _read_head(self, file: io.FileIO, digest: str) -> tuple[AESGCM, int]:
        """Return the file's cipher and where its first chunk starts."""
        fixed = file.read(_FIXED_HEAD) or b""
        if len(fixed) != _FIXED_HEAD or not fixed.startswith(_MAGIC):
            raise StoreError(StoreFault.DAMAGED)
        length = int.from_bytes(fixed[len(_MAGIC) :], "big")
        try:
            key = open_sealed(self._ring, Purpose.EVIDENCE, file.read(length) or b"", _key_context(digest))
        except SealError:
            raise StoreError(StoreFault.DAMAGED) from None
        return AESGCM(key), _FIXED_HEAD + length


class _Original(io.RawIOBase):
    """Reads the original out of an encrypted file, one chunk in memory at a time, forwards only."""

    def __init__(self, file: io.FileIO, cipher: AESGCM, start: int) -> None:
        self._file = file
        self._cipher = cipher
        self._left = os.fstat(file.fileno()).st_size - start
        self._number = 0
        self._chunk = memoryview(b"")

    def readable(self) -> bool:
        """Reading is what it is for."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # the stub names a private type
        """Fill a buffer as far as the current chunk goes."""
        if not self._chunk and (self._left or not self._number):
            self._chunk = memoryview(self._next_chunk())
        taken = min(len(buffer), len(self._chunk))
        buffer[:taken] = self._chunk[:taken]
        self._chunk = self._chunk[taken:]
        return taken

    def close(self) -> None:
        """Close the encrypted file as well."""
        self._file.close()
        super().close()

    def _next_chunk(self) -> bytes:
        sealed = _read_all(self._file, min(self._left, _SEALED_CHUNK))
        self._left -= len(sealed)
        try:
            chunk = self._cipher.decrypt(_nonce(self._number, last=self._left == 0), sealed, None)
        except (InvalidTag, ValueError):
            raise StoreError(StoreFault.DAMAGED) from None
        self._number += 1
        return chunk


def _encrypt(stream: Readable, file: io.FileIO, cipher: AESGCM, limit: int | None) -> Stored:
    """Encrypt chunk by chunk, one chunk ahead so as to know the last one."""
    digest, size, number = hashlib.sha256(), 0, 0
    chunk = _read_all(stream, CHUNK_BYTES)
    while True:
        following = _read_all(stream, CHUNK_BYTES) if len(chunk) == CHUNK_BYTES else b""
        size += len(chunk)
        if limit is not None and size > limit:
            raise StoreError(StoreFault.TOO_LARGE)
        digest.update(chunk)
        _write_all(file, cipher.encrypt(_nonce(number, last=not following), chunk, None))
        if not following:
            return Stored(digest.hexdigest(), size)
        chunk, number = following, number + 1


def _nonce(number: int, *, last: bool) -> bytes:
    """Return the chunk's number and whether it is the last: unique, since each file has its own key."""
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes((last,))


def _key_context(digest: str) -> tuple[str, ...]:
    return ("data key", digest)


def _read_all(stream: Readable | io.FileIO, size: int) -> bytes:
    """Read so many bytes or up to the end, whatever pieces a socket gives."""
    pieces, left = [], size
    while left and (piece := stream.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _write_all(file: io.FileIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]


@contextmanager
def _space_said() -> Iterator[None]:
    """Turn a full disk into the store's own error, so that a report can go on without its files."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StoreError(StoreFault.NO_SPACE) from error
        raise


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
