"""The auditor's search: if this fails, misuse stays unseen, or the log itself gives a reporter away."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal.admin.event_words import ACTIONS
from portal.audit import events
from portal.audit.models import ActorKind
from portal.people.actor import REPORTER, Actor
from portal.people.models import Account
from portal.people.permissions import Role
from tests.fixtures.records import make_account, make_case, make_report, sign_in
from tests.fixtures.staff import NOON

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
