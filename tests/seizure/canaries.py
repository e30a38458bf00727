"""What is planted: one unmistakable value of each kind of secret, and every shape it may be found in."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from html import escape
from urllib.parse import quote

# What the planted values begin with, so that a memory is searched for a few pieces instead of hundreds.
WORDS, LETTERS, DIGITS = "鼯鼱", "wpkanari", "739184"
WIDE_DIGITS = "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in DIGITS)
NETWORKS = "203.0.113."
STARTS = (WORDS, LETTERS, DIGITS, WIDE_DIGITS, NETWORKS)
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"


class Kind(StrEnum):
    """Kinds of what somebody could look for in what he took."""

    TEXT = "text of the report"
    PLACE = "firm and place in it"
    MISSED = "a number that the detector does not see (壹叁柒…)"
    MESSAGE = "message to the office"
    REASON = "reason why something was opened"
    UNSENT = "a form that was kept while it was written"
    NAME = "name of the reporter"
    TELEPHONE = "telephone to ask back"
    EMAIL = "e-mail to ask back"
    ALERT_MAIL = "e-mail address for alerts"
    ALERT_SMS = "mobile number for alerts"
    CUT_NUMBER = "telephone number cut out of the text"
    CUT_IDENTITY = "identity number cut out of the text"
    CUT_ACCOUNT = "account number cut out of a message"
    RECEIPT = "receipt code"
    EXIF = "author, serial number and preview inside a photo"
    FILE_NAME = "the sender's name of a file"
    PDF_AUTHOR = "author of a PDF"
    HOLDER = "holder of the account"
    ACCOUNT = "number of the account"
    NETWORK = "network address and browser of the visitor"
    VISIT = "token of the reporter's visit"
    PASSWORD = "password of the staff"
    TOTP = "secret of the one-time codes"
    RECOVERY = "recovery code of the staff"
    SESSION = "token of a staff session"
    LINK = "link that invites somebody"
    RECEIPT_KEY = "key of the receipt codes"
    FACTOR_KEY = "key of the second factors"
    COPY_KEY = "key of the cleaned copies of files"
    WORKER_KEY = "private key for originals that are not cleaned yet"
    VAULT_KEY = "private key of the vault"


@dataclass(frozen=True)
class Canary:
    """One planted value in each way it may have been written; ``raw`` is for keys."""

    round: str
    kind: Kind
    values: tuple[str, ...] = ()
    raw: bytes = b""

    @cached_property
    def forms(self) -> set[bytes]:
        """Return every shape in which a store may hold it."""
        found = set(_binary(self.raw)).union(*map(_shapes, self.values))
        return {form for form in found if form}

    @cached_property
    def forms_in_memory(self) -> set[bytes]:
        """Return the shapes that live programs make, without their zero bytes."""
        found = set(_binary(self.raw)).union(*map(_live, self.values))
        return {form.replace(b"\0", b"") for form in found if form}

    @cached_property
    def starts(self) -> set[str]:
        """Return texts of which one stands in every value."""
        return {next((start for start in STARTS if start in value), value) for value in self.values}


def starts_of(canaries: Iterable[Canary], *, in_memory: bool) -> list[bytes]:
    """Return pieces of which one stands in every form of these canaries: they are looked for first."""
    shapes = _live if in_memory else _shapes
    texts = {start for canary in canaries for start in canary.starts}
    found = {form for text in texts for form in shapes(text)}
    found |= {form for canary in canaries for form in _binary(canary.raw)}
    if in_memory:
        found = {form.replace(b"\0", b"") for form in found}
    return sorted(form for form in found if form)


def _live(text: str) -> Iterator[bytes]:
    plain = text.encode()
    yield plain
    yield text.encode("utf-16le")  # as Python keeps a text with Chinese in it
    yield text.encode("utf-32le")
    if not text.isascii():
        yield text.encode("gbk")
        yield quote(text).encode()
        yield json.dumps(text)[1:-1].encode()


def _shapes(text: str) -> Iterator[bytes]:
    yield from _live(text)
    yield text.encode("utf-16be")
    yield quote(text).lower().encode()
    yield escape(text).encode()
    yield text.encode("ascii", "xmlcharrefreplace")
    yield from _binary(text.encode())


def _binary(content: bytes) -> Iterator[bytes]:
    """The bytes, in hexadecimal, and in base64 wherever they stand in what was encoded."""
    yield content
    yield content.hex().encode()
    yield content.hex().upper().encode()
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + content).rstrip(b"=")
        certain = whole[(0, 2, 3)[before] : len(whole) - (1 if (before + len(content)) % 3 else 0)]
        yield certain
        yield certain.replace(b"+", b"-").replace(b"/", b"_")


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))


def _words() -> str:
    return WORDS + "".join(secrets.choice(_SURNAMES) for _ in range(5))


def _letters() -> str:
    return LETTERS + secrets.token_hex(6)


def card() -> str:
    """Return a card number with its check digit."""
    stem = f"62{DIGITS}{_digits(10)}"
    total = 0
    for place, digit in enumerate(reversed(stem)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return stem + str(-total % 10)


@dataclass
class Planted:
    """What one round of people gives away in confidence; what the portal mints comes in on the way."""

    round: str
    text: str = field(default_factory=_words)
    place: str = field(default_factory=_words)
    missed: str = field(
        default_factory=lambda: "壹叁柒" + "".join(secrets.choice("壹贰叁肆伍") for _ in range(8))
    )
    message: str = field(default_factory=_words)
    reason: str = field(default_factory=_words)
    unsent: str = field(default_factory=_words)
    name: str = field(default_factory=_words)
    telephone: str = field(default_factory=lambda: f"13{DIGITS}{_digits(3)}")
    email: str = field(default_factory=lambda: f"{_letters()}@example.com")
    alert_mail: str = field(default_factory=lambda: f"{_letters()}@example.com")
    alert_sms: str = field(default_factory=lambda: f"15{DIGITS}{_digits(3)}")
    cut_number: str = field(default_factory=lambda: f"18{DIGITS}{_digits(3)}")
    cut_identity: str = field(default_factory=lambda: f"{DIGITS}19850312{_digits(4)}")
    cut_account: str = field(default_factory=card)
    exif: str = field(default_factory=_letters)
    file_name: str = field(default_factory=_words)
    pdf_author: str = field(default_factory=_letters)
    holder: str = field(default_factory=_words)
    account: str = field(default_factory=card)
    network: str = field(default_factory=lambda: f"{NETWORKS}{100 + secrets.randbelow(150)}")
    browser: str = field(default_factory=_letters)
    password: str = field(default_factory=lambda: f"{_letters()} drei Spechte")
    minted: dict[Kind, list[str]] = field(default_factory=dict)

    def mint(self, kind: Kind, value: str) -> str:
        """Remember what the portal made for somebody."""
        self.minted.setdefault(kind, []).append(value)
        return value

    @property
    def wide_number(self) -> str:
        """The number as a Chinese keyboard writes it."""
        return "".join(chr(ord(digit) + 0xFEE0) for digit in self.cut_number)

    @property
    def spaced_identity(self) -> str:
        """The identity number in groups."""
        whole = self.cut_identity
        return f"{whole[:6]} {whole[6:14]} {whole[14:]}"

    def all(self) -> list[Canary]:
        """Return every canary of the round."""
        typed: dict[Kind, tuple[str, ...]] = {
            Kind.TEXT: (self.text,),
            Kind.PLACE: (self.place,),
            Kind.MISSED: (self.missed,),
            Kind.MESSAGE: (self.message,),
            Kind.REASON: (self.reason,),
            Kind.UNSENT: (self.unsent,),
            Kind.NAME: (self.name,),
            Kind.TELEPHONE: (self.telephone,),
            Kind.EMAIL: (self.email,),
            Kind.ALERT_MAIL: (self.alert_mail,),
            Kind.ALERT_SMS: (self.alert_sms,),
            Kind.CUT_NUMBER: (self.cut_number, self.wide_number),
            Kind.CUT_IDENTITY: (self.cut_identity, self.spaced_identity),
            Kind.CUT_ACCOUNT: (self.cut_account,),
            Kind.EXIF: (self.exif,),
            Kind.FILE_NAME: (self.file_name,),
            Kind.PDF_AUTHOR: (self.pdf_author,),
            Kind.HOLDER: (self.holder,),
            Kind.ACCOUNT: (self.account,),
            Kind.NETWORK: (self.network, self.browser),
            Kind.PASSWORD: (self.password,),
        }
        minted = {kind: tuple(values) for kind, values in self.minted.items()}
        return [Canary(self.round, kind, values) for kind, values in {**typed, **minted}.items()]
