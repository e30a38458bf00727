"""The evidence store: originals under their SHA-256, encrypted at rest, never half there.

Whatever keeps the bytes, they are encrypted before they leave this process (portal.evidence.chunks).
"""

from __future__ import annotations

import errno
import io
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.config import Settings
from portal.evidence.chunks import (
    CHUNK_BYTES,
    DATA_KEY_BYTES,
    Layout,
    Readable,
    Stored,
    StoreError,
    StoreFault,
    encrypt,
    make_head,
    original_in,
    read_head,
    write_all,
)
from portal.run.dotted import resolve
from portal.vault.keys import Keyring

__all__ = [
    "CHUNK_BYTES",
    "LocalStore",
    "Readable",
    "Spool",
    "Store",
    "StoreError",
    "StoreFault",
    "Stored",
    "check_digest",
    "make_store",
]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Store(Protocol):
    """Where originals and clean copies lie; one digest may belong to several rows."""

    def put(self, stream: Readable, limit: int | None = None) -> Stored:
        """Store a stream for good before returning; raises StoreError too_large, no_space, unreachable."""

    def open(self, digest: str) -> BinaryIO:
        """Return the original for reading; raises StoreError absent, and damaged on opening or reading."""

    def open_range(self, digest: str, start: int, length: int | None = None) -> BinaryIO:
        """Return so many bytes from ``start`` for reading; only their chunks are read and checked."""

    def size(self, digest: str) -> int:
        """Return the size of the original in bytes, without reading it; raises as ``open`` does."""

    def exists(self, digest: str) -> bool:
        """Say whether a file is there."""

    def delete(self, digest: str) -> bool:
        """Remove a file; the caller has made sure that no row needs it. Says whether it was there."""

    def digests(self, written_before: datetime | None = None) -> Iterator[str]:
        """Go through what is stored, for scrubbing and for finding what no row knows."""

    def sweep(self, older_than: datetime) -> int:
        """Remove what interrupted writes left before that time; returns how many."""


def make_store(settings: Settings, ring: Keyring) -> Store:
    """Return the store that the settings name; what speaks to S3 is loaded only where it is used."""
    if settings.evidence_s3 is None:
        return LocalStore(settings.evidence_dir, ring)
    make = resolve("portal.evidence.s3_store.make_s3_store")
    return cast(Store, make(settings.evidence_s3, settings.evidence_dir, ring))


def check_digest(digest: str) -> str:
    """Return a digest; anything but 64 hexadecimal digits is no digest, no path and no key."""
    if not _DIGEST.fullmatch(digest):
        raise StoreError(StoreFault.BAD_DIGEST)
    return digest


class Spool:
    """Encrypts streams into files of its own on the local disk, before they get their name."""

    def __init__(self, directory: Path, ring: Keyring) -> None:
        self._directory = directory
        self._ring = ring
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def encrypted(self, stream: Readable, limit: int | None) -> Iterator[tuple[Path, Stored]]:
        """Give the encrypted and synced file; whatever is still there afterwards goes."""
        temporary = self._directory / secrets.token_hex(16)
        try:
            with space_said():
                yield temporary, self._write(temporary, stream, limit)
        finally:
            temporary.unlink(missing_ok=True)

    def sweep(self, older_than: datetime) -> int:
        """Remove files last written before a time; returns how many."""
        removed = 0
        for path in self._directory.iterdir():
            try:
                if path.stat().st_mtime < older_than.timestamp():
                    path.unlink()
                    removed += 1
            except FileNotFoundError:  # its writer was faster
                continue
        return removed

    def _write(self, temporary: Path, stream: Readable, limit: int | None) -> Stored:
        key = secrets.token_bytes(DATA_KEY_BYTES)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            # The head binds the digest, known only at the end; its length is known now.
            file.seek(len(make_head(self._ring, key, "0" * 64)))
            stored = encrypt(stream, file, AESGCM(key), limit)
            file.seek(0)
            write_all(file, make_head(self._ring, key, stored.digest))
            os.fsync(descriptor)
        return stored


class LocalStore:
    """The store on a local disk."""

    def __init__(self, root: Path, ring: Keyring) -> None:
        self._root = root.resolve()
        self._ring = ring
        self._spool = Spool(self._root / "tmp", ring)

    def put(self, stream: Readable, limit: int | None = None) -> Stored:
        """Encrypt a stream to a temporary file, sync it, give it its digest's name, sync the directory."""
        with self._spool.encrypted(stream, limit) as (temporary, stored):
            self._publish(temporary, stored.digest)
        return stored

    def open(self, digest: str) -> BinaryIO:
        """Return a buffered reader over the decrypted original."""
        return self.open_range(digest, 0)

    def open_range(self, digest: str, start: int, length: int | None = None) -> BinaryIO:
        """Return a buffered reader over a part of the original."""
        file = self._file(digest)
        try:
            cipher, head = read_head(self._ring, file, digest)
            layout = Layout(os.fstat(file.fileno()).st_size - head)
            span = layout.whole() if start == 0 and length is None else layout.span(start, length)
            file.seek(head + span.offset)
            return original_in(file, cipher, layout, span)
        except BaseException:
            file.close()
            raise

    def size(self, digest: str) -> int:
        """Return the size of the original in bytes."""
        with self._file(digest) as file:
            _cipher, head = read_head(self._ring, file, digest)
            return Layout(os.fstat(file.fileno()).st_size - head).size

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
        return self._spool.sweep(older_than)

    def _path(self, digest: str) -> Path:
        """Return where a digest lies, which is never outside the store."""
        path = self._root / check_digest(digest)[:2] / digest
        if not path.parent.resolve().is_relative_to(self._root):
            raise StoreError(StoreFault.BAD_DIGEST)
        return path

    def _file(self, digest: str) -> io.FileIO:
        try:
            descriptor = os.open(self._path(digest), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise StoreError(StoreFault.ABSENT) from None
        return os.fdopen(descriptor, "rb", buffering=0)

    def _publish(self, temporary: Path, digest: str) -> None:
        """Rename into place; a file already there is replaced, which also mends a damaged one."""
        path = self._path(digest)
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _sync_directory(self._root)
        temporary.replace(path)
        _sync_directory(path.parent)


@contextmanager
def space_said() -> Iterator[None]:
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
