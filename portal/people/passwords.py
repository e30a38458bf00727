"""Which passwords are refused (pure), and making one that is given out once."""

from __future__ import annotations

import secrets
import unicodedata

LEAST_LENGTH = 12
MOST_LENGTH = 200
LEAST_DIFFERENT = 5
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

# Words of the house and the usual ones: a password that is little more than such a word is guessed first.
_WORDS = """
    password passw0rd p@ssw0rd p@ssword mima woaini qwerty qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm
    1qaz2wsx qazwsx 1q2w3e4r abcdef abcdefgh abc123 letmein welcome iloveyou admin administrator root
    test guest changeme change-me woodpecker zhuomuniao 啄木鸟 anquan 安全 jubao 举报 yingji 应急
    anyang 安阳 portal 123456 1234567 12345678 123456789 1234567890 0123456789 654321 987654321 111111
    000000 666666 888888 112233 123123 5201314 a123456 2024 2025 2026 2027
"""
COMMON = tuple(_WORDS.split())
LEFT_OVER = 6


def is_weak(password: str, username: str = "") -> bool:
    """Say whether a password is too short, too even, or little more than a common word or the user name."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH or len(set(plain)) < LEAST_DIFFERENT:
        return True
    rest = plain
    for word in sorted((*COMMON, username.casefold()), key=len, reverse=True):
        rest = rest.replace(word, "") if word else rest
    return len(rest) < LEFT_OVER


def initial_password() -> str:
    """Make a random password of 80 bits that can be read out: four groups of four, no l, i, o, 0, 1."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
