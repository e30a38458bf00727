"""Dividing an award among its reporters."""

from __future__ import annotations

from portal.rewards.rules.model import Sharing
from portal.rewards.rules.vocabulary import SharingMode


def split_equally(amount_fen: int, n: int) -> list[int]:
    """Return n shares that sum to amount_fen; odd fen go to the first ones. Raises ValueError."""
    if n < 1 or amount_fen < 0:
        raise ValueError("an award of 0 fen or more is divided among one person or more")
    each, odd = divmod(amount_fen, n)
    return [each + 1] * odd + [each] * (n - odd)


def split(amount_fen: int, n: int, sharing: Sharing) -> list[int]:
    """Return the shares of n effective reporters in their order: all to the first, or evenly."""
    even = split_equally(amount_fen, n)
    return even if sharing.mode is SharingMode.EQUAL else [amount_fen, *([0] * (n - 1))]
