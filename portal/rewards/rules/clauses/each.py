"""{ each = VALUE, count = "fact" }: an amount for each person, item or death."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.rewards.rules.given import MAX_COUNT
from portal.rewards.rules.values import Number, Value


@dataclass(frozen=True, slots=True)
class Each:
    """An amount in fen for each of what a fact counts; least and most bound a count not known yet."""

    each: Value
    count: str
    least: Number = 1
    most: Number = MAX_COUNT

    def facts(self) -> Iterator[str]:
        """Name the count and what the amount uses."""
        yield self.count
        yield from self.each.facts()
