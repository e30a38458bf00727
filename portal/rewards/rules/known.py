"""What is known of one finding, with what follows from the state of its penalty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portal.rewards.rules.given import (
    KIND,
    MAIN_AWARD,
    PENALISED,
    PENALTY_FACTS,
    Facts,
    FactValue,
    FindingFacts,
    ReporterFacts,
)
from portal.rewards.rules.model import Fact
from portal.rewards.rules.values import Known as Known
from portal.rewards.rules.vocabulary import About, FactType, PenaltyState


def of_finding(
    finding: FindingFacts, facts: Facts, main_award_fen: int | None = None
) -> dict[str, FactValue]:
    """Return every fact of a finding and its case by id; nothing about the reporter."""
    known = {**facts.values, **finding.values}
    known[KIND] = finding.kind.value
    if main_award_fen is not None:
        known[MAIN_AWARD] = main_award_fen
    if finding.penalty is not PenaltyState.PENDING:
        known[PENALISED] = finding.penalty is not PenaltyState.NONE
        for part in PENALTY_FACTS:
            known.setdefault(part, 0)
    return known


def with_reporter(
    known: Mapping[str, FactValue], reporter: ReporterFacts, declared: Iterable[Fact]
) -> dict[str, FactValue]:
    """Return the facts with those about the reporter: a question nobody asked is answered by no."""
    full = {**known, **reporter.values}
    for fact in declared:
        if fact.about is About.REPORTER and fact.type is FactType.YES_NO and fact.id not in reporter.asked:
            full.setdefault(fact.id, False)
    return full
