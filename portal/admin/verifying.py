"""What the pages of a verification share: who opens them, and what the life cycle has now."""

from __future__ import annotations

from flask_login import current_user

from portal.cases import queries
from portal.cases.models import Case
from portal.cases.scope import require
from portal.cases.steps import CASE_STEPS, CaseAction
from portal.cases.verification import VERIFIED
from portal.people.permissions import Permission


def begin(number: str) -> Case:
    """Return the case of a step's page; refuse who may not verify it."""
    case = queries.find_case(number, current_user.actor)
    require(case, current_user.actor, Permission.CASE_VERIFY)
    return case


def has_step(case: Case, action: CaseAction) -> bool:
    """Say whether the life cycle of the case has this step now."""
    return (case.status, action) in CASE_STEPS and case.merged_into_id is None


def is_open(case: Case) -> bool:
    """Say whether what was verified can still be worked on."""
    return case.status in VERIFIED and case.merged_into_id is None
