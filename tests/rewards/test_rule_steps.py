"""If these fail, a rule set could come into force unchecked, or change after it governed cases."""

from __future__ import annotations

from itertools import product

import pytest

from portal.rewards.rule_steps import STEPS, RuleAction, RuleStatus

ALLOWED = {
    ("draft", "check"): "checked",
    ("draft", "withdraw"): "withdrawn",
    ("checked", "enforce"): "in_force",
    ("checked", "withdraw"): "withdrawn",
    ("in_force", "withdraw"): "withdrawn",
    ("in_force", "replace"): "replaced",
    ("replaced", "restore"): "in_force",
}


@pytest.mark.parametrize(("status", "action"), list(product(RuleStatus, RuleAction)))
def test_each_pair_leads_where_it_should_or_nowhere(status: RuleStatus, action: RuleAction) -> None:
    assert STEPS.get((status, action)) == ALLOWED.get((status.value, action.value))


def test_what_lies_in_the_library_is_never_in_force_itself() -> None:
    assert not [pair for pair in STEPS if pair[0] is RuleStatus.LIBRARY]
