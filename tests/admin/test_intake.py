"""Typing in what was told by telephone, letter or visit: one report, sealed identity, a code on paper."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from portal.audit.models import Event
from portal.cases.models import Case
from portal.database import db
from portal.evidence.models import Evidence, StagedFile
from portal.people.models import Account
from portal.people.permissions import Role
from portal.reports import receipt
from portal.reports.models import Channel, RealName, Report
from portal.reports.situations import catalogue
from portal.vault.keys import Purpose
from portal.vault.models import FieldGroup, SealedField
from tests.fixtures.desk import HIDDEN, NAME, VALUE
from tests.fixtures.records import make_account, make_district, sign_in
from tests.fixtures.vault import opened

PATH = "/desk/reports/new"
TOLD = {"channel": "telephone", "narrative": "车间二楼住人，夜里锁门。", "sector": "fire"}


@pytest.fixture
def intake(app: Flask, client: FlaskClient) -> Account:
    account = make_account(Role.INTAKE_OFFICER, district=make_district())
    sign_in(client, account)
    return account


def _form(client: FlaskClient) -> dict[str, str]:
    page = client.get(PATH).text
    found = {}
    for shown in HIDDEN.findall(page):
        name, value = NAME.search(shown), VALUE.search(shown)
        if name and value:
            found[name.group(1)] = value.group(1)
    return found


def _code(page: str) -> str:
    return "".join(re.findall(r"<li>([0-9A-Z]{5})</li>", page))


def _png() -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(file, "PNG")
    file.seek(0)
    return file


def test_a_call_becomes_a_report_with_a_code_that_staff_have_seen(
    app: Flask, client: FlaskClient, intake: Account
) -> None:
    """Otherwise who calls has no way back, or is told that nobody else knows the code."""
    here = str(make_district().id)
    typed = {
        **_form(client),
        **TOLD,
        "district": here,
        "identity": "real",
        "name": "陈某某",
        "telephone": "13800138000",
    }
    page = client.post(PATH, data={**typed, "files": (_png(), "信.png")})
    assert page.status_code == 200
    report = db.session.query(Report).one()
    secret = app.extensions["portal_keyring"].current(Purpose.RECEIPT)[1]
    assert receipt.digest(receipt.normalise(_code(page.text)), secret) == report.receipt_digest
    assert (report.channel, report.code_known_to_staff, report.real_name) == (
        Channel.TELEPHONE,
        True,
        RealName.DECLARED,
    )
    assert db.session.query(Case).count() == db.session.query(Evidence).count() == 1
    assert db.session.query(SealedField).count() == 2
    event = db.session.query(Event).filter_by(action="report_received").one()
    assert (event.actor_account_id, event.actor_role) == (intake.id, "intake_officer")
    assert page.headers["Cache-Control"] == "no-store"
    case_page = client.get(f"/desk/cases/{report.number}").text
    assert "陈某某" not in case_page
    assert "查询码工作人员看到过" in case_page


def test_the_same_form_sent_twice_is_one_report_with_one_code(client: FlaskClient, intake: Account) -> None:
    """Otherwise an impatient click makes a second case and a second code."""
    typed = {**_form(client), **TOLD}
    first, second = client.post(PATH, data=typed), client.post(PATH, data=typed)
    assert _code(first.text) == _code(second.text) != ""
    assert db.session.query(Report).count() == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"channel": ""}, "请选择"),
        ({"channel": "portal"}, "请选择"),
        ({"narrative": ""}, "您看到了什么"),
        ({"identity": "real", "name": ""}, "姓名"),
        ({"happened": "2999-01-01"}, "2999-01-01"),
        ({"district": "987654"}, "区县"),
        ({"draft": "nonsense"}, "重新"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    client: FlaskClient, intake: Account, changed: dict[str, str], told: str
) -> None:
    """Otherwise the officer asks the caller everything again."""
    answer = client.post(PATH, data={**_form(client), **TOLD, "address": "工业北路 27 号", **changed})
    assert answer.status_code == 422
    assert told in answer.text
    assert "工业北路 27 号" in answer.text
    assert db.session.query(Report).count() == 0


def test_a_wrong_file_is_named_and_the_good_one_waits_with_the_form(
    client: FlaskClient, intake: Account
) -> None:
    """Otherwise a letter is lost without anybody noticing, or has to be chosen again at each mistake."""
    wrong = [(io.BytesIO(b"MZ this is a program"), "brief\u202e.exe"), (io.BytesIO(b""), "empty.jpg")]
    typed = _form(client)
    answer = client.post(PATH, data={**typed, **TOLD, "files": [*wrong, (_png(), "letter.png")]})
    assert answer.status_code == 422
    assert "brief.exe 不是照片" in answer.text
    assert "empty.jpg 是空的" in answer.text
    assert "已传好 1 个文件" in answer.text
    assert db.session.query(Report).count() == 0
    kept = db.session.query(StagedFile).one().uuid
    assert client.post(PATH, data={**typed, **TOLD, "narrative": ""}).text.count(kept) == 1
    another = {**typed, **TOLD, "narrative": "", "remove": kept, "files": (_png(), "letter.png")}
    assert client.post(PATH, data=another).text.count(kept) == 0
    assert client.post(PATH, data={**typed, **TOLD}).status_code == 200
    assert db.session.query(Evidence).count() == 1


def test_a_report_from_another_district_is_not_linked(client: FlaskClient, intake: Account) -> None:
    """Otherwise the officer is sent to a page that is not his to open."""
    other = make_district("linzhou")
    db.session.commit()
    page = client.post(PATH, data={**_form(client), **TOLD, "district": str(other.id)})
    assert page.status_code == 200
    assert "/desk/cases/AY" not in page.text


@pytest.mark.parametrize("role", [Role.VERIFIER, Role.SUPERVISOR, Role.FINANCE])
def test_only_intake_types_reports_in(client: FlaskClient, app: Flask, role: Role) -> None:
    """Otherwise a verifier could make the case that he then verifies."""
    sign_in(client, make_account(role))
    assert client.get(PATH).status_code == 403


def test_what_a_sector_asks_is_asked_at_the_telephone_too(client: FlaskClient, intake: Account) -> None:
    """Otherwise who calls is asked less than who types, and the officer on site knows less."""
    page = client.get(PATH).text
    assert len(re.findall(r'<details class="field" data-questions="\w+">', page)) == len(
        catalogue().questions_by_sector()
    )
    assert not re.search(r'name="q_\w+"[^>]* required', page)
    assert '<optgroup label="消防' in page
    assert 'data-sector="fire"' in page
    wrong = client.post(PATH, data={**_form(client), **TOLD, "q_fire_people": "很多", "q_fire_sleep": "yes"})
    assert wrong.status_code == 422
    assert "请填写整数" in wrong.text
    assert '<details class="field" data-questions="fire" open>' in wrong.text
    assert re.search(r'name="q_fire_sleep" id="q_fire_sleep-0" value="yes" checked', wrong.text)
    here = {"district": str(make_district().id)}
    answers = {**TOLD, **here, "q_fire_people": "３０", "q_fire_sleep": "yes"}
    filed = client.post(PATH, data={**_form(client), **answers})
    assert filed.status_code == 200
    told = db.session.query(Report).one()
    assert told.extra["fire_people"]["told_zh"] == "30"
    assert set(told.extra) == {"fire_sleep", "fire_people"}
    assert "里面大约有多少人？" in client.get(f"/desk/cases/{told.number}").text


@pytest.mark.parametrize(("found", "kept"), [("cut", "〔电话〕"), ("leave", "13812345678")])
def test_a_number_in_the_words_of_a_caller_is_asked_about(
    client: FlaskClient, intake: Account, found: str, kept: str
) -> None:
    """Otherwise what an officer types in by habit is read by everybody who checks."""
    typed = {**_form(client), **TOLD, "narrative": "车间二楼住人，打 13812345678 找他。"}
    asked = client.post(PATH, data={**typed, "files": (_png(), "信.png")})
    assert (asked.status_code, db.session.query(Report).count()) == (200, 0)
    assert '<mark translate="no">13812345678</mark>' in asked.text
    assert "打 13812345678 找他" in asked.text
    assert _code(client.post(PATH, data={**typed, "found": found}).text)
    report = db.session.query(Report).one()
    assert report.narrative == f"车间二楼住人，打 {kept} 找他。"
    assert db.session.query(Evidence).count() == 1
    assert opened(report, FieldGroup.TOLD) == ({"narrative 1": "13812345678"} if found == "cut" else {})
