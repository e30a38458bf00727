"""If these fail, a lost code is renewed by one officer alone, or for the wrong person, or in the open."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.audit.models import Event
from portal.database import db
from portal.people.models import Account, StaffSession
from portal.people.permissions import Role
from portal.reports import receipt, visits
from portal.reports.models import CodeRenewal, Report
from tests.fixtures.pages import english_words
from tests.fixtures.records import make_account, make_report
from tests.fixtures.visitors import enter, make_receipt
from tests.reports.lost import NAME, Office, seal_name, with_vault
from tests.rewards.browser import Browser

PATH = "/desk/lost-code"
SHEET = re.compile(r"<li>([0-9A-HJKMNP-TV-Z]{5})</li>")


@pytest.fixture
def office(app: Flask) -> Office:
    made = Office()
    db.session.commit()
    return made


@pytest.fixture
def report(app: Flask) -> Report:
    made, _code = make_receipt()
    seal_name(made)
    db.session.commit()
    with_vault()
    return made


def at(app: Flask, office: Office, who: str, lang: str = "en") -> Browser:
    return Browser(app, office.accounts[who], lang)


def asked(browser: Browser, report: Report) -> None:
    """Open the name on the page, compare, ask."""
    page = f"{PATH}?number={report.number}"
    opened = browser.post(page, f"{PATH}/name")
    assert NAME in opened.text
    answer = browser.client.post(PATH, data={**browser.hidden(opened.text), "shown": "resident_id"})
    assert answer.status_code == 302, answer.text


def answered(browser: Browser, answer: str) -> int:
    key = db.session.scalars(select(CodeRenewal.id).order_by(CodeRenewal.asked_at.desc())).first()
    return browser.post("/desk/openings", f"/desk/openings/codes/{key}", answer=answer).status_code


def test_the_whole_way_from_the_number_to_the_closed_sheet(
    app: Flask, office: Office, report: Report
) -> None:
    officer, second = at(app, office, "first"), at(app, office, "supervisor")
    page = officer.get(f"{PATH}?number={report.number}")
    assert NAME not in page
    asked(officer, report)
    assert "waits for a second person" in officer.get(f"{PATH}?number={report.number}")
    assert report.number in officer.get(PATH)
    waiting = second.get("/desk/openings")
    assert report.number in waiting
    assert "周宁" in waiting
    assert NAME not in waiting
    assert "/desk/openings" in second.get("/desk/")  # from the notice
    assert answered(second, "yes") == 302
    assert report.number not in second.get("/desk/openings")
    ready = officer.get(f"{PATH}?number={report.number}")
    assert "/desk/lost-code" in officer.get("/desk/")
    form = officer.hidden(ready)
    sheet = officer.client.post(f"{PATH}/sheet", data=form)
    assert sheet.status_code == 200
    code = "".join(SHEET.findall(sheet.text))
    assert visits.find_report(code) is report
    assert report.code_known_to_staff
    assert report.number not in sheet.text
    assert NAME not in sheet.text
    # Twice pressed is one sheet; another page prints nothing more.
    assert "".join(SHEET.findall(officer.client.post(f"{PATH}/sheet", data=form).text)) == code
    assert "renewed" in officer.get(f"{PATH}?number={report.number}")
    assert enter(app.test_client(), code).status_code == 303


def test_the_code_is_on_paper_alone_and_in_no_address(app: Flask, office: Office, report: Report) -> None:
    """Whoever stands behind the officer would read it."""
    officer = at(app, office, "first")
    asked(officer, report)
    answered(at(app, office, "second"), "yes")
    ready = officer.get(f"{PATH}?number={report.number}")
    sheet = officer.client.post(f"{PATH}/sheet", data=officer.hidden(ready))
    code = "".join(SHEET.findall(sheet.text))
    screen, paper = sheet.text.split('<article class="onpaper"')
    assert all(part not in screen for part in receipt.groups(code))
    assert all(part in paper for part in receipt.groups(code))
    styles = (app.static_folder or "") + "/css/closed-sheet.css"
    with open(styles, encoding="utf-8") as file:
        before_print = file.read().split("@media print")[0]
    assert re.search(r"\.onpaper \{\s*display: none", before_print)
    assert sheet.headers["Cache-Control"] == "no-store"
    assert code not in ready
    assert code not in str([vars(one) for one in db.session.scalars(select(Event))])


def test_what_was_sealed_for_one_officer_prints_for_no_other(
    app: Flask, office: Office, report: Report
) -> None:
    first, second = at(app, office, "first"), at(app, office, "second")
    asked(first, report)
    answered(second, "yes")
    form = first.hidden(first.get(f"{PATH}?number={report.number}"))
    token = second.hidden(second.get(f"{PATH}?number={report.number}"))
    stolen = {**form, "csrf_token": next(iter(token.values()), "")}
    assert second.client.post(f"{PATH}/sheet", data=stolen).status_code in {400, 404}
    for bad in ("", "x", "x" * 2000, form["sheet"][:-4]):
        assert first.client.post(f"{PATH}/sheet", data={**form, "sheet": bad}).status_code == 404
    assert not report.code_known_to_staff


def test_an_anonymous_report_says_plainly_that_nobody_can_renew_it(app: Flask, office: Office) -> None:
    anonymous = make_report()
    officer = at(app, office, "first")
    page = officer.get(f"{PATH}?number={anonymous.number}")
    assert "nobody can renew its code" in page
    assert "Open the name" not in page
    form = {**officer.hidden(officer.get("/desk/account")), "number": anonymous.number}
    assert officer.client.post(f"{PATH}/name", data=form).status_code == 422
    assert officer.client.post(PATH, data={**form, "shown": "passport"}).status_code == 422


def test_an_unknown_number_and_a_missing_choice_get_a_sentence(
    app: Flask, office: Office, report: Report
) -> None:
    officer = at(app, office, "first")
    unknown = officer.client.get(f"{PATH}?number=AY-2026-000000")
    assert (unknown.status_code, "no report with this number" in unknown.text) == (404, True)
    opened = officer.post(f"{PATH}?number={report.number}", f"{PATH}/name")
    missing = officer.client.post(PATH, data=officer.hidden(opened.text))
    assert (missing.status_code, "choose which document" in missing.text) == (422, True)


def test_the_page_shows_no_text_of_the_report(app: Flask, office: Office, report: Report) -> None:
    officer = at(app, office, "first")
    page = officer.post(f"{PATH}?number={report.number}", f"{PATH}/name").text
    assert report.narrative not in page
    assert report.subject_name not in page


def test_the_opening_counts_in_the_day_and_is_on_the_reporters_page(
    app: Flask, office: Office, report: Report
) -> None:
    officer = at(app, office, "first")
    for _ in range(10):
        officer.post(f"{PATH}?number={report.number}", f"{PATH}/name")
    refused = officer.post(f"{PATH}?number={report.number}", f"{PATH}/name")
    assert refused.status_code == 409
    assert NAME not in refused.text
    assert db.session.query(Event).filter_by(action="identity_opened", report_id=report.id).count() == 10
    wish = at(app, office, "second", "zh_Hans").get("/desk/openings")
    assert "有人说查询码丢了" in wish


def test_only_these_roles_find_the_doors(app: Flask, office: Office, report: Report) -> None:
    for role in Role:
        account: Account = make_account(role)
        db.session.commit()
        browser = Browser(app, account)
        allowed = role is Role.IDENTITY_OFFICER
        assert browser.client.get(PATH).status_code == (200 if allowed else 403)
        token = browser.hidden(browser.get("/desk/account"))
        seconds = role in {Role.IDENTITY_OFFICER, Role.SUPERVISOR}
        answer = browser.client.post("/desk/openings/codes/none", data={**token, "answer": "yes"})
        assert answer.status_code == (404 if seconds else 403)


def test_a_cashier_who_may_agree_to_openings_sees_no_lost_code(
    app: Flask, office: Office, report: Report
) -> None:
    asked(at(app, office, "first"), report)
    cashier = make_account(Role.CASHIER)
    db.session.commit()
    assert report.number not in Browser(app, cashier).get("/desk/openings")


def test_nobody_confirms_an_own_request_with_another_account(
    app: Flask, office: Office, report: Report
) -> None:
    asked(at(app, office, "first"), report)
    own = make_account(Role.SUPERVISOR, person=office.accounts["first"].person)
    db.session.commit()
    browser = Browser(app, own)
    assert report.number not in browser.get("/desk/openings")
    assert answered(browser, "yes") == 403
    assert db.session.scalars(select(CodeRenewal)).one().agreed is None


def test_a_no_ends_it_and_the_officer_is_told(app: Flask, office: Office, report: Report) -> None:
    officer = at(app, office, "first")
    asked(officer, report)
    assert answered(at(app, office, "supervisor"), "no") == 302
    page = officer.get(f"{PATH}?number={report.number}")
    assert "did not confirm" in page
    assert 'name="sheet"' not in page
    assert "/desk/lost-code" in officer.get("/desk/")


def test_all_steps_ask_for_a_fresh_second_factor(app: Flask, office: Office, report: Report) -> None:
    """A desk that was left open would be enough."""
    officer = at(app, office, "first")
    form = officer.hidden(officer.get(f"{PATH}?number={report.number}"))
    for row in db.session.scalars(select(StaffSession)):
        row.factor_at = clock.now() - timedelta(minutes=6)
    db.session.commit()
    for path in (f"{PATH}/name", PATH, f"{PATH}/sheet"):
        answer = officer.client.post(path, data=form)
        assert "Prove once more" in answer.text
        assert NAME not in answer.text


def test_the_chinese_pages_have_no_english(app: Flask, office: Office, report: Report) -> None:
    officer, second = at(app, office, "first", "zh_Hans"), at(app, office, "second", "zh_Hans")
    pages = [officer.get(PATH), officer.get(f"{PATH}?number={make_report().number}")]
    pages.append(officer.post(f"{PATH}?number={report.number}", f"{PATH}/name").text)
    asked(officer, report)
    pages += [officer.get(f"{PATH}?number={report.number}"), second.get("/desk/openings"), officer.get(PATH)]
    answered(second, "yes")
    pages.append(officer.get(f"{PATH}?number={report.number}"))
    sheet = officer.client.post(f"{PATH}/sheet", data=officer.hidden(pages[-1])).text
    pages += [SHEET.sub("", sheet), officer.get(f"{PATH}?number={report.number}")]
    allowed = frozenset({"English", "AY", "Ctrl", "localhost", "http", "Enter", "SHA"})
    for page in pages:
        assert english_words("<main" + page.split("<main")[1].split("<aside")[0], allowed) == []
