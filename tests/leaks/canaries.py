"""What is planted, and how it is looked for: in the clear, encoded, packed, or as a plain hash."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from urllib.parse import quote, unquote

from portal.reports.receipt import ALPHABET

_NOT_OF_A_CODE = re.compile(f"[^{ALPHABET}]")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_COOKIE = re.compile(r"=([.A-Za-z0-9_-]{16,})")
LARGEST = 4_000_000


class Group(StrEnum):
    """What must not be seen but by its own readers."""

    TELEPHONE = "contact telephone"
    MAIL = "contact e-mail"
    ALERT = "alert address"
    NAME = "legal name"
    HOLDER = "payee holder"
    BANK = "payee bank"
    ACCOUNT = "payee account"
    TOLD = "told numbers"
    CODE = "receipt code"
    FILE_NAME = "file name"
    ANSWER_REASON = "reason of an identity answer"
    TEXT = "text of the report"
    FIRM = "reported firm"
    MONEY = "money"


Search = Callable[[bytes], set[str]]
"""Says by name what stands in some bytes."""

SEALED = (
    Group.TELEPHONE,
    Group.MAIL,
    Group.ALERT,
    Group.NAME,
    Group.HOLDER,
    Group.BANK,
    Group.ACCOUNT,
    Group.TOLD,
)

# The beginning that all values of a group share and no other text of the portal has.
STEM: Mapping[Group, str] = {
    Group.TELEPHONE: "1991700",
    Group.MAIL: "@kanaria-post.com",
    Group.ALERT: "1991800",
    Group.NAME: "龘氏",
    Group.HOLDER: "龘氏户",
    Group.BANK: "鱻银行",
    Group.ACCOUNT: "62220991",
    Group.TOLD: "1991900",
    Group.FILE_NAME: "麤人自拍",
    Group.ANSWER_REASON: "靐处核对",
    Group.TEXT: "鼉文",
    Group.FIRM: "鱻厂",
}


def value(group: Group, number: int) -> str:
    """The canary of a group for the report with this number in the city."""
    if group is Group.MAIL:
        return f"k{number:04d}{STEM[group]}"
    if group is Group.ACCOUNT:
        stem = f"{STEM[group]}{number:010d}"
        return stem + _luhn(stem)
    return f"{STEM[group]}{number:04d}"


def _luhn(stem: str) -> str:
    digits = [int(ch) for ch in reversed(stem)]
    total = sum(sum(divmod(2 * d, 10)) if i % 2 == 0 else d for i, d in enumerate(digits))
    return str(-total % 10)


def forms(text: str) -> Iterator[bytes]:
    """The ways in which a text may stand somewhere: plain, escaped, and the three shifts of base64."""
    raw = text.encode()
    yield raw
    yield json.dumps(text)[1:-1].encode()
    yield json.dumps(text)[1:-1].encode().replace(b"\\u", b"%u")
    yield html.escape(text).encode()
    yield quote(text).encode()
    yield raw.hex().encode()
    yield from shifted(raw)


def shifted(raw: bytes) -> Iterator[bytes]:
    """Base64 of a text wherever it begins, without the characters that depend on its neighbours."""
    for shift in range(3):
        packed = base64.b64encode(b"\0" * shift + raw)
        inner = packed[4 if shift else 0 : -4]
        if len(inner) >= 8:
            yield inner
            yield inner.replace(b"+", b"-").replace(b"/", b"_")


def hashes(text: str) -> Iterator[bytes]:
    """Plain hashes of a small text, as bytes, hex and base64: whoever has one tries all telephone numbers."""
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
        digest = hashlib.new(name, text.encode()).digest()
        yield digest
        yield digest.hex().encode()
        yield base64.b64encode(digest).rstrip(b"=")


class Needles:
    """Several texts by name, each in all its forms; says which names stand in a text."""

    def __init__(self, named: Mapping[str, Iterable[str]], codes: Iterable[str] = ()) -> None:
        pairs = {form: name for name, texts in named.items() for text in texts for form in forms(text)}
        self._names = pairs
        ordered = sorted(pairs, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(re.escape(form) for form in ordered)) if ordered else None
        self._codes = frozenset(codes)

    def in_bytes(self, content: bytes) -> set[str]:
        """The names of what is found in these bytes as they are."""
        found = set()
        if self._pattern is not None:
            found = {self._names[hit.group()] for hit in self._pattern.finditer(content)}
        if self._codes and self._has_code(content):
            found.add(Group.CODE)
        return found

    def _has_code(self, content: bytes) -> bool:
        if b"\0" in content[:1000]:
            return False
        plain = _NOT_OF_A_CODE.sub("", content.decode(errors="replace").upper())
        return any(code in plain for code in self._codes)


_PLANTED = f"(?:{STEM[Group.TEXT]}|{STEM[Group.FIRM]})\\d{{4}}"
ONE_CASE = re.compile(rf"(?:AY|JL)-\d{{4}}-\d{{6}}|{_PLANTED}".encode())


def listed(named: Mapping[str, Iterable[str]]) -> Search:
    """Look for numbers, texts and firms of single cases; there may be many of them."""
    names = {text.encode(): name for name, texts in named.items() for text in texts}

    def search(content: bytes) -> set[str]:
        return {names[hit] for hit in ONE_CASE.findall(content) if hit in names}

    return search


def unpacked(content: bytes) -> Iterator[bytes]:
    """A body, and what is packed in it: the files of a spreadsheet, the streams of a PDF."""
    yield content[:LARGEST]
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            yield from (packed.read(name) for name in packed.namelist())
    if content.startswith(b"%PDF"):
        for stream in _STREAM.findall(content):
            with suppress(zlib.error):
                yield zlib.decompress(stream)


def opened_cookies(header: str) -> Iterator[bytes]:
    """What stands in signed cookies: their first part is base64, packed when it begins with a full stop."""
    for text in _COOKIE.findall(unquote(header)):
        packed, part = text.startswith("."), text.lstrip(".").split(".")[0]
        with suppress(ValueError, zlib.error):
            raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
            yield zlib.decompress(raw) if packed else raw
