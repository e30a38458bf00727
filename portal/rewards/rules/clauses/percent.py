"""{ percent_of = [...], rate = ... }: a share of a base of named parts (S1, S2, S3, S5, S17)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from portal.money import MAX_FEN
from portal.rewards.rules.clauses.run import Run, rate_inputs, rounding_inputs
from portal.rewards.rules.clauses.span import Span, View
from portal.rewards.rules.codes import Code
from portal.rewards.rules.codes import Value as Input
from portal.rewards.rules.given import BASE, PENALTY_FACTS
from portal.rewards.rules.lookups import Lookup, Scope, Unit
from portal.rewards.rules.reading import Table
from portal.rewards.rules.values import Number, Trace, Value, covers, number_of
from portal.rewards.rules.vocabulary import FactType, Part


@dataclass(frozen=True, slots=True)
class Percent:
    """A share of the sum of named money facts."""

    base: tuple[str, ...]
    rate: Value

    def facts(self) -> Iterator[str]:
        """Name the parts of the base and what the rate uses."""
        yield from self.base
        yield from (fact for fact in self.rate.facts() if fact != BASE)

    def earn(self, run: Run) -> bool:
        """Take the steps from the base to its rounded share; False where something is missing."""
        base, trace = base_of(self.base, run), Trace()
        if base is None:
            for fact in self.rate.facts():
                if fact != BASE and fact not in run.known:
                    run.miss(fact)
            return False
        rate = run.read(self.rate, trace, {BASE: sum(int(base[part]) for part in self.base)})
        if rate is None:
            return False
        run.take(Code.BASE, base)
        exact = run.amount_fen * rate
        rounding = rounding_inputs(run.rounding)
        run.take(Code.PERCENT, {**rate_inputs(rate), **rounding, **trace.inputs}, run.cited("rate"))
        fraction: dict[str, Input] = {
            "exact_numerator": exact.numerator,
            "exact_denominator": exact.denominator,
        }
        run.take(Code.ROUNDING, {**fraction, **rounding})
        return True

    def span(self, view: View) -> Span | None:
        """Return the share of the least and of the most that the base may come to."""
        ends = [number_of(view.known.get(part)) for part in self.base]
        least = sum(end or 0 for end in ends)
        most = MAX_FEN if None in ends else least
        known = view.known if None in ends else {**view.known, BASE: least}
        low, high = self.rate.span(known)
        return view.span(least * low, most * high, certain=covers(self.rate, known))


def base_of(base: tuple[str, ...], run: Run) -> dict[str, Input] | None:
    """Return in fen the parts that count and those of the penalty that do not; None with what misses."""
    amounts: dict[str, Number | None] = {part: number_of(run.known.get(part)) for part in base}
    for part, amount in amounts.items():
        if amount is None:
            run.miss(part)
    if None in amounts.values():
        return None
    if PENALTY_FACTS.intersection(base):
        amounts = {**{part.value: number_of(run.known.get(part)) for part in Part}, **amounts}
    parts: dict[str, Input] = {part: int(amount or 0) for part, amount in amounts.items()}
    return {**parts, "base": "+".join(base)}


def parse(table: Table, scope: Scope) -> Percent | None:
    """Read the clause; None where its base or rate is wrong."""
    base = [scope.fact(table, fact, FactType.MONEY) for fact in table.strings("percent_of")]
    if "rate" not in table.data:
        table.missing("rate")
    rate = Lookup(table, replace(scope, base=True), Unit.RATE).value("rate")
    named = tuple(dict.fromkeys(fact.id for fact in base if fact))
    if table.data.get("percent_of") == []:
        table.wrong("percent_of", "list_of_facts")
    return None if rate is None or not named else Percent(named, rate)
