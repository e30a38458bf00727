"""What the rules in force may pay for a kind before anything is known."""

from __future__ import annotations

from collections.abc import Sequence

from portal.rewards.rules.estimate import estimate
from portal.rewards.rules.given import Facts, FindingFacts
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.outcome import Estimate
from portal.rewards.rules.vocabulary import Kind


def rule_set_for(rule_sets: Sequence[RuleSet], sector: str, kind: Kind) -> RuleSet | None:
    """Return the rule set for a kind in a sector: a sector's own goes before the general one."""
    special = [one for one in rule_sets if sector in one.sectors]
    general = [one for one in rule_sets if not one.sectors]
    return next((one for one in (*special, *general) if one.covers(kind)), None)


def band(rule_sets: Sequence[RuleSet], kind: Kind, sector: str = "") -> Estimate | None:
    """Return the least and the most, in fen, for a kind; None where no rule in force covers it."""
    rules = rule_set_for(rule_sets, sector, kind)
    return estimate(Facts((FindingFacts(kind),)), rules) if rules else None
