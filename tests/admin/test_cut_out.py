"""If these fail, numbers that were sealed for a reporter are read without a trace, or by whoever likes."""

from __future__ import annotations

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.models import Event
from portal.people.permissions import Role
from portal.reports.models import Report
from portal.vault.fields import add_told
from tests.fixtures.records import make_account, make_report, sign_in
from tests.fixtures.staff import csrf_of

PIECE = "13800138000"


@pytest.fixture
def report(app: Flask, session: Session) -> Report:
    """A report with a number cut out, and another one without."""
    made = make_report(narrative="请打〔电话〕联系我")
    make_report()
    ring = current_app.extensions["portal_keyring"]
    add_told(ring, made.id, made.uuid, {"narrative 1": PIECE}, clock.now())
    session.commit()
    return made


def posted(client: FlaskClient, number: str, reason: str) -> tuple[int, str]:
    form = {"csrf_token": csrf_of(client, "/desk/cut-out"), "number": number, "reason": reason}
    answer = client.post("/desk/cut-out", data=form)
    return answer.status_code, answer.text


def openings(session: Session) -> list[str]:
    return list(session.scalars(select(Event.reason).where(Event.action == "told_opened")))


def test_it_opens_for_a_reason_that_stays(client: FlaskClient, session: Session, report: Report) -> None:
    sign_in(client, make_account(Role.IDENTITY_OFFICER))
    before = client.get(f"/desk/cut-out?number={report.number}").text
    assert PIECE not in before
    status, page = posted(client, report.number, "核对设备铭牌上的联系电话")
    assert status == 200
    assert PIECE in page
    assert openings(session) == ["核对设备铭牌上的联系电话"]
    assert PIECE not in client.get(f"/desk/cut-out?number={report.number}").text


def test_without_a_reason_it_stays_shut(client: FlaskClient, session: Session, report: Report) -> None:
    sign_in(client, make_account(Role.IDENTITY_OFFICER))
    status, page = posted(client, report.number, "看看")
    assert status == 422
    assert PIECE not in page
    assert "看看" in page
    assert openings(session) == []


def test_another_number_is_not_found(client: FlaskClient, session: Session, report: Report) -> None:
    sign_in(client, make_account(Role.IDENTITY_OFFICER))
    other = session.scalars(select(Report.number).where(Report.id != report.id)).first()
    for number in (other, "AY-2026-999999", "x" * 500):
        assert client.get("/desk/cut-out", query_string={"number": number}).status_code == 404
        assert posted(client, str(number), "核对联系电话")[0] == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.IDENTITY_OFFICER])
def test_nobody_else_opens_it(client: FlaskClient, report: Report, role: Role) -> None:
    sign_in(client, make_account(role))
    assert client.get("/desk/cut-out").status_code == 403
