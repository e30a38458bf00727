"""Files that come with a form, before anything is known of them: in memory, or sealed as they come.

What the web server would otherwise do is write them as they are into the system's directory for temporary
files, and give up the whole form when that is full. Here the text of a form is read to its end whatever
becomes of its files. A file too large for memory is encrypted once, in the form in which an original lies for
good: when it is taken it only gets its name, and when it is not, its key was never written.
"""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from typing import BinaryIO, cast

from portal.evidence.inspection import HEAD_BYTES
from portal.evidence.vaulted import Sealing

IN_MEMORY = 512 * 1024  # bytes; most forms without photographs never touch the disk


class Incoming(io.RawIOBase):
    """One file of a form, written once from its beginning to its end, then read anywhere."""

    def __init__(self, folder: Path, floor: int) -> None:
        super().__init__()
        self._folder = folder
        self._floor = floor
        self._pieces: list[bytes] = []
        self._memory: io.BytesIO | None = None  # the pieces, once somebody reads them
        # What the file is judged by: it need not be decrypted for that.
        self._head = b""
        self._sealing: Sealing | None = None
        self._reader: BinaryIO | None = None
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
        """Say whether it is here, and whether the disk has room for what is not on it yet."""
        more = self._size if self._sealing is None else 0
        return not self.is_full and self._free() >= self._floor + more

    def take_sealed(self) -> Sealing | None:
        """Give away what was sealed as it came; None when it is all in memory."""
        if self._sealing is None:
            return None
        sealing, self._sealing = self._sealing, None
        self._drop()
        return sealing

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most so many bytes, all that are left without a number."""
        left = max(0, self._size - self._place)
        wanted = left if size is None or size < 0 else min(size, left)
        if self._place + wanted <= len(self._head):
            piece = self._head[self._place : self._place + wanted]
            self._close_reader()
        elif self._sealing is None:
            piece = self._remembered(wanted)
        else:
            piece = self._decrypted(self._sealing, wanted)
        self._place += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        self._close_reader()
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
        if len(self._head) < HEAD_BYTES:
            self._head += piece[: HEAD_BYTES - len(self._head)]
        if self._sealing is None and self._size > IN_MEMORY:
            self._open()
        if self._sealing is None:
            self._pieces.append(piece)
        else:
            self._sealing.write(piece)

    def _open(self) -> None:
        """Go on in a file, what came before first; raises OSError when there is no room."""
        if self._free() < self._floor + self._size:
            raise OSError
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sealing = Sealing(self._folder)
        for piece in self._pieces:
            self._sealing.write(piece)
        self._pieces = []

    def _remembered(self, wanted: int) -> bytes:
        if self._memory is None:
            self._memory = io.BytesIO(b"".join(self._pieces))
        self._memory.seek(self._place)
        return self._memory.read(wanted)

    def _decrypted(self, sealing: Sealing, wanted: int) -> bytes:
        if self._reader is None:
            self._reader = sealing.reader(self._place)
        return self._reader.read(wanted)

    def _free(self) -> int:
        place = self._folder
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _drop(self) -> None:
        self._pieces, self._memory, self._head = [], None, b""
        self._close_reader()
        if self._sealing is not None:
            self._sealing.close()
            self._sealing = None
