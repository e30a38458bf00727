"""One's own account: if these fail, a stolen session outlives the password it came from."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.models import Event
from portal.people.models import StaffSession
from portal.people.permissions import Role
from tests.fixtures.records import make_account, sign_in
from tests.fixtures.staff import NOON, STEP, Staff, csrf_of, log_in

NEW = "seven geese over the lake"


def change(client: FlaskClient, **form: str) -> int:
    token = csrf_of(client, "/desk/account/password")
    return client.post("/desk/account/password", data={"csrf_token": token, **form}).status_code


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(app: Flask, officer: Staff) -> None:
    here, elsewhere = app.test_client(), app.test_client()
    with clock.frozen(NOON):
        log_in(here, officer, NOON)
    with clock.frozen(NOON + STEP):
        log_in(elsewhere, officer, NOON + STEP)
        assert change(here, current=officer.password, new=NEW, again=NEW) == 302
        assert here.get("/desk/").status_code == 200
        assert elsewhere.get("/desk/").status_code == 302
    later = NOON + 2 * STEP
    with clock.frozen(later):
        assert log_in(elsewhere, officer, later).status_code == 422
        assert log_in(elsewhere, officer, later, password=NEW).status_code == 302


@pytest.mark.parametrize(
    "form",
    [
        {"current": "not the password at all", "new": NEW, "again": NEW},
        {"current": "", "new": NEW, "again": NEW},
        {"new": NEW, "again": "seven geese over the river"},
        {"new": "short", "again": "short"},
        {"new": "li.na li.na li.na", "again": "li.na li.na li.na"},
        {"new": "password123456", "again": "password123456"},
        {"new": "举报安全2026举报安全", "again": "举报安全2026举报安全"},
        {"new": "same", "again": "same"},
        {"new": "x" * 201, "again": "x" * 201},
    ],
)
def test_a_password_is_not_changed_by_a_form_that_is_not_right(
    client: FlaskClient, session: Session, officer: Staff, form: dict[str, str]
) -> None:
    before = officer.account.password_hash
    if form["new"] == "same":
        form = {"new": officer.password, "again": officer.password}
    with clock.frozen(NOON):
        log_in(client, officer, NOON)
        assert change(client, **{"current": officer.password, **form}) == 422
    session.refresh(officer.account)
    assert officer.account.password_hash == before


def test_one_ends_ones_own_session_elsewhere(app: Flask, session: Session, officer: Staff) -> None:
    here, elsewhere = app.test_client(), app.test_client()
    with clock.frozen(NOON):
        log_in(elsewhere, officer, NOON)
    with clock.frozen(NOON + STEP):
        log_in(here, officer, NOON + STEP)
        page = here.get("/desk/account").text
        mark = page.split('name="session" value="')[1].split('"')[0]
        assert page.count('name="session"') == 1
        form = {"csrf_token": csrf_of(here, "/desk/account"), "session": mark}
        assert here.post("/desk/account/sessions/end", data=form).status_code == 302
        assert elsewhere.get("/desk/").status_code == 302
        assert here.get("/desk/").status_code == 200


def test_nobody_ends_the_session_of_another(app: Flask, client: FlaskClient, session: Session) -> None:
    victim = app.test_client()
    sign_in(victim, make_account(Role.VERIFIER))
    theirs = session.scalars(select(StaffSession)).one()
    sign_in(client, make_account(Role.VERIFIER))
    mark = theirs.token_digest.hex()[:16]
    form = {"csrf_token": csrf_of(client, "/desk/account"), "session": mark}
    client.post("/desk/account/sessions/end", data=form)
    assert victim.get("/desk/").status_code == 200


def test_the_language_stays_with_the_account(client: FlaskClient, session: Session) -> None:
    account = make_account(Role.VERIFIER)
    sign_in(client, account)
    form = {"csrf_token": csrf_of(client, "/desk/account"), "language": "en"}
    client.post("/desk/account/language", data=form)
    assert '<html lang="en"' in client.get("/desk/").text
    session.refresh(account)
    assert account.locale == "en"
    client.post("/desk/account/language", data={**form, "language": "tlh"})
    assert '<html lang="zh-Hans"' in client.get("/desk/").text


def test_extra_fields_of_ones_own_forms_change_nothing(client: FlaskClient, session: Session) -> None:
    account = make_account(Role.VERIFIER)
    sign_in(client, account)
    extra = {"role": "administrator", "roles": "finance", "username": "x", "active": "", "person_id": "1"}
    form = {"csrf_token": csrf_of(client, "/desk/account"), "language": "en", **extra}
    client.post("/desk/account/language", data=form)
    session.refresh(account)
    assert account.roles == {Role.VERIFIER}
    assert account.username != "x"


def test_a_change_of_the_password_stands_in_the_log(
    client: FlaskClient, session: Session, officer: Staff
) -> None:
    with clock.frozen(NOON):
        log_in(client, officer, NOON)
        change(client, current=officer.password, new=NEW, again=NEW)
    last = session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert (last.action, last.actor_account_id) == ("password_changed", officer.account.id)
    assert NEW not in str(last.facts)
