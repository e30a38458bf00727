"""The code before writing: if it failed, who fears to lose it has to trust a connection that breaks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal import clock
from portal.reports.draft import LIFETIME, open_draft
from tests.fixtures.records import make_report
from tests.public.test_filing import GOOD, NARRATIVE, Citizen, citizen, code_of, kept_in_form, reports

__all__ = ["citizen"]

IN_TEXT = "您的查询码写在这里了"


def shown(citizen: Citizen) -> str:
    """What the page beside the form shows."""
    page = citizen.client.post("/report/code", data=citizen.hidden)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    return page.get_data(as_text=True)


def test_the_code_that_is_shown_first_is_the_one_of_the_receipt(citizen: Citizen, session: Session) -> None:
    early = code_of(shown(citizen))
    assert len(early) == 25
    assert reports(session) == 0
    citizen.send(GOOD)
    assert code_of(citizen.page) == early


def test_until_it_is_sent_the_code_opens_nothing(app: Flask, citizen: Citizen) -> None:
    early = code_of(shown(citizen))
    visitor = app.test_client()
    page = visitor.get("/track").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    assert visitor.post("/track", data={"csrf_token": token, "code": early}).status_code != 303
    citizen.send(GOOD)
    assert visitor.post("/track", data={"csrf_token": token, "code": early}).status_code == 303


def test_a_form_that_came_back_with_faults_keeps_its_code(citizen: Citizen) -> None:
    early = code_of(shown(citizen))
    citizen.send({"narrative": ""})
    assert code_of(shown(citizen)) == early


@pytest.mark.parametrize("draft", ["", "rubbish", "A" * 300_000])
def test_what_is_no_form_shows_no_code_and_says_what_to_do(client: FlaskClient, draft: str) -> None:
    hidden = Citizen(client).open().hidden
    page = client.post("/report/code", data={**hidden, "draft": draft})
    assert page.status_code == 410
    assert "这张表单放得太久" in page.text
    assert code_of(page.text) == ""


def test_after_three_days_the_code_is_not_promised_any_more(citizen: Citizen) -> None:
    with clock.frozen(clock.now() + LIFETIME + timedelta(minutes=1)):
        page = citizen.client.post("/report/code", data=citizen.hidden)
    assert page.status_code == 410


def test_opened_by_its_address_it_leads_to_the_form(client: FlaskClient) -> None:
    page = client.get("/report/code")
    assert (page.status_code, page.headers["Location"]) == (303, "/report")


@pytest.mark.parametrize("name", ["narrative", "address", "subject_name", "happened"])
def test_a_report_that_holds_its_code_is_not_sent_and_keeps_what_was_typed(
    app: Flask, citizen: Citizen, session: Session, name: str
) -> None:
    """Otherwise every officer who reads the text could open the reporter's page."""
    make_report()
    before = reports(session)
    code = open_draft(app.extensions["portal_keyring"], citizen.hidden["draft"]).receipt_code
    typed = f"记一下 {code[:5]}-{code[5:10]} {code[10:].lower()}"
    answers = {**GOOD, "address": "东门", name: f"{NARRATIVE}{typed}" if name == "narrative" else typed}
    assert citizen.send(answers).status_code == 422
    assert IN_TEXT in citizen.page
    assert reports(session) == before
    assert NARRATIVE in kept_in_form(citizen.page)
    citizen.send({**answers, name: GOOD.get(name, "东门")})
    assert reports(session) == before + 1
