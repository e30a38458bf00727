"""What an award may come to before everything is recorded; nothing about the person enters it."""

from __future__ import annotations

from portal.rewards.rules.anyang import ANYANG
from portal.rewards.rules.compute import compute
from portal.rewards.rules.legacy import (
    AccidentClass,
    Band,
    Facts,
    FindingFacts,
    OfficerChoice,
    PercentOfPenalty,
    PerDeath,
    RealName,
    RuleSet,
)
from portal.rewards.rules.outcome import Estimate


def estimate(facts: Facts, rules: RuleSet = ANYANG) -> Estimate | None:
    """Return the least and the most that the findings may earn, or None when no rule covers any of them."""
    single = [one for one in (_single(finding, rules) for finding in facts.findings) if one]
    if not single:
        return None
    return Estimate(
        low_fen=max(one.low_fen for one in single),
        high_fen=max(one.high_fen for one in single),
        officers_choice=any(one.officers_choice for one in single),
    )


def _single(finding: FindingFacts, rules: RuleSet) -> Estimate | None:
    """Return the estimate of one finding."""
    # The person is left out: the estimate stands on the desk, and must not give the reporter away.
    settled = compute(Facts((finding,), real_name=RealName.CONFIRMED), rules)
    if settled.amount_fen is not None:
        return Estimate(settled.amount_fen, settled.amount_fen, settled.officers_choice)
    entry = rules.entry_for(finding.kind)
    if entry is None or settled.reason is not None:
        return None
    match entry.clause:
        case PercentOfPenalty(band=band):
            return Estimate(band.min_fen, band.max_fen, officers_choice=False)
        case OfficerChoice(band=band):
            return Estimate(band.min_fen, band.max_fen, officers_choice=True)
        case PerDeath() as clause:
            band = _per_death(finding, clause)
            return Estimate(band.min_fen, band.max_fen, officers_choice=False)


def _per_death(finding: FindingFacts, clause: PerDeath) -> Band:
    """Return the band for deaths or a class that is not confirmed yet: one death at least."""
    classes = (finding.accident_class,) if finding.accident_class else tuple(AccidentClass)
    amounts = [clause.amount(accident) for accident in classes]
    least = min(amounts) * (finding.deaths_confirmed or 1)
    most = max(amounts) * finding.deaths_confirmed if finding.deaths_confirmed else clause.max_fen
    return Band(min(least, clause.max_fen), min(most, clause.max_fen))
