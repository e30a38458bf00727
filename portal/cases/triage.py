"""First look and last word: accept, refuse, transfer, extend, close."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import select

from portal.audit.events import record
from portal.cases.models import Case
from portal.cases.moves import check_version, set_due, step
from portal.cases.scope import require, require_any
from portal.cases.steps import CaseAction, CaseStatus, DueStep
from portal.cases.telling import live_reports, tell_reporters
from portal.cases.terms import Terms
from portal.database import db
from portal.errors import NotInThisState, Refusal, gettext_noop
from portal.notices.outbox import NoticeKind
from portal.people.actor import SYSTEM, Actor
from portal.people.permissions import Permission
from portal.reports import conversation

BEING_VERIFIED = frozenset({CaseStatus.ACCEPTED, CaseStatus.ASSIGNED, CaseStatus.VERIFYING})
CLOSING = (Permission.CASE_VERIFY, Permission.CASE_EXTEND)


class ReasonMissing(Refusal):
    """A step that others must be able to understand later has no reason."""

    message = gettext_noop("Please say why.")
    status = 422


class WhereMissing(Refusal):
    """A refusal or a transfer that leaves the reporter without a door to go to."""

    message = gettext_noop("Please say where the reporter can go with this matter.")
    status = 422


class ExtendedAlready(Refusal):
    """The term was extended once; a second time is not provided for."""

    message = gettext_noop("The term was extended once already. It cannot be extended again.")


class StillOpenToObjection(Refusal):
    """The reporter may still object to the answer."""

    message = gettext_noop("The reporter can object until %(day)s. The case can be closed after that.")


@dataclass(frozen=True, slots=True)
class Correction:
    """What the officer corrects while accepting; None leaves a field as it was told."""

    title: str | None = None
    sector: str | None = None
    subject_name: str | None = None
    address: str | None = None
    district_id: int | None = None


def accept(
    case: Case,
    actor: Actor,
    at: datetime,
    *,
    version: int,
    terms: Terms,
    correction: Correction | None = None,
    reason: str = "",
) -> None:
    """Accept the case; 60 days to verify it begin. What the officer corrects is in the event by name."""
    require(case, actor, Permission.CASE_TRIAGE)
    check_version(case, version)
    changed = _correct(case, correction or Correction())
    role = actor.role_for(Permission.CASE_TRIAGE)
    step(case, CaseAction.ACCEPT, actor, at, reason, {"corrected": changed} if changed else None, role=role)
    case.accepted_at = at
    set_due(case, terms)
    tell_reporters(case, NoticeKind.REPORT_ACCEPTED, at)
    db.session.flush()


def refuse(case: Case, actor: Actor, at: datetime, *, version: int, reason: str, where: str) -> None:
    """Refuse the case with a reason and a place to go instead; the reporter reads both."""
    require(case, actor, Permission.CASE_TRIAGE)
    check_version(case, version)
    reason, where = _reason(reason), _where(where)
    step(case, CaseAction.REFUSE, actor, at, reason, role=actor.role_for(Permission.CASE_TRIAGE))
    case.refusal_reason = reason
    case.where_instead = where
    tell_reporters(case, NoticeKind.REPORT_REFUSED, at)
    db.session.flush()


def transfer(case: Case, actor: Actor, at: datetime, *, version: int, authority: str, reason: str) -> None:
    """Pass the case on to another authority; the reporter reads which, the log keeps why."""
    require(case, actor, Permission.CASE_TRIAGE)
    check_version(case, version)
    reason, authority = _reason(reason), _where(authority)
    step(case, CaseAction.TRANSFER, actor, at, reason, role=actor.role_for(Permission.CASE_TRIAGE))
    case.where_instead = authority
    tell_reporters(case, NoticeKind.REPORT_TRANSFERRED, at)
    db.session.flush()


def extend(case: Case, actor: Actor, at: datetime, *, version: int, reason: str, terms: Terms) -> None:
    """Give 30 more days to verify, once; the reporter reads why.

    Raises NotInThisState or ExtendedAlready.
    """
    require(case, actor, Permission.CASE_EXTEND)
    check_version(case, version)
    reason = _reason(reason)
    if case.status not in BEING_VERIFIED or not case.is_open:
        raise NotInThisState
    if case.extended_days:
        raise ExtendedAlready
    case.extended_days = terms.deadlines.extend_days
    set_due(case, terms)
    record(
        "case_extended",
        at=at,
        actor=actor,
        role=actor.role_for(Permission.CASE_EXTEND),
        case_id=case.id,
        reason=reason,
        facts={"days": case.extended_days},
    )
    for report in live_reports(case):
        conversation.inform(report, actor, reason, at)
    tell_reporters(case, NoticeKind.DEADLINE_EXTENDED, at)
    db.session.flush()


def close(case: Case, actor: Actor, at: datetime, *, version: int) -> None:
    """Close an answered case by hand, once the time for an objection has passed.

    Raises StillOpenToObjection.
    """
    permission = require_any(case, actor, CLOSING)
    check_version(case, version)
    if case.status is CaseStatus.ANSWERED and case.due_at is not None and at <= case.due_at:
        raise StillOpenToObjection(day=case.due_at.date().isoformat())
    step(case, CaseAction.CLOSE, actor, at, role=actor.role_for(permission))
    db.session.flush()


def close_answered(at: datetime, limit: int = 200) -> int:
    """Close the answered cases whose time for an objection has passed; returns how many."""
    found = db.session.scalars(
        select(Case)
        .where(
            Case.is_open,
            Case.status == CaseStatus.ANSWERED,
            Case.due_step == DueStep.CLOSE,
            Case.due_at < at,
        )
        .order_by(Case.due_at, Case.id)
        .limit(limit)
    ).all()
    for case in found:
        step(case, CaseAction.CLOSE, SYSTEM, at)
    db.session.flush()
    return len(found)


def _correct(case: Case, correction: Correction) -> list[str]:
    """Write what was corrected; return the names of the fields that changed."""
    given = {field.name: getattr(correction, field.name) for field in fields(Correction)}
    changed = [name for name, value in given.items() if value is not None and value != getattr(case, name)]
    for name in changed:
        setattr(case, name, given[name])
    return changed


def _reason(text: str) -> str:
    if not text.strip():
        raise ReasonMissing
    return text.strip()


def _where(text: str) -> str:
    if not text.strip():
        raise WhereMissing
    return text.strip()
