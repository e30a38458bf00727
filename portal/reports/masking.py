"""Finding what gives a person away in a text: telephone numbers, identity numbers, accounts (pure).

Digits may be full-width, written as Chinese numerals, spaced or parted by strokes. What is found is offered
to be cut out; a false find costs the reporter one glance, a missed one may cost a job, so the patterns are
generous. What has no pattern (names, a nickname, "the only woman in the paint shop") is not found: the form
says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Sort(StrEnum):
    """What was found."""

    IDENTITY = "identity"
    ACCOUNT = "account"
    TELEPHONE = "telephone"
    EMAIL = "email"
    MESSENGER = "messenger"


@dataclass(frozen=True, slots=True)
class Find:
    """A stretch of the text, from ``start`` up to ``end``."""

    sort: Sort
    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the stretch as it was written."""
        return text[self.start : self.end]


MASKS: dict[Sort, tuple[str, str]] = {
    Sort.IDENTITY: ("〔证件号〕", "〔ID number〕"),
    Sort.ACCOUNT: ("〔账号〕", "〔account〕"),
    Sort.TELEPHONE: ("〔电话〕", "〔telephone〕"),
    Sort.EMAIL: ("〔邮箱〕", "〔e-mail〕"),
    Sort.MESSENGER: ("〔联系账号〕", "〔messenger〕"),
}
"""What stands in the text in place of a find, in Chinese and in English."""

# One character for one, so that places in the plain text are places in the text.
_PLAIN = str.maketrans(
    {
        **{chr(0xFF01 + offset): chr(0x21 + offset) for offset in range(94)},
        **dict(zip("〇○零一二三四五六七八九幺两", "00012345678912", strict=True)),
        "\u3000": " ",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\u200b": " ",
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "·": "-",
        "。": ".",
    }
)
_GAP = r"[ \t\-._/,]{0,2}"
_FIRST, _LAST = r"(?<![0-9])", r"(?![0-9])"
_DIGIT = rf"(?:{_GAP}[0-9])"
_TWO_YEARS = 1900, 2099

_IDENTITY_18 = re.compile(rf"{_FIRST}[1-9]{_DIGIT}{{16}}{_GAP}[0-9Xx]{_LAST}")
_IDENTITY_15 = re.compile(rf"{_FIRST}[1-8]{_DIGIT}{{14}}{_LAST}")
# Not a telephone number with an amount behind it.
_ACCOUNT = re.compile(rf"{_FIRST}(?!1[3-9][0-9]{{9}}{_LAST})[1-9]{_DIGIT}{{14,20}}{_LAST}")
_MOBILE = re.compile(rf"{_FIRST}(?:(?:\+|00)? ?86{_GAP})?1{_GAP}[3-9]{_DIGIT}{{9}}{_LAST}")
_LANDLINE = re.compile(rf"{_FIRST}\(?0[1-9][0-9]{{1,2}}\)?{_GAP}[2-8]{_DIGIT}{{6,7}}{_LAST}")
_EMAIL = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,63})? ?(?:@|\(at\)|\[at\]) ?"
    r"[A-Za-z0-9-]{1,63}(?: ?\. ?[A-Za-z0-9-]{2,63}){1,4}"
)
_MESSENGER = re.compile(
    r"(?:微信号?|薇信|威信|[Ww]e[Cc]hat|WX|wx|[Vv]信|QQ号?|qq|抖音号?)[ 号:是为=]{0,4}"
    r"(?P<name>[A-Za-z][A-Za-z0-9_-]{5,19}|[1-9][0-9]{4,10})"
)


# Most texts hold nothing: these quick looks spare them the patterns. Telephone numbers are the shortest.
_SEVEN = re.compile(rf"[0-9]{_DIGIT}{{6}}")
_AT = ("@", "(at)", "[at]")
_WORDS = ("信", "QQ", "qq", "WX", "wx", "抖音", "hat")


def finds(text: str) -> list[Find]:
    """Return what is found, in order and without overlaps; what stands first in the list of patterns wins."""
    plain = text.translate(_PLAIN)
    numbers = _SEVEN.search(plain) is not None
    worth = {
        Sort.EMAIL: any(sign in plain for sign in _AT),
        Sort.MESSENGER: any(word in plain for word in _WORDS),
    }
    taken: list[Find] = []
    for sort, matches in _PATTERNS:
        if not worth.get(sort, numbers):
            continue
        for start, end in matches(plain):
            if all(end <= other.start or start >= other.end for other in taken):
                taken.append(Find(sort, start, end))
    return sorted(taken, key=lambda find: find.start)


def masked(text: str, found: Iterable[Find], *, chinese: bool) -> str:
    """Return the text with a mark in the place of each find."""
    parts: list[str] = []
    at = 0
    for find in found:
        parts += [text[at : find.start], MASKS[find.sort][0 if chinese else 1]]
        at = find.end
    return "".join([*parts, text[at:]])


def _digits(stretch: str) -> str:
    return "".join(letter for letter in stretch if letter.isdigit() or letter in "Xx")


def _is_date(year: int, month: int, day: int) -> bool:
    return _TWO_YEARS[0] <= year <= _TWO_YEARS[1] and 1 <= month <= 12 and 1 <= day <= 31


def _identity(plain: str) -> Iterator[tuple[int, int]]:
    """Numbers with a date of birth in their middle (GB 11643-1999), whatever the check digit."""
    for match in _IDENTITY_18.finditer(plain):
        digits = _digits(match.group())
        if _is_date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14])):
            yield match.span()
    for match in _IDENTITY_15.finditer(plain):
        digits = _digits(match.group())
        if _is_date(1900 + int(digits[6:8]), int(digits[8:10]), int(digits[10:12])):
            yield match.span()


def _whole(pattern: re.Pattern[str]) -> Callable[[str], Iterator[tuple[int, int]]]:
    def matches(plain: str) -> Iterator[tuple[int, int]]:
        return (match.span() for match in pattern.finditer(plain))

    return matches


def _messenger(plain: str) -> Iterator[tuple[int, int]]:
    """The name behind the word: the word itself says nothing of anybody."""
    return (match.span("name") for match in _MESSENGER.finditer(plain))


_PATTERNS: tuple[tuple[Sort, Callable[[str], Iterator[tuple[int, int]]]], ...] = (
    (Sort.EMAIL, _whole(_EMAIL)),
    (Sort.IDENTITY, _identity),
    (Sort.ACCOUNT, _whole(_ACCOUNT)),
    (Sort.TELEPHONE, _whole(_MOBILE)),
    (Sort.TELEPHONE, _whole(_LANDLINE)),
    (Sort.MESSENGER, _messenger),
)
