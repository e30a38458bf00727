"""Opened text in a real browser: if these fail, a number stays on a screen for whoever passes by."""

from __future__ import annotations

import pytest
from flask import Flask, url_for
from playwright.sync_api import BrowserContext, Error, Page

from portal.database import db
from portal.people.models import Account
from portal.people.permissions import Role
from portal.reports.models import IdentityCheck, Question
from portal.vault.groups import FieldGroup
from tests.admin.test_evidence_browser import examine, served  # noqa: F401 - a fixture
from tests.fixtures.browser import AXE, chromium
from tests.fixtures.records import WHEN, make_account, make_district, sign_in
from tests.fixtures.vault import on_engine
from tests.rewards.world import World, claimed, luhn_card
from tests.vault.asked import FIELDS, sealed_report

pytestmark = pytest.mark.journey

TELEPHONE = FIELDS[FieldGroup.CONTACT]["telephone"]
NAME = FIELDS[FieldGroup.LEGAL]["name"]
PIECE = FIELDS[FieldGroup.TOLD]["1"]


def enter(context: BrowserContext, app: Flask, url: str, account: Account) -> None:
    """Sign in: the cookie of a test client, in the browser."""
    client = app.test_client()
    sign_in(client, account)
    cookie = client.get_cookie("session")
    assert cookie is not None
    context.clear_cookies()
    context.add_cookies([{"name": "session", "value": cookie.value, "url": url}])


def gone_after_a_minute(page: Page, text: str) -> None:
    """It stands there for a minute, says once that it goes, and is in the page no more."""
    said = page.locator("[data-shown-said]")
    seconds = warned_at = 0
    while text in page.content():
        page.clock.run_for(1_000)
        seconds += 1
        if not warned_at and "15" in said.inner_text():
            warned_at = seconds
        assert seconds <= 61
    # The page's own time goes on besides while a busy machine looks at it.
    assert seconds >= 25
    assert 10 <= warned_at < seconds
    assert page.locator("[data-shown-gone]").is_visible()
    assert page.locator("[data-shown-again]").is_visible()


def test_opened_text_leaves_the_page_and_what_was_typed_stays(served: tuple[Flask, str]) -> None:  # noqa: F811
    app, url = served
    app.extensions["portal_vault"] = None
    with app.app_context():
        app.extensions["portal_vault"] = on_engine(app)
        report = sealed_report(FieldGroup.CONTACT, FieldGroup.LEGAL, FieldGroup.TOLD)
        db.session.add(IdentityCheck(report_id=report.id, question=Question.REAL_NAME, asked_at=WHEN))
        world = World()
        world.fund()
        share = claimed(world)
        officer = make_account(Role.INTAKE_OFFICER, district=make_district())
        identity, cashier = make_account(Role.IDENTITY_OFFICER), world.accounts["cashier"]
        db.session.commit()
        with app.test_request_context():
            contact = url_for("desk.case_contact", number=report.number, report=report.number)
            name = url_for("desk.identity_question", number=report.number)
            payment = url_for("finance.payout", number=share.award.number)
        number = report.number
    faults: list[str] = []
    with chromium() as browser:
        context = browser.new_context()
        context.add_init_script(script=AXE)
        context.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        with app.app_context():
            enter(context, app, url, officer)
        page = context.new_page()
        page.clock.install()

        page.goto(url + contact)
        examine(page)
        page.check("[name=because][value=to_ask_the_place]")
        page.locator("main form button[type=submit]").click()
        page.wait_for_selector("[data-shown]")
        examine(page)
        gone_after_a_minute(page, TELEPHONE)
        page.goto(f"{url}/desk/")
        # The browser kept nothing of it, and would ask before it sent the form again.
        with pytest.raises(Error, match="ERR_CACHE_MISS"):
            page.go_back()
        page.close()
        page = context.new_page()
        page.clock.install()

        page.goto(url + contact)
        page.check("[name=because][value=people_in_danger]")
        page.locator("main form button[type=submit]").click()
        page.locator("[data-shown-close]").click()
        assert TELEPHONE not in page.content()
        assert page.evaluate("document.activeElement.matches('[data-shown-gone]')")

        with app.app_context():
            enter(context, app, url, identity)
        page.goto(url + name)
        page.locator('form[action$="/name"] button').click()
        page.wait_for_selector("[data-shown]")
        page.fill("[name=real_name_reason]", "与登记相符")
        gone_after_a_minute(page, NAME)
        assert page.input_value("[name=real_name_reason]") == "与登记相符"
        page.locator("[data-shown-again]").click()
        page.wait_for_selector("[data-shown]")
        assert NAME in page.content()
        assert page.input_value("[name=real_name_reason]") == "与登记相符"

        page.goto(f"{url}/desk/cut-out?number={number}")
        page.check("[name=because][value=to_check_the_text]")
        page.locator("main form button[type=submit]").click()
        page.wait_for_selector("[data-shown]")
        assert PIECE in page.content()
        page.evaluate("dispatchEvent(new Event('pagehide'))")  # a tab kept in memory holds nothing
        assert PIECE not in page.content()

        with app.app_context():
            enter(context, app, url, cashier)
        page.goto(url + payment)
        page.locator('form[action$="/payee"] button').click()
        page.wait_for_selector("[data-shown]")
        examine(page)
        page.fill("[name=reference]", "HX-20261105")
        gone_after_a_minute(page, luhn_card())
        assert page.input_value("[name=reference]") == "HX-20261105"
        page.locator("[data-shown-again]").click()
        page.wait_for_selector("[data-shown]")
        assert luhn_card() in page.content()
        assert page.input_value("[name=reference]") == "HX-20261105"
        context.close()
    assert faults == []


def test_without_script_the_style_hides_it_and_the_browser_leaves(served: tuple[Flask, str]) -> None:  # noqa: F811
    app, url = served
    with app.app_context():
        app.extensions["portal_vault"] = on_engine(app)
        report = sealed_report(FieldGroup.CONTACT)
        officer = make_account(Role.INTAKE_OFFICER, district=make_district())
        db.session.commit()
        number = report.number
    with chromium() as browser:
        context = browser.new_context(java_script_enabled=False, reduced_motion="reduce")
        with app.app_context():
            enter(context, app, url, officer)
        page = context.new_page()
        page.goto(f"{url}/desk/cases/{number}/contact/{number}")
        page.check("[name=because][value=to_ask_the_place]")
        # The minute itself is not waited for: what the browser was told is.
        with page.expect_response("**/contact/**") as answered:
            page.locator("main form button[type=submit]").click()
        text = answered.value.text()
        assert f'<meta http-equiv="refresh" content="60; url=/desk/cases/{number}">' in text
        assert answered.value.headers["cache-control"] == "no-store"
        style = page.locator("[data-shown-text]").evaluate("e => getComputedStyle(e).animation")
        assert "shown-leaves" in style
        assert "61s" in style
        context.close()
