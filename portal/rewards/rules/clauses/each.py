"""{ each = VALUE, count = "fact" }: an amount for each person, item or death (S1, S9, S16)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.rewards.rules.clauses.run import Run, exact_inputs, rounding_inputs
from portal.rewards.rules.clauses.span import Span, View
from portal.rewards.rules.codes import Code
from portal.rewards.rules.given import DEATHS, MAX_COUNT
from portal.rewards.rules.lookups import Lookup, Scope
from portal.rewards.rules.outcome import Reason
from portal.rewards.rules.reading import Table
from portal.rewards.rules.values import Number, Trace, Value, number_of
from portal.rewards.rules.vocabulary import FactType


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

    def earn(self, run: Run) -> bool:
        """Take the steps to the rounded product; False where something is missing or nothing was counted."""
        count = number_of(run.known.get(self.count))
        if count is not None and count <= 0:
            dead = self.count == DEATHS
            run.refuse(Reason.NO_CONFIRMED_DEATH if dead else Reason.NOTHING_COUNTED, {"fact": self.count})
            return False
        if count is None:
            run.miss(self.count)
        trace = Trace()
        each = run.read(self.each, trace)
        if count is None or each is None:
            return False
        rounding = rounding_inputs(run.rounding)
        numbers = {**exact_inputs("count", count), **exact_inputs("each", each)}
        run.take(Code.EACH, {"of": self.count, **numbers, **rounding, **trace.inputs}, run.cited("each"))
        exact = count * each
        if rounding or exact.denominator != 1:
            fraction = {"exact_numerator": exact.numerator, "exact_denominator": exact.denominator}
            run.take(Code.ROUNDING, {**fraction, **rounding})
        return True

    def span(self, view: View) -> Span | None:
        """Return the product of the least and of the most; None where nothing was counted."""
        count = number_of(view.known.get(self.count))
        if count is not None and count <= 0:
            return None
        low, high = self.each.span(view.known)
        least, most = (self.least, self.most) if count is None else (count, count)
        certain = count is not None and view.covers(self.each)
        return view.span(low * least, high * most, certain=certain)


def parse(table: Table, scope: Scope) -> Each | None:
    """Read the clause; None where its amount or its count is wrong."""
    each = Lookup(table, scope).value("each")
    count = table.get("count")
    if count is None:
        table.missing("count")
        return None
    fact = scope.fact(table, count, FactType.NUMBER)
    if each is None or fact is None:
        return None
    return Each(each, fact.id, max(fact.min or 0, 1), MAX_COUNT if fact.max is None else fact.max)
