"""{ sum_of = [...] } and { highest_of = [...] }: several clauses together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.vocabulary import Overlap


@dataclass(frozen=True, slots=True)
class Combine:
    """The sum or the highest of several clauses, each with its own bounds."""

    how: Overlap
    clauses: tuple[Pay, ...]

    def facts(self) -> Iterator[str]:
        """Name what the clauses use."""
        for clause in self.clauses:
            yield from clause.facts()
