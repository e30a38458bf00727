"""Grave steps ask for the second factor again: if these fail, a desk left open opens identities."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal import clock
from portal.admin import step_up
from portal.admin.access import ACCESS
from portal.audit.models import Event
from portal.people.models import Account, StaffSession
from portal.people.permissions import STEP_UP, Permission, Role
from portal.people.sessions import FRESH
from tests.fixtures.staff import NOON, STEP, Staff, csrf_of, log_in, make_staff

LATER = NOON + FRESH + STEP
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
ASKS = "请再证明一次"


@pytest.fixture
def admin(app: Flask, client: FlaskClient) -> Staff:
    """An administrator who logged in more than five minutes ago."""
    staff = make_staff(app, Role.ADMINISTRATOR, username="boss")
    with clock.frozen(NOON):
        assert log_in(client, staff, NOON).status_code == 302
    return staff


def kept(page: str) -> list[tuple[str, str]]:
    """What the page that asks carries on."""
    form = page.split("<h1>")[1]
    return [(name, html.unescape(value)) for name, value in HIDDEN.findall(form)]


def asks_and_goes_on(client: FlaskClient, answer: TestResponse, **proof: str) -> TestResponse:
    """Fill in the page that asks, as a browser without script would."""
    assert 'name="step_up_code"' in answer.text
    action = re.search(r'<form method="post" action="([^"]+)" novalidate>', answer.text.split("<h1>")[1])
    assert action
    data: dict[str, list[str]] = {}
    for name, value in [*kept(answer.text), *proof.items()]:
        data.setdefault(name, []).append(value)
    return client.post(html.unescape(action[1]), data=data)


def new_account(client: FlaskClient, **more: str) -> TestResponse:
    token = csrf_of(client, "/desk/people/new")
    form = {"csrf_token": token, "name": '王"建国" <b>&', "username": "wang.j", **more}
    return client.post("/desk/people/new", data={**form, "roles": ["verifier", "supervisor"]})


def test_a_fresh_log_in_counts_for_five_minutes(client: FlaskClient, session: Session, admin: Staff) -> None:
    with clock.frozen(NOON + FRESH):
        assert "/desk/invitation#" in new_account(client).text
    with clock.frozen(NOON + FRESH + timedelta(seconds=1)):
        assert ASKS in new_account(client, username="wang.k").text


def test_nothing_that_was_typed_is_lost_and_the_step_is_taken(
    client: FlaskClient, session: Session, admin: Staff
) -> None:
    with clock.frozen(LATER):
        asked = new_account(client)
        assert session.scalar(select(Account.id).where(Account.username == "wang.j")) is None
        done = asks_and_goes_on(client, asked, step_up_code=admin.code(LATER))
        assert "/desk/invitation#" in done.text
        made = session.scalars(select(Account).where(Account.username == "wang.j")).one()
        assert made.person.name == '王"建国" <b>&'
        assert made.roles == {Role.VERIFIER, Role.SUPERVISOR}
        assert "/desk/invitation#" in new_account(client, username="wang.k").text  # fresh again


@pytest.mark.parametrize("code", ["000000", "", "abcdef"])
def test_a_wrong_code_asks_again_and_still_keeps_everything(
    client: FlaskClient, session: Session, admin: Staff, code: str
) -> None:
    with clock.frozen(LATER):
        asked = new_account(client)
        again = asks_and_goes_on(client, asked, step_up_code=code)
        assert again.status_code == (422 if code else 200)
        assert [pair for pair in kept(again.text) if pair[0] != "csrf_token"] == [
            pair for pair in kept(asked.text) if pair[0] != "csrf_token"
        ]
        assert code not in kept(again.text)
        assert session.scalar(select(Account.id).where(Account.username == "wang.j")) is None


def test_a_code_that_was_used_does_not_count_again(client: FlaskClient, admin: Staff) -> None:
    with clock.frozen(LATER):
        code = admin.code(LATER)
        assert asks_and_goes_on(client, new_account(client), step_up_code=code).status_code == 200
    with clock.frozen(LATER + FRESH + timedelta(seconds=1)):
        asked = new_account(client, username="wang.k")
        assert asks_and_goes_on(client, asked, step_up_code=code).status_code == 422


def test_the_proof_changes_the_cookie_and_the_old_one_opens_nothing(
    app: Flask, client: FlaskClient, admin: Staff
) -> None:
    before = client.get_cookie("session")
    with clock.frozen(LATER):
        asks_and_goes_on(client, new_account(client), step_up_code=admin.code(LATER))
        after = client.get_cookie("session")
        assert before is not None
        assert after is not None
        thief = app.test_client()
        thief.set_cookie("session", before.value)
        assert thief.get("/desk/").status_code == 302
        assert client.get("/desk/").status_code == 200


def test_guesses_are_counted_for_the_account(client: FlaskClient, admin: Staff) -> None:
    with clock.frozen(LATER):
        asked = new_account(client)
        for _ in range(6):
            asks_and_goes_on(client, asked, step_up_code="000000")
        right = asks_and_goes_on(client, asked, step_up_code=admin.code(LATER))
        assert right.status_code == 422


def test_each_proof_and_each_failure_stands_in_the_log(
    client: FlaskClient, session: Session, admin: Staff
) -> None:
    with clock.frozen(LATER):
        asked = new_account(client)
        asks_and_goes_on(client, asked, step_up_code="000000")
        asks_and_goes_on(client, asked, step_up_code=admin.code(LATER))
    actions = list(session.scalars(select(Event.action).order_by(Event.id)))
    assert actions[1:3] == ["step_up_failed", "stepped_up"]


def test_an_export_is_asked_for_too_and_leads_nowhere_else(
    client: FlaskClient, session: Session, admin: Staff
) -> None:
    with clock.frozen(LATER):
        asked = client.get("/desk/register/export")
        assert ASKS in asked.text
        token = dict(kept(asked.text))["csrf_token"]
        code = admin.code(LATER)
        form = {"csrf_token": token, "step_up_code": code, "export": "https://evil.example/"}
        assert client.post("/desk/step-up", data=form).status_code == 404
        done = client.post("/desk/step-up", data={"csrf_token": token, "export": "desk.register_export"})
        assert done.location == "/desk/register/export"
        assert ASKS not in client.get(done.location).text


@pytest.mark.parametrize(
    "number", ["AY-2026-400001", "//evil.example", "https://evil.example/", "../../x", ""]
)
def test_an_export_of_one_case_goes_on_to_that_case_and_to_no_other_site(
    app: Flask, client: FlaskClient, session: Session, number: str
) -> None:
    auditor = make_staff(app, Role.AUDITOR, username="auditor")
    with clock.frozen(NOON):
        log_in(client, auditor, NOON)
    with clock.frozen(LATER):
        asked = client.get("/desk/dossiers/AY-2026-400001")
        fields = dict(kept(asked.text))
        assert fields["part_number"] == "AY-2026-400001"
        more = {
            "part__external": "1",
            "part__scheme": "javascript",
            "part__anchor": "x",
            "part_next": "//evil",
        }
        form = {**fields, **more, "part_number": number, "step_up_code": auditor.code(LATER)}
        done = client.post("/desk/step-up", data=form)
        if number == "AY-2026-400001":
            assert done.location == "/desk/dossiers/AY-2026-400001"
        else:
            assert (done.status_code, done.location) == (404, None)


def test_the_page_posts_to_its_own_address_whatever_is_asked_for(
    client: FlaskClient, session: Session, admin: Staff
) -> None:
    with clock.frozen(LATER):
        token = csrf_of(client, "/desk/people/new")
        form = {"csrf_token": token, "next": "//evil.example", "action": "https://evil.example"}
        asked = client.post("/desk/people/new?of=//evil.example", data=form)
        action = re.search(r'action="([^"]+)" novalidate', asked.text)
        assert action
        assert action[1].startswith("/desk/people/new?of=")


def test_every_grave_step_is_bound_and_reading_is_not(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        access = ACCESS[rule.endpoint]
        if access in STEP_UP and "POST" in (rule.methods or ()):
            assert step_up.is_needed(rule.endpoint, str(access), "POST"), rule
        if rule.endpoint not in step_up.EXPORTS:
            assert not step_up.is_needed(rule.endpoint, str(access), "GET"), rule
    assert set(ACCESS) >= step_up.DOORS | step_up.EXPORTS


@pytest.mark.parametrize(
    "permission",
    [
        Permission.CONTACT_OPEN,
        Permission.EVIDENCE_ORIGINAL,
        Permission.IDENTITY_ANSWER,
        Permission.AWARD_DECIDE,
        Permission.PAYOUT_RECORD,
        Permission.PEOPLE_MANAGE,
    ],
)
def test_opening_deciding_paying_and_access_are_grave(permission: Permission) -> None:
    assert permission in STEP_UP


def test_a_session_from_before_the_upgrade_is_asked(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    staff = make_staff(app, Role.ADMINISTRATOR, username="boss")
    with clock.frozen(NOON):
        log_in(client, staff, NOON)
        for row in session.scalars(select(StaffSession)):
            row.factor_at = None
        session.commit()
        assert ASKS in new_account(client).text
