"""What is kept, read and erased by its reporter. If these fail, a right by law is a promise on paper."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.clock import frozen
from portal.database import db
from portal.evidence.models import Evidence
from portal.people.permissions import Role
from portal.reports import contact, receipt
from portal.reports.models import Report
from portal.retention import holds
from portal.retention.kinds import Kind
from portal.retention.models import HoldGround
from portal.rewards.models import PayoutState
from portal.vault.asking import vault
from tests.fixtures.records import make_account, make_report
from tests.public.test_claim import visiting
from tests.retention.lives import close, events_of, fill, full_report, kinds_of, passed, store_has
from tests.rewards.browser import Browser
from tests.rewards.world import AT, World, actor_of, approved, bank_says, claimed

# Pages are drawn alike from both databases; what they rest on is tested on both in tests/retention.
pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)

PAGES = ("/track/kept", "/track/copy", "/track/copy/file", "/track/erase", "/track/name")
TOKEN = re.compile(r'name="(?:csrf_token|once)" value="[^"]*"')


def body(page: str) -> str:
    return TOKEN.sub("", page)


def test_each_kind_says_since_when_until_when_and_who_opened_it(app: Flask) -> None:
    report = full_report(app)
    opening = contact.record_opening(report, actor_of(make_account(Role.INTAKE_OFFICER)), "核实地点", AT)
    db.session.commit()
    with frozen(AT):
        vault().reveal(opening.id)
    browser, _code = visiting(app, report)
    with frozen(AT):
        page = browser.get("/track/kept")
        assert "180 days after the case is closed" in page
        assert "at the earliest</dd>" not in page
        assert page.count("<dt>Opened so far</dt><dd>1 time") == 1
        close(report)
        db.session.commit()
        page = browser.get("/track/kept")
    assert "9 May 2027 at the earliest" in page, "180 days after 10 November 2026"
    assert "13800138000" not in page


def test_what_was_destroyed_says_when_and_what_never_was_says_so(app: Flask) -> None:
    report, bare = full_report(app), make_report()
    close(report)
    passed(AT + timedelta(days=200))
    for one, sentence in ((report, "Destroyed on"), (bare, "Not there.")):
        browser, _code = visiting(app, one)
        with frozen(AT):
            assert sentence in browser.get("/track/kept")


def test_no_page_tells_whether_others_reported_the_same(app: Flask) -> None:
    """A boss who reports his own firm would learn that somebody else did, and was paid."""
    world = World()
    world.fund()
    alone = full_report(app)
    award = approved(world)
    with_others = full_report(app)
    with_others.case_id = with_others.origin_case_id = award.case_id
    for report in (alone, with_others):
        close(report)
    case = db.session.get_one(type(close(alone)), award.case_id)
    holds.set_hold(case, HoldGround.APPEAL, "另一人的复查", actor_of(make_account(Role.AUDITOR)), AT)
    db.session.commit()
    pages = []
    for report in (alone, with_others):
        browser, _code = visiting(app, report)
        with frozen(AT):
            pages.append(body(browser.get("/track/kept")))
    assert pages[0] == pages[1]


def test_everything_readable_can_be_read_and_saved(app: Flask) -> None:
    report = full_report(app)
    item = db.session.scalars(select(Evidence).where(Evidence.report_id == report.id)).one()
    browser, code = visiting(app, report)
    with frozen(AT):
        page = browser.get("/track/copy")
        saved = browser.client.get("/track/copy/file")
    text = saved.data.decode("utf-8-sig")
    for shown in (page, text):
        for wanted in (report.narrative, report.number, "还在锁着", report.subject_name, "PNG"):
            assert wanted in shown
        for never in ("13800138000", "赵明", code, item.digest):
            assert never not in shown
        assert "cannot read it back" in shown
    assert saved.headers["Content-Disposition"] == 'attachment; filename="notes.txt"'
    assert saved.mimetype == "text/plain"
    assert "no-store" in saved.headers["Cache-Control"]


def test_erasing_asks_for_the_code_and_takes_what_was_chosen(app: Flask) -> None:
    report = full_report(app)
    item = db.session.scalars(select(Evidence).where(Evidence.report_id == report.id)).one()
    browser, code = visiting(app, report)
    chosen = {"kinds": ["contact", "originals"]}
    with frozen(AT):
        form = {**browser.hidden(browser.get("/track/erase")), **chosen}
        for wrong, status, sentence in (
            ({"code": receipt.mint()}, 422, "not the code of this report"),
            ({}, 422, "not the code of this report"),
            ({"code": code, "csrf_token": "x"}, 400, "Nothing was done yet"),
            ({"code": code, "kinds": []}, 422, "choose at least one"),
            ({"code": code, "kinds": ["text", "nonsense"]}, 422, "choose at least one"),
        ):
            answered = browser.client.post("/track/erase", data={**form, **wrong})
            assert answered.status_code == status, wrong
            assert sentence in answered.text
        assert kinds_of(report) == set(Kind), "nothing without the code, and never the text"
        done = browser.client.post("/track/erase", data={**form, "code": code})
        assert done.headers["Location"] == "/track/kept"
        page = browser.get("/track/kept")
        assert "The conversation stays open" in page
        assert "You erased personal details" in browser.get("/track/report")
    assert kinds_of(report) == set(Kind) - {Kind.CONTACT, Kind.ORIGINALS}
    assert not store_has(item.digest)
    assert len(events_of(report, "details_erased")) == 1


def test_the_office_sees_a_line_and_not_what_it_was(app: Flask) -> None:
    report = full_report(app)
    browser, code = visiting(app, report)
    with frozen(AT):
        assert browser.post("/track/erase", kinds="name", code=code).status_code == 303
        page = Browser(app, make_account(Role.SUPERVISOR)).get(f"/desk/cases/{report.number}")
    assert "The reporter erased personal details" in page
    assert "name" not in page.split("The reporter erased personal details")[1][:200]


def test_what_was_paid_says_until_when_the_law_keeps_it(app: Flask) -> None:
    world = World()
    world.fund()
    share = claimed(world)
    bank_says(world, share, PayoutState.PAID)
    report = fill(app, db.session.get_one(Report, share.report_id))
    browser, code = visiting(app, report)
    with frozen(AT):
        page = browser.get("/track/erase")
        assert "have to be kept until 1 Jan 2057" in page
        refused = browser.post("/track/erase", kinds="payee", code=code)
    assert refused.status_code == 409
    assert Kind.PAYEE in kinds_of(report)


def test_a_claimed_reward_is_given_up_with_a_warning(app: Flask) -> None:
    world = World()
    world.fund()
    report = fill(app, db.session.get_one(Report, claimed(world).report_id))
    browser, _code = visiting(app, report)
    with frozen(AT):
        assert "gives it up" in browser.get("/track/erase")


@pytest.mark.parametrize("path", PAGES)
def test_an_ended_visit_sees_the_same_on_every_page(app: Flask, path: str) -> None:
    """A page that answers otherwise would tell that the report exists."""
    browser = Browser(app)
    with frozen(AT):
        answered = browser.client.get(path)
        assert (answered.status_code, answered.headers["Location"]) == (302, "/track")
        if path in ("/track/erase", "/track/name"):
            posted = browser.client.post(path, data={"code": "x", "kinds": "name"})
            assert posted.status_code == 403
            assert body(posted.text) == body(browser.client.post(path).text)


@pytest.mark.parametrize("lang", ["en", "zh_Hans"])
def test_pages_speak_both_languages(app: Flask, lang: str) -> None:
    report = full_report(app)
    browser, _code = visiting(app, report, lang)
    with frozen(AT):
        pages = [browser.get(path) for path in PAGES if path != "/track/copy/file"]
        pages.append(browser.get("/privacy"))
    words = ("Kept", "kept", "Erase") if lang == "zh_Hans" else ("保存", "删除")
    for page in pages:
        main = re.sub(r"<[^>]*>", " ", page.split("<main", 1)[1].split("</main>", 1)[0])
        assert not [word for word in words if word in main]


def test_the_privacy_page_names_every_kind_with_its_period(app: Flask) -> None:
    page = Browser(app).get("/privacy")
    for period in (
        "30 years",
        "10 years",
        "180 days",
        "730 days",
        "365 days",
        "24 hours",
        "72 hours",
        "35 days",
    ):
        assert period in page
    assert "does not delete reports by itself" not in page
