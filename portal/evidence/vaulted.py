"""Originals as they lie: encrypted once, as they come, under a name that says nothing.

    magic "WPEV2" | chunk | chunk | ... | last chunk

The chunks are those of a copy (portal.evidence.chunks), under a data key of their own. The key is not in the
file: wrapped to the vault and to the workers it stands in the database (portal.vault.file_keys), so that
destroying the row destroys the original wherever its bytes lie. Bytes without a committed row are opened by
nobody.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.config import Settings
from portal.evidence.chunks import (
    CHUNK_BYTES,
    DATA_KEY_BYTES,
    SEALED_CHUNK,
    Layout,
    Readable,
    Source,
    StoreError,
    StoreFault,
    nonce_of,
    original_in,
    read_all,
    write_all,
)
from portal.evidence.shelves import NAME, LocalShelf, Shelf, sweep_folder
from portal.evidence.store import space_said
from portal.run.dotted import resolve
from portal.vault.envelope import TAG_BYTES
from portal.vault.file_keys import Wraps, wrap_original
from portal.vault.keys import Keyring

FOLDER = "originals"
_MAGIC = b"WPEV2"
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """An original that lies for good: its name, SHA-256, size in bytes, and its key, wrapped."""

    name: str
    digest: str
    size: int
    wraps: Wraps = field(repr=False)


class Sealing:
    """An original on its way: written once from beginning to end, encrypted on the way."""

    def __init__(self, folder: Path) -> None:
        self.name = secrets.token_hex(16)
        self.path = folder / self.name
        self.size = 0
        self.key = _fresh_key()
        self._cipher: AESGCM | None = AESGCM(self.key)
        # Of each the same room again for every chunk; what is readable in it is wiped in the end.
        self._chunk = memoryview(bytearray(CHUNK_BYTES))
        self._sealed = memoryview(bytearray(SEALED_CHUNK))
        self._waiting = self._number = 0
        self._sum = hashlib.sha256()
        self._finished = False
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        write_all(self._file, _MAGIC)

    def write(self, piece: bytes) -> None:
        """Take the next bytes; one chunk waits, because the last one is marked."""
        self._sum.update(piece)
        self.size += len(piece)
        left = memoryview(piece)
        while left:
            if self._waiting == CHUNK_BYTES:
                self._encrypt(last=False)
            taken = min(len(left), CHUNK_BYTES - self._waiting)
            self._chunk[self._waiting : self._waiting + taken] = left[:taken]
            self._waiting += taken
            left = left[taken:]

    def finish(self) -> str:
        """Write the last chunk; returns the SHA-256 of the original. Nothing is written after it."""
        if not self._finished:
            self._encrypt(last=True)
            self._finished = True
        return self._sum.hexdigest()

    def sync(self) -> None:
        """Return when it is on the disk."""
        os.fsync(self._file.fileno())

    def reader(self, start: int = 0) -> BinaryIO:
        """Return what was written, from a place on; it closes its own end alone."""
        self.finish()
        layout = Layout(os.fstat(self._file.fileno()).st_size - len(_MAGIC))
        span = layout.span(start)
        assert self._cipher is not None  # noqa: S101 - until it is closed
        file = os.fdopen(os.dup(self._file.fileno()), "rb", buffering=0)
        file.seek(len(_MAGIC) + span.offset)
        return original_in(file, self._cipher, layout, span)

    def close(self) -> None:
        """Forget the key, and give the disk back what did not get a name for good."""
        self.key[:] = bytes(len(self.key))
        self._chunk[:] = bytes(len(self._chunk))
        self._cipher = None
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _encrypt(self, *, last: bool) -> None:
        assert self._cipher is not None  # noqa: S101 - until it is closed
        sealed = self._sealed[: self._waiting + TAG_BYTES]
        nonce = nonce_of(self._number, last=last)
        self._cipher.encrypt_into(nonce, self._chunk[: self._waiting], None, sealed)
        write_all(self._file, sealed)
        self._waiting, self._number = 0, self._number + 1


class Originals:
    """Takes originals in by ``folder`` and gives them back to whoever has their key, which it cannot make."""

    def __init__(self, shelf: Shelf, folder: Path, ring: Keyring) -> None:
        self._shelf = shelf
        self._folder = folder
        self._ring = ring

    def begin(self) -> Sealing:
        """Begin to take an original in."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Sealing(self._folder)

    def keep(self, sealing: Sealing) -> Kept:
        """Make what was written last under its name; afterwards this process cannot open it any more."""
        try:
            with space_said():
                digest = sealing.finish()
                sealing.sync()
                self._shelf.keep(sealing.path, sealing.name)
            wraps = wrap_original(self._ring, sealing.name, digest, sealing.key)
            return Kept(sealing.name, digest, sealing.size, wraps)
        finally:
            sealing.close()

    def put(self, stream: Readable, limit: int | None = None) -> Kept:
        """Take a stream in; raises StoreError too_large, no_space, unreachable."""
        with space_said():
            sealing = self.begin()
        try:
            with space_said():
                while piece := read_all(stream, CHUNK_BYTES):
                    if limit is not None and sealing.size + len(piece) > limit:
                        raise StoreError(StoreFault.TOO_LARGE)
                    sealing.write(piece)
            return self.keep(sealing)
        finally:
            sealing.close()

    def open(self, name: str, key: bytes) -> BinaryIO:
        """Return a reader over an original; raises StoreError absent, and damaged on opening or reading."""
        file, layout = self._body(name)
        return original_in(file, AESGCM(key), layout, layout.whole())

    def size(self, name: str) -> int:
        """Return the size of an original in bytes, without its key."""
        file, layout = self._body(name)
        file.close()
        return layout.size

    def body_digest(self, name: str) -> str:
        """Return the SHA-256 of the encrypted chunks, which can be compared without any key."""
        found = hashlib.sha256()
        file, _ = self._body(name)
        try:
            while piece := file.read(_PIECE):
                found.update(piece)
        finally:
            file.close()
        return found.hexdigest()

    def exists(self, name: str) -> bool:
        """Say whether a file is there."""
        return self._shelf.exists(name)

    def delete(self, name: str) -> bool:
        """Remove a file for good; says whether it was there."""
        return self._shelf.delete(name)

    def names(self, written_before: datetime | None = None) -> Iterator[str]:
        """Go through what lies here."""
        return self._shelf.names(written_before)

    def sweep(self, older_than: datetime) -> int:
        """Remove what interrupted writes left before that time; returns how many."""
        return sweep_folder(self._folder, older_than) if self._folder.exists() else 0

    def _body(self, name: str) -> tuple[Source, Layout]:
        """Return a file at its first chunk, and its layout."""
        file, total = self._shelf.open(name)
        try:
            if read_all(file, len(_MAGIC)) != _MAGIC:
                raise StoreError(StoreFault.DAMAGED)
            return file, Layout(total - len(_MAGIC))
        except BaseException:
            file.close()
            raise


def _fresh_key() -> bytearray:
    """Return a random key that can be wiped: freed bytes stay in a process' memory for long."""
    key = bytearray(DATA_KEY_BYTES)
    with io.FileIO("/dev/urandom") as source:
        if source.readinto(key) != DATA_KEY_BYTES:
            raise OSError("no random bytes")
    return key


def make_originals(settings: Settings, ring: Keyring) -> Originals:
    """Return where originals lie by the settings; what speaks to S3 is loaded only where it is used."""
    if settings.evidence_s3 is None:
        return originals_in(settings.evidence_dir, ring)
    make = resolve("portal.evidence.s3_store.make_s3_shelf")
    shelf = cast(Shelf, make(settings.evidence_s3, FOLDER, NAME))
    return Originals(shelf, folder_of(settings) / "tmp", ring)


def originals_in(evidence: Path, ring: Keyring) -> Originals:
    """Return the originals of a local directory of evidence, also of a backup's."""
    root = evidence.resolve() / FOLDER
    return Originals(LocalShelf(root, NAME), root / "tmp", ring)


def folder_of(settings: Settings) -> Path:
    """Return the local folder of originals."""
    return settings.evidence_dir.resolve() / FOLDER
