"""The store of copies: each under its SHA-256, encrypted at rest, never half there.

Whatever keeps the bytes, they are encrypted before they leave this process (portal.evidence.chunks).
Originals lie apart (portal.evidence.vaulted); those of an earlier version lie here until they are resealed.
"""

from __future__ import annotations

import errno
import io
import logging
import os
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
    HEAD_MOST,
    Layout,
    Readable,
    Source,
    Stored,
    StoreError,
    StoreFault,
    encrypt,
    head_key_id,
    make_head,
    original_in,
    read_head,
    write_all,
)
from portal.evidence.shelves import DIGEST, LocalShelf, Shelf, sweep_folder
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
    "make_store",
]

log = logging.getLogger(__name__)

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# A folder that is gone, no folder, not ours or on a broken disk.
_NO_DISK = {
    errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ESTALE
}  # fmt: skip


class Store(Protocol):
    """Where copies lie; one digest may belong to several rows."""

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

    def key_id(self, digest: str) -> str:
        """Return the id of the key that a file needs; raises as ``open`` does."""

    def sweep(self, older_than: datetime) -> int:
        """Remove what interrupted writes left before that time; returns how many."""


def make_store(settings: Settings, ring: Keyring) -> Store:
    """Return the store that the settings name; what speaks to S3 is loaded only where it is used."""
    if settings.evidence_s3 is None:
        return LocalStore(settings.evidence_dir, ring)
    make = resolve("portal.evidence.s3_store.make_s3_store")
    return cast(Store, make(settings.evidence_s3, settings.evidence_dir, ring))


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
        return sweep_folder(self._directory, older_than)

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


class SealedStore:
    """Copies under their digests, on whatever shelf; the key of files opens them."""

    def __init__(self, shelf: Shelf, spool: Path, ring: Keyring) -> None:
        self._shelf = shelf
        self._ring = ring
        self._spool = Spool(spool, ring)

    def put(self, stream: Readable, limit: int | None = None) -> Stored:
        """Encrypt a stream to a temporary file, sync it, give it its digest's name."""
        with self._spool.encrypted(stream, limit) as (temporary, stored):
            self._shelf.keep(temporary, stored.digest)
        return stored

    def open(self, digest: str) -> BinaryIO:
        """Return a buffered reader over the decrypted original."""
        file, total = self._shelf.open(digest)
        try:
            cipher, head = read_head(self._ring, file, digest)
            layout = Layout(total - head)
            return original_in(file, cipher, layout, layout.whole())
        except BaseException:
            file.close()
            raise

    def open_range(self, digest: str, start: int, length: int | None = None) -> BinaryIO:
        """Return a buffered reader over a part of the original; only its chunks are fetched."""
        cipher, head, layout = self._head(digest)
        span = layout.span(start, length)
        file: Source = io.BytesIO()
        if span.length:
            file, _ = self._shelf.open(digest, head + span.offset, head + layout.end_of(span) - 1)
        return original_in(file, cipher, layout, span)

    def size(self, digest: str) -> int:
        """Return the size of the original in bytes."""
        return self._head(digest)[2].size

    def exists(self, digest: str) -> bool:
        """Say whether a file is there."""
        return self._shelf.exists(digest)

    def delete(self, digest: str) -> bool:
        """Remove a file for good; says whether it was there."""
        return self._shelf.delete(digest)

    def digests(self, written_before: datetime | None = None) -> Iterator[str]:
        """Go through the stored digests in order, optionally only those written before a time."""
        return self._shelf.names(written_before)

    def key_id(self, digest: str) -> str:
        """Return the id of the key that a file needs."""
        file, _ = self._shelf.open(digest, 0, HEAD_MOST - 1)
        try:
            return head_key_id(file)
        finally:
            file.close()

    def sweep(self, older_than: datetime) -> int:
        """Remove temporary files last written before a time; returns how many."""
        return self._spool.sweep(older_than)

    def _head(self, digest: str) -> tuple[AESGCM, int, Layout]:
        """Return cipher, length of the head, and layout."""
        file, total = self._shelf.open(digest, 0, HEAD_MOST - 1)
        try:
            cipher, head = read_head(self._ring, file, digest)
        finally:
            file.close()
        return cipher, head, Layout(total - head)


class LocalStore(SealedStore):
    """The store on a local disk."""

    def __init__(self, root: Path, ring: Keyring) -> None:
        super().__init__(LocalShelf(root.resolve(), DIGEST), root.resolve() / "tmp", ring)


@contextmanager
def space_said() -> Iterator[None]:
    """Turn a full or broken disk into the store's own error, so that a report can go on without its files."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StoreError(StoreFault.NO_SPACE) from error
        if error.errno in _NO_DISK:
            log.warning("evidence cannot be written: %s", errno.errorcode[error.errno])
            raise StoreError(StoreFault.UNREACHABLE) from error
        raise  # of whoever sends the file
