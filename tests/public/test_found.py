"""Numbers in a text: if these fail, a reporter's own telephone number is read by everybody who checks."""

from __future__ import annotations

import logging
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.audit.models import Event
from portal.cases.models import Case
from portal.database import db
from portal.evidence.models import Evidence
from portal.people.permissions import Role
from portal.reports.draft import open_draft
from portal.reports.models import Message, Report
from portal.vault.models import FieldGroup, SealedField
from tests.evidence.samples import jpeg, quarters
from tests.fixtures.records import make_account, make_district, sign_in
from tests.fixtures.vault import opened
from tests.fixtures.visitors import make_receipt
from tests.public.test_filing import GOOD, Citizen, OnePicture, citizen, code_of, kept_in_form, pictures
from tests.public.test_receipt_page import say, visit

__all__ = ["citizen", "pictures"]

NUMBER = "13812345678"
TEXT = f"车间后门夜里上锁，有事打 {NUMBER} 找我，里面有十几个人。"
ASKED = "可能暴露您的身份"
# Twenty secrets, each written once; what stands beside a number says nothing.
CANARIES = (
    "13812345678",
    "139 0000 1111",
    "１３７００００２２２２",
    "136-0000-3333",
    "+86 135 0000 4444",
    "0372-2911234",
    "010 62345678",
    "410502199003071234",
    "41050219850612002X",
    "410502 19780901 0017",
    "410502900307123",
    "6222021234567890123",
    "6228 4800 1234 5678 901",
    "zhang.wei@example.com",
    "li_na1990@qq.com",
    "wang@mail.example.cn",
    "wxid_abc12345",
    "QQ2345678901",
    "一三八零零一三八零零零",
    "15099998888",
)


def with_all() -> dict[str, str]:
    """Answers with the twenty secrets spread over every free text."""
    told = [f"第{place}条线索，联系 {canary} 。" for place, canary in enumerate(CANARIES)]
    told[16] = f"加微信 {CANARIES[16]} 。"
    return {
        **GOOD,
        "narrative": "喷漆车间的安全出口一直堵着。\n" + "\n".join(told[:16]),
        "subject_name": told[18],
        "address": told[16],
        "happened": told[19],
        "q_weld_hours": told[17],
    }


def database(session: Session) -> str:
    """Everything that the database holds, as text."""
    session.flush()
    rows = []
    for table in db.metadata.sorted_tables:
        rows += [repr(tuple(row)) for row in session.execute(text(f'SELECT * FROM "{table.name}"'))]
    return "\n".join(rows)


def secret_parts() -> list[str]:
    """The secrets as they would stand in a text; the word for the messenger itself is none."""
    return [*(one for one in CANARIES if not one.startswith("QQ")), "2345678901"]


def test_a_number_is_asked_about_once_and_nothing_is_lost(citizen: Citizen, session: Session) -> None:
    """Otherwise the number is sent unasked, or what was written is gone."""
    answer = citizen.send(
        {**GOOD, "narrative": TEXT, "address": "东门"}, [("a.jpg", jpeg(quarters()))], danger_now="ongoing"
    )
    assert answer.status_code == 200
    assert ASKED in citizen.page
    assert f'<mark translate="no">{NUMBER}</mark>' in citizen.page
    assert re.search(r'id="found-cut" value="cut" checked', citizen.page)
    assert session.scalars(select(Report)).all() == []
    citizen.send(found="cut")
    assert code_of(citizen.page)
    report = session.scalars(select(Report)).one()
    assert report.narrative == TEXT.replace(NUMBER, "〔电话〕")
    assert (report.address, report.danger_now.value) == ("东门", "ongoing")
    assert len(session.scalars(select(Evidence)).all()) == 1
    assert opened(report, FieldGroup.TOLD) == {"narrative 1": NUMBER}


def test_what_is_left_stands_as_it_was_typed(citizen: Citizen, session: Session) -> None:
    """Otherwise a number that officers need for their check is gone."""
    citizen.send({**GOOD, "narrative": TEXT})
    citizen.send(found="leave")
    report = session.scalars(select(Report)).one()
    assert report.narrative == TEXT
    assert opened(report, FieldGroup.TOLD) == {}


@pytest.mark.parametrize("found", ["", "keep", "CUT"])
def test_no_decision_asks_again(citizen: Citizen, session: Session, found: str) -> None:
    """Otherwise a broken form sends the number."""
    citizen.send({**GOOD, "narrative": TEXT})
    citizen.send(found=found)
    assert ASKED in citizen.page
    assert session.scalars(select(Report)).all() == []


def test_without_a_number_there_is_no_further_page(citizen: Citizen, session: Session) -> None:
    """Otherwise every report costs one press more."""
    citizen.send({**GOOD, "narrative": "2026年11月2日夜里3点，二楼住着20人，宽5米。"})
    assert code_of(citizen.page)
    assert session.scalars(select(SealedField)).all() == []


def test_cut_out_numbers_are_nowhere(
    client: FlaskClient, app: Flask, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise the sealed number stands in the open somewhere else."""
    make_district()
    caplog.set_level(logging.DEBUG)
    citizen = Citizen(client).open()
    citizen.send(with_all())
    for secret in secret_parts():
        assert secret in unescape(citizen.page)  # shown to who wrote it
    citizen.send(found="cut")
    code = code_of(citizen.page)
    assert code
    report = session.scalars(select(Report)).one()
    case = session.get_one(Case, report.case_id)
    page = visit(client, code)
    client.post("/track/leave")
    sign_in(client, make_account(Role.INTAKE_OFFICER))
    desk = [
        client.get(f"/desk/cases/{case.number}").text,
        client.get("/desk/").text,
        *(client.get("/desk/", query_string={"q": secret[:12]}).text for secret in secret_parts()[:3]),
    ]
    assert "〔电话〕" in desk[0]
    everything = "\n".join(
        [database(session), citizen.page, page, desk[0], desk[1], caplog.text, repr(report)]
    )
    for secret in secret_parts():
        assert secret not in everything
    sealed = opened(report, FieldGroup.TOLD)
    assert len(sealed) == len(CANARIES)
    event = session.scalars(select(Event).where(Event.action == "report_received")).one()
    assert event.facts["cut"] == len(CANARIES)


def test_the_picture_is_answered_once(client: FlaskClient, session: Session, pictures: OnePicture) -> None:
    """Otherwise who wrote a number solves a second picture for it; and nobody gets round the first."""
    citizen = Citizen(client).open()
    citizen.send({**GOOD, "narrative": TEXT}, found="cut")
    assert session.scalars(select(Report)).all() == []
    challenge = re.findall(r'name="challenge_id" value="(\w*)"', citizen.page)
    assert challenge
    issued = pictures.issue()
    citizen.send({**GOOD, "narrative": TEXT, "challenge_id": issued, "challenge_answer": "RIGHT"})
    assert ASKED in citizen.page
    assert "challenge_answer" not in citizen.page
    citizen.send(found="cut")
    assert code_of(citizen.page)


def test_no_form_can_say_by_itself_that_the_picture_was_answered(
    client: FlaskClient, session: Session, pictures: OnePicture
) -> None:
    """Otherwise a robot sends reports without end."""
    citizen = Citizen(client).open()
    citizen.send({**GOOD, "narrative": TEXT, "passed": "yes"}, found="leave")
    assert session.scalars(select(Report)).all() == []


def test_without_script_it_comes_after_the_review(citizen: Citizen, session: Session) -> None:
    """Otherwise the careful browser is not asked at all."""
    citizen.send({**GOOD, "narrative": TEXT}, action="review")
    assert ASKED not in citizen.page
    citizen.send()
    assert ASKED in citizen.page
    assert "<script" not in citizen.page.split("<main")[1].split("</main>")[0]
    citizen.send(found="cut")
    assert NUMBER not in session.scalars(select(Report)).one().narrative


def test_the_same_decision_twice_is_one_report(citizen: Citizen, session: Session) -> None:
    """Otherwise an impatient press makes a second report, or a message of the same."""
    citizen.send({**GOOD, "narrative": TEXT})
    asked = dict(citizen.hidden)
    citizen.send(found="cut")
    first = code_of(citizen.page)
    citizen.hidden = asked
    citizen.send(found="cut")
    assert code_of(citizen.page) == first
    assert session.scalars(select(Message)).all() == []
    assert len(session.scalars(select(SealedField)).all()) == 1


def test_a_text_too_short_without_its_number_comes_back(citizen: Citizen, session: Session) -> None:
    """Otherwise a report says nothing but a mark."""
    citizen.send({**GOOD, "narrative": NUMBER})
    answer = citizen.send(found="cut")
    assert answer.status_code == 422
    assert kept_in_form(citizen.page) == "〔电话〕"
    assert session.scalars(select(Report)).all() == []


def test_an_english_page_asks_and_marks_in_english(client: FlaskClient, session: Session) -> None:
    """Otherwise a foreign worker cannot read what is asked."""
    with client.session_transaction() as cookie:
        cookie["lang"] = "en"
    citizen = Citizen(client).open()
    citizen.send({**GOOD, "narrative": f"The door is locked at night, call {NUMBER}."})
    assert "Cut it out and seal it (recommended)" in citizen.page
    citizen.send(found="cut")
    assert (
        session.scalars(select(Report)).one().narrative == "The door is locked at night, call 〔telephone〕."
    )


def test_the_form_says_beforehand_what_the_machine_does_not_find(citizen: Citizen) -> None:
    """Otherwise somebody relies on it and leaves a nickname in the text."""
    assert "姓名和绰号系统认不出来" in citizen.page


def test_an_answered_page_keeps_the_answers_only_sealed(app: Flask, citizen: Citizen) -> None:
    """Otherwise the hidden fields of the page hold the report in the open."""
    citizen.send({**GOOD, "narrative": TEXT})
    assert "narrative" not in citizen.hidden
    draft = open_draft(app.extensions["portal_keyring"], citizen.hidden["draft"])
    assert draft.answers["narrative"] == TEXT


def test_whoever_wants_to_change_the_text_gets_the_form_back(citizen: Citizen) -> None:
    """Otherwise a name that the machine did not find is sent, or the form is written anew."""
    citizen.send({**GOOD, "narrative": TEXT, "address": "东门"})
    citizen.send(action="edit")
    assert kept_in_form(citizen.page) == TEXT
    assert 'value="东门"' in citizen.page


def test_a_page_that_stood_open_too_long_gives_the_text_back(citizen: Citizen, session: Session) -> None:
    """Otherwise the answers, which only the sealed draft holds, are gone."""
    citizen.send({**GOOD, "narrative": TEXT})
    answer = citizen.send(found="cut", csrf_token="x")
    assert answer.status_code == 400
    assert kept_in_form(citizen.page) == TEXT
    assert session.scalars(select(Report)).all() == []


# Later messages


def test_each_message_is_asked_about_and_sealed_beside_the_others(app: Flask, client: FlaskClient) -> None:
    """Otherwise a number in an answer is read by all, or the second one overwrites the first."""
    report, code = make_receipt()
    page = visit(client, code)
    for number in (NUMBER, "15099998888"):
        asked = say(client, page, f"我的电话\n是 {number}")
        assert (asked.status_code, ASKED in asked.text) == (200, True)
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
        assert client.post("/track/report", data={**form, "found": "cut"}).status_code == 303
    assert list(db.session.scalars(select(Message.text))) == ["我的电话\n是 〔电话〕"] * 2
    sealed = opened(report, FieldGroup.TOLD)
    assert sealed == {"1. message 1": NUMBER, "2. message 1": "15099998888"}
    shown = client.get("/track/report").text
    assert NUMBER not in shown
    assert "〔电话〕" in shown


def test_a_message_left_alone_is_sent_as_typed(app: Flask, client: FlaskClient) -> None:
    """Otherwise nobody could be called who wants it."""
    report, code = make_receipt()
    changed = say(client, visit(client, code), f"打 {NUMBER}", action="edit").text
    assert f">打 {NUMBER}</textarea>" in changed
    say(client, changed, f"打 {NUMBER}", found="leave")
    assert list(db.session.scalars(select(Message.text))) == [f"打 {NUMBER}"]
    assert opened(report, FieldGroup.TOLD) == {}
