"""{ percent_of = [...], rate = ... }: a share of a base of named parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.rewards.rules.values import Value


@dataclass(frozen=True, slots=True)
class Percent:
    """A share of the sum of named money facts."""

    base: tuple[str, ...]
    rate: Value

    def facts(self) -> Iterator[str]:
        """Name the parts of the base and what the rate uses."""
        yield from self.base
        yield from self.rate.facts()
