"""What every clause may carry: min, max, and soft_max, which an officer may pass with a second approval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from portal.money import MAX_FEN
from portal.rewards.rules.clauses.run import Run
from portal.rewards.rules.clauses.span import Span, View
from portal.rewards.rules.codes import Code
from portal.rewards.rules.outcome import Need, Reason
from portal.rewards.rules.rounding import FEN
from portal.rewards.rules.terms import Band, Source
from portal.rewards.rules.values import Trace, Value, constant, number_of


class Clause(Protocol):
    """The heart of a clause: how an amount comes about before its bounds."""

    def facts(self) -> Iterator[str]:
        """Name the facts it uses."""

    def earn(self, run: Run) -> bool:
        """Take the steps to its amount; False where something is missing or nothing is paid."""

    def span(self, view: View) -> Span | None:
        """Return the least and the most it may still pay; None where it pays nothing."""


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
    less: str = ""
    """The money fact that is taken off at the end: what was paid already."""

    def facts(self) -> Iterator[str]:
        """Name the facts that the clause and its bounds use."""
        yield from self.clause.facts()
        for bound in (self.low, self.high, self.soft, self.may_reach):
            if bound is not None:
                yield from bound.facts()
        if self.less:
            yield self.less

    def earn(self, run: Run) -> bool:
        """Take the steps of the clause and of its bounds; False where something is missing."""
        outer = run.source, run.to_confirm, run.band
        run.source, run.to_confirm, run.band = self.source(run.source), self.to_confirm, self.band()
        earned = self.clause.earn(run) and self._bounded(run) and self._left(run)
        run.source, run.to_confirm, run.band = outer
        return earned

    def span(self, view: View) -> Span | None:
        """Return what the clause may still pay, inside its bounds; a soft cap counts as one."""
        inner = self.clause.span(view)
        if inner is None:
            return None
        low_fen, high_fen = inner.low_fen, inner.high_fen
        if self.low is not None:
            least, most = self.low.span(view.known)
            low_fen, high_fen = max(low_fen, FEN.round(least)), max(high_fen, FEN.round(most))
        for bound in (self.high, self.soft):
            if bound is not None:
                least, most = bound.span(view.known)
                low_fen, high_fen = min(low_fen, FEN.round(least)), min(high_fen, FEN.round(most))
        certain = inner.certain and view.covers(self.low, self.high, self.soft)
        if self.less:
            paid = number_of(view.known.get(self.less))
            low_fen = max(low_fen - int(paid), 0) if paid is not None else 0
            high_fen = max(high_fen - int(paid or 0), 0)
            certain = certain and low_fen > 0
        return Span(low_fen, high_fen, inner.officers_choice, certain)

    def source(self, entry: Source) -> Source:
        """Return where the clause is written: what it does not say itself, its entry says."""
        if self.cite is None and self.confirmed is None:
            return entry
        article = entry.article if self.cite is None else self.cite
        confirmed = entry.confirmed if self.confirmed is None else self.confirmed
        return Source(entry.rule, entry.version, article, confirmed)

    def band(self) -> Band | None:
        """Return the bounds where both are written down."""
        low, high = constant(self.low), constant(self.high)
        return None if low is None or high is None or low > high else Band(int(low), int(high))

    def _bounded(self, run: Run) -> bool:
        """Take the steps of the bounds."""
        for bound, code, key in ((self.low, Code.FLOOR, "min"), (self.high, Code.CAP, "max")):
            if bound is not None and not _bound(run, bound, code, key, key):
                return False
        if self.soft is None:
            return True
        formula_fen = run.amount_fen
        if not _bound(run, self.soft, Code.SOFT_CAP, "max", "soft_max"):
            return False
        return run.steps[-1].bit is False or self._beyond(run, formula_fen)

    def _left(self, run: Run) -> bool:
        """Take off what was paid already; False where that is not known, or nothing is left."""
        if not self.less:
            return True
        paid = number_of(run.known.get(self.less))
        if paid is None:
            run.miss(self.less)
            return False
        run.take(Code.LESS, {"paid": int(paid)}, run.cited("less"))
        if run.amount_fen:
            return True
        run.refuse(Reason.PAID_ALREADY, {"fact": self.less})
        return False

    def _beyond(self, run: Run, formula_fen: int) -> bool:
        """Take the step beyond the soft cap, if the officer goes there; False with what he owes."""
        reach = None if self.may_reach is None else run.read(self.may_reach, Trace())
        if self.may_reach is not None and reach is None:
            return False
        choice, soft_fen = run.choice, run.amount_fen
        if choice is None or choice.amount_fen == soft_fen:
            return True
        most_fen = formula_fen if reach is None else min(FEN.round(reach), MAX_FEN)
        band = Band(soft_fen, max(most_fen, soft_fen))
        if not band.holds(choice.amount_fen) or not choice.reasoned:
            run.need(Need.CHOICE_REASON if band.holds(choice.amount_fen) else Need.CHOICE_INSIDE_BAND, band)
            return False
        run.take(Code.BEYOND, {"chosen": choice.amount_fen, "max": band.max_fen}, run.source)
        run.chosen = run.beyond = True
        return True


def _bound(run: Run, bound: Value, code: Code, name: str, key: str) -> bool:
    """Take the step of one bound; False where the facts it is looked up by are missing."""
    trace = Trace()
    found = run.read(bound, trace)
    if found is None:
        return False
    run.take(code, {name: FEN.round(found), **trace.inputs}, run.cited(key))
    return True
