"""Rectification (整改): ordered with five fixed points (五落实), re-inspected, closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from portal.audit.events import record
from portal.cases.findings import find_finding
from portal.cases.models import Case, Finding, Rectification
from portal.cases.moves import touch
from portal.cases.steps import RECTIFICATION_STEPS, RectificationAction, RectificationStatus
from portal.cases.verification import FieldFault, InTheFuture, enter, line, note_event, reason_of, text
from portal.clock import city_date
from portal.database import db
from portal.errors import NotInThisState, Refusal, gettext_noop
from portal.people.actor import Actor
from portal.people.permissions import Permission

SHORT = 120
LONG = 2000


class OrderedAlready(Refusal):
    """A finding is put right once."""

    message = gettext_noop("Putting this right is ordered already. Look at how far it is.")


class NothingOrdered(Refusal):
    """There is no rectification to take a step in."""

    message = gettext_noop("Nothing is ordered for this finding yet. Order it to be put right first.")


class DeadlinePassed(FieldFault):
    """A deadline that is over before it begins."""

    message = gettext_noop("Please give a day from today on.")
    field = "deadline"


class NotLater(FieldFault):
    """An extension that gives no more time."""

    message = gettext_noop("Please give a day after the present deadline, which is %(day)s.")
    field = "deadline"


class BeforeTheOrder(FieldFault):
    """A re-inspection of what was not ordered yet."""

    message = gettext_noop("The re-inspection cannot be older than the order.")
    field = "inspected_at"


@dataclass(frozen=True, slots=True)
class FivePoints:
    """Responsible person, measures, funds, deadline and contingency plan (五落实)."""

    responsible: str
    measures: str
    funds: str
    deadline: date
    contingency: str


def order(
    case: Case,
    finding_id: int,
    points: FivePoints,
    actor: Actor,
    at: datetime,
    *,
    version: int,
    zone: ZoneInfo,
) -> Rectification:
    """Order a finding to be put right; all five points are needed.

    Raises OrderedAlready or DeadlinePassed.
    """
    enter(case, actor, version=version)
    finding = find_finding(case, finding_id)
    if finding.rectification is not None:
        raise OrderedAlready
    if points.deadline < city_date(at, zone):
        raise DeadlinePassed
    row = Rectification(
        finding_id=finding.id,
        status=RectificationStatus.ORDERED,
        responsible=line(points.responsible, "responsible", SHORT),
        measures=text(points.measures, "measures", LONG),
        funds=line(points.funds, "funds", SHORT),
        deadline=points.deadline,
        contingency=text(points.contingency, "contingency", LONG),
        ordered_at=at,
    )
    finding.rectification = row
    db.session.flush()
    facts = {"finding": finding.id, "deadline": row.deadline.isoformat()}
    note_event("rectification_ordered", case, actor, at, facts)
    return row


def start(case: Case, finding_id: int, actor: Actor, at: datetime, *, version: int) -> None:
    """Note that the work has begun."""
    enter(case, actor, version=version)
    finding = find_finding(case, finding_id)
    _step(case, finding, RectificationAction.START, actor, at)


def reinspect(
    case: Case,
    finding_id: int,
    inspected_at: datetime,
    note: str,
    actor: Actor,
    at: datetime,
    *,
    version: int,
) -> None:
    """Note when somebody looked again (复查), and what was seen; raises InTheFuture or BeforeTheOrder."""
    enter(case, actor, version=version)
    finding = find_finding(case, finding_id)
    row = _may(finding, RectificationAction.REINSPECT)
    if inspected_at > at:
        raise InTheFuture("inspected_at")
    # Typed to the minute: somebody who looks again at once is not too early by some seconds.
    if inspected_at < row.ordered_at.replace(second=0, microsecond=0):
        raise BeforeTheOrder
    row.reinspection_note = text(note, "note", LONG)
    row.reinspected_at = inspected_at
    _step(case, finding, RectificationAction.REINSPECT, actor, at)


def close(case: Case, finding_id: int, actor: Actor, at: datetime, *, version: int) -> None:
    """Sign off what was put right (销号)."""
    enter(case, actor, version=version)
    finding = find_finding(case, finding_id)
    _may(finding, RectificationAction.CLOSE).closed_at = at
    _step(case, finding, RectificationAction.CLOSE, actor, at)


def extend(
    case: Case,
    finding_id: int,
    deadline: date,
    reason: str,
    actor: Actor,
    at: datetime,
    *,
    version: int,
    zone: ZoneInfo,
) -> None:
    """Give more time, with a reason; the event holds the deadline that was.

    Raises DeadlinePassed or NotLater.
    """
    enter(case, actor, version=version)
    finding = find_finding(case, finding_id)
    row = _may(finding, RectificationAction.EXTEND)
    if deadline < city_date(at, zone):
        raise DeadlinePassed
    if deadline <= row.deadline:
        raise NotLater(day=row.deadline.isoformat())
    facts = {"deadline_was": row.deadline.isoformat(), "deadline": deadline.isoformat()}
    why = reason_of(reason)
    row.deadline = deadline
    _step(case, finding, RectificationAction.EXTEND, actor, at, why, facts)


def escalate(case: Case, finding_id: int, reason: str, actor: Actor, at: datetime, *, version: int) -> None:
    """Bring what is not being put right before those who can make it happen, with a reason."""
    enter(case, actor, version=version)
    finding = find_finding(case, finding_id)
    _may(finding, RectificationAction.ESCALATE)
    _step(case, finding, RectificationAction.ESCALATE, actor, at, reason_of(reason))


def possible(row: Rectification | None) -> list[RectificationAction]:
    """Return the steps that the life cycle has from here, in the order in which they are offered."""
    if row is None:
        return []
    return [action for action in RectificationAction if (row.status, action) in RECTIFICATION_STEPS]


def _may(finding: Finding, action: RectificationAction) -> Rectification:
    """Return the rectification of a finding when it can take this step now."""
    if finding.rectification is None:
        raise NothingOrdered
    if action not in possible(finding.rectification):
        raise NotInThisState
    return finding.rectification


def _step(
    case: Case,
    finding: Finding,
    action: RectificationAction,
    actor: Actor,
    at: datetime,
    reason: str = "",
    facts: Mapping[str, object] | None = None,
) -> None:
    """Change the status, by the table, and write the event beside it: the only place that does."""
    row = _may(finding, action)
    before = row.status
    row.status = RECTIFICATION_STEPS[(before, action)]
    record(
        f"rectification_{action.value}",
        at=at,
        actor=actor,
        role=actor.role_for(Permission.CASE_VERIFY),
        case_id=case.id,
        moved=(before.value, row.status.value),
        reason=reason,
        facts={"finding": finding.id, **(facts or {})},
    )
    touch(case)
    db.session.flush()
