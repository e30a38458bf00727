"""The rule set of Anyang that ships."""

from __future__ import annotations

from portal.rewards.rules.library import shipped
from portal.rewards.rules.model import RuleSet

LIBRARY = shipped()
ANYANG: RuleSet = LIBRARY("anyang", 1)


def rule_set(rule_set_id: str, version: int) -> RuleSet:
    """Return a rule set that ships; raises KeyError for one that never did."""
    return LIBRARY(rule_set_id, version)
