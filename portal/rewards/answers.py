"""The identity officer's answer and what follows from it for an award."""

from __future__ import annotations

from datetime import datetime

from portal.cases.models import Case
from portal.database import db
from portal.notices.outbox import NoticeKind
from portal.people.actor import Actor
from portal.people.permissions import Role
from portal.reports import identity
from portal.reports.models import IdentityCheck, Report
from portal.rewards import awards, hands, shares, signatures
from portal.rewards.models import Act, Award
from portal.rewards.standing import standing
from portal.rewards.steps import AwardStatus, ShareStatus
from portal.rewards.telling import tell_role


def answer_identity(command: identity.Answer, actor: Actor, at: datetime) -> IdentityCheck:
    """Take a yes or no; the award that waits is computed anew, and whose turn it is now is told."""
    report = db.session.get_one(Report, command.report_id)
    case = db.session.get_one(Case, report.case_id)
    award = awards.live_award(case.id)
    _must_be_apart(case, award, actor)
    check = identity.answer(command, actor, at)
    if award is not None:
        hands.take(award, actor.person_id, Act.IDENTIFY, at)
        _go_on(award, report, at)
    return check


def _go_on(award: Award, report: Report, at: datetime) -> None:
    """Revise the award, which tells finance; or, where it did not change, tell whose turn it is."""
    if award.status is AwardStatus.PROPOSED:
        if not awards.refresh(award, at) and not standing(award):
            signatures.tell_next(award, at, signatures.profile())
        return
    share = shares.share_of(report.id)
    if share is not None and share.status is ShareStatus.CLAIMED and shares.payable(report):
        tell_role(Role.CASHIER, NoticeKind.SHARE_TO_PAY, award.number, at)


def _must_be_apart(case: Case, award: Award | None, actor: Actor) -> None:
    """Refuse who verified this case, or has another hand in its award."""
    held = hands.held_by(award.id, actor.person_id) if award else None
    if held is None and actor.person_id in hands.verifiers_of(case.id):
        held = Act.VERIFY
    if held not in (None, Act.IDENTIFY):
        free = hands.free_people(award.id if award else 0, Act.IDENTIFY)
        raise hands.HandTaken(held, Act.IDENTIFY, [name for name in free])
