"""How a file lies in the evidence store: encrypted in chunks, each of which is authentic by itself.

    magic "WPEV1" | length of the sealed key (2 bytes) | sealed data key | chunk | chunk | ... | last chunk

The data key is fresh for every file and sealed under the key purpose "evidence", bound to the digest
of the original: a file in another's place does not open. Each chunk is 256 KiB of it (the last one what
remains) in AES-256-GCM with its number and a mark of the last one as nonce: chunks that were exchanged, left
out, cut off or added do not open. So a part of a film is read without what stands before it.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.vault.envelope import NONCE_BYTES, TAG_BYTES
from portal.vault.keys import Keyring, Purpose
from portal.vault.opening import SealError, key_id_of, open_sealed
from portal.vault.sealing import seal

CHUNK_BYTES = 256 * 1024
SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES
DATA_KEY_BYTES = 32

_MAGIC = b"WPEV1"
_FIXED_HEAD = len(_MAGIC) + 2
HEAD_MOST = 512  # a sealed data key with the longest key id is shorter


class StoreFault(StrEnum):
    """Why the store did not take or give a file."""

    BAD_DIGEST = "bad_digest"
    ABSENT = "absent"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    NO_SPACE = "no_space"
    UNREACHABLE = "unreachable"


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


class Source(Protocol):
    """An encrypted file that can be read forwards and closed."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most so many bytes."""

    def close(self) -> None:
        """Give the file back."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which chunks hold a range, and which bytes of them belong to it."""

    first: int
    end: int
    skip: int
    length: int

    @property
    def offset(self) -> int:
        """Where the first chunk begins, counted from the first chunk of the file."""
        return self.first * SEALED_CHUNK


@dataclass(frozen=True, slots=True)
class Layout:
    """What follows from the length of a file's chunks together."""

    body: int

    def __post_init__(self) -> None:
        if self.body < TAG_BYTES or 0 < self.body % SEALED_CHUNK < TAG_BYTES:
            raise StoreError(StoreFault.DAMAGED)

    @property
    def chunks(self) -> int:
        """How many chunks there are; an empty original has one."""
        return -(-self.body // SEALED_CHUNK)

    @property
    def size(self) -> int:
        """The size of the original in bytes."""
        return self.body - self.chunks * TAG_BYTES

    def sealed(self, number: int) -> int:
        """Return the length of a chunk as it lies in the file."""
        return min(SEALED_CHUNK, self.body - number * SEALED_CHUNK)

    def end_of(self, span: Span) -> int:
        """Return where the span's last chunk ends, counted from the first chunk of the file."""
        return min(self.body, span.end * SEALED_CHUNK)

    def whole(self) -> Span:
        """Return the span of everything."""
        return Span(0, self.chunks, 0, self.size)

    def span(self, start: int, length: int | None = None) -> Span:
        """Return where so many bytes from ``start`` lie; what goes beyond the end is left out."""
        if start < 0 or (length is not None and length < 0):
            raise ValueError("a range begins at 0 or later and has no negative length")
        taken = max(0, self.size - start) if length is None else min(length, max(0, self.size - start))
        if not taken:
            return Span(0, 0, 0, 0)
        first = start // CHUNK_BYTES
        return Span(first, (start + taken - 1) // CHUNK_BYTES + 1, start - first * CHUNK_BYTES, taken)


class Original(io.RawIOBase):
    """Reads the original, or a range of it, out of an encrypted file; one chunk in memory, forwards only."""

    def __init__(self, file: Source, cipher: AESGCM, layout: Layout, span: Span) -> None:
        self._file = file
        self._cipher = cipher
        self._layout = layout
        self._span = span
        self._number = span.first
        self._left = span.length
        self._chunk = memoryview(b"")

    def readable(self) -> bool:
        """Reading is what it is for."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # the stub names a private type
        """Fill a buffer as far as the current chunk goes."""
        if not self._chunk and self._number < self._span.end:
            self._chunk = self._next_chunk()
        taken = min(len(buffer), len(self._chunk), self._left)
        buffer[:taken] = self._chunk[:taken]
        self._chunk = self._chunk[taken:]
        self._left -= taken
        return taken

    def close(self) -> None:
        """Close the encrypted file as well."""
        self._file.close()
        super().close()

    def _next_chunk(self) -> memoryview:
        number = self._number
        sealed = read_all(self._file, self._layout.sealed(number))
        nonce = nonce_of(number, last=number == self._layout.chunks - 1)
        try:
            chunk = memoryview(self._cipher.decrypt(nonce, sealed, None))
        except (InvalidTag, ValueError):
            raise StoreError(StoreFault.DAMAGED) from None
        self._number += 1
        return chunk[self._span.skip :] if number == self._span.first else chunk


def original_in(file: Source, cipher: AESGCM, layout: Layout, span: Span) -> io.BufferedReader:
    """Return a buffered reader over an original; the file stands at the span's first chunk."""
    return io.BufferedReader(Original(file, cipher, layout, span), CHUNK_BYTES)


def encrypt(stream: Readable, file: io.FileIO, cipher: AESGCM, limit: int | None) -> Stored:
    """Encrypt chunk by chunk, one chunk ahead so as to know the last one; raises StoreError."""
    digest, size, number = hashlib.sha256(), 0, 0
    chunk = read_all(stream, CHUNK_BYTES)
    while True:
        following = read_all(stream, CHUNK_BYTES) if len(chunk) == CHUNK_BYTES else b""
        size += len(chunk)
        if limit is not None and size > limit:
            raise StoreError(StoreFault.TOO_LARGE)
        digest.update(chunk)
        write_all(file, cipher.encrypt(nonce_of(number, last=not following), chunk, None))
        if not following:
            return Stored(digest.hexdigest(), size)
        chunk, number = following, number + 1


def make_head(ring: Keyring, key: bytes, digest: str) -> bytes:
    """Return the head of a file: its data key, sealed and bound to the digest."""
    sealed = seal(ring, Purpose.EVIDENCE, key, _key_context(digest))
    return _MAGIC + len(sealed).to_bytes(2, "big") + sealed


def read_head(ring: Keyring, file: Readable | Source, digest: str) -> tuple[AESGCM, int]:
    """Return the file's cipher and where its first chunk starts; raises StoreError."""
    fixed = read_all(file, _FIXED_HEAD)
    if len(fixed) != _FIXED_HEAD or not fixed.startswith(_MAGIC):
        raise StoreError(StoreFault.DAMAGED)
    length = int.from_bytes(fixed[len(_MAGIC) :], "big")
    try:
        key = open_sealed(ring, Purpose.EVIDENCE, read_all(file, length), _key_context(digest))
    except SealError:
        raise StoreError(StoreFault.DAMAGED) from None
    return AESGCM(key), _FIXED_HEAD + length


def head_key_id(file: Readable | Source) -> str:
    """Return the id of the key that a file needs; raises StoreError."""
    fixed = read_all(file, _FIXED_HEAD)
    if len(fixed) != _FIXED_HEAD or not fixed.startswith(_MAGIC):
        raise StoreError(StoreFault.DAMAGED)
    try:
        return key_id_of(read_all(file, int.from_bytes(fixed[len(_MAGIC) :], "big")))
    except SealError:
        raise StoreError(StoreFault.DAMAGED) from None


def nonce_of(number: int, *, last: bool) -> bytes:
    """Return the chunk's number and whether it is the last: unique, since each file has its own key."""
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes((last,))


def read_all(stream: Readable | Source, size: int) -> bytes:
    """Read so many bytes or up to the end, whatever pieces a socket gives."""
    pieces, left = [], size
    while left and (piece := stream.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def write_all(file: io.FileIO, content: bytes | memoryview) -> None:
    """Write everything, whatever pieces the disk takes."""
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]


def _key_context(digest: str) -> tuple[str, ...]:
    return ("data key", digest)
