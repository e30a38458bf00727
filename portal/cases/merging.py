"""Merging: reports move into another case, keep their order of receipt, and can move back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from portal.audit.events import record
from portal.cases import alarms
from portal.cases.models import Case
from portal.cases.moves import check_version, set_due, step, touch
from portal.cases.scope import require
from portal.cases.steps import CaseAction, CaseStatus
from portal.cases.telling import live_reports
from portal.cases.terms import Terms
from portal.database import db
from portal.errors import NotFound, NotInThisState, Refusal, gettext_noop
from portal.notices.outbox import NoticeKind, tell_reporter
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.reports.models import Report

# How far a case has come; a report never goes back to an earlier step by a merge.
_PROGRESS = (CaseStatus.RECEIVED, CaseStatus.ACCEPTED, CaseStatus.ASSIGNED, CaseStatus.VERIFYING)


class SameCase(Refusal):
    """A case is not merged into itself."""

    message = gettext_noop("This is the same case. Please choose another.")
    status = 422


class FurtherOn(Refusal):
    """The case that would be emptied is further on than the other."""

    message = gettext_noop(
        "This case is further on than the other one. Merge the other one into this case instead."
    )


class VerifiedAlready(Refusal):
    """A case that is being verified keeps its own record."""

    message = gettext_noop(
        "Once a case is being checked or is concluded, it cannot be merged into another any more."
    )


class BelongsHere(Refusal):
    """The report began this case: there is nothing to move back to."""

    message = gettext_noop("This report came with this case and cannot be moved out of it.")


def merge(
    source: Case, target: Case, actor: Actor, at: datetime, *, version: int, reason: str, terms: Terms
) -> None:
    """Move the reports of one case into another; the emptied case points there and is not open."""
    for case in (source, target):
        require(case, actor, Permission.CASE_TRIAGE)
    check_version(source, version)
    _check_mergeable(source, target)
    moved = list(db.session.scalars(select(Report).where(Report.case_id == source.id)))
    if source.status is CaseStatus.RECEIVED and target.status is not CaseStatus.RECEIVED:
        for report in live_reports(source):
            tell_reporter(report.id, NoticeKind.REPORT_ACCEPTED, alert_channel=report.alert_channel, at=at)
    target.danger_now = target.danger_now or source.danger_now
    alarms.follow_merge(source, target, at)
    for report in moved:
        report.case_id = target.id
    source.merged_into_id = target.id
    source.is_open = False
    source.due_at = source.due_step = source.waiting_since = None
    db.session.flush()
    _count_from_first(target, terms)
    _log("case_merged", source, actor, at, reason, {"into": target.number, "reports": len(moved)})
    _log("case_absorbed", target, actor, at, reason, {"from": source.number, "reports": len(moved)})
    db.session.flush()


def unmerge(
    report_id: int, case: Case, actor: Actor, at: datetime, *, version: int, reason: str, terms: Terms
) -> Case:
    """Move a report back to the case it came with, which opens again; return that case.

    Raises NotFound, BelongsHere or VerifiedAlready.
    """
    require(case, actor, Permission.CASE_TRIAGE)
    check_version(case, version)
    report = db.session.get(Report, report_id)
    if report is None or report.case_id != case.id:
        raise NotFound
    if report.origin_case_id == case.id:
        raise BelongsHere
    if not case.is_open or case.status not in _PROGRESS:
        raise VerifiedAlready
    origin = db.session.get_one(Case, report.origin_case_id)
    report.case_id = origin.id
    db.session.flush()
    _reopen(origin, case, actor, at, reason, terms)
    _count_from_first(case, terms)
    facts = {"from": case.number, "to": origin.number}
    for touched in (case, origin):
        _log("case_unmerged", touched, actor, at, reason, facts, report_id=report.id)
    db.session.flush()
    return origin


def _check_mergeable(source: Case, target: Case) -> None:
    if source.id == target.id:
        raise SameCase
    if not source.is_open or not target.is_open:
        raise NotInThisState
    if source.status not in _PROGRESS[:3] or target.status not in _PROGRESS:
        raise VerifiedAlready
    if _PROGRESS.index(source.status) > _PROGRESS.index(target.status):
        raise FurtherOn


def _reopen(origin: Case, case: Case, actor: Actor, at: datetime, reason: str, terms: Terms) -> None:
    if origin.merged_into_id is None:
        return
    # Another case may still be merged into the same target; only this one opens again.
    origin.merged_into_id = None
    origin.is_open = True
    set_due(origin, terms)
    alarms.resume(origin, case, at)
    if origin.status is CaseStatus.RECEIVED and case.status is not CaseStatus.RECEIVED:
        # The reporter was told that the report is accepted; it stays so.
        step(origin, CaseAction.ACCEPT, actor, at, reason, role=actor.role_for(Permission.CASE_TRIAGE))
        origin.accepted_at = case.accepted_at or at
        set_due(origin, terms)


def _count_from_first(case: Case, terms: Terms) -> None:
    """Before acceptance the term counts from the earliest report that the case holds now."""
    if case.status is not CaseStatus.RECEIVED or not case.is_open:
        return
    first = db.session.scalar(
        select(Report.received_at)
        .where(Report.case_id == case.id, Report.withdrawn_at.is_(None))
        .order_by(Report.received_at)
        .limit(1)
    )
    if first is not None:
        case.opened_at = first
        set_due(case, terms)


def _log(
    action: str,
    case: Case,
    actor: Actor,
    at: datetime,
    reason: str,
    facts: Mapping[str, object],
    *,
    report_id: int | None = None,
) -> None:
    touch(case)
    record(
        action,
        at=at,
        actor=actor,
        role=actor.role_for(Permission.CASE_TRIAGE),
        case_id=case.id,
        report_id=report_id,
        reason=reason.strip(),
        facts=facts,
    )
