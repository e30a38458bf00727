"""If these fail one person alone can read who reported, case after case, or a grave need finds nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.audit.models import Event
from portal.database import db
from portal.notices.models import Notice
from portal.people.models import Account
from portal.people.permissions import Role
from portal.reports.models import Report
from portal.vault.groups import FieldGroup
from portal.vault.models import Opening, OpeningRequest
from tests.fixtures.desk import hidden
from tests.fixtures.records import make_account, make_district, sign_in
from tests.fixtures.vault import in_process
from tests.vault.asked import FIELDS, asked, sealed_report

TELEPHONE = FIELDS[FieldGroup.CONTACT]["telephone"]


@pytest.fixture
def used_up(app: Flask) -> Account:
    """An intake officer who has opened ten telephone numbers today."""
    account = make_account(Role.INTAKE_OFFICER, name="李敏", district=make_district())
    report = sealed_report(FieldGroup.CONTACT)
    app.extensions["portal_vault"] = in_process(app, db.session.connection())
    for _ in range(10):
        app.extensions["portal_vault"].reveal(asked(report, FieldGroup.CONTACT, account).id)
    return account


@pytest.fixture
def open_it(client: FlaskClient, used_up: Account) -> Callable[[Report], str]:
    sign_in(client, used_up)

    def post(report: Report) -> str:
        path = f"/desk/cases/{report.number}/contact/{report.number}"
        page = client.get(path).text
        return client.post(path, data={**hidden(page), "reason": "确认大门位置"}).text

    return post


def test_beyond_the_day_it_opens_only_after_a_second_person_agreed_and_once(
    app: Flask, open_it: Callable[[Report], str], used_up: Account
) -> None:
    report = sealed_report(FieldGroup.CONTACT)
    before = db.session.query(Event).filter_by(action="contact_opened").count()
    refused = open_it(report)
    assert TELEPHONE not in refused
    assert "第二" in refused
    assert TELEPHONE not in open_it(report)  # asking again does not help
    assert db.session.query(OpeningRequest).count() == 1
    # The log does not say that anything was opened.
    assert db.session.query(Event).filter_by(action="contact_opened").count() == before

    colleague = app.test_client()
    sign_in(colleague, make_account(Role.SUPERVISOR, name="周建"))
    page = colleague.get("/desk/openings").text
    assert "李敏" in page
    assert report.number in page
    assert "确认大门位置" in page
    assert TELEPHONE not in page
    key = db.session.scalars(select(OpeningRequest.id)).one()
    assert colleague.post(f"/desk/openings/{key}", data=hidden(page)).status_code == 302
    assert report.number not in colleague.get("/desk/openings").text

    assert TELEPHONE in open_it(report)
    assert TELEPHONE not in open_it(report)
    actions = list(db.session.scalars(select(Event.action).where(Event.report_id == report.id)))
    assert actions == [
        "opening_second_asked", "opening_second_agreed", "contact_opened", "opening_second_asked",
    ]  # fmt: skip
    opening = db.session.scalars(select(Opening).where(Opening.second_account_id.is_not(None))).one()
    assert opening.account_id == used_up.id


def test_nobody_agrees_to_an_own_request_with_whatever_account(
    app: Flask, open_it: Callable[[Report], str], used_up: Account
) -> None:
    open_it(sealed_report(FieldGroup.CONTACT))
    key = db.session.scalars(select(OpeningRequest.id)).one()
    for account in (used_up, make_account(Role.SUPERVISOR, person=used_up.person)):
        browser = app.test_client()
        sign_in(browser, account)
        page = browser.get("/desk/openings").text
        assert "确认大门位置" not in page
        answer = browser.post(f"/desk/openings/{key}", data=hidden(page))
        assert answer.status_code == 403
    assert db.session.scalars(select(OpeningRequest.second_at)).one() is None


def test_a_cashier_does_not_see_what_an_intake_officer_asks_for(
    app: Flask, open_it: Callable[[Report], str]
) -> None:
    open_it(sealed_report(FieldGroup.CONTACT))
    browser = app.test_client()
    sign_in(browser, make_account(Role.CASHIER))
    page = browser.get("/desk/openings").text
    assert "确认大门位置" not in page
    key = db.session.scalars(select(OpeningRequest.id)).one()
    assert browser.post(f"/desk/openings/{key}", data=hidden(page)).status_code == 404


def test_a_request_is_over_after_a_day(app: Flask, open_it: Callable[[Report], str]) -> None:
    open_it(sealed_report(FieldGroup.CONTACT))
    request = db.session.scalars(select(OpeningRequest)).one()
    request.asked_at = clock.now() - timedelta(hours=25)
    db.session.commit()
    browser = app.test_client()
    sign_in(browser, make_account(Role.SUPERVISOR))
    assert "确认大门位置" not in browser.get("/desk/openings").text


def test_those_who_may_agree_are_told_once_and_find_the_page_from_their_notice(
    app: Flask, open_it: Callable[[Report], str], used_up: Account
) -> None:
    colleague = make_account(Role.INTAKE_OFFICER, name="赵敏")
    supervisor = make_account(Role.SUPERVISOR, name="周建")
    others = [make_account(Role.CASHIER), make_account(Role.ADMINISTRATOR)]
    db.session.commit()
    report = sealed_report(FieldGroup.CONTACT)
    open_it(report)
    open_it(report)
    told = list(db.session.scalars(select(Notice.account_id).where(Notice.kind == "second_person")))
    assert sorted(one for one in told if one) == sorted((colleague.id, supervisor.id))
    assert not {used_up.id, *(account.id for account in others)} & set(told)
    browser = app.test_client()
    sign_in(browser, supervisor)
    assert "/desk/openings" in browser.get("/desk/").text
