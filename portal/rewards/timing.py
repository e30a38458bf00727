"""When an award may be proposed: once the penalty stands as the rule asks, or the check is concluded."""

from __future__ import annotations

from portal.cases.conclusion import CONFIRMED
from portal.cases.models import Case
from portal.rewards.facts import Computation
from portal.rewards.rules.vocabulary import PayableWhen


def is_time(case: Case, computed: Computation) -> bool:
    """Tell whether an award may be proposed now: where no penalty has to come first, once it is concluded."""
    at_once = computed.rules is not None and computed.rules.payable_when is PayableWhen.VERIFIED
    return not at_once or case.conclusion in CONFIRMED
