"""The identity officer's answer and what follows from it for an award."""

from __future__ import annotations

from datetime import datetime

from portal.cases.models import Case
from portal.cases.verifiers import verifiers_of
from portal.database import db
from portal.notices.outbox import NoticeKind
from portal.people.actor import Actor
from portal.people.permissions import Role
from portal.reports import identity
from portal.reports.models import IdentityCheck, Report
from portal.rewards import awards, hands, personal, shares, signatures
from portal.rewards.live import live_awards
from portal.rewards.models import Act, Award
from portal.rewards.rule_models import ReporterFact
from portal.rewards.standing import standing
from portal.rewards.steps import AwardStatus, ShareStatus
from portal.rewards.telling import tell_role


def answer_identity(command: identity.Answer, actor: Actor, at: datetime) -> IdentityCheck:
    """Take a yes or no; the award that waits is computed anew, and whose turn it is now is told."""
    report, open_awards = _apart(command.report_id, actor)
    check = identity.answer(command, actor, at)
    _follow(open_awards, report, actor, at)
    return check


def answer_fact(command: personal.FactAnswer, actor: Actor, at: datetime) -> ReporterFact:
    """Take a yes or no that the rule set asks for besides; what follows is the same."""
    report, open_awards = _apart(command.report_id, actor)
    row = personal.answer(command, actor, at)
    _follow(open_awards, report, actor, at)
    return row


def _apart(report_id: int, actor: Actor) -> tuple[Report, list[Award]]:
    """Return a report and the awards of its case; refuses who may not answer about its reporter."""
    report = db.session.get_one(Report, report_id)
    case = db.session.get_one(Case, report.case_id)
    found = live_awards(case.id)
    _must_be_apart(case, None, actor)
    for award in found:
        _must_be_apart(case, award, actor)
    return report, found


def _follow(open_awards: list[Award], report: Report, actor: Actor, at: datetime) -> None:
    for award in open_awards:
        hands.take(award, actor.person_id, Act.IDENTIFY, at)
        _go_on(award, report, at)


def _go_on(award: Award, report: Report, at: datetime) -> None:
    """Revise the award, which tells finance; or, where it did not change, tell whose turn it is."""
    if award.status is AwardStatus.PROPOSED:
        if not awards.refresh(award, at) and not standing(award):
            signatures.tell_next(award, at, signatures.profile())
        return
    share = shares.share_of(report.id)
    if share is None or share.award_id != award.id:
        return
    if share.status is ShareStatus.CLAIMED and shares.payable(report):
        tell_role(Role.CASHIER, NoticeKind.SHARE_TO_PAY, award.number, at)


def _must_be_apart(case: Case, award: Award | None, actor: Actor) -> None:
    """Refuse who verified this case, or has another hand in its award."""
    held = hands.held_by(award.id, actor.person_id) if award else None
    if held is None and actor.person_id in verifiers_of(case.id):
        held = Act.VERIFY
    if held not in (None, Act.IDENTIFY):
        free = hands.free_people(award.id if award else 0, Act.IDENTIFY)
        raise hands.HandTaken(held, Act.IDENTIFY, [name for name in free])
