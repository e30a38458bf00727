"""The identity officer: opens a sealed name with an event, answers yes or no, and sees nothing else."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import Event
from portal.database import db
from portal.people.permissions import Role
from portal.reports import timeline
from portal.reports.identity import checks_of
from portal.reports.models import Question, RealName, Report
from portal.rewards import awards, hands
from portal.rewards.live import live_award
from portal.rewards.models import Act
from tests.fixtures.records import make_account, make_report
from tests.rewards.browser import Browser
from tests.rewards.world import AT, YUAN, World, exchanged, finding, named_report, verified_case


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    made.fund()
    return made


@pytest.fixture
def report(world: World) -> Report:
    case = verified_case(world)
    named = named_report(case)
    finding(world, case, firm=100_000)
    awards.propose_if_payable(case, world.actor("verifier"), AT)
    return named


def test_the_list_shows_numbers_and_questions_only(app: Flask, world: World, report: Report) -> None:
    anonymous = make_report()
    page = Browser(app, world.accounts["identity"]).get("/desk/identity")
    assert report.number in page
    assert anonymous.number not in page
    assert "赵明" not in page
    assert report.narrative not in page


def test_the_name_is_opened_with_an_event_and_only_on_that_page(
    app: Flask, world: World, report: Report
) -> None:
    """A name could be read without anybody knowing."""
    browser = Browser(app, world.accounts["identity"])
    path = f"/desk/identity/{report.number}"
    assert "赵明" not in browser.get(path)
    opened = browser.post(path, f"{path}/name")
    assert opened.status_code == 200
    assert "赵明" in opened.text
    assert "赵明" not in browser.get(path)
    events = list(db.session.scalars(select(Event).where(Event.action == "identity_opened")))
    assert [(one.report_id, one.actor_account_id) for one in events] == [
        (report.id, world.accounts["identity"].id)
    ]


def test_the_officer_is_warned_when_somebody_of_the_staff_has_the_name(
    app: Flask, world: World, report: Report
) -> None:
    """Otherwise an inspector is paid for what he should have found himself."""
    path = f"/desk/identity/{report.number}"
    browser = Browser(app, world.accounts["identity"])
    assert "Somebody of the staff has this name" not in browser.post(path, f"{path}/name").text
    make_account(Role.VERIFIER, name="赵明")
    assert "Somebody of the staff has this name" in browser.post(path, f"{path}/name").text


def test_the_reporter_sees_that_the_name_was_opened_and_by_whom_in_which_role(
    app: Flask, world: World, report: Report
) -> None:
    """The page promises it to the reporter and to the officer."""
    path = f"/desk/identity/{report.number}"
    Browser(app, world.accounts["identity"]).post(path, f"{path}/name")
    with app.test_request_context():
        lines = [(item.eye, item.title, item.text) for item in timeline.past(report) if item.eye]
    assert len(lines) == 1
    assert "周宁" not in str(lines)


def test_the_page_shows_neither_report_nor_money(app: Flask, world: World, report: Report) -> None:
    browser = Browser(app, world.accounts["identity"])
    page = browser.post(f"/desk/identity/{report.number}", f"/desk/identity/{report.number}/name").text
    assert report.narrative not in page
    assert "15,000" not in page
    assert "安禾家具有限公司" in page


def test_answers_are_kept_with_their_reasons_and_the_award_follows(
    app: Flask, world: World, report: Report
) -> None:
    browser = Browser(app, world.accounts["identity"])
    typed = {
        "real_name": "yes",
        "real_name_reason": "已与身份登记核对",
        "employee": "yes",
        "employee_reason": "已与社保记录核对",
    }
    assert browser.post(f"/desk/identity/{report.number}", **typed).status_code == 302
    assert report.real_name is RealName.CONFIRMED
    assert checks_of(report.id)[Question.EMPLOYEE].answer is True
    award = live_award(report.case_id)
    assert award is not None
    assert award.amount_fen == 17_250 * YUAN
    assert hands.held_by(award.id, world.person("identity").id) is Act.IDENTIFY
    assert report.number not in browser.get("/desk/identity")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Please answer at least one question"),
        ({"employee": "perhaps"}, "Please answer at least one question"),
        ({"employee": "no", "employee_reason": "无"}, "what the answer rests on"),
    ],
)
def test_an_answer_without_a_choice_or_a_reason_is_refused(
    app: Flask, world: World, report: Report, typed: dict[str, str], sentence: str
) -> None:
    answer = Browser(app, world.accounts["identity"]).post(f"/desk/identity/{report.number}", **typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert checks_of(report.id)[Question.EMPLOYEE].answer is None


def test_the_reason_of_an_answer_is_in_no_event(app: Flask, world: World, report: Report) -> None:
    """The log of the case would tell the verifier what the answer was."""
    typed = {"employee": "yes", "employee_reason": "本厂电焊工，工号在册"}
    assert (
        Browser(app, world.accounts["identity"]).post(f"/desk/identity/{report.number}", **typed).status_code
        == 302
    )
    rows = list(db.session.scalars(select(Event)))
    assert not [row for row in rows if "电焊工" in row.reason or "电焊工" in str(row.facts)]
    assert not [row for row in rows if row.action == "identity_answered" and row.case_id is not None]


def test_who_verified_the_case_may_not_open_the_name(app: Flask, world: World, report: Report) -> None:
    second = exchanged(world.person("colleague"), Role.IDENTITY_OFFICER)
    browser = Browser(app, second)
    answer = browser.post("/desk/account", f"/desk/identity/{report.number}/name")
    assert answer.status_code == 403
    assert "赵明" not in answer.text
    assert "周宁" in answer.text


def test_other_roles_find_the_door_shut(app: Flask, world: World, report: Report) -> None:
    for name in ("verifier", "finance", "cashier"):
        browser = Browser(app, world.accounts[name])
        assert browser.client.get("/desk/identity").status_code == 403
        assert browser.client.get(f"/desk/identity/{report.number}").status_code == 403


def test_a_report_about_which_nothing_was_asked_is_not_found(app: Flask, world: World) -> None:
    browser = Browser(app, world.accounts["identity"])
    assert browser.client.get(f"/desk/identity/{make_report().number}").status_code == 404
    assert browser.client.get("/desk/identity/AY-2026-000000").status_code == 404
