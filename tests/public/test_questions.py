"""Further questions: if they failed, an answer would be lost between the citizen and the officer."""

from __future__ import annotations

import re
from html import unescape

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.models import Case
from portal.people.permissions import Role
from portal.reports.models import Report
from tests.fixtures.records import make_account, sign_in

GOOD = {"narrative": "喷漆车间的东侧安全出口一直用木料堵着。", "consent": "yes", "situation": "exit_blocked"}


def send(client: FlaskClient, page: str, **answers: str) -> str:
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    kept = {name: unescape(value) for name, value in hidden.items()}
    return client.post("/report", data={**kept, **answers}).get_data(as_text=True)


def test_an_answer_reaches_the_case_page_with_the_words_of_its_question(
    client: FlaskClient, session: Session
) -> None:
    page = client.get("/report").text
    review = send(client, page, **GOOD, action="review", q_fire_people="３０", q_fire_building="厂房、仓库")
    assert "里面大约有多少人？" in review
    assert "厂房、仓库" in review
    send(client, review, action="send")
    report = session.scalars(select(Report)).one()
    assert (report.sector, report.situation) == ("fire", "exit_blocked")
    assert report.extra["fire_people"]["told_zh"] == "30"
    assert list(report.extra) == ["fire_people", "fire_building"]
    sign_in(client, make_account(Role.INTAKE_OFFICER))
    shown = client.get(f"/desk/cases/{session.scalars(select(Case.number)).one()}").text
    assert "里面大约有多少人？" in shown
    assert "<dd>厂房、仓库</dd>" in shown


def test_a_wrong_answer_is_kept_and_its_questions_stand_open(client: FlaskClient, session: Session) -> None:
    page = send(
        client, client.get("/report").text, **GOOD, action="send", q_fire_people="很多", q_fire_sleep="yes"
    )
    assert session.scalars(select(Report)).all() == []
    assert 'name="q_fire_people" value="很多"' in page
    assert '<details class="field" data-questions="fire" open>' in page
    assert re.search(r'name="q_fire_sleep" id="q_fire_sleep-0" value="yes" checked', page)
    assert "请填写整数" in page
    assert 'href="#q_fire_people"' in page


def test_without_script_every_sector_asks_behind_its_name_and_nothing_must_be_answered(
    client: FlaskClient, session: Session
) -> None:
    page = client.get("/report").text
    assert len(re.findall(r'<details class="field" data-questions="\w+">', page)) == 5
    assert not re.search(r'name="q_\w+"[^>]* required', page)
    send(client, page, **GOOD, action="send")
    assert session.scalars(select(Report)).one().extra == {}
