"""How Chinese words are spelt: the readings of each character, so that "xftd" finds 消防通道."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

TABLE = Path(__file__).parent / "pinyin.txt"


@lru_cache(maxsize=1)
def _readings() -> dict[str, list[str]]:
    """Return the usual readings of each common character."""
    readings: dict[str, list[str]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            syllable, characters = line.split(" ")
            for character in characters:
                readings.setdefault(character, []).append(syllable)
    return readings


def spelt(text: str) -> str:
    """Return one word for each character that is spelt: ``xiao fang zhang/chang``; others are left out.

    Letters and digits stand for themselves.
    """
    known = _readings()
    words = []
    for character in text.lower():
        if character in known:
            words.append("/".join(known[character]))
        elif character.isascii() and character.isalnum():
            words.append(character)
    return " ".join(words)
