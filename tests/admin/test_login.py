"""Log-in, log-out and sessions: if these fail, a stranger or a dismissed colleague reads reports."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.models import Event
from portal.extensions import limiter
from portal.people.models import StaffSession
from portal.people.permissions import Role
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.staff import NOON, STEP, Staff, csrf_of, log_in, make_staff

SECOND = timedelta(seconds=1)


def main_of(page: str) -> str:
    """What the page says, without its form's token."""
    return page.split("<main")[1].split("</main>")[0].split('name="csrf_token"')[0]


def test_the_right_name_password_and_code_open_the_desk(client: FlaskClient, officer: Staff) -> None:
    with clock.frozen(NOON):
        answer = log_in(client, officer, NOON)
        assert answer.status_code == 302
        assert answer.location == "/desk/"
        assert officer.account.person.name in client.get("/desk/").text


@pytest.mark.parametrize(
    "changed",
    [
        {"username": "nobody"},
        {"password": "another fine password"},
        {"code": "000000"},
        {"code": "abcdef"},
        {"username": "nobody", "code": "000000"},
    ],
)
def test_every_failure_has_the_same_answer(
    client: FlaskClient, officer: Staff, changed: dict[str, str]
) -> None:
    with clock.frozen(NOON):
        wrong = log_in(client, officer, NOON, password="not this one at all")
        answer = log_in(client, officer, NOON, **changed)
        assert answer.status_code == wrong.status_code == 422
        assert main_of(answer.text) == main_of(wrong.text)
        assert client.get("/desk/").status_code == 302


def test_a_disabled_account_is_answered_like_a_wrong_password(
    client: FlaskClient, session: Session, officer: Staff
) -> None:
    with clock.frozen(NOON):
        wrong = log_in(client, officer, NOON, password="not this one at all")
        officer.account.active = False
        session.commit()
        answer = log_in(client, officer, NOON)
        assert (answer.status_code, main_of(answer.text)) == (422, main_of(wrong.text))


@pytest.mark.parametrize("missing", ["username", "password", "code"])
def test_a_half_filled_form_opens_nothing(client: FlaskClient, officer: Staff, missing: str) -> None:
    with clock.frozen(NOON):
        assert log_in(client, officer, NOON, **{missing: ""}).status_code == 422
        assert client.get("/desk/").status_code == 302


def test_what_was_typed_stays_but_not_the_secrets(client: FlaskClient, officer: Staff) -> None:
    with clock.frozen(NOON):
        page = log_in(client, officer, NOON, password="not this one at all").text
        assert f'value="{officer.account.username}"' in page
        assert "not this one at all" not in page
        assert officer.code(NOON) not in page


def test_a_code_works_once(app: Flask, officer: Staff) -> None:
    with clock.frozen(NOON):
        assert log_in(app.test_client(), officer, NOON).status_code == 302
        assert log_in(app.test_client(), officer, NOON).status_code == 422
    with clock.frozen(NOON + STEP):
        assert log_in(app.test_client(), officer, NOON + STEP).status_code == 302


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 302), (1, 302), (2, 422)])
def test_a_clock_may_be_off_by_one_step(client: FlaskClient, officer: Staff, steps: int, status: int) -> None:
    with clock.frozen(NOON):
        answer = log_in(client, officer, NOON, code=officer.code(NOON + steps * STEP))
        assert answer.status_code == status


def test_the_saved_cookie_opens_nothing_after_log_out(client: FlaskClient, officer: Staff) -> None:
    with clock.frozen(NOON):
        log_in(client, officer, NOON)
        saved = client.get_cookie("session")
        token = csrf_of(client, "/desk/")
        assert client.get("/desk/logout").status_code == 405
        assert client.post("/desk/logout", data={"csrf_token": token}).status_code == 302
        assert saved is not None
        client.set_cookie("session", saved.value)
        assert client.get("/desk/").location == "/desk/login"


def test_the_cookie_before_log_in_is_not_the_one_after_and_stays_a_stranger(
    app: Flask, officer: Staff
) -> None:
    with clock.frozen(NOON):
        client = app.test_client()
        client.get("/desk/login")
        before = client.get_cookie("session")
        log_in(client, officer, NOON)
        after = client.get_cookie("session")
        assert before is not None
        assert after is not None
        assert before.value != after.value
        other = app.test_client()
        other.set_cookie("session", before.value)
        assert other.get("/desk/").status_code == 302


def test_logging_in_again_ends_the_earlier_session(app: Flask, officer: Staff) -> None:
    with clock.frozen(NOON):
        client = app.test_client()
        log_in(client, officer, NOON)
        first = client.get_cookie("session")
        token = csrf_of(client, "/desk/")
    with clock.frozen(NOON + STEP):
        form = {"username": "li.na", "password": officer.password, "code": officer.code(NOON + STEP)}
        assert client.post("/desk/login", data={**form, "csrf_token": token}).status_code == 302
        other = app.test_client()
        assert first is not None
        other.set_cookie("session", first.value)
        assert other.get("/desk/").status_code == 302
        assert client.get("/desk/").status_code == 200


def test_a_session_ends_after_fifteen_idle_minutes(client: FlaskClient, officer: Staff) -> None:
    with clock.frozen(NOON):
        log_in(client, officer, NOON)
    with clock.frozen(NOON + timedelta(minutes=14)):
        assert client.get("/desk/").status_code == 200
    with clock.frozen(NOON + timedelta(minutes=28)):
        assert client.get("/desk/").status_code == 200
    with clock.frozen(NOON + timedelta(minutes=43) + SECOND):
        assert client.get("/desk/").status_code == 302


def test_a_session_ends_after_eight_hours_of_work(client: FlaskClient, officer: Staff) -> None:
    with clock.frozen(NOON):
        log_in(client, officer, NOON)
    for minutes in range(10, 8 * 60 + 1, 10):
        with clock.frozen(NOON + timedelta(minutes=minutes)):
            assert client.get("/desk/").status_code == 200, minutes
    with clock.frozen(NOON + timedelta(hours=8) + SECOND):
        assert client.get("/desk/").status_code == 302


def test_disabling_acts_at_the_next_request(client: FlaskClient, session: Session, officer: Staff) -> None:
    with clock.frozen(NOON):
        log_in(client, officer, NOON)
        officer.account.active = False
        session.commit()
        assert client.get("/desk/").status_code == 302


def test_a_taken_role_acts_at_the_next_request(client: FlaskClient, session: Session, app: Flask) -> None:
    auditor = make_staff(app, Role.AUDITOR)
    with clock.frozen(NOON):
        log_in(client, auditor, NOON)
        assert client.get("/desk/events").status_code == 200
        auditor.account.grants.clear()
        session.commit()
        assert client.get("/desk/events").status_code == 403


def test_a_given_out_password_opens_only_the_page_that_changes_it(
    client: FlaskClient, session: Session, officer: Staff
) -> None:
    officer.account.must_change_password = True
    session.commit()
    with clock.frozen(NOON):
        log_in(client, officer, NOON)
        for path in ("/desk/", "/desk/account", "/desk/events"):
            assert client.get(path).location == "/desk/account/password"
        token = csrf_of(client, "/desk/account/password")
        new = "seven geese over the lake"
        form = {"csrf_token": token, "current": officer.password, "new": new, "again": new}
        assert client.post("/desk/account/password", data=form).location == "/desk/"
        assert client.get("/desk/").status_code == 200


def test_guessing_grows_slow_for_the_guesser_only(app: Flask, officer: Staff) -> None:
    """Otherwise anybody could keep a colleague out by typing nonsense under his name."""
    guesser, owner = app.test_client(), app.test_client()
    guesser.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    with clock.frozen(NOON):
        for _ in range(6):
            log_in(guesser, officer, NOON, password="wrong wrong wrong")
        assert log_in(guesser, officer, NOON).status_code == 422
        assert log_in(owner, officer, NOON).status_code == 302
    later = NOON + timedelta(minutes=15) + SECOND
    with clock.frozen(later):
        assert log_in(guesser, officer, later).status_code == 302


def test_who_knows_the_password_cannot_guess_codes_from_many_networks(app: Flask, officer: Staff) -> None:
    with clock.frozen(NOON):
        for number in range(6):
            client = app.test_client()
            client.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
            log_in(client, officer, NOON, code="000000")
        assert log_in(app.test_client(), officer, NOON).status_code == 422


def test_spraying_many_accounts_from_one_network_meets_the_limit(tmp_path: Path, redis_url: str) -> None:
    # The limiter looks at its settings once, and what is counted is committed: it needs an application and a
    # database of its own.
    settings = make_settings(tmp_path, REDIS_URL=redis_url, PORTAL_ENV="development")
    try:
        with migrated(settings) as app, clock.frozen(NOON):
            client = app.test_client()
            client.environ_base["REMOTE_ADDR"] = "192.0.2.44"
            form = {"csrf_token": csrf_of(client), "password": "Spring is coming 7", "code": "123456"}
            statuses = [
                client.post("/desk/login", data={**form, "username": f"user{number}"}).status_code
                for number in range(500)
            ]
    finally:
        limiter.enabled = False
    assert statuses == [422] * 20 + [429] * 480


def test_each_log_in_and_each_failure_stands_in_the_log(
    client: FlaskClient, session: Session, officer: Staff
) -> None:
    with clock.frozen(NOON):
        log_in(client, officer, NOON, username="nobody")
        log_in(client, officer, NOON, code="000000")
        log_in(client, officer, NOON)
    events = session.scalars(select(Event).order_by(Event.id)).all()
    assert [(event.action, event.facts) for event in events] == [
        ("login_failed", {}),
        ("login_failed", {"account": officer.account.id}),
        ("logged_in", {"means": "totp"}),
    ]


def test_the_database_holds_no_token_that_opens_a_session(
    client: FlaskClient, session: Session, officer: Staff
) -> None:
    with clock.frozen(NOON):
        log_in(client, officer, NOON)
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    row = session.scalars(select(StaffSession)).one()
    assert token.encode() not in row.token_digest
    assert row.token_digest.hex() not in token


@pytest.mark.parametrize(("language", "title"), [("zh", "工作人员登录"), ("en", "Staff log-in")])
def test_the_log_in_page_speaks_both_languages(client: FlaskClient, language: str, title: str) -> None:
    client.get(f"/language/{language}?next=/desk/login")
    assert title in client.get("/desk/login").text


def test_log_in_brings_the_language_of_the_account(
    client: FlaskClient, session: Session, officer: Staff
) -> None:
    officer.account.locale = "en"
    session.commit()
    with clock.frozen(NOON):
        log_in(client, officer, NOON)
        assert '<html lang="en"' in client.get("/desk/").text
