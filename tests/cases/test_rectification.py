"""Rectification: if these fail, a danger counts as put right that nobody looked at again."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal.cases import rectification, verification
from portal.cases.models import Case, Finding, Rectification
from portal.cases.steps import (
    RECTIFICATION_STEPS,
    CaseStatus,
    Conclusion,
    RectificationAction,
    RectificationStatus,
)
from portal.database import db
from portal.errors import NotAllowed, NotFound, NotInThisState, Stale
from tests.cases.office import AT, ZONE, Office, events_of

LATER = AT + timedelta(days=3)


@pytest.fixture
def office(app: Flask) -> Office:
    """The office that verifies."""
    return Office()


def take(
    office: Office, case: Case, finding: Finding, action: RectificationAction, who: str = "verifier"
) -> None:
    """Take a step as the page would."""
    actor, version = office.actor(who), case.version
    if action is RectificationAction.START:
        rectification.start(case, finding.id, actor, LATER, version=version)
    if action is RectificationAction.REINSPECT:
        rectification.reinspect(case, finding.id, LATER, "门已打开", actor, LATER, version=version)
    if action is RectificationAction.CLOSE:
        rectification.close(case, finding.id, actor, LATER, version=version)
    if action is RectificationAction.EXTEND:
        deadline = date(2026, 11, 30)
        rectification.extend(case, finding.id, deadline, "等配件", actor, LATER, version=version, zone=ZONE)
    if action is RectificationAction.ESCALATE:
        rectification.escalate(case, finding.id, "拒不整改", actor, LATER, version=version)


def ordered(office: Office) -> tuple[Case, Finding, Rectification]:
    case = office.case()
    finding = office.find(case)
    office.order(case, finding)
    assert finding.rectification is not None
    return case, finding, finding.rectification


@pytest.mark.parametrize(("status", "action"), list(product(RectificationStatus, RectificationAction)))
def test_every_step_of_a_rectification_follows_the_table(
    office: Office, status: RectificationStatus, action: RectificationAction
) -> None:
    case, finding, row = ordered(office)
    row.status = status
    if status is RectificationStatus.CLOSED:
        row.reinspected_at = row.closed_at = LATER
    elif status is RectificationStatus.REINSPECTED:
        row.reinspected_at = LATER
    db.session.flush()
    known = len(events_of(case))
    target = RECTIFICATION_STEPS.get((status, action))
    if target is None:
        with pytest.raises(NotInThisState):
            take(office, case, finding, action)
        assert row.status is status
        assert len(events_of(case)) == known
        return
    version = case.version
    take(office, case, finding, action)
    assert row.status is target
    assert case.version == version + 1
    event = events_of(case)[-1]
    assert (event.action, event.from_status, event.to_status) == (
        f"rectification_{action.value}",
        status.value,
        target.value,
    )
    assert event.facts["finding"] == finding.id


@pytest.mark.parametrize("action", RectificationAction)
def test_no_step_is_possible_before_the_order(office: Office, action: RectificationAction) -> None:
    case = office.case()
    finding = office.find(case)
    with pytest.raises((rectification.NothingOrdered, NotInThisState)):
        take(office, case, finding, action)


@pytest.mark.parametrize("point", ["responsible", "measures", "funds", "contingency"])
def test_each_of_the_five_points_is_needed(office: Office, point: str) -> None:
    case = office.case()
    finding = office.find(case)
    with pytest.raises(verification.Missing) as refused:
        office.order(case, finding, **{point: " \u200b"})
    assert refused.value.field == point
    with pytest.raises(rectification.DeadlinePassed):
        office.order(case, finding, deadline=date(2026, 11, 9))
    assert finding.rectification is None


def test_a_finding_is_ordered_to_be_put_right_once(office: Office) -> None:
    case, finding, _row = ordered(office)
    with pytest.raises(rectification.OrderedAlready):
        office.order(case, finding)


def test_it_runs_on_after_the_case_is_closed(office: Office) -> None:
    case, finding, row = ordered(office)
    case.status, case.conclusion, case.is_open, case.due_at = CaseStatus.CLOSED, Conclusion.TRUE, False, None
    db.session.flush()
    take(office, case, finding, RectificationAction.REINSPECT)
    take(office, case, finding, RectificationAction.CLOSE)
    assert (row.status, row.closed_at) == (RectificationStatus.CLOSED, LATER)
    assert case.status is CaseStatus.CLOSED


def test_a_reinspection_lies_between_the_order_and_now(office: Office) -> None:
    case, finding, row = ordered(office)

    def look(at_time: timedelta) -> None:
        rectification.reinspect(
            case, finding.id, AT + at_time, "看过", office.actor(), LATER, version=case.version
        )

    with pytest.raises(rectification.BeforeTheOrder):
        look(timedelta(seconds=-1))
    with pytest.raises(verification.InTheFuture):
        look(timedelta(days=3, seconds=1))
    look(timedelta(0))
    assert row.reinspected_at == AT


def test_an_extension_gives_more_time_with_a_reason_and_keeps_the_old_day(office: Office) -> None:
    case, finding, row = ordered(office)
    take(office, case, finding, RectificationAction.REINSPECT)

    def extend(deadline: date, reason: str) -> None:
        rectification.extend(
            case, finding.id, deadline, reason, office.actor(), LATER, version=case.version, zone=ZONE
        )

    with pytest.raises(rectification.NotLater):
        extend(date(2026, 11, 16), "等配件")
    with pytest.raises(verification.ReasonMissing):
        extend(date(2026, 11, 17), "")
    extend(date(2026, 11, 17), "等配件")
    assert row.deadline == date(2026, 11, 17)
    assert events_of(case)[-1].facts["deadline_was"] == "2026-11-16"


def test_strangers_supervisors_and_old_forms_are_refused(office: Office) -> None:
    case, finding, _row = ordered(office)
    with pytest.raises(NotFound):
        take(office, case, finding, RectificationAction.START, "stranger")
    with pytest.raises(NotAllowed):
        take(office, case, finding, RectificationAction.START, "supervisor")
    with pytest.raises(Stale):
        rectification.start(case, finding.id, office.actor(), AT, version=case.version - 1)


def test_the_database_refuses_to_sign_off_what_nobody_looked_at(office: Office) -> None:
    _case, _finding, row = ordered(office)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(
            text("UPDATE rectifications SET status = 'closed', closed_at = ordered_at WHERE id = :id"),
            {"id": row.id},
        )
