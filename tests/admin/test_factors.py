"""One's own second factors in the desk: if these fail, who sits down at an open desk swaps the telephone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.notices.models import Notice
from portal.people import factors, passkeys
from portal.people.credentials import Passkey
from portal.people.models import Account
from portal.people.permissions import Role
from tests.fixtures.authenticator import SoftKey
from tests.fixtures.records import make_account, sign_in
from tests.fixtures.staff import NOON, STEP, Staff, csrf_of, log_in


@pytest.fixture
def inside(client: FlaskClient, officer: Staff) -> FlaskClient:
    """The officer's browser, just logged in."""
    with clock.frozen(NOON):
        assert log_in(client, officer, NOON).status_code == 302
    return client


def offers(client: FlaskClient) -> tuple[str, dict[str, str]]:
    """Ask for another telephone: its secret, and the form to confirm it."""
    token = csrf_of(client, "/desk/account")
    page = client.post("/desk/account/code", data={"csrf_token": token}).text
    secret, sealed = re.search(r"secret=([A-Z2-7]+)", page), re.search(r'name="offer" value="(\w+)"', page)
    assert secret
    assert sealed
    return secret[1], {"csrf_token": token, "offer": sealed[1]}


def make_key(account: Account) -> Passkey:
    key = Passkey(
        account_id=account.id,
        credential_id=b"c" * 32,
        public_key=b"",
        sign_count=0,
        name="key",
        created_at=NOON,
    )
    return key


def test_another_telephone_counts_once_it_has_shown_its_code(
    app: Flask, inside: FlaskClient, session: Session, officer: Staff
) -> None:
    later = NOON + STEP
    with clock.frozen(later):
        elsewhere = app.test_client()
        log_in(elsewhere, officer, later)
        secret, form = offers(inside)
        new = Staff(officer.account, secret)
        wrong = inside.post("/desk/account/code/confirm", data={**form, "code": "000000"})
        assert wrong.status_code == 422
        assert f"secret={secret}" in wrong.text
        assert elsewhere.get("/desk/").status_code == 200
        done = inside.post("/desk/account/code/confirm", data={**form, "code": new.code(later)})
        assert done.status_code == 302
        assert inside.get("/desk/").status_code == 200
        assert elsewhere.get("/desk/").status_code == 302
    assert session.scalars(select(Notice.kind)).all() == ["factors_changed"]
    much = later + timedelta(minutes=2)
    with clock.frozen(much):
        assert log_in(app.test_client(), officer, much).status_code == 422
        assert log_in(app.test_client(), new, much).status_code == 302


def test_the_code_that_confirmed_does_not_log_in_as_well(
    app: Flask, inside: FlaskClient, officer: Staff
) -> None:
    with clock.frozen(NOON):
        secret, form = offers(inside)
        new = Staff(officer.account, secret)
        inside.post("/desk/account/code/confirm", data={**form, "code": new.code(NOON)})
        assert log_in(app.test_client(), new, NOON).status_code == 422


def test_an_offer_is_over_after_half_an_hour_and_a_new_one_is_shown(
    inside: FlaskClient, session: Session, officer: Staff
) -> None:
    with clock.frozen(NOON):
        secret, form = offers(inside)
    late = NOON + factors.OFFER_LIFETIME + timedelta(seconds=1)
    with clock.frozen(late):
        sign_in(inside, officer.account)
        form["csrf_token"] = csrf_of(inside, "/desk/account")
        code = Staff(officer.account, secret).code(late)
        answer = inside.post("/desk/account/code/confirm", data={**form, "code": code})
        assert answer.status_code == 422
        assert secret not in answer.text
        assert "secret=" in answer.text


def test_the_browser_adds_a_passkey_that_it_was_asked_for(
    app: Flask, inside: FlaskClient, session: Session, officer: Staff
) -> None:
    settings = app.extensions["portal_settings"]
    key = SoftKey(settings.origin, settings.host)
    with clock.frozen(NOON):
        token = csrf_of(inside, "/desk/account/passkeys/new")
        asked = inside.post("/desk/account/passkeys/options", headers={"X-CSRFToken": token})
        assert asked.mimetype == "application/json"
        form = {"csrf_token": token, "passkey": key.makes(asked.text), "name": "blue", "account_id": "1"}
        assert inside.post("/desk/account/passkeys", data=form).status_code == 302
        assert [one.name for one in passkeys.of(officer.account.id)] == ["blue"]
        assert (
            inside.post("/desk/account/passkeys", data=form).status_code == 422
        )  # asked once, answered once
        assert inside.post("/desk/account/passkeys", data={"csrf_token": token}).status_code == 422


def test_nobody_touches_the_passkey_of_another(app: Flask, client: FlaskClient, session: Session) -> None:
    other, own = make_account(Role.VERIFIER), make_account(Role.VERIFIER)
    key = make_key(other)
    session.add(key)
    sign_in(client, own)
    form = {"csrf_token": csrf_of(client, "/desk/account"), "name": "mine"}
    for step in ("rename", "remove"):
        assert client.post(f"/desk/account/passkeys/{key.id}/{step}", data=form).status_code == 404
    session.refresh(key)
    assert key.name == "key"


def test_the_last_factor_stays_with_a_sentence(client: FlaskClient, session: Session) -> None:
    account = make_account(Role.VERIFIER)  # without a telephone
    key = make_key(account)
    session.add(key)
    sign_in(client, account)
    form = {"csrf_token": csrf_of(client, "/desk/account"), "name": "  "}
    answer = client.post(f"/desk/account/passkeys/{key.id}/remove", data=form)
    assert answer.status_code == 422
    assert "最后一个通行密钥" in answer.text
    assert client.post(f"/desk/account/passkeys/{key.id}/rename", data=form).status_code == 302
    session.refresh(key)
    assert key.name
