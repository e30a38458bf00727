"""Holds and the page of periods. If these fail, files that a court needs are destroyed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.audit.models import Event
from portal.clock import frozen
from portal.database import db
from portal.people.permissions import Role
from portal.retention import holds
from portal.retention.models import HoldGround, RetentionHold
from tests.fixtures.records import make_account, make_case, make_district
from tests.retention.lives import close, full_report, passed
from tests.rewards.browser import Browser
from tests.rewards.world import AT, actor_of

# Pages are drawn alike from both databases; what they rest on is tested on both in tests/retention.
pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)

WHY = "已申请行政复议"


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.AUDITOR])
def test_a_hold_is_set_seen_and_ended_with_reasons(app: Flask, role: Role) -> None:
    report = full_report(app)
    browser, path = Browser(app, make_account(role)), f"/desk/cases/{report.number}/hold"
    with frozen(AT):
        assert browser.post(path, ground="lawsuit", reason=WHY).status_code == 302
        page = browser.get(path)
        assert WHY in page
        assert "A lawsuit" in page
        case_page = Browser(app, make_account(Role.INTAKE_OFFICER)).get(f"/desk/cases/{report.number}")
        assert "Held: nothing is destroyed" in case_page
        assert WHY in case_page
        assert browser.post(path, reason="复议已经结束").status_code == 302
    found = db.session.scalars(select(Event).where(Event.case_id == report.case_id)).all()
    assert [(one.action, one.reason) for one in found if one.action.startswith("hold")] == [
        ("hold_set", WHY),
        ("hold_ended", "复议已经结束"),
    ]
    assert holds.standing_hold(report.case_id) is None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"reason": ""}, "Please fill this in."),
        ({"reason": "短"}, "at least 5 characters"),
        ({"reason": WHY, "ground": "whim"}, "Not a valid choice"),
    ],
)
def test_without_a_reason_nothing_is_held(app: Flask, typed: dict[str, str], sentence: str) -> None:
    case = make_case()
    with frozen(AT):
        refused = Browser(app, make_account(Role.SUPERVISOR)).post(f"/desk/cases/{case.number}/hold", **typed)
    assert refused.status_code == 422
    assert sentence in refused.text
    assert db.session.scalars(select(RetentionHold)).all() == []


def test_a_supervisor_holds_no_case_of_another_district(app: Flask) -> None:
    case = make_case(district=make_district("far", "远区"))
    browser = Browser(app, make_account(Role.SUPERVISOR, district=make_district("near", "近区")))
    with frozen(AT):
        assert browser.client.get(f"/desk/cases/{case.number}/hold").status_code == 404


def test_two_holds_of_a_case_are_one_and_the_database_keeps_what_was_set(app: Flask) -> None:
    case, auditor = make_case(), actor_of(make_account(Role.AUDITOR))
    hold = holds.set_hold(case, HoldGround.APPEAL, WHY, auditor, AT)
    with pytest.raises(holds.AlreadyHeld):
        holds.set_hold(case, HoldGround.APPEAL, WHY, auditor, AT)
    hold.reason = "另一个理由"
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_the_page_says_periods_what_is_due_next_the_last_pass_and_the_holds(app: Flask) -> None:
    report, other = full_report(app), full_report(app)
    close(report)
    auditor = make_account(Role.AUDITOR)
    holds.set_hold(close(other), HoldGround.CRIMINAL, "已移送公安机关", actor_of(auditor), AT)
    passed(AT + timedelta(days=200))
    with frozen(AT + timedelta(days=201)):
        page = Browser(app, auditor).get("/desk/kept")
        for wanted in ("30 years", "10 Nov 2027", "Referred to criminal justice", other.number, "35 days"):
            assert wanted in page, wanted
        theirs = Browser(app, make_account(Role.ADMINISTRATOR)).get("/desk/kept")
    assert "Referred to criminal justice" in theirs
    for kept_from_administrators in (other.number, "已移送公安机关"):
        assert kept_from_administrators not in theirs
