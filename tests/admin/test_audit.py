"""The auditor's search: if this fails, misuse stays unseen, or the log itself gives a reporter away."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal.admin.audit_dossier import dossier_of
from portal.admin.event_words import ACTIONS
from portal.audit import events
from portal.audit.models import ActorKind, AuditSample
from portal.cases.models import Case
from portal.cases.steps import CaseStatus
from portal.database import db
from portal.people.actor import REPORTER, SYSTEM, Actor
from portal.people.models import Account
from portal.people.permissions import Role
from tests.fixtures.desk import counted
from tests.fixtures.records import make_account, make_case, make_report, sign_in
from tests.fixtures.staff import NOON, csrf_of

PORTAL = Path(__file__).parents[2] / "portal"
SOURCE = "\n".join(path.read_text() for path in sorted(PORTAL.rglob("*.py")) if "demo" not in path.parts)


@pytest.fixture
def auditor(client: FlaskClient) -> Account:
    """An auditor, signed in."""
    account = make_account(Role.AUDITOR, name="周审计")
    sign_in(client, account)
    return account


def acting(account: Account) -> Actor:
    return Actor(ActorKind.STAFF, account_id=account.id, person_id=account.person_id)


@pytest.fixture
def history(session: Session) -> None:
    """Two people act on two cases on two days."""
    li = make_account(Role.INTAKE_OFFICER, name="李受理")
    wang = make_account(Role.VERIFIER, name="王核查")
    first, second = make_case(), make_case()
    first.number, second.number = "AY-2026-500001", "AY-2026-500002"
    report = make_report(first, narrative="窗台上放着氧气瓶和乙炔瓶")
    for at, account, case, action, reason in (
        (NOON, li, first, "case_accept", ""),
        (NOON + timedelta(hours=1), li, second, "case_refuse", "不归本机关管"),
        (NOON + timedelta(days=1), wang, first, "case_undertake", ""),
    ):
        actor = acting(account)
        events.record(
            action, at=at, actor=actor, role=next(iter(account.roles)).value, case_id=case.id, reason=reason
        )
    events.record("reporter_wrote", at=NOON, actor=REPORTER, case_id=first.id, report_id=report.id)
    session.commit()


def body(client: FlaskClient, query: str = "") -> str:
    """The table of the page."""
    answer = client.get(f"/desk/events{query}")
    assert answer.status_code == 200
    return answer.text.split("</form>")[-1]


@pytest.mark.usefixtures("auditor", "history")
@pytest.mark.parametrize(
    ("query", "found", "absent"),
    [
        ("", ["李受理", "王核查", "举报人"], []),
        ("?person=李", ["李受理"], ["王核查", "举报人"]),
        ("?number=ay-2026-500002", ["不归本机关管"], ["AY-2026-500001"]),
        ("?action=case_undertake", ["王核查"], ["李受理"]),
        ("?since=2026-11-04", ["王核查"], ["李受理"]),
        ("?until=2026-11-03", ["李受理"], ["王核查"]),
        ("?until=2026-11-02", ["没有找到"], ["李受理"]),
        ("?person=%25", ["没有找到"], ["李受理"]),
        ("?number=AY-2026-5", ["没有找到"], ["李受理"]),
        ("?action=%27;drop", ["李受理"], []),
        ("?since=yesterday", ["不是日期"], []),
        ("?before=x", ["李受理"], []),
    ],
)
def test_the_search_finds_by_person_number_action_and_day(
    client: FlaskClient, query: str, found: list[str], absent: list[str]
) -> None:
    page = body(client, query)
    for word in found:
        assert word in page
    for word in absent:
        assert word not in page


@pytest.mark.usefixtures("auditor", "history")
def test_the_log_shows_no_text_of_a_report(client: FlaskClient) -> None:
    assert "氧气瓶" not in client.get("/desk/events").text


@pytest.mark.usefixtures("auditor")
def test_the_log_goes_on_by_key(client: FlaskClient, session: Session) -> None:
    account = make_account(Role.VERIFIER, name="王核查")
    for number in range(60):
        events.record("logged_in", at=NOON, actor=acting(account), reason=f"第{number:03}条")
    session.commit()
    first = client.get("/desk/events?person=王").text
    address = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(address).text
    assert first.count("条</td>") == 50
    assert second.count("条</td>") == 10
    assert "第000条" in second


@pytest.mark.usefixtures("auditor")
def test_facts_name_accounts_and_roles_in_words(client: FlaskClient, session: Session) -> None:
    account = make_account(Role.VERIFIER)
    facts = {"account": account.id, "before": ["verifier"], "after": [], "strange": "secret"}
    events.record("roles_changed", at=NOON, actor=acting(account), facts=facts)
    session.commit()
    page = body(client)
    assert account.username in page
    assert "核查员" in page
    assert "secret" not in page


@pytest.mark.usefixtures("history")
def test_only_the_auditor_opens_the_log(app: Flask) -> None:
    for role in Role:
        client = app.test_client()
        sign_in(client, make_account(role))
        expected = 200 if role is Role.AUDITOR else 403
        assert client.get("/desk/events").status_code == expected, role


def test_every_action_that_the_code_records_has_words() -> None:
    recorded = set(re.findall(r'record\(\s*f?"([a-z_{}.]+)"', SOURCE)) | set(
        re.findall(r'_?note(?:_event)?\(\s*f?"([a-z_{}.]+)"', SOURCE)
    )
    assert len(recorded) > 15
    for action in recorded:
        stem = action.split("{")[0]
        assert any(known.startswith(stem) if "{" in action else known == action for known in ACTIONS), action


def test_a_dossier_lists_what_a_case_holds_and_no_text_of_it(
    client: FlaskClient, auditor: Account, history: None
) -> None:
    page = client.get("/desk/dossiers/AY-2026-500001")
    assert page.status_code == 200
    assert "李受理" in page.text
    assert "AY-2026-500002" not in page.text
    assert "氧气瓶" not in page.text


def test_a_dossier_shows_that_something_changed(
    client: FlaskClient, auditor: Account, history: None, session: Session
) -> None:
    before = dossier_of("AY-2026-500001")
    again = dossier_of("AY-2026-500001")
    assert before is not None
    assert again is not None
    assert before.digest == again.digest
    before.reports[0].row.narrative += "。"
    session.flush()
    changed = dossier_of("AY-2026-500001")
    assert changed is not None
    assert changed.digest != before.digest
    assert changed.reports[0].digest != before.reports[0].digest


def test_a_dossier_asks_the_database_as_often_for_many_reports_as_for_one(
    client: FlaskClient, auditor: Account, session: Session
) -> None:
    small, large = make_case(), make_case()
    make_report(small)
    for _ in range(12):
        make_report(large)
    session.commit()

    def queries(number: str) -> int:
        session.expire_all()
        with counted() as asked:
            dossier_of(number)
        return len(asked)

    assert queries(small.number) == queries(large.number)


def test_no_dossier_of_a_case_that_is_not_there(client: FlaskClient, auditor: Account) -> None:
    assert client.get("/desk/dossiers/AY-2026-999999").status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
@pytest.mark.parametrize("path", ["dossiers/AY-2026-500001", "deviations", "samples", "samples/1"])
def test_only_auditors_see_the_auditor_s_pages(
    client: FlaskClient, session: Session, role: Role, path: str
) -> None:
    sign_in(client, make_account(role))
    assert client.get(f"/desk/{path}").status_code == 403


def test_deviations_are_steps_with_a_reason_and_no_others(
    client: FlaskClient, auditor: Account, history: None, session: Session
) -> None:
    case = session.scalars(select(Case).where(Case.number == "AY-2026-500001")).one()
    actor = acting(make_account(Role.SUPERVISOR, name="孙督办"))
    events.record("case_extended", at=NOON, actor=actor, case_id=case.id, reason="现场复杂")
    events.record("award_propose", at=NOON, actor=actor, case_id=case.id)
    events.record("break_glass", at=NOON, actor=SYSTEM, reason="唯一的管理员换了手机")
    session.commit()
    page = client.get("/desk/deviations").text
    table = page[page.index("<tbody>") :]
    assert "现场复杂" in table
    assert "唯一的管理员换了手机" in table
    assert "提出奖励" not in table
    assert table.count("<tr>") == 2


def drawn(client: FlaskClient, **fields: object) -> TestResponse:
    form = {"population": "cases", "since": "2026-01-01", "until": "2026-12-31", "size": 3, "seed": "六六六"}
    return client.post(
        "/desk/samples", data={**form, **fields, "csrf_token": csrf_of(client, "/desk/samples")}
    )


@pytest.fixture
def concluded(session: Session) -> list[Case]:
    """Eight cases concluded this year, and one of the year before."""
    cases = [make_case(status=CaseStatus.CONCLUDED) for _ in range(9)]
    for place, case in enumerate(cases):
        case.concluded_at = NOON - timedelta(days=place)
    cases[-1].concluded_at = NOON - timedelta(days=400)
    session.commit()
    return cases


def test_a_sample_can_be_drawn_again_by_anybody(
    client: FlaskClient, auditor: Account, concluded: list[Case], session: Session
) -> None:
    answer = drawn(client)
    assert answer.status_code == 302
    sample = session.scalars(select(AuditSample)).one()
    numbers = [case.number for case in concluded[:-1]]
    by_hand = sorted(numbers, key=lambda number: hashlib.sha256(f"六六六|{number}".encode()).hexdigest())
    assert sample.numbers == by_hand[:3]
    assert sample.population_size == 8
    page = client.get(answer.location).text
    assert "六六六" in page
    assert "结果相同" in page
    concluded[0].concluded_at = NOON - timedelta(days=500)
    session.commit()
    assert "结果相同" not in client.get(answer.location).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": "2025-12-31"},
        {"since": "2020-01-01", "until": "2020-02-01"},
        {"size": 0},
        {"size": 201},
        {"size": "x"},
        {"since": "昨天"},
        {"population": "people"},
        {"seed": "9" * 65},
        {"since": "0001-01-01", "until": "9999-12-31"},
    ],
)
def test_a_sample_that_cannot_be_drawn_is_refused_with_a_sentence(
    client: FlaskClient, auditor: Account, concluded: list[Case], session: Session, wrong: dict[str, object]
) -> None:
    answer = drawn(client, **wrong)
    assert answer.status_code == 200
    assert 'class="err"' in answer.text
    assert session.scalars(select(AuditSample)).all() == []


def test_a_sample_is_never_changed(client: FlaskClient, auditor: Account, concluded: list[Case]) -> None:
    drawn(client)
    for statement in ("UPDATE audit_samples SET seed = 'x'", "DELETE FROM audit_samples"):
        with pytest.raises(DatabaseError), db.session.begin_nested():
            db.session.execute(text(statement))
