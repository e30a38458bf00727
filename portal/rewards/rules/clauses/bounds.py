"""What every clause may carry: min, max, and soft_max, which an officer may pass with a second approval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from portal.rewards.rules.values import Value


class Clause(Protocol):
    """The heart of a clause: how an amount comes about before its bounds."""

    def facts(self) -> Iterator[str]:
        """Name the facts it uses."""


@dataclass(frozen=True, slots=True)
class Pay:
    """A clause with its bounds in fen; cite and confirmed of its own go before the entry's.

    ``to_confirm``: keys of this clause (such as "rate") whose figures still have to be confirmed.
    """

    clause: Clause
    low: Value | None = None
    high: Value | None = None
    soft: Value | None = None
    may_reach: Value | None = None
    cite: str | None = None
    confirmed: bool | None = None
    to_confirm: frozenset[str] = frozenset()

    def facts(self) -> Iterator[str]:
        """Name the facts that the clause and its bounds use."""
        yield from self.clause.facts()
        for bound in (self.low, self.high, self.soft, self.may_reach):
            if bound is not None:
                yield from bound.facts()
