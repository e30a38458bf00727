"""The intake form in a real browser: if it fails an officer asks callers what does not belong to the case."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal.database import db
from portal.people.permissions import Role
from portal.reports.models import Report
from tests.admin.test_evidence_browser import examine, served  # noqa: F401 - a fixture
from tests.fixtures.browser import AXE, chromium
from tests.fixtures.records import make_account, make_district, sign_in

pytestmark = pytest.mark.journey


def asked(page: Page) -> list[str]:
    """The sectors whose questions are seen."""
    shown = "[...document.querySelectorAll('details[data-questions]')].filter(e => !e.hidden && e.open)"
    return list(page.evaluate(f"{shown}.map(e => e.dataset.questions)"))


def test_only_what_the_sector_asks_is_seen_and_sent(served: tuple[Flask, str]) -> None:  # noqa: F811
    app, url = served
    with app.app_context():
        client = app.test_client()
        sign_in(client, make_account(Role.INTAKE_OFFICER, district=make_district()))
        cookie = client.get_cookie("session")
        assert cookie is not None
        db.session.remove()
    with chromium() as browser:
        context = browser.new_context()
        context.add_cookies([{"name": "session", "value": cookie.value, "url": url}])
        context.add_init_script(script=AXE)
        page = context.new_page()
        page.goto(f"{url}/desk/reports/new")
        assert asked(page) == []
        assert not page.locator("[name=telephone]").is_visible()
        page.check("[name=channel][value=telephone]")
        page.fill("[name=narrative]", "车间二楼住人，夜里锁门。")
        page.fill("#situation-find", "aqck")  # the first letters of its pinyin
        page.wait_for_selector("#situation-find-list [role=option]")
        page.press("#situation-find", "Enter")
        assert page.input_value("[name=situation]") == "exit_blocked"
        assert asked(page) == ["fire"]
        page.fill("[name=q_fire_people]", "30")
        page.select_option("[name=sector]", "construction")
        assert asked(page) == ["construction"]
        page.select_option("[name=sector]", "fire")
        assert page.locator("[name=q_fire_people]").input_value() == "30"
        page.check("[name=identity][value=real]")
        assert page.locator("[name=telephone]").is_visible()
        page.fill("[name=name]", "陈某某")
        examine(page)
        page.check("[name=identity][value=anonymous]")
        page.click("main button[type=submit]")
        page.wait_for_selector(".sheet")
        context.close()
    with app.app_context():
        told = db.session.query(Report).one()
        assert {key: answer["told_zh"] for key, answer in told.extra.items()} == {"fire_people": "30"}
        db.session.remove()
