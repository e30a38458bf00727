"""One finding's computation under way: the amount so far, its steps, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.rewards.rules.codes import Code, Value
from portal.rewards.rules.derivation import Step, take_step
from portal.rewards.rules.given import DEATHS, PENALISED, PENALTY_FACTS, Choice
from portal.rewards.rules.outcome import Ineligible, Missing, Need, Reason
from portal.rewards.rules.rounding import Rounding
from portal.rewards.rules.terms import Band, Source
from portal.rewards.rules.values import Known, Number, Trace
from portal.rewards.rules.values import Value as Looked
from portal.rewards.rules.vocabulary import RoundMode

_NEEDS = {
    **dict.fromkeys(PENALTY_FACTS, Need.PENALTY),
    PENALISED: Need.PENALTY,
    DEATHS: Need.DEATHS,
    "accident_class": Need.ACCIDENT_CLASS,
}


@dataclass(slots=True)
class Run:
    """What a clause reads from and writes to; amounts in fen."""

    place: int
    known: Known
    choice: Choice | None
    entry: str
    source: Source
    rounding: Rounding
    to_confirm: frozenset[str] = frozenset()
    band: Band | None = None
    amount_fen: int = 0
    steps: list[Step] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    reasons: list[Ineligible] = field(default_factory=list)
    chosen: bool = False
    beyond: bool = False

    def take(self, code: Code, inputs: Mapping[str, Value], source: Source | None = None) -> None:
        """Make a step from the amount so far."""
        step = take_step(code, source, self.amount_fen, inputs, self.entry)
        self.steps.append(step)
        self.amount_fen = step.after_fen

    def cited(self, key: str) -> Source:
        """Return the source of one figure of the clause: one that is to be confirmed says so."""
        if key not in self.to_confirm:
            return self.source
        return Source(self.source.rule, self.source.version, self.source.article, confirmed=False)

    def read(self, value: Looked, trace: Trace, besides: Known | None = None) -> Number | None:
        """Look a value up; None where a fact is missing or the situation is not covered, which is noted."""
        found = value.find({**self.known, **besides} if besides else self.known, trace)
        for fact in trace.missing:
            self.miss(fact)
        for fact in trace.below:
            self.refuse(Reason.BELOW_LEAST, {"fact": fact})
        return found

    def miss(self, fact: str) -> None:
        """Note a fact that is not known yet, once."""
        need = _NEEDS.get(fact, Need.FACT)
        band = self.band if need is Need.PENALTY else None
        missing = Missing(need, self.place, band, fact if need is Need.FACT else "")
        if missing not in self.missing:
            self.missing.append(missing)

    def need(self, need: Need, band: Band) -> None:
        """Note what the officer who chooses owes."""
        self.missing.append(Missing(need, self.place, band))

    def refuse(self, code: Reason, facts: Mapping[str, int | str]) -> None:
        """Note why this clause pays nothing."""
        self.reasons.append(Ineligible(code, facts, self.place))


def rate_inputs(rate: Number) -> dict[str, Value]:
    """Return a rate as two whole numbers."""
    return {"rate_numerator": rate.numerator, "rate_denominator": rate.denominator}


def rounding_inputs(rounding: Rounding) -> dict[str, Value]:
    """Return how a step rounds; nothing for the fen, half up."""
    if rounding.plain:
        return {}
    return {"unit": rounding.unit_fen, "mode": RoundMode(rounding.mode).value}


def exact_inputs(key: str, amount: Number) -> dict[str, Value]:
    """Return a number as one whole number, or as two where it has a fraction."""
    if amount.denominator == 1:
        return {key: amount.numerator}
    return {f"{key}_numerator": amount.numerator, f"{key}_denominator": amount.denominator}
