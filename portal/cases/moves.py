"""The one place that changes the status of a case, by ``CASE_STEPS``, and writes its event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from portal.audit.events import record
from portal.audit.models import Event
from portal.cases.models import Case
from portal.cases.steps import CASE_STEPS, OPEN_STATUSES, CaseAction
from portal.cases.terms import Terms, due_of
from portal.database import db
from portal.errors import NotInThisState, Stale
from portal.people.actor import Actor
from portal.reports.models import Report


def step(
    case: Case,
    action: CaseAction,
    actor: Actor,
    at: datetime,
    reason: str = "",
    facts: Mapping[str, object] | None = None,
    *,
    role: str = "",
) -> Event:
    """Take one step; a pair that is not in the table, or a merged case, is refused.

    What ends a case also ends its due time. A step that opens another due time is followed by
    ``set_due``, once the verb has written the moment it counts from.
    """
    target = CASE_STEPS.get((case.status, action))
    if target is None or case.merged_into_id is not None:
        raise NotInThisState
    before = case.status
    case.status = target
    if target not in OPEN_STATUSES:
        _end(case, at)
    return record(
        f"case_{action.value}",
        at=at,
        actor=actor,
        role=role,
        case_id=case.id,
        moved=(before.value, target.value),
        reason=reason,
        facts=facts,
    )


def check_version(case: Case, version: int) -> None:
    """Refuse a form that was opened before somebody else changed the case."""
    if case.version != version:
        raise Stale


def locked(report: Report) -> Case:
    """Return the case of a report for a step of its reporter, who is told nothing of an officer's haste.

    Whoever works on the case comes before or after. The report is locked first, then its case.
    """
    return db.session.scalars(
        select(Case)
        .where(Case.id == report.case_id)
        .with_for_update(of=Case, key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def touch(case: Case) -> None:
    """Give the case a new version although no column changes: its reports did."""
    flag_modified(case, "title")


def set_due(case: Case, terms: Terms) -> None:
    """Write the due time of the step that is open now."""
    case.due_step, case.due_at = due_of(case, terms) or (None, None)


def _end(case: Case, at: datetime) -> None:
    case.is_open = False
    case.closed_at = at
    case.due_at = None
    case.due_step = None
    case.waiting_since = None
    case.urgent = False
