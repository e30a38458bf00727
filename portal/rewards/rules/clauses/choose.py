"""{ choose = { min, max, default? } }: the officer chooses inside a band and writes the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.rewards.rules.values import Value


@dataclass(frozen=True, slots=True)
class Choose:
    """A band in fen; a default is proposed until an officer confirms it."""

    low: Value
    high: Value
    default: Value | None = None

    def facts(self) -> Iterator[str]:
        """Name what the band uses."""
        for value in (self.low, self.high, *([self.default] if self.default else [])):
            yield from value.facts()
