"""Text as people type it, made safe to keep and to compare (pure)."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

# Control characters (NUL stops PostgreSQL), marks that turn the reading direction round, invisible marks.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n{3,}")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{2,3}[2-9]\d{6,7}")
_ABROAD = re.compile(r"\+[1-9]\d{7,14}")
_SERVICE = re.compile(r"[48]00\d{7}")
_SEPARATORS = re.compile(r"[\s\-‐-―−()（）.·]")
_LONG_NUMBER = re.compile(r"[\d０-９][\d０-９\-－ ]{4,}[\d０-９xX]")
_SENTENCE_END = re.compile(r"[。！？；!?;\n]|\.\s")

TITLE_LENGTH = 40


def line(text: str) -> str:
    """One line: control characters gone, all blanks folded to single spaces."""
    return " ".join(_UNWANTED.sub("", text).split())


def lines(text: str) -> str:
    """Several lines: control characters gone, blanks folded, at most one empty line in a row."""
    plain = _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    folded = _BLANKS.sub(" ", plain)
    trimmed = "\n".join(part.strip() for part in folded.split("\n"))
    return _LINES.sub("\n\n", trimmed).strip()


def dates(text: str) -> list[date]:
    """The whole dates a text names, such as 2026-10-12 or 2026年10月12日, full-width digits too."""
    found = []
    for match in _DATE.finditer(unicodedata.normalize("NFKC", text)):
        try:
            found.append(date(*map(int, match.groups())))
        except ValueError:  # 2026-02-30 is no date; the officer will ask
            continue
    return found


def telephone(text: str) -> str | None:
    """A telephone number as digits (+ before one abroad): mobile, or landline with area code; else None."""
    number = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    number = re.sub(r"^(\+86|0086)(?=\d{10})", "", number)
    if number.startswith("00"):
        number = f"+{number[2:]}"
    known = (_MOBILE, _LANDLINE, _SERVICE, _ABROAD)
    return number if any(form.fullmatch(number) for form in known) else None


def mobile(text: str) -> str | None:
    """A number that can receive a message: a mobile one of mainland China, or one abroad."""
    number = telephone(text)
    return number if number and (_MOBILE.fullmatch(number) or _ABROAD.fullmatch(number)) else None


def title(text: str) -> str:
    """The first words of a text as a heading; long numbers, which may be somebody's, are left out."""
    first = _SENTENCE_END.split(text.strip(), maxsplit=1)[0]
    plain = line(_LONG_NUMBER.sub("…", first))
    return plain if len(plain) <= TITLE_LENGTH else f"{plain[: TITLE_LENGTH - 1]}…"
