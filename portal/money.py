"""Exact money: integer fen in, integer fen out, and the ways it is typed and written."""

from __future__ import annotations

import re
from enum import StrEnum
from fractions import Fraction
from math import floor
from typing import Final

MAX_FEN: Final = 10**13
"""The largest amount the portal knows: a hundred thousand million yuan."""

_LONGEST_TEXT: Final = 64
_FULL_WIDTH: Final = str.maketrans(
    {
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
        "\uff0c": ",",
        "\uff0e": ".",
        "\uffe5": "\u00a5",
        "\u3000": " ",
        "\u00a0": " ",
        "\u202f": " ",
        "\uff0d": "-",
        "\u2212": "-",
    }
)
# A comma or a space may part thousands, but one kind only and only in threes: "1,00" could mean two amounts.
_WRITTEN: Final = re.compile(
    r"\u00a5? *(?P<whole>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?: [0-9]{3})+)"
    r"(?:\.(?P<part>[0-9]+))? *元?"
)
_NEGATIVE: Final = re.compile(r"\u00a5? *- *\u00a5? *[0-9]")


class MoneyFault(StrEnum):
    """Why a typed amount was refused."""

    EMPTY = "empty"
    NOT_AN_AMOUNT = "not_an_amount"
    NEGATIVE = "negative"
    TOO_MANY_DECIMALS = "too_many_decimals"
    TOO_LARGE = "too_large"


class MoneyError(ValueError):
    """A text is not an amount of money; carries a code and facts, never what was typed."""

    def __init__(self, code: MoneyFault, facts: dict[str, int] | None = None) -> None:
        """Keep the code and the facts a sentence is made from."""
        super().__init__(code.value)
        self.code = code
        self.facts: dict[str, int] = facts or {}


def parse_yuan(text: str) -> int:
    """Return the fen of an amount typed in yuan, such as "18,000.00"; raises MoneyError."""
    typed = text.translate(_FULL_WIDTH).strip()
    if not typed:
        raise MoneyError(MoneyFault.EMPTY)
    if len(typed) > _LONGEST_TEXT:
        raise MoneyError(MoneyFault.NOT_AN_AMOUNT)
    if _NEGATIVE.match(typed):
        raise MoneyError(MoneyFault.NEGATIVE)
    match = _WRITTEN.fullmatch(typed)
    if match is None:
        raise MoneyError(MoneyFault.NOT_AN_AMOUNT)
    part = match["part"] or ""
    if len(part) > 2:
        raise MoneyError(MoneyFault.TOO_MANY_DECIMALS, {"decimals": 2})
    fen = int(re.sub("[, ]", "", match["whole"])) * 100 + int(part.ljust(2, "0"))
    if fen > MAX_FEN:
        raise MoneyError(MoneyFault.TOO_LARGE, {"max_fen": MAX_FEN})
    return fen


def format_yuan(fen: int) -> str:
    """Return fen as yuan with thousands commas and two decimals, such as "18,000.00"."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def format_yuan_brief(fen: int) -> str:
    """Return fen as yuan without decimals where there are none: "3,000", but "0.50"."""
    return format_yuan(fen).removesuffix(".00")


def percent(base_fen: int, rate: Fraction) -> int:
    """Return base_fen times rate in whole fen, half a fen rounded up; both must not be negative."""
    if not isinstance(rate, Fraction):
        raise TypeError("a rate is a Fraction, never a binary float")
    if base_fen < 0 or rate < 0:
        raise ValueError("neither the base nor the rate may be negative")
    return floor(base_fen * rate + Fraction(1, 2))


_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_SECTIONS: Final = ("", "万", "亿")


def capital(fen: int) -> str:
    """Return fen (0 to MAX_FEN) in capital characters (支付结算办法, annex 1); raises ValueError outside."""
    if not 0 <= fen <= MAX_FEN:
        raise ValueError("capital characters are written for 0 to MAX_FEN fen")
    yuan, cents = divmod(fen, 100)
    return "人民币" + _whole_yuan(yuan, cents) + _jiao_and_fen(yuan, cents)


def _whole_yuan(yuan: int, cents: int) -> str:
    """Return the part up to 元; nothing for an amount under one yuan."""
    if yuan == 0:
        return "" if cents else "零元"
    written = ""
    skipped = False
    for index in range(len(_SECTIONS) - 1, -1, -1):
        section = yuan // 10_000**index % 10_000
        if section == 0:
            skipped = skipped or bool(written)
            continue
        # Annex 1 leaves the 零 free where only the 万 place is 0 and the 千 place is not (its 107,000.53):
        # the form it prints first has none, so a 零 stands only for a 千 place or a whole section of 0.
        if written and (skipped or section < 1_000):
            written += "零"
        written += _section(section) + _SECTIONS[index]
        skipped = False
    return written + "元"


def _section(number: int) -> str:
    """Return 1 to 9999 with 拾, 佰 and 仟; one 零 for any run of zeros inside."""
    written = ""
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            written += _DIGITS[digit] + _PLACES[place]
        elif written and not written.endswith("零"):
            written += "零"
    return written.rstrip("零")


def _jiao_and_fen(yuan: int, cents: int) -> str:
    """Return what follows 元: 整 when it ends there, else 角 and 分 without 整."""
    jiao, fen = divmod(cents, 10)
    if cents == 0:
        return "整"
    # A 0 in the 元 or 角 place is written as 零 (annex 1: 1,680.32, 16,409.02), unless it comes first.
    gap = "零" if yuan and (jiao == 0 or yuan % 10 == 0) else ""
    return gap + (_DIGITS[jiao] + "角" if jiao else "") + (_DIGITS[fen] + "分" if fen else "")
