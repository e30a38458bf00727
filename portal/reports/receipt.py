"""The receipt code: the reporter's only key to come back, 24 random characters and one check character.

The check is a weighted sum over GF(32), one field element per character, with a different weight for each
of the 25 places. It detects every single wrong character, every exchange of any two characters (adjacent or
not) and every double character typed as another double; 31 of 32 of all other mistakes.
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from enum import StrEnum

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_LENGTH = 24
LENGTH = RANDOM_LENGTH + 1
GROUP = 5

_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_FIELD_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, primitive: its root has order 31, so 25 weights all differ
_LONGEST_INPUT = 200  # what is longer is not a code with spaces, and is not worth folding
_DIGEST_LABEL = b"receipt code 1\x00"


class ReceiptFault(StrEnum):
    """What is wrong with a typed receipt code."""

    EMPTY = "empty"
    WRONG_LENGTH = "wrong_length"
    BAD_CHARACTER = "bad_character"
    BAD_CHECK = "bad_check"


class ReceiptError(ValueError):
    """The text is no receipt code; carries the fault, never the text."""

    def __init__(self, code: ReceiptFault) -> None:
        super().__init__(code.value)
        self.code = code


def mint() -> str:
    """Return a new code: 120 random bits and a check character, 25 characters without spaces."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return body + check_character(body)


def check_character(body: str) -> str:
    """Return the check character for 24 characters of the alphabet."""
    return ALPHABET[_times_root(_weighted_sum(body))]


def groups(code: str) -> list[str]:
    """Split a code into the five groups of five in which it is shown."""
    return [code[start : start + GROUP] for start in range(0, len(code), GROUP)]


def normalise(text: str) -> str:
    """Return the 25 characters of a typed code; raises ReceiptError."""
    if len(text) > _LONGEST_INPUT:
        raise ReceiptError(ReceiptFault.WRONG_LENGTH)
    code = folded(text)
    if not code:
        raise ReceiptError(ReceiptFault.EMPTY)
    if any(character not in _VALUE for character in code):
        raise ReceiptError(ReceiptFault.BAD_CHARACTER)
    if len(code) != LENGTH:
        raise ReceiptError(ReceiptFault.WRONG_LENGTH)
    if _weighted_sum(code) != 0:
        raise ReceiptError(ReceiptFault.BAD_CHECK)
    return code


def digest(code: str, key: bytes) -> bytes:
    """Return HMAC-SHA-256 of a normalised code, the only form in which it is stored."""
    return hmac.digest(key, _DIGEST_LABEL + code.encode("ascii"), "sha256")


def folded(text: str) -> str:
    """Return the characters of a typed piece of a code as they stand in it; what belongs to none stays."""
    return "".join(character for character in _fold(text) if not _is_separator(character))


def mentions(text: str, code: str) -> bool:
    """Say whether a text holds the code, however it is spaced, punctuated or cased."""
    if len(text) < LENGTH:
        return False
    return code in "".join(character for character in _fold(text) if character in _VALUE)


def candidates(text: str) -> list[str]:
    """Return everything in a text that could be a code, for a comparison by digest."""
    plain = "".join(character for character in _fold(text) if character in _VALUE)
    windows = (plain[start : start + LENGTH] for start in range(len(plain) - LENGTH + 1))
    return [window for window in windows if _weighted_sum(window) == 0]


def _fold(text: str) -> str:
    """Fold case, full-width forms and look-alikes."""
    return unicodedata.normalize("NFKC", text).upper().translate(_LOOK_ALIKES)


def _is_separator(character: str) -> bool:
    """Spaces, dashes, line ends, invisible marks and the punctuation people copy along."""
    return unicodedata.category(character) in {"Zs", "Zl", "Zp", "Cc", "Cf", "Pd"} or character in "._·,−"


def _weighted_sum(characters: str) -> int:
    """Sum each value times its place's power of the root, by Horner's rule over GF(32)."""
    total = 0
    for character in characters:
        total = _times_root(total) ^ _VALUE[character]
    return total


def _times_root(value: int) -> int:
    value <<= 1
    return value ^ _FIELD_POLYNOMIAL if value & 0b100000 else value
