"""Rounding to a unit of fen: data of the rule; default the fen, half up. In whole numbers, so exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from portal.rewards.rules.vocabulary import RoundMode

# From the whole units, what is left over, and of how much it is a part: the whole units to pay.
_TO_WHOLE: dict[RoundMode, Callable[[int, int, int], int]] = {
    RoundMode.HALF_UP: lambda whole, rest, of: whole + (2 * rest >= of),
    RoundMode.HALF_EVEN: lambda whole, rest, of: whole + (2 * rest > of or (2 * rest == of and whole % 2)),
    RoundMode.UP: lambda whole, rest, _of: whole + (rest > 0),
    RoundMode.DOWN: lambda whole, _rest, _of: whole,
}


@dataclass(frozen=True, slots=True)
class Rounding:
    """The unit in fen and which way a fraction of it goes."""

    unit_fen: int = 1
    mode: RoundMode = RoundMode.HALF_UP

    def round(self, exact: Fraction | int) -> int:
        """Return the fen of an exact amount of 0 or more."""
        return self.ratio(exact.numerator, exact.denominator)

    def ratio(self, numerator: int, denominator: int) -> int:
        """Return the fen of an exact amount of 0 or more, given as a quotient."""
        of = denominator * self.unit_fen
        whole, rest = divmod(numerator, of)
        return _TO_WHOLE[self.mode](whole, rest, of) * self.unit_fen

    @property
    def plain(self) -> bool:
        """Tell whether it is the default, which stored steps leave out."""
        return self.unit_fen == 1 and self.mode is RoundMode.HALF_UP


FEN = Rounding()
"""The default."""
