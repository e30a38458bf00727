"""The least and the most that a clause may still pay, in fen, while facts are missing."""

from __future__ import annotations

from dataclasses import dataclass

from portal.money import MAX_FEN
from portal.rewards.rules.given import Choice
from portal.rewards.rules.rounding import Rounding
from portal.rewards.rules.values import Known, Number, Value, covers


@dataclass(frozen=True, slots=True)
class Span:
    """From the least to the most, in fen; whether an officer chooses, and whether it is certainly paid."""

    low_fen: int
    high_fen: int
    officers_choice: bool = False
    certain: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """What is known of a finding, for a span."""

    known: Known
    choice: Choice | None
    rounding: Rounding

    def span(self, low: Number, high: Number, *, certain: bool = True) -> Span:
        """Return both ends rounded as the rule says, inside the range of money."""
        ends = min(self.rounding.round(low), MAX_FEN), min(self.rounding.round(high), MAX_FEN)
        return Span(*ends, certain=certain)

    def covers(self, *values: Value | None) -> bool:
        """Tell whether values are surely found, whatever the missing facts turn out to be."""
        return all(covers(value, self.known) for value in values)
