"""{ fixed = VALUE }: an amount that the rule names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.rewards.rules.values import Value


@dataclass(frozen=True, slots=True)
class Fixed:
    """An amount in fen, written down or looked up."""

    value: Value

    def facts(self) -> Iterator[str]:
        """Name what the amount uses."""
        yield from self.value.facts()
