"""{ fixed = VALUE }: an amount that the rule names (S6, S11 to S14, S20, S22, S23)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.rewards.rules.clauses.run import Run
from portal.rewards.rules.clauses.span import Span, View
from portal.rewards.rules.codes import Code
from portal.rewards.rules.lookups import Lookup, Scope
from portal.rewards.rules.reading import Table
from portal.rewards.rules.rounding import FEN
from portal.rewards.rules.values import Trace, Value


@dataclass(frozen=True, slots=True)
class Fixed:
    """An amount in fen, written down or looked up."""

    value: Value

    def facts(self) -> Iterator[str]:
        """Name what the amount uses."""
        yield from self.value.facts()

    def earn(self, run: Run) -> bool:
        """Take the step to the amount; False where something is missing."""
        trace = Trace()
        amount = run.read(self.value, trace)
        if amount is None:
            return False
        # A named amount is paid as it is named; only a product with decimals can have a fraction of a fen.
        run.take(Code.FIXED, {"amount": FEN.round(amount), **trace.inputs}, run.cited("fixed"))
        return True

    def span(self, view: View) -> Span | None:
        """Return the least and the most of the amounts that are still possible."""
        low, high = self.value.span(view.known)
        return Span(FEN.round(low), FEN.round(high), certain=view.covers(self.value))


def parse(table: Table, scope: Scope) -> Fixed | None:
    """Read the clause; None where its amount is wrong."""
    value = Lookup(table, scope).value("fixed")
    return None if value is None else Fixed(value)
