"""{ sum_of = [...] }, { highest_of = [...] }, { lowest_of = [...] }: several clauses together (S6, S13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from portal.money import MAX_FEN
from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.clauses.run import Run
from portal.rewards.rules.clauses.span import Span, View
from portal.rewards.rules.codes import Code
from portal.rewards.rules.outcome import NEEDED_BEFORE_APPROVAL
from portal.rewards.rules.reading import Table
from portal.rewards.rules.vocabulary import Joint


@dataclass(frozen=True, slots=True)
class Combine:
    """The sum, the highest or the lowest of several clauses, each with its own bounds."""

    how: Joint
    clauses: tuple[Pay, ...]

    def facts(self) -> Iterator[str]:
        """Name what the clauses use."""
        for clause in self.clauses:
            yield from clause.facts()

    def earn(self, run: Run) -> bool:
        """Take the steps of each part, then put them together; a part that is not covered pays nothing."""
        amounts: list[int] = []
        known_reasons = len(run.reasons)
        for number, clause in enumerate(self.clauses, start=1):
            steps = len(run.steps)
            before = run.amount_fen
            run.take(Code.PART, {"number": number})
            if clause.earn(run):
                amounts.append(run.amount_fen)
            else:
                del run.steps[steps:]
                run.amount_fen = before
        waiting = any(missing.need not in NEEDED_BEFORE_APPROVAL for missing in run.missing)
        if amounts or waiting:
            # A part that pays nothing does not settle the matter while others may pay.
            del run.reasons[known_reasons:]
        if waiting or not amounts:
            return False
        run.take(_CODES[self.how], {f"candidate_{place}": fen for place, fen in enumerate(amounts, start=1)})
        return True

    def span(self, view: View) -> Span | None:
        """Return the sum, the highest or the lowest of the parts' ends."""
        spans = [span for span in (clause.span(view) for clause in self.clauses) if span]
        if not spans:
            return None
        sure = [span for span in spans if span.certain]
        lows = [span.low_fen for span in sure or spans]
        if self.how is Joint.LOWEST:
            # The lowest of all may fall away and leave the others.
            low_fen = min(span.low_fen for span in spans)
            high_fen = (min if sure == spans else max)(span.high_fen for span in spans)
        else:
            put = sum if self.how is Joint.SUM else max
            low_fen = put(lows) if sure else min(lows)
            high_fen = min(put([span.high_fen for span in spans]), MAX_FEN)
        return Span(low_fen, high_fen, any(span.officers_choice for span in spans), bool(sure))


_CODES = {Joint.SUM: Code.SUM, Joint.HIGHEST: Code.HIGHEST, Joint.LOWEST: Code.LOWEST}


def parse(table: Table, key: Joint, nested: Callable[[Table], Pay | None]) -> Combine | None:
    """Read the clause; None where one of its parts is wrong."""
    parts = [nested(one) for one in table.tables(key)]
    if not parts:
        table.wrong(key, "list_of_tables")
    found = tuple(part for part in parts if part is not None)
    return Combine(key, found) if found and len(found) == len(parts) else None
