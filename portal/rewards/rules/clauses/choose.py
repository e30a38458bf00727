"""{ choose = { min, max, default? } }: the officer chooses inside a band and writes the reason (S10, S15)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.money import MAX_FEN
from portal.rewards.rules.clauses.run import Run
from portal.rewards.rules.clauses.span import Span, View
from portal.rewards.rules.codes import Code
from portal.rewards.rules.given import Choice
from portal.rewards.rules.lookups import Lookup, Scope
from portal.rewards.rules.outcome import Need
from portal.rewards.rules.reading import Table
from portal.rewards.rules.rounding import FEN
from portal.rewards.rules.terms import Band
from portal.rewards.rules.values import Number, Trace, Value


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

    def earn(self, run: Run) -> bool:
        """Take the step to what was chosen, or to the default to be confirmed; False with what is owed."""
        trace = Trace()
        found = [run.read(value, trace) for value in (self.low, self.high)]
        default = run.read(self.default, trace) if self.default else None
        if None in found:
            return False
        run.chosen = True
        band = _band(*(end for end in found if end is not None))
        need = _owed(run.choice, band, default)
        if need:
            run.need(need, band)
        chosen_fen = run.choice.amount_fen if run.choice else default
        if chosen_fen is None or need not in {None, Need.CHOICE_CONFIRMATION}:
            return False
        inputs = {
            "min": band.min_fen,
            "max": band.max_fen,
            "chosen": FEN.round(chosen_fen),
            "by_default": int(run.choice is None),
        }
        run.take(Code.CHOICE, {**inputs, **trace.inputs}, run.cited("choose"))
        return True

    def span(self, view: View) -> Span | None:
        """Return what was chosen, else the band."""
        (low, _), (_, high) = self.low.span(view.known), self.high.span(view.known)
        band = _band(low, high)
        choice = view.choice
        if choice is not None and band.holds(choice.amount_fen):
            return Span(choice.amount_fen, choice.amount_fen, officers_choice=True)
        certain = view.covers(self.low, self.high, self.default)
        return Span(band.min_fen, band.max_fen, officers_choice=True, certain=certain)


def _band(low: Number, high: Number) -> Band:
    """Return the band; where looked-up ends cross, the lower one is both."""
    most_fen = min(FEN.round(high), MAX_FEN)
    return Band(min(FEN.round(low), most_fen), most_fen)


def _owed(choice: Choice | None, band: Band, default: Number | None) -> Need | None:
    """Return what is wrong with the officer's choice, if anything."""
    if choice is None:
        return Need.CHOICE if default is None else Need.CHOICE_CONFIRMATION
    if not band.holds(choice.amount_fen):
        return Need.CHOICE_INSIDE_BAND
    return None if choice.reasoned else Need.CHOICE_REASON


def parse(table: Table, scope: Scope) -> Choose | None:
    """Read the clause; None where its band is wrong."""
    band = table.table("choose")
    if band is None:
        return None
    lookup = Lookup(band, scope)
    low, high, default = (lookup.value(key) for key in ("min", "max", "default"))
    for key in ("min", "max"):
        if key not in band.data:
            band.missing(key)
    band.rest()
    return None if low is None or high is None else Choose(low, high, default)
