"""What somebody may do with a case as it stands now: for the buttons; the verbs refuse on their own."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from portal.cases.asking import ASKING
from portal.cases.models import Case
from portal.cases.scope import reaches
from portal.cases.steps import CASE_STEPS, CaseAction, CaseStatus
from portal.cases.triage import BEING_VERIFIED, CLOSING
from portal.people.actor import Actor
from portal.people.permissions import Permission


class Deed(StrEnum):
    """What the desk offers on a case; verification and award have panels of their own."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    TRANSFER = "transfer"
    ASSIGN = "assign"
    ASK = "ask"
    MERGE = "merge"
    UNMERGE = "unmerge"
    EXTEND = "extend"
    CLOSE = "close"
    OPEN_CONTACT = "open_contact"


HOLDERS: dict[Deed, tuple[Permission, ...]] = {
    Deed.ACCEPT: (Permission.CASE_TRIAGE,),
    Deed.REFUSE: (Permission.CASE_TRIAGE,),
    Deed.TRANSFER: (Permission.CASE_TRIAGE,),
    Deed.ASSIGN: (Permission.CASE_ASSIGN,),
    Deed.ASK: ASKING,
    Deed.MERGE: (Permission.CASE_TRIAGE,),
    Deed.UNMERGE: (Permission.CASE_TRIAGE,),
    Deed.EXTEND: (Permission.CASE_EXTEND,),
    Deed.CLOSE: CLOSING,
    Deed.OPEN_CONTACT: (Permission.CONTACT_OPEN,),
}

_STEPS = {
    Deed.ACCEPT: CaseAction.ACCEPT,
    Deed.REFUSE: CaseAction.REFUSE,
    Deed.TRANSFER: CaseAction.TRANSFER,
    Deed.ASSIGN: CaseAction.ASSIGN,
    Deed.CLOSE: CaseAction.CLOSE,
}
_MERGEABLE = frozenset({CaseStatus.RECEIVED, CaseStatus.ACCEPTED, CaseStatus.ASSIGNED})


def allowed(case: Case, actor: Actor, at: datetime) -> list[Deed]:
    """Return what the actor may do with the case now, in the order in which it is offered."""
    return [
        deed
        for deed in Deed
        if _fits(deed, case, at) and any(reaches(case, actor, permission) for permission in HOLDERS[deed])
    ]


def _fits(deed: Deed, case: Case, at: datetime) -> bool:
    """Say whether the life cycle has this step from here."""
    if case.merged_into_id is not None or not case.is_open:
        return deed is Deed.OPEN_CONTACT
    if deed in _STEPS and (case.status, _STEPS[deed]) not in CASE_STEPS:
        return False
    if deed is Deed.CLOSE:
        return case.due_at is None or at > case.due_at
    if deed is Deed.MERGE:
        return case.status in _MERGEABLE
    if deed is Deed.UNMERGE:
        return case.status in BEING_VERIFIED or case.status is CaseStatus.RECEIVED
    if deed is Deed.EXTEND:
        return case.status in BEING_VERIFIED and not case.extended_days
    return True
