"""Drawing a random sample so that anybody can draw the same one again (pure).

Each number stands in the order of SHA-256 over seed, a bar and the number; the first so many are the
sample. It takes no generator of random numbers but one that every machine has, and can be done by hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def drawn(numbers: Iterable[str], seed: str, size: int) -> list[str]:
    """Return the sample in the order of drawing; all numbers when there are fewer."""
    return sorted(set(numbers), key=lambda number: (place(seed, number), number))[:size]


def place(seed: str, number: str) -> str:
    """Return what decides the place of a number."""
    return hashlib.sha256(f"{seed}|{number}".encode()).hexdigest()


def digest(numbers: Iterable[str]) -> str:
    """Return the SHA-256 of a population: its numbers in order, one a line."""
    return hashlib.sha256("".join(f"{number}\n" for number in sorted(set(numbers))).encode()).hexdigest()
