"""Reading a form that came with files: each byte is looked at once and handed on as it arrives (RFC 7578).

Fields are gathered as text, files go piece by piece to whoever takes them. What stands here of a form is one
piece, however large its files are. Lines end with CR and LF, as every browser writes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from werkzeug.http import parse_options_header

PIECE_BYTES = 64 * 1024
HEAD_BYTES = 16 * 1024  # of one part: its name, its file's name and kind
PADDING_BYTES = 256  # blanks that RFC 2046 lets stand behind a boundary
# As browsers write it; everything else takes the slower way that knows escapes and other alphabets.
_PLAIN = re.compile(rb'form-data; name="([^"\\%]*)"(?:; filename="([^"\\%]*)")?')
# A name with the end of a line in it would begin a header of its own.
_IN_A_LINE = bytes.maketrans(b"\r\n\0", b"   ")
_CHARSETS = frozenset({"ascii", "us-ascii", "utf-8", "iso-8859-1"})


class NotAForm(ValueError):
    """What came is not the form that its head says, or it broke off."""


class TooMuch(Exception):
    """A field, the head of a part or their number is larger than allowed."""


class Sink(Protocol):
    """Who takes a file."""

    def write(self, piece: bytes, /) -> object:
        """Take the next bytes."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before a part: its field's name, the file's name (None for a text), its headers."""

    name: str
    filename: str | None
    headers: list[tuple[str, str]]

    def header(self, wanted: str) -> str:
        """Return a header by its name in small letters; empty when there is none."""
        return next((value for name, value in self.headers if name.lower() == wanted), "")

    def charset(self) -> str:
        """Return how the text is written: UTF-8 unless another known one is named."""
        named = parse_options_header(self.header("content-type"))[1].get("charset", "").lower()
        return named if named in _CHARSETS else "utf-8"


Taker = TypeVar("Taker", bound=Sink)


@dataclass(slots=True)
class Form(Generic[Taker]):
    """What was read: the texts by field, and each file's head with who took it."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[Head, Taker]] = field(default_factory=list)


class Parts:
    """Cuts a stream into parts at their boundary; what it hands out is never looked at again."""

    def __init__(self, read: Callable[[int], bytes], boundary: bytes) -> None:
        self._read = read
        self._mark = b"\r\n--" + boundary
        # The first boundary has no line before it.
        self._rest = b"\r\n"

    def heads(self) -> Iterator[Head]:
        """Go through the parts; the body of each is to be read before the next."""
        for _ in self.body():
            pass  # what stands before the first part belongs to nobody
        while self._has_more():
            head = head_of(self._until(b"\r\n\r\n", HEAD_BYTES))
            self._allow_nothing()
            yield head
        while self._read(PIECE_BYTES):
            pass  # nor does what stands behind the last

    def body(self) -> Iterator[bytes]:
        """Give the bytes up to the next boundary, as they come."""
        keep = len(self._mark) - 1
        while (end := self._rest.find(self._mark)) < 0:
            if len(self._rest) > keep:
                piece, self._rest = self._rest[:-keep], self._rest[-keep:]
                yield piece
            self._more()
        piece, self._rest = self._rest[:end], self._rest[end + len(self._mark) :]
        if piece:
            yield piece

    def _has_more(self) -> bool:
        """Read what stands behind a boundary; says whether a part follows."""
        while len(self._rest) < 2:  # two hyphens, or the end of a line
            self._more()
        if self._rest.startswith(b"--"):
            return False
        if self._until(b"\r\n", PADDING_BYTES).strip(b" \t"):
            raise NotAForm
        # A part without any header has its empty line at once.
        self._rest = b"\r\n" + self._rest
        return True

    def _allow_nothing(self) -> None:
        """Take the boundary right behind a head as an empty part, as some programs write it."""
        while len(self._rest) < len(self._mark):
            self._more()
        if self._rest.startswith(self._mark[2:]):
            self._rest = b"\r\n" + self._rest

    def _until(self, mark: bytes, limit: int) -> bytes:
        """Return what stands before a mark, and go on behind it."""
        while (end := self._rest.find(mark)) < 0:
            if len(self._rest) > limit:
                raise TooMuch
            self._more()
        found, self._rest = self._rest[:end], self._rest[end + len(mark) :]
        return found

    def _more(self) -> None:
        piece = self._read(PIECE_BYTES)
        if not piece:
            raise NotAForm
        self._rest += piece


def head_of(text: bytes) -> Head:
    """Read the lines before a part; raises NotAForm without a name."""
    headers = []
    # A line that begins with a blank goes on with the one before.
    for line in text.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n"):
        name, colon, value = line.translate(_IN_A_LINE).partition(b":")
        if colon:
            headers.append((name.strip().decode("latin-1"), value.strip()))
    disposition = next((value for name, value in headers if name.lower() == "content-disposition"), b"")
    shown = [(name, value.decode("utf-8", "replace")) for name, value in headers]
    plain = _PLAIN.fullmatch(disposition)
    if plain is not None:
        named, filename = plain.group(1), plain.group(2)
        return Head(_text(named), None if filename is None else _text(filename), shown)
    options = parse_options_header(disposition.decode("utf-8", "replace"))[1]
    if "name" not in options:
        raise NotAForm
    return Head(options["name"], options.get("filename"), shown)


def read_form(
    read: Callable[[int], bytes],
    boundary: bytes,
    taker: Callable[[Head], Taker],
    *,
    most_bytes: int | None,
    most_parts: int | None,
) -> Form[Taker]:
    """Read a form to its end; ``most_bytes`` limits each text. Raises NotAForm, TooMuch."""
    if not boundary:
        raise NotAForm
    form: Form[Taker] = Form()
    parts = Parts(read, boundary)
    for number, head in enumerate(parts.heads(), start=1):
        if most_parts is not None and number > most_parts:
            raise TooMuch
        if head.filename is None:
            form.fields.append(
                (head.name, _gathered(parts.body(), most_bytes).decode(head.charset(), "replace"))
            )
            continue
        sink = taker(head)
        form.files.append((head, sink))
        for piece in parts.body():
            sink.write(piece)
    return form


def _gathered(pieces: Iterator[bytes], most: int | None) -> bytes:
    found, size = [], 0
    for piece in pieces:
        size += len(piece)
        if most is not None and size > most:
            raise TooMuch
        found.append(piece)
    return b"".join(found)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
