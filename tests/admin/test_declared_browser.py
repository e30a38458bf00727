"""The rule's questions in a browser: if it fails, a verifier learns too late what a figure comes to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page

from portal import clock
from portal.cases.steps import CaseStatus
from portal.clock import city_date
from portal.database import db
from portal.people.permissions import Role
from portal.reports.models import RealName
from portal.rewards.rule_files import FOLDER
from portal.rewards.rule_steps import RuleStatus
from portal.rewards.rule_versions import Enforcement, check, enforce, upload
from tests.admin.test_evidence_browser import examine, served  # noqa: F401 - a fixture
from tests.fixtures.browser import AXE, chromium
from tests.fixtures.pages import ALLOWED, english_words
from tests.fixtures.records import make_account, make_case, make_department, make_report, sign_in
from tests.rewards.world import actor_of

pytestmark = pytest.mark.journey
HOUSE = ALLOWED | {"Enter"}


def office(app: Flask) -> tuple[str, str]:
    """Put the rule in force, and give a verifier a case of its trade; returns number and cookie."""
    now, department = clock.now(), make_department()
    first, second = (actor_of(make_account(role)) for role in (Role.ADMINISTRATOR, Role.SUPERVISOR))
    row = upload((FOLDER / "beijing-tongzhou-2020.toml").read_text(encoding="utf-8"), "", first, now)
    check(row, first, now, seen=row.row_version)
    enforce(row, Enforcement(city_date(now), ("hazchem",), ()), second, now, seen=row.row_version)
    assert row.status is RuleStatus.IN_FORCE
    account = make_account(Role.VERIFIER, name="李敏", department=department)
    case = make_case(status=CaseStatus.VERIFYING, department=department, officer=account.person)
    case.sector, case.accepted_at = "hazchem", now
    make_report(case, real_name=RealName.CONFIRMED)
    client = app.test_client()
    sign_in(client, account)
    cookie = client.get_cookie("session")
    assert cookie is not None
    number = case.number
    db.session.commit()
    db.session.remove()
    return number, cookie.value


def shown(page: Page, name: str) -> None:
    """Look at a page as axe does; and keep a picture where somebody wants to look."""
    examine(page)
    folder = os.environ.get("PICTURES")
    if folder:
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


@pytest.mark.parametrize("locale", ["zh_Hans", pytest.param("en", marks=pytest.mark.assure)])
def test_the_amount_follows_what_is_typed(served: tuple[Flask, str], locale: str) -> None:  # noqa: F811
    app, url = served
    with app.app_context():
        number, cookie = office(app)
    with chromium() as browser:
        context = browser.new_context()
        context.add_cookies([{"name": "session", "value": cookie, "url": url}])
        context.add_init_script(script=AXE)
        _walk(context, f"{url}/desk/cases/{number}", chinese=locale == "zh_Hans")
        context.close()


def _walk(context: BrowserContext, case: str, *, chinese: bool) -> None:
    page, tongue = context.new_page(), "zh" if chinese else "en"
    page.goto(f"{case}/findings/new")
    if not chinese:
        page.locator("header").get_by_text("English").click()
        page.wait_for_selector("html[lang=en]")
        page.goto(f"{case}/findings/new")
    quantity = page.locator("[name=illegal_act-fact-kilograms]")
    assert not quantity.is_visible()
    page.check("[name=kind][value=illegal_act]")
    page.fill("[name=description]", "院内仓库存放易燃液体，无许可。")
    quantity.fill("99999999")
    shown(page, f"finding-{tongue}")
    page.click("main form button[type=submit].btn-primary")
    assert page.locator(".err").is_visible()
    assert quantity.input_value() == "99999999"
    shown(page, f"refused-{tongue}")
    if chinese:
        assert english_words(page.content(), HOUSE) == []
    quantity.fill("")
    page.click("main form button[type=submit].btn-primary")
    page.wait_for_selector("#award-now")
    page.click("main a[href$='/facts']")
    page.check("[name$=fact-goods][value=chemicals]")
    page.fill("[name$=fact-kilograms]", "300")
    page.wait_for_selector("#award-now:has-text('10,000.00')")
    shown(page, f"facts-{tongue}")
    page.click("main form button[type=submit].btn-primary")
    page.wait_for_selector("#award-now:has-text('10,000.00')")
    page.click("details:has(form[action$='/award/try']) summary")
    page.fill("form[action$='/award/try'] [name$=fact-kilograms]", "1000")
    page.wait_for_selector("#award-now:has-text('30,000.00')")
    shown(page, f"case-{tongue}")
    if chinese:
        assert english_words(page.content(), HOUSE) == []
