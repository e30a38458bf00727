"""Files that come with a form, before anything is known of them: in memory, or in a nameless encrypted file.

What the web server would otherwise do is write them as they are into the system's directory for temporary
files, and give up the whole form when that is full. Here the text of a form is read to its end whatever
becomes of its files, and the bytes on the disk cannot be read by anybody: their key is never written.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import IO, cast

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

IN_MEMORY = 512 * 1024  # bytes; most forms without photographs never touch the disk
_BLOCK = 16
_COUNTERS = 1 << 128


class Incoming(io.RawIOBase):
    """One file of a form, written once from its beginning to its end, then read anywhere."""

    def __init__(self, folder: Path, floor: int) -> None:
        super().__init__()
        self._folder = folder
        self._floor = floor
        self._memory = io.BytesIO()
        self._file: IO[bytes] | None = None
        self._key = b""
        self._start = 0
        self._context: CipherContext | None = None
        self._size = self._place = 0
        self.is_full = False

    def write(self, content: object, /) -> int:
        """Take the next bytes; when the disk has no room for them the file is given up and nothing raised."""
        piece = bytes(cast(bytes, content))
        self._size += len(piece)
        self._place = self._size
        if self.is_full:
            return len(piece)
        try:
            self._keep(piece)
        except OSError:
            self.is_full = True
            self._drop()
        return len(piece)

    def has_room(self) -> bool:
        """Say whether it is here, and whether the disk has room for it once more."""
        return not self.is_full and self._free() >= self._floor + self._size

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most so many bytes, all that are left without a number."""
        left = max(0, self._size - self._place)
        wanted = left if size is None or size < 0 else min(size, left)
        if self._file is None:
            self._memory.seek(self._place)
            piece = self._memory.read(wanted)
        else:
            piece = self._decrypted(self._file, wanted)
        self._place += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        self._context = None
        return self._place

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def close(self) -> None:
        """Give memory and disk back."""
        self._drop()
        super().close()

    def _keep(self, piece: bytes) -> None:
        if self._file is None and self._size > IN_MEMORY:
            self._open()
        if self._file is None:
            self._memory.write(piece)
        else:
            self._encrypt(piece)

    def _open(self) -> None:
        """Go on in a file that has no name, what came before first; raises OSError when there is no room."""
        if self._free() < self._floor + self._size:
            raise OSError
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = cast(IO[bytes], tempfile.TemporaryFile(dir=self._folder, buffering=0))  # noqa: SIM115 - closed by _drop
        self._key, self._start = secrets.token_bytes(32), secrets.randbits(128)
        self._context = self._cipher(0).encryptor()
        self._encrypt(self._memory.getvalue())
        self._memory = io.BytesIO()

    def _encrypt(self, piece: bytes) -> None:
        assert self._file is not None  # noqa: S101 - the caller opened it
        assert self._context is not None  # noqa: S101
        rest = memoryview(self._context.update(piece))
        while rest:
            rest = rest[self._file.write(rest) :]

    def _decrypted(self, file: IO[bytes], wanted: int) -> bytes:
        if self._context is None:
            file.seek(self._place)
            self._context = self._cipher(self._place // _BLOCK).decryptor()
            self._context.update(bytes(self._place % _BLOCK))  # into the block in which it begins
        pieces = []
        while wanted and (piece := file.read(wanted)):
            pieces.append(self._context.update(piece))
            wanted -= len(piece)
        return b"".join(pieces)

    def _cipher(self, block: int) -> Cipher[CTR]:
        """Return the cipher from a block on; a key is used for one file only."""
        counter = (self._start + block) % _COUNTERS
        return Cipher(AES(self._key), CTR(counter.to_bytes(_BLOCK, "big")))

    def _free(self) -> int:
        place = self._folder
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    def _drop(self) -> None:
        self._memory = io.BytesIO()
        self._context = None
        if self._file is not None:
            self._file.close()
            self._file = None
