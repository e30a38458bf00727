"""The steps of the desk as pages: two officers at once, forged forms, words in the reporter's language."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal import clock
from portal.cases import triage
from portal.cases.models import Case
from portal.cases.steps import CaseStatus
from portal.cases.terms import Terms
from portal.database import db
from portal.extensions import settings
from portal.people.models import Account
from portal.people.permissions import Role
from portal.people.sessions import SignedIn
from tests.fixtures.desk import hidden, submit
from tests.fixtures.records import (
    WHEN,
    make_account,
    make_case,
    make_department,
    make_district,
    make_report,
    sign_in,
)

STEPS = ("accept", "refuse", "transfer", "ask", "assign", "merge", "extend", "close")


@pytest.fixture
def intake(app: Flask, client: FlaskClient) -> Account:
    account = make_account(Role.INTAKE_OFFICER, name="李敏", district=make_district())
    sign_in(client, account)
    return account


@pytest.fixture
def case(app: Flask) -> Case:
    return db.session.get_one(Case, make_report().case_id)


def _now(case: Case) -> Case:
    db.session.expire_all()
    return db.session.get_one(Case, case.id)


def test_accepting_with_a_correction(client: FlaskClient, intake: Account, case: Case) -> None:
    """Otherwise a wrong sector sends the case to the wrong department."""
    path = f"/desk/cases/{case.number}/accept"
    answer = submit(
        client,
        path,
        title="无证焊接",
        sector="welding",
        district=str(case.district_id),
        subject_name="安禾家具有限公司",
        address="工业北路 27 号\x00",
    )
    assert answer.status_code == 302
    assert answer.location == f"/desk/cases/{case.number}"
    kept = _now(case)
    assert (kept.status, kept.sector, kept.title) == (CaseStatus.ACCEPTED, "welding", "无证焊接")
    assert kept.address == "工业北路 27 号"
    page = client.get(answer.location).text
    assert "已受理，已告知举报人" in page
    assert "李敏" in page


def test_a_case_corrected_out_of_reach_leads_back_to_the_queue(
    client: FlaskClient, intake: Account, case: Case
) -> None:
    """Otherwise the officer who did right is told that the page does not exist."""
    path = f"/desk/cases/{case.number}/accept"
    other = str(make_district("linzhou").id)
    db.session.commit()
    answer = submit(client, path, title="x", sector="fire", district=other, subject_name="", address="")
    assert answer.location == "/desk/cases"


def test_a_ready_refusal_is_written_in_the_reporters_language(
    client: FlaskClient, intake: Account, case: Case
) -> None:
    """Otherwise a foreigner is refused in words that he cannot read."""
    report = triage.live_reports(case)[0]
    report.locale = "en"
    db.session.commit()
    path = f"/desk/cases/{case.number}/refuse"
    assert submit(client, path, reason="只有理由").status_code == 422
    assert submit(client, path, ground="wages").status_code == 302
    kept = _now(case)
    assert kept.refusal_reason == "Wage claims are not taken here."
    assert "12333" in kept.where_instead


def test_own_words_replace_the_ready_sentence(client: FlaskClient, intake: Account, case: Case) -> None:
    """Otherwise what the officer writes is lost."""
    path = f"/desk/cases/{case.number}/refuse"
    submit(client, path, ground="wages", reason="这是噪声的事", where="请找生态环境局 12369")
    kept = _now(case)
    assert (kept.refusal_reason, kept.where_instead) == ("这是噪声的事", "请找生态环境局 12369")


def test_the_second_officer_sees_what_changed_and_keeps_what_he_typed(
    client: FlaskClient, intake: Account, case: Case
) -> None:
    """Otherwise one of two officers overwrites the other, or writes everything again."""
    path = f"/desk/cases/{case.number}/transfer"
    opened = hidden(client.get(path).text)
    first = SignedIn(make_account(Role.INTAKE_OFFICER, name="王秀兰"), "").actor
    triage.accept(
        case,
        first,
        clock.now(),
        version=case.version,
        terms=Terms.of(settings()),
        reason="看过现场照片",
    )
    db.session.commit()
    typed = {"authority": "煤矿安全监管部门", "reason": "煤矿归他们管，已电话确认"}
    answer = client.post(path, data={**opened, **typed})
    assert answer.status_code == 409
    for told in (*typed.values(), "王秀兰", "看过现场照片"):
        assert told in answer.text
    assert _now(case).status is CaseStatus.ACCEPTED
    again = client.post(path, data={**hidden(answer.text), **typed})
    assert again.status_code == 302
    assert _now(case).status is CaseStatus.TRANSFERRED


def test_two_officers_in_the_same_moment_are_one_step(
    client: FlaskClient, intake: Account, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise both read the same version and the later one wins in silence."""
    path = f"/desk/cases/{case.number}/refuse"
    opened = hidden(client.get(path).text)

    def meanwhile(found: Case, _version: int) -> None:
        # Between reading and writing: the row moves on, the object in hand does not know.
        db.session.execute(text("UPDATE cases SET version = version + 1 WHERE id = :id"), {"id": found.id})

    monkeypatch.setattr(triage, "check_version", meanwhile)
    answer = client.post(path, data={**opened, "reason": "我写的理由", "where": "12345"})
    assert answer.status_code == 409
    assert "我写的理由" in answer.text
    assert _now(case).status is CaseStatus.RECEIVED


def test_a_step_that_is_gone_keeps_the_text_but_offers_no_button(
    client: FlaskClient, intake: Account, case: Case
) -> None:
    """Otherwise the officer sends a step again and again that can no longer be taken."""
    path = f"/desk/cases/{case.number}/refuse"
    opened = hidden(client.get(path).text)
    triage.refuse(case, SignedIn(intake, "").actor, WHEN, version=case.version, reason="一", where="二")
    db.session.commit()
    answer = client.post(path, data={**opened, "reason": "我写的长长的理由", "where": "12345"})
    assert answer.status_code == 409
    assert "我写的长长的理由" in answer.text
    assert '<button class="btn btn-primary"' not in answer.text
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("step", STEPS)
def test_every_step_refuses_who_is_out_of_reach_or_has_no_token(
    client: FlaskClient, app: Flask, step: str
) -> None:
    """Otherwise a page of somebody else's makes an officer decide a case."""
    hidden_case = make_case(district=make_district("linzhou"), status=CaseStatus.ACCEPTED)
    everything = make_account(Role.INTAKE_OFFICER, Role.SUPERVISOR, district=make_district())
    sign_in(client, everything)
    assert client.get(f"/desk/cases/{hidden_case.number}/{step}").status_code == 404
    own = make_case()
    db.session.commit()
    assert client.post(f"/desk/cases/{own.number}/{step}", data={"version": "1"}).status_code == 400
    sign_in(client, make_account(Role.FINANCE))
    assert client.get(f"/desk/cases/{own.number}/{step}").status_code == 403


def test_asking_shows_on_the_case_and_the_queue(client: FlaskClient, intake: Account, case: Case) -> None:
    """Otherwise a second officer asks the same thing again."""
    path = f"/desk/cases/{case.number}/ask"
    assert submit(client, path, report=case.number, text="").status_code == 422
    assert submit(client, path, report="AY-2026-1", text="大门在哪里？").status_code == 404
    assert submit(client, path, report=case.number, text="大门在哪里？").status_code == 302
    assert "大门在哪里？" in client.get(f"/desk/cases/{case.number}").text
    assert case.number in client.get("/desk/cases?view=waiting").text


def test_assigning_suggests_the_lead_and_its_officer(
    client: FlaskClient, intake: Account, case: Case
) -> None:
    """Otherwise each officer needs the list of responsibilities beside the screen."""
    fire = make_department("fire_brigade", "消防救援支队")
    officer = make_account(Role.VERIFIER, name="赵建国", department=fire, district=make_district())
    case.status = CaseStatus.ACCEPTED
    db.session.commit()
    path = f"/desk/cases/{case.number}/assign"
    page = client.get(path).text
    assert f'<option selected value="{fire.id}">' in page
    assert f'<option selected value="{officer.person_id}">' in page
    wrong = str(make_department("gas", "燃气").id)
    db.session.commit()
    refused = submit(client, path, department=wrong, district="", officer=str(officer.person_id), reason="急")
    assert refused.status_code == 422
    assert "急" in refused.text
    submit(
        client, path, department=str(fire.id), district=str(case.district_id), officer=str(officer.person_id)
    )
    assert _now(case).officer_id == officer.person_id


def test_merging_and_moving_back_through_the_pages(client: FlaskClient, intake: Account, case: Case) -> None:
    """Otherwise a wrong merge needs somebody with a database."""
    other = make_report(received_at=WHEN + timedelta(days=1))
    db.session.commit()
    path = f"/desk/cases/{other.number}/merge"
    unknown = submit(client, path, into="AY-2026-000000", reason="同一家")
    assert unknown.status_code == 422
    assert "AY-2026-000000" in unknown.text
    assert submit(client, path, into=case.number.lower(), reason="同一家").status_code == 302
    page = client.get(f"/desk/cases/{case.number}").text
    assert other.number in page
    assert other.number not in client.get("/desk/cases").text
    assert case.number in client.get(f"/desk/cases/{other.number}").text
    back = submit(client, f"/desk/cases/{case.number}/unmerge/{other.number}", reason="不是一回事")
    assert back.status_code == 302
    assert other.number in client.get("/desk/cases").text
