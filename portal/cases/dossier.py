"""All that belongs to one case, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select

from portal.audit.models import Event
from portal.cases.alike import SamePicture
from portal.cases.models import Case
from portal.cases.queries import starts_with
from portal.cases.scope import within
from portal.cases.steps import CaseStatus
from portal.database import db
from portal.evidence import uploads
from portal.evidence.models import Evidence
from portal.people.actor import Actor
from portal.people.models import Account, Person
from portal.people.permissions import Permission
from portal.reports.contact import with_contact
from portal.reports.conversation import messages_of
from portal.reports.models import Message, Report

LIKE_DAYS = 90
LIKE_LIMIT = 6
FIRM_PREFIX = 4


@dataclass(frozen=True, slots=True)
class Told:
    """One report of the case, with what came with it; never who wrote it."""

    report: Report
    evidence: Sequence[Evidence]
    messages: Sequence[Message]
    has_contact: bool
    origin_number: str | None
    arriving: int = 0


@dataclass(frozen=True, slots=True)
class Logged:
    """One event, with the name of whoever of the staff did it."""

    event: Event
    name: str | None


@dataclass(frozen=True, slots=True)
class Similar:
    """A case that may be about the same matter, and why it is shown."""

    id: int
    number: str
    title: str
    status: CaseStatus
    opened_at: datetime
    is_open: bool
    same_firm: bool
    same_address: bool
    same_picture: bool
    version: int


def reports_of(case: Case) -> list[Told]:
    """Return the reports in order of receipt with evidence, conversation and origin; six queries."""
    reports = list(
        db.session.scalars(
            select(Report).where(Report.case_id == case.id).order_by(Report.received_at, Report.id)
        )
    )
    ids = [report.id for report in reports]
    evidence = evidence_of(ids)
    messages = messages_of(ids)
    contacts = with_contact(ids)
    arriving = uploads.counts(report.submission_id for report in reports)
    origins = _numbers({report.origin_case_id for report in reports} - {case.id})
    return [
        Told(
            report,
            evidence[report.id],
            messages[report.id],
            report.id in contacts and report.withdrawn_at is None,
            origins.get(report.origin_case_id),
            arriving.get(report.submission_id, 0),
        )
        for report in reports
    ]


def evidence_of(report_ids: Sequence[int]) -> dict[int, list[Evidence]]:
    """Return the evidence of several reports in its order, in one query."""
    found: dict[int, list[Evidence]] = {report_id: [] for report_id in report_ids}
    for item in db.session.scalars(
        select(Evidence).where(Evidence.report_id.in_(report_ids)).order_by(Evidence.position, Evidence.id)
    ):
        found[item.report_id].append(item)
    return found


def log_of(case: Case, actions: Collection[str]) -> list[Logged]:
    """Return the events of the case and of the reports that it holds, newest first.

    ``actions`` names what may be shown: an event about the reporter's identity must not reach a verifier.
    """
    held = select(Report.id).where(Report.case_id == case.id)
    return _logged(actions, or_(Event.case_id == case.id, Event.report_id.in_(held)))


def log_since(case: Case, event_id: int, actions: Collection[str]) -> list[Logged]:
    """Return what happened to the case after an event: what somebody with an old form did not see."""
    return _logged(actions, and_(Event.case_id == case.id, Event.id > event_id))


def _logged(actions: Collection[str], condition: ColumnElement[bool]) -> list[Logged]:
    rows = db.session.execute(
        select(Event, Person.name)
        .outerjoin(Account, Account.id == Event.actor_account_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .where(Event.action.in_(actions), condition)
        .order_by(Event.at.desc(), Event.id.desc())
    )
    return [Logged(event, name) for event, name in rows]


def last_event_id(case: Case) -> int:
    """Return the id of the newest event of the case, 0 when there is none."""
    return (
        db.session.scalar(select(Event.id).where(Event.case_id == case.id).order_by(Event.id.desc()).limit(1))
        or 0
    )


def similar_to(case: Case, actor: Actor, pictures: Sequence[SamePicture] = ()) -> list[Similar]:
    """Return cases within reach about the same firm, the same place and sector within 90 days, or pictures.

    For officers only: no page of the public side may depend on it.
    """
    near = and_(
        Case.sector == case.sector,
        Case.district_id == case.district_id,
        Case.opened_at >= case.opened_at - timedelta(days=LIKE_DAYS),
        Case.opened_at <= case.opened_at + timedelta(days=LIKE_DAYS),
        Case.address == case.address,
    )
    reasons = [near] if case.address else []
    firm = case.subject_name.strip()
    if len(firm) >= FIRM_PREFIX:
        reasons.append(starts_with(Case.subject_name, firm[: max(FIRM_PREFIX, len(firm) - 4)]))
    same = {one.case_id for one in pictures if one.can_be_opened}
    if same:
        reasons.append(Case.id.in_(same))
    if not reasons:
        return []
    found = db.session.scalars(
        select(Case)
        .where(
            or_(*reasons),
            within(actor, Permission.CASE_READ),
            Case.id != case.id,
            Case.merged_into_id.is_(None),
        )
        .order_by(Case.opened_at.desc(), Case.id.desc())
        .limit(LIKE_LIMIT)
    )
    return [_similar(case, other, other.id in same) for other in found]


def number_of(case_id: int) -> str | None:
    """Return the number of a case."""
    return db.session.scalar(select(Case.number).where(Case.id == case_id))


def _similar(case: Case, other: Case, same_picture: bool) -> Similar:
    return Similar(
        id=other.id,
        number=other.number,
        title=other.title,
        status=other.status,
        opened_at=other.opened_at,
        is_open=other.is_open,
        same_firm=bool(case.subject_name)
        and other.subject_name[:FIRM_PREFIX] == case.subject_name[:FIRM_PREFIX],
        same_address=bool(case.address) and other.address == case.address,
        same_picture=same_picture,
        version=other.version,
    )


def _numbers(ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    return {
        row.id: row.number for row in db.session.execute(select(Case.id, Case.number).where(Case.id.in_(ids)))
    }
