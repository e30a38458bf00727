"""Rounding to a unit of fen: data of the rule; default the fen, half up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from portal.rewards.rules.vocabulary import RoundMode

_HALF = Fraction(1, 2)
# Fraction's own round() goes to the even neighbour.
_TO_WHOLE: dict[RoundMode, Callable[[Fraction], int]] = {
    RoundMode.HALF_UP: lambda exact: floor(exact + _HALF),
    RoundMode.HALF_EVEN: round,
    RoundMode.UP: ceil,
    RoundMode.DOWN: floor,
}


@dataclass(frozen=True, slots=True)
class Rounding:
    """The unit in fen and which way a fraction of it goes."""

    unit_fen: int = 1
    mode: RoundMode = RoundMode.HALF_UP

    def round(self, exact: Fraction | int) -> int:
        """Return the fen of an exact amount of 0 or more."""
        if self.unit_fen == 1 and isinstance(exact, int):
            return exact
        return _TO_WHOLE[self.mode](Fraction(exact) / self.unit_fen) * self.unit_fen

    @property
    def plain(self) -> bool:
        """Tell whether it is the default, which stored steps leave out."""
        return self.unit_fen == 1 and self.mode is RoundMode.HALF_UP


FEN = Rounding()
"""The default."""
