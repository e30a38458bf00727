"""A name given later. If these fail, a reporter cannot be paid, or whoever checks learns of it."""

from __future__ import annotations

import difflib
import re

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import Event
from portal.cases.models import FindingKind
from portal.clock import frozen
from portal.database import db
from portal.people.permissions import Role
from portal.reports import receipt
from portal.reports.identity import checks_of
from portal.reports.models import Question, RealName, Report
from portal.rewards import awards
from portal.rewards.models import PayoutState
from portal.vault.groups import FieldGroup
from portal.vault.models import SealedField
from tests.fixtures.records import make_account, make_report
from tests.fixtures.vault import opened
from tests.public.test_claim import visiting
from tests.rewards.browser import Browser
from tests.rewards.world import (
    AT,
    World,
    answer,
    approved,
    bank_says,
    claimed,
    finding,
    luhn_card,
    named_report,
    verified_case,
)

# Pages are drawn alike from both databases; what they rest on is tested on both in tests/retention.
pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)

TYPED = {"name": "赵明", "telephone": "138 0013 8000", "works_there": "yes", "consent": "1"}
PATH = "/track/name"


def given(browser: Browser, code: str, **changed: str) -> int:
    with frozen(AT):
        return browser.post(PATH, **{**TYPED, "code": code, **changed}).status_code


def name_of(report: Report) -> RealName:
    return report.real_name


def test_a_name_is_sealed_asked_about_and_seen_by_its_reporter_alone(app: Flask) -> None:
    report = make_report()
    browser, code = visiting(app, report)
    assert given(browser, code) == 303
    assert opened(report, FieldGroup.LEGAL) == {
        "name": "赵明",
        "telephone": "13800138000",
        "works_there": "yes",
    }
    assert report.real_name is RealName.DECLARED
    assert set(checks_of(report.id)) == set(Question)
    with frozen(AT):
        page = browser.get("/track/report")
    assert "You gave a name; it is sealed" in page
    assert "Nobody but the identity officer can read it." in page
    assert "赵明" not in page
    event = db.session.scalars(select(Event).where(Event.action == "name_given")).one()
    assert (event.report_id, event.case_id, event.reason) == (report.id, None, "")
    assert set(event.facts) == {"consent", "form"}
    assert "赵明" not in str(event.facts)


def test_the_same_form_sent_twice_is_one_name(app: Flask) -> None:
    report = make_report()
    browser, code = visiting(app, report)
    with frozen(AT):
        form = {**browser.hidden(browser.get(PATH)), **TYPED, "code": code}
        assert browser.client.post(PATH, data=form).status_code == 303
        assert browser.client.post(PATH, data=form).status_code == 303
    row = db.session.scalars(select(SealedField).where(SealedField.report_id == report.id)).one()
    assert row.version == 1
    assert len(db.session.scalars(select(Event).where(Event.action == "name_given")).all()) == 1


def test_a_name_can_be_corrected_until_it_is_confirmed(app: Flask) -> None:
    world = World()
    report = named_report(verified_case(world))
    browser, code = visiting(app, report)
    assert given(browser, code, name="赵明明") == 303
    assert opened(report, FieldGroup.LEGAL)["name"] == "赵明明"
    answer(world, report)
    with frozen(AT):
        led = browser.client.get(PATH)
        assert led.status_code == 303
        assert "confirmed already" in browser.get("/track/report")
        assert "Correct your name" not in browser.get("/track/report")
    form = {**TYPED, "name": "别人", "code": code}
    with frozen(AT):
        browser.client.post(PATH, data=form)
    assert opened(report, FieldGroup.LEGAL)["name"] == "赵明明"


def test_a_name_that_was_not_confirmed_is_asked_about_anew(app: Flask) -> None:
    world = World()
    report = named_report(verified_case(world), name="小明")
    answer(world, report, name=False)
    browser, code = visiting(app, report)
    assert given(browser, code) == 303
    assert {check.answer for check in checks_of(report.id).values()} == {None}


def test_a_yes_to_the_name_before_is_no_yes_to_the_one_after(app: Flask) -> None:
    """The officer would confirm a name that nobody has looked at, and the money would go to it."""
    world = World()
    report = named_report(verified_case(world))
    officer = Browser(app, world.accounts["identity"])
    browser, code = visiting(app, report)
    answers = {"real_name": "yes", "real_name_reason": "已与社保记录核对"}
    path = f"/desk/identity/{report.number}"
    with frozen(AT):
        form = {**officer.hidden(officer.get(path)), **answers}
        assert given(browser, code, name="王五一") == 303
        refused = officer.client.post(path, data=form)
        assert refused.status_code == 409
        assert "another name" in refused.text
        assert name_of(report) is RealName.DECLARED
        assert officer.post(path, **answers).status_code == 302
    assert name_of(report) is RealName.CONFIRMED


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": ""}, "Please write your name"),
        ({"name": "赵"}, "Please write your name"),
        ({"name": "赵" * 61}, "Please write your name"),
        ({"name": "赵\u0007明"}, "Please write your name"),
        ({"telephone": "12"}, "no telephone number"),
        ({"consent": ""}, "Please tick"),
        ({"code": receipt.mint()}, "not the code of this report"),
        ({"code": ""}, "not the code of this report"),
        ({"csrf_token": "x"}, "Nothing was done yet"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    app: Flask, changed: dict[str, str], sentence: str
) -> None:
    report = make_report()
    browser, code = visiting(app, report)
    with frozen(AT):
        page = browser.post(PATH, **{**TYPED, "code": code, **changed})
    assert page.status_code in (400, 422)
    assert sentence in page.text
    assert code not in page.text
    if "name" not in changed:
        assert 'value="赵明"' in page.text
    assert report.real_name is RealName.NONE
    assert db.session.scalars(select(SealedField)).all() == []


def test_a_visit_that_ended_asks_for_the_code(app: Flask) -> None:
    browser = Browser(app)
    with frozen(AT):
        assert browser.client.get(PATH).status_code == 302
        assert browser.client.post(PATH, data=TYPED).status_code == 403


def test_a_code_that_staff_know_gives_no_name(app: Flask) -> None:
    """An officer who typed the report in could give somebody else's name and be paid."""
    report = make_report()
    report.code_known_to_staff = True
    browser, code = visiting(app, report)
    with frozen(AT):
        assert browser.client.get(PATH).headers["Location"] == "/track/code"
        token = browser.hidden(browser.get("/track"))["csrf_token"]
        form = {**TYPED, "code": code, "csrf_token": token}
        refused = browser.client.post(PATH, data=form)
    assert refused.status_code == 409
    assert report.real_name is RealName.NONE


def test_once_the_reward_is_settled_no_name_is_taken(app: Flask) -> None:
    world = World()
    world.fund()
    share = claimed(world)
    bank_says(world, share, PayoutState.PAID)
    report = db.session.get_one(Report, share.report_id)
    report.real_name = RealName.DECLARED
    browser, _code = visiting(app, report)
    with frozen(AT):
        assert browser.client.get(PATH).status_code == 303
        assert PATH not in browser.get("/track/report")


MOVING = (r'name="csrf_token" value="[^"]*"', r"data-csrf=\"[^\"]*\"", r'name="once" value="[^"]*"')


def steady(page: str) -> str:
    for moving in MOVING:
        page = re.sub(moving, "", page)
    return page


def _pages(app: Flask, world: World, number: str) -> dict[str, str]:
    """All pages of the desk on which the case stands, for each role that handles it."""
    department = world.accounts["verifier"].person.department_id
    assert department
    found = {}
    browsers = {
        "verifier": Browser(app, world.accounts["verifier"]),
        "intake": Browser(app, make_account(Role.INTAKE_OFFICER)),
        "supervisor": Browser(app, make_account(Role.SUPERVISOR)),
    }
    for role, browser in browsers.items():
        for path in (
            f"/desk/cases/{number}",
            "/desk/cases",
            f"/desk/cases?q={number}",
            f"/desk/cases/{number}/evidence-sheet",
            "/desk/",
        ):
            answered = browser.client.get(path)
            found[f"{role} {path}"] = f"{answered.status_code} {steady(answered.text)}"
    return found


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the lines that are not the same, so that a failure says where the leak is."""
    assert all(page.startswith("200") or "/desk/cases?" in path for path, page in before.items())
    found = []
    for path, page in before.items():
        lines = difflib.unified_diff(page.splitlines(), after[path].splitlines(), lineterm="", n=0)
        found += [f"{path}: {line}" for line in lines]
    return found


STAGES = ("no finding", "penalty open", "amount to choose", "award proposed")


@pytest.mark.parametrize("stage", STAGES)
def test_whoever_handles_the_case_sees_the_same_bytes_before_and_after(app: Flask, stage: str) -> None:
    """A verifier who sees that somebody named herself late may tell the firm who it is."""
    world = World()
    world.fund()
    case = verified_case(world)
    report = make_report(case)
    if stage == "amount to choose":
        finding(world, case, FindingKind.ORDINARY_HAZARD, none=True)
    elif stage != "no finding":
        finding(world, case, firm=0 if stage == "penalty open" else 100_000)
    if stage == "award proposed":
        assert awards.propose_if_payable(case, world.actor("verifier"), AT) is not None
    browser, code = visiting(app, report)
    with frozen(AT):
        before = _pages(app, world, case.number)
        assert browser.post(PATH, **TYPED, code=code).status_code == 303
        after = _pages(app, world, case.number)
    assert differences(before, after) == []


def test_a_claim_is_not_seen_by_whoever_handles_the_case(app: Flask) -> None:
    """The badge of a name would tell that somebody came for the money."""
    world = World()
    world.fund()
    case = verified_case(world)
    report = make_report(case)
    finding(world, case, firm=100_000)
    award = awards.propose_if_payable(case, world.actor("verifier"), AT)
    assert award is not None
    approved(world, award)
    browser, code = visiting(app, report)
    with frozen(AT):
        before = _pages(app, world, case.number)
        typed = {
            "holder": "赵明",
            "bank": "中国工商银行",
            "consent": "1",
            "account": luhn_card(),
            "code": code,
        }
        assert browser.post("/track/claim", **typed).status_code == 303
        after = _pages(app, world, case.number)
    assert report.real_name is RealName.DECLARED
    assert differences(before, after) == []
