"""WHEN: what must hold for an entry: yes, no, or not known yet (with the facts that decide)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from portal.rewards.rules.given import FactValue
from portal.rewards.rules.values import Known, option_of

Bound = int | Fraction | date


@dataclass(frozen=True, slots=True)
class OneOf:
    """The fact is one of these answers; yes and no are answers of a yes_no fact."""

    fact: str
    answers: frozenset[str]

    def holds(self, known: Known) -> bool | None:
        """Tell whether it holds; None while the fact is not known."""
        value = known.get(self.fact)
        return None if value is None else option_of(value) in self.answers


@dataclass(frozen=True, slots=True)
class Between:
    """The fact lies from ``low`` to below ``below`` (fen for money); None: without bound."""

    fact: str
    low: Bound | None = None
    below: Bound | None = None

    def holds(self, known: Known) -> bool | None:
        """Tell whether it holds; None while the fact is not known."""
        value = known.get(self.fact)
        if value is None:
            return None
        reached = self.low is None or _at_least(value, self.low)
        return reached and (self.below is None or not _at_least(value, self.below))


@dataclass(frozen=True, slots=True)
class Not:
    """None of these conditions together: what is inside does not hold."""

    condition: Condition

    def holds(self, known: Known) -> bool | None:
        """Tell whether it holds; None while it cannot be told."""
        inner = self.condition.holds(known)
        return None if inner is None else not inner


Test = OneOf | Between | Not


@dataclass(frozen=True, slots=True)
class Condition:
    """All tests hold; without tests it always holds."""

    tests: tuple[Test, ...] = ()

    def holds(self, known: Known) -> bool | None:
        """Tell whether all hold: one that does not decides, else one that is not known."""
        result: bool | None = True
        for test in self.tests:
            one = test.holds(known)
            if one is False:
                return False
            if one is None:
                result = None
        return result

    def undecided(self, known: Known) -> list[str]:
        """Return the facts, in the order written, whose answers are missing."""
        return [fact for fact in dict.fromkeys(self.facts()) if known.get(fact) is None]

    def facts(self) -> Iterator[str]:
        """Name every fact that is tested."""
        for test in self.tests:
            if isinstance(test, Not):
                yield from test.condition.facts()
            else:
                yield test.fact


def _at_least(value: FactValue, bound: Bound) -> bool:
    """Compare two numbers or two dates."""
    if isinstance(bound, date):
        return isinstance(value, date) and value >= bound
    return isinstance(value, (int, Fraction)) and value >= bound
