"""Which passwords are refused (pure), and making one that is given out once."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from pathlib import Path

LEAST_LENGTH = 12
MOST_LENGTH = 128
LEAST_DIFFERENT = 5
LEFT_OVER = 6
LONGEST_BLOCK = 6
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_LIST = Path(__file__).with_name("common_words.txt")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv",
    "1q2w3e4r5t6y7u8i9o0p",
    "a1b2c3d4e5f6g7h8",
)
_WALKS = frozenset(
    row[start : start + 4] for one in _ROWS for row in (one, one[::-1]) for start in range(len(one) - 3)
)
_AS_LETTERS = str.maketrans("@4301!$57", "aaeoiisst")
_YEAR = re.compile(r"(?:19|20)\d\d(?:[01]\d[0-3]\d)?")
_AGAIN = re.compile(r"(.)\1\1+")


class Fault(StrEnum):
    """Why a password is refused."""

    SHORT = "short"
    LONG = "long"
    EVEN = "even"
    COMMON = "common"


def fault_of(password: str, context: Iterable[str] = ()) -> Fault | None:
    """Return why a password is refused; ``context`` names what belongs to its owner, office and city."""
    if len(password) < LEAST_LENGTH:
        return Fault.SHORT
    if len(password) > MOST_LENGTH:
        return Fault.LONG
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(set(plain)) < LEAST_DIFFERENT or _is_one_block_again_and_again(plain):
        return Fault.EVEN
    words = sorted({*_common(), *_pieces(context)}, key=len, reverse=True)
    forms = (plain, plain.translate(_AS_LETTERS))
    return Fault.COMMON if any(_left_of(form, words) < LEFT_OVER for form in forms) else None


def _is_one_block_again_and_again(plain: str) -> bool:
    return any(
        plain == (plain[:length] * (len(plain) // length + 1))[: len(plain)]
        for length in range(1, min(LONGEST_BLOCK, len(plain) // 2) + 1)
    )


def _left_of(plain: str, words: Iterable[str]) -> int:
    """Return how many letters and digits are left without common words, dates, runs and repetitions."""
    rest = _YEAR.sub(" ", plain)
    for word in words:
        rest = rest.replace(word, " ")
    rest = _AGAIN.sub(r"\1", _without_walks(rest))
    return sum(letter.isalnum() for letter in rest)


def _without_walks(text: str) -> str:
    """Return the text without four or more neighbours of the alphabet, the digits or a keyboard."""
    gone = {
        place
        for start in range(len(text) - 3)
        if text[start : start + 4] in _WALKS
        for place in range(start, start + 4)
    }
    return "".join(" " if place in gone else letter for place, letter in enumerate(text))


@cache
def _common() -> frozenset[str]:
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    words = {word for line in lines if not line.startswith("#") for word in line.split()}
    # In a sentence a short word of the list is no weakness: three letters or two characters count at least.
    return frozenset(word for word in words if len(word) >= (3 if word.isascii() else 2))


def _pieces(context: Iterable[str]) -> set[str]:
    """Return names, whole and in parts: ``wang.jianguo`` is guessed as ``wang`` too."""
    pieces = {part for name in context for part in (name, *re.split(r"[\s._@·-]+", name))}
    return {part for piece in pieces if len(part := piece.casefold()) >= (3 if piece.isascii() else 2)}


def initial_password() -> str:
    """Make a random password of 80 bits that can be read out: four groups of four, no l, i, o, 0, 1."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
