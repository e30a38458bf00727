"""Dividing an award among its reporters."""

from __future__ import annotations


def split_equally(amount_fen: int, n: int) -> list[int]:
    """Return n shares that sum to amount_fen; odd fen go to the first ones. Raises ValueError."""
    if n < 1 or amount_fen < 0:
        raise ValueError("an award of 0 fen or more is divided among one person or more")
    each, odd = divmod(amount_fen, n)
    return [each + 1] * odd + [each] * (n - odd)
