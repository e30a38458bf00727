"""Recovery codes: if these fail, a sheet of paper opens an account twice, or a lost telephone closes it."""

from __future__ import annotations

import math

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.models import Event
from portal.notices.models import Delivery, Notice
from portal.people import recovery
from portal.people.credentials import RecoveryCode
from portal.people.permissions import Role
from tests.fixtures.records import sign_in
from tests.fixtures.staff import NOON, STEP, Staff, csrf_of, log_in, make_staff


@pytest.fixture
def codes(app: Flask, session: Session, officer: Staff) -> list[str]:
    """The officer's codes."""
    made = recovery.renew(app.extensions["portal_keyring"], officer.account, NOON)
    session.commit()
    return made


def test_ten_codes_of_more_than_112_bits_and_none_of_them_is_kept(session: Session, codes: list[str]) -> None:
    assert len(set(codes)) == recovery.COUNT
    assert math.log2(len(recovery.ALPHABET)) * recovery.LENGTH >= 112
    kept = session.scalars(select(RecoveryCode.digest)).all()
    assert all(recovery.plain(code).encode() not in digest for code in codes for digest in kept)
    assert len(set(kept)) == recovery.COUNT


def test_a_code_logs_in_once_and_the_owner_hears_of_it(
    app: Flask, session: Session, officer: Staff, codes: list[str]
) -> None:
    officer.account.email = "li.na@example.cn"
    session.commit()
    with clock.frozen(NOON):
        typed = codes[0].lower().replace("-", " ")
        assert log_in(app.test_client(), officer, NOON, code="", recovery=typed).status_code == 302
        assert log_in(app.test_client(), officer, NOON, code="", recovery=codes[0]).status_code == 422
        assert log_in(app.test_client(), officer, NOON, code="", recovery=codes[1]).status_code == 302
    assert recovery.left(officer.account.id) == 8
    assert session.scalars(select(Notice.kind)).all() == ["recovery_used"] * 2
    assert session.scalars(select(Delivery.channel)).all() == ["email"] * 2
    assert "recovery_used" in session.scalars(select(Event.action)).all()


def test_letters_that_look_alike_are_read_as_meant() -> None:
    assert recovery.plain("oil0-１Ａ") == "01101A"


def test_the_code_of_somebody_else_is_of_no_use(
    app: Flask, session: Session, officer: Staff, codes: list[str]
) -> None:
    other = make_staff(app, Role.VERIFIER, username="other")
    with clock.frozen(NOON):
        assert log_in(app.test_client(), other, NOON, code="", recovery=codes[0]).status_code == 422


def test_a_wrong_password_uses_no_code_up(app: Flask, officer: Staff, codes: list[str]) -> None:
    with clock.frozen(NOON):
        wrong = {"password": "not this one at all", "code": "", "recovery": codes[0]}
        assert log_in(app.test_client(), officer, NOON, **wrong).status_code == 422
    assert recovery.left(officer.account.id) == recovery.COUNT


def test_new_codes_end_the_old_ones_and_are_shown_once(
    app: Flask, client: FlaskClient, session: Session, officer: Staff, codes: list[str]
) -> None:
    sign_in(client, officer.account)
    token = csrf_of(client, "/desk/account")
    page = client.post("/desk/account/recovery", data={"csrf_token": token}).text
    shown = page.split("<main")[1].split("</main>")[0]
    assert shown.count("<li>") == recovery.COUNT
    assert not any(code in shown for code in codes)
    assert shown.split("<li>")[1].split("<")[0] not in client.get("/desk/account").text
    with clock.frozen(NOON + STEP):
        assert log_in(app.test_client(), officer, NOON, code="", recovery=codes[0]).status_code == 422
