"""The tongues in which the rules speak, and how they write amounts; without Flask, to start fast."""

from __future__ import annotations

import os
import struct
import sys
from bisect import bisect_left
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Protocol

from portal.money import format_yuan, format_yuan_brief

CATALOGUES = Path(__file__).parents[2] / "translations"
CHINESE, ENGLISH = "zh", "en"


class Bilingual(Protocol):
    """A text of a rule file, in both languages."""

    @property
    def zh(self) -> str:
        """The Chinese text."""

    @property
    def en(self) -> str:
        """The English text."""


class Tongue(Protocol):
    """Says a message id in the reader's language; always named ``tr``, so that the ids are collected."""

    @property
    def language(self) -> str:
        """The language, zh or en."""

    def __call__(self, message: str, /, **facts: object) -> str:
        """Return the sentence with its facts."""


class CatalogueTongue:
    """A tongue of the standard library, over the compiled catalogue."""

    def __init__(self, language: str) -> None:
        self.language = CHINESE if language.startswith(CHINESE) else ENGLISH
        self._found = _catalogue() if self.language == CHINESE else None

    def __call__(self, message: str, /, **facts: object) -> str:
        """Return the sentence with its facts."""
        said = self._found.said(message) if self._found else message
        return said % facts if facts else said


class Catalogue:
    """A compiled catalogue, looked into message by message.

    The standard library's reads all of it first, which takes longer than all else that a command does.
    """

    def __init__(self, body: bytes) -> None:
        """Read the head of a .mo file; raises ValueError for anything else."""
        self._body = body
        self._order = {b"\xde\x12\x04\x95": "<", b"\x95\x04\x12\xde": ">"}.get(body[:4], "")
        if not self._order:
            raise ValueError("no compiled catalogue")
        self._count, self._ids, self._texts = struct.unpack_from(f"{self._order}3I", body, 8)

    def said(self, message: str) -> str:
        """Return the translation of a message; itself where there is none."""
        wanted = message.encode()
        # Ids stand in the order of their bytes.
        place = bisect_left(range(self._count), wanted, key=partial(self._at, self._ids))
        if place == self._count or self._at(self._ids, place) != wanted:
            return message
        return self._at(self._texts, place).decode() or message

    def _at(self, table: int, place: int) -> bytes:
        length, start = struct.unpack_from(f"{self._order}2I", self._body, table + 8 * place)
        return self._body[start : start + length]


def _catalogue() -> Catalogue:
    path = CATALOGUES / "zh_Hans" / "LC_MESSAGES" / "messages.mo"
    if not path.exists():
        # Compiled by `make install`; a fresh checkout has the texts alone.
        # Not by subprocess, which takes longer to load than the rest of this module.
        os.spawnl(os.P_WAIT, sys.executable, sys.executable, "-m", "portal.translations.compile")  # noqa: S606
    return Catalogue(path.read_bytes())


def terminal_language(environ: Mapping[str, str] = os.environ) -> str:
    """Return the language that the terminal asks for; Chinese unless it asks for English."""
    asked = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return ENGLISH if asked.lower().startswith("en") else CHINESE


def text(bilingual: Bilingual, tr: Tongue) -> str:
    """Return the text in the reader's language; the other one where it was left empty."""
    own, other = (bilingual.zh, bilingual.en) if tr.language == CHINESE else (bilingual.en, bilingual.zh)
    return own or other


def listed(items: list[str], tr: Tongue) -> str:
    """Return items as one enumeration."""
    return ("、" if tr.language == CHINESE else ", ").join(items)


def sentences(parts: list[str], tr: Tongue) -> str:
    """Return whole sentences one after the other."""
    return ("" if tr.language == CHINESE else " ").join(part for part in parts if part)


def yuan(fen: int | Fraction) -> str:
    """Return an amount in yuan, without decimals where there are none."""
    return format_yuan_brief(int(fen)) if Fraction(fen).denominator == 1 else decimal(Fraction(fen) / 100)


def yuan_exact(fen: int) -> str:
    """Return an amount in yuan with its two decimals."""
    return format_yuan(fen)


def percent(rate: Fraction) -> str:
    """Return a rate in percent, such as "12.5%"."""
    return f"{decimal(rate * 100)}%"


def decimal(value: Fraction) -> str:
    """Return a number with thousands commas; what does not end is cut after eight places."""
    scaled = abs(value) * 10**8
    whole, part = divmod(scaled.numerator // scaled.denominator, 10**8)
    digits = f"{part:08d}".rstrip("0")
    return ("-" if value < 0 else "") + f"{whole:,}" + (f".{digits}" if digits else "")


def day(on: date, tr: Tongue) -> str:
    """Return a date: 2022 年 6 月 1 日, or 1 June 2022."""
    if tr.language == CHINESE:
        return f"{on.year} 年 {on.month} 月 {on.day} 日"
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
