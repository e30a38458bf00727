"""{ slices_of = ..., slices = [...] }: each part of a sum at its own rate, of a count at its own amount."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from portal.money import MAX_FEN
from portal.rewards.rules.clauses.percent import base_of
from portal.rewards.rules.clauses.run import Run, exact_inputs, rounding_inputs
from portal.rewards.rules.clauses.span import Span, View
from portal.rewards.rules.codes import Code
from portal.rewards.rules.codes import Value as Input
from portal.rewards.rules.codes import slices as worths
from portal.rewards.rules.given import BASE, MAX_COUNT
from portal.rewards.rules.lookups import Lookup, Scope, Unit
from portal.rewards.rules.model import Fact
from portal.rewards.rules.outcome import Reason
from portal.rewards.rules.reading import Table
from portal.rewards.rules.registry import OF_A_SHARE
from portal.rewards.rules.values import Number, Tier, Trace, number_of
from portal.rewards.rules.vocabulary import FactType


@dataclass(frozen=True, slots=True)
class Slices:
    """What lies in each step of a scale, times what it is worth there; counted: a number, not money.

    ``most`` bounds a sum or a count that is not known yet.
    """

    base: tuple[str, ...]
    tiers: tuple[Tier, ...]
    counted: bool = False
    most: Number = MAX_FEN

    def facts(self) -> Iterator[str]:
        """Name the parts of the sum, or the count, and what the slices use."""
        yield from self.base
        for tier in self.tiers:
            yield from tier.value.facts()

    def earn(self, run: Run) -> bool:
        """Take the steps to the rounded sum of the slices; False where something is missing."""
        total = self._total(run)
        if total is None:
            return False
        given: dict[str, Input] = {"of": self.base[0]} if self.counted else {}
        trace = Trace()
        for place, (tier, inside) in enumerate(self._cut(total), start=1):
            worth = run.read(tier.value, trace)
            if worth is None:
                return False
            given |= {**exact_inputs(f"slice_{place}", inside), **exact_inputs(f"worth_{place}", worth)}
        rounding = rounding_inputs(run.rounding)
        run.take(Code.SLICES, {**given, **rounding}, run.cited("slices"))
        exact = sum((part * worth for part, worth in worths(given)), Fraction(0))
        fraction = {"exact_numerator": exact.numerator, "exact_denominator": exact.denominator}
        run.take(Code.ROUNDING, {**fraction, **rounding})
        return True

    def span(self, view: View) -> Span | None:
        """Return the sums of the least and of the most that may lie in the slices."""
        ends = [number_of(view.known.get(part)) for part in self.base]
        least = sum(end or 0 for end in ends)
        most = self.most if None in ends else least
        low = sum(inside * tier.value.span(view.known)[0] for tier, inside in self._cut(least))
        high = sum(inside * tier.value.span(view.known)[1] for tier, inside in self._cut(most))
        certain = least > self.tiers[0].low and view.covers(*(tier.value for tier in self.tiers))
        return view.span(low, high, certain=certain)

    def _total(self, run: Run) -> Number | None:
        """Return what is cut; a count of nothing pays nothing."""
        total: Number | None
        if self.counted:
            total = number_of(run.known.get(self.base[0]))
            if total is None:
                run.miss(self.base[0])
        else:
            base = base_of(self.base, run)
            if base is not None:
                run.take(Code.BASE, base)
            total = None if base is None else run.amount_fen
        low = self.tiers[0].low
        if total is None or total > low or (total == low == 0 and not self.counted):
            return total
        none = self.counted and total <= 0
        fact = self.base[0] if len(self.base) == 1 else BASE
        run.refuse(Reason.NOTHING_COUNTED if none else Reason.BELOW_LEAST, {"fact": fact})
        return None

    def _cut(self, total: Number) -> list[tuple[Tier, Number]]:
        """Return the slices that anything lies in, and how much; the first one even if nothing does."""
        cut = [
            (tier, max((total if tier.below is None else min(total, tier.below)) - tier.low, 0))
            for tier in self.tiers
        ]
        return [cut[0], *(one for one in cut[1:] if one[1])]


def parse(table: Table, scope: Scope) -> Slices | None:
    """Read the clause; None where its base or its slices are wrong."""
    named, counted = table.get("slices_of"), False
    facts: list[Fact | None]
    if isinstance(named, str):
        facts = [scope.fact(table, named, FactType.NUMBER, FactType.MONEY)]
        counted = facts[0] is not None and facts[0].type is FactType.NUMBER
    else:
        facts = [scope.fact(table, fact, FactType.MONEY) for fact in table.strings("slices_of")]
    if named == []:
        table.wrong("slices_of", "list_of_facts")
    base = tuple(dict.fromkeys(fact.id for fact in facts if fact))
    if table.get("slices") is None:
        table.missing("slices")
        return None
    if not base:
        return None
    over = facts[0] if counted and facts[0] else OF_A_SHARE
    unit = Unit.AMOUNT if counted else Unit.RATE
    tiers = Lookup(table, scope, unit).steps("slices", over)
    largest = MAX_FEN if not counted else MAX_COUNT if over.max is None else over.max
    return Slices(base, tiers, counted, largest) if tiers else None
