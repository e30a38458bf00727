"""Ended sessions and half log-ins, tried on every page: if these fail, a stolen cookie outlives its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, Type
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from portal import clock
from portal.admin.access import ACCESS, Door
from portal.people import accounts, administration, entry, links, own, recovery, sessions
from portal.people.actor import SYSTEM
from portal.people.administration import Change
from portal.people.credentials import LinkKind
from portal.people.entry import LoginRefused
from portal.people.factors import Proof, offer
from portal.people.models import StaffSession
from portal.people.permissions import Permission, Role
from portal.people.sessions import SignedIn
from portal.vault.keys import Keyring
from tests.fixtures.records import sign_in
from tests.fixtures.staff import NOON, STEP, Staff, csrf_of, log_in, make_staff

NEW = "seven geese over the lake"
LATER = NOON + STEP
NOWHERE = "987654321"
Ending = Callable[[Flask, Staff, SignedIn], object]


def doors(app: Flask) -> list[tuple[Rule, str, str]]:
    """Every address under /desk that is not public, with each method."""
    found = []
    for rule in app.url_map.iter_rules():
        if ACCESS[rule.endpoint] is Door.PUBLIC:
            continue
        values = {
            name: sorted(converter.items)[0] if hasattr(converter, "items") else NOWHERE
            for name, converter in rule._converters.items()
        }
        with app.test_request_context():
            address = str(app.url_map.bind("localhost").build(rule.endpoint, values))
        found += [(rule, method, address) for method in ("GET", "POST") if method in (rule.methods or ())]
    return found


def ring_of(app: Flask) -> Keyring:
    ring: Keyring = app.extensions["portal_keyring"]
    return ring


def logs_out(_app: Flask, _staff: Staff, mine: SignedIn) -> None:
    sessions.end(mine.token, LATER)


def is_disabled(_app: Flask, staff: Staff, _mine: SignedIn) -> None:
    administration.disable(staff.account, actor=SYSTEM, at=LATER)


def changes_the_password(_app: Flask, staff: Staff, mine: SignedIn) -> None:
    own.change_password(mine, staff.password, NEW, at=LATER)


def changes_the_telephone(app: Flask, staff: Staff, mine: SignedIn) -> None:
    new = offer(ring_of(app), staff.account, LATER)
    code = Staff(staff.account, new.secret).code(LATER)
    own.accept_totp(ring_of(app), mine, new, code, at=LATER)


def renews_recovery_codes(app: Flask, _staff: Staff, mine: SignedIn) -> None:
    own.renew_recovery(ring_of(app), mine, at=LATER)


def is_ended_by_an_administrator(_app: Flask, staff: Staff, _mine: SignedIn) -> None:
    administration.end_sessions(staff.account, actor=SYSTEM, at=LATER)


def steps_up(app: Flask, staff: Staff, mine: SignedIn) -> None:
    entry.step_up(ring_of(app), mine, Proof(staff.code(LATER)), LATER)


@pytest.mark.parametrize(
    "ending",
    [
        logs_out,
        is_disabled,
        changes_the_password,
        changes_the_telephone,
        renews_recovery_codes,
        is_ended_by_an_administrator,
        steps_up,
    ],
)
def test_a_saved_cookie_opens_no_page_afterwards(
    app: Flask, client: FlaskClient, session: Session, ending: Ending
) -> None:
    staff = make_staff(app, Role.ADMINISTRATOR)
    with clock.frozen(NOON):
        log_in(client, staff, NOON)
        token = csrf_of(client, "/desk/account")
        with client.session_transaction() as cookie:
            mine = cookie["_user_id"]
    with clock.frozen(LATER):
        assert client.get("/desk/account").status_code == 200
        ending(app, staff, SignedIn(staff.account, mine, NOON))
        session.commit()
        for rule, method, address in doors(app):
            answer = client.open(address, method=method, data={"csrf_token": token})
            assert (answer.status_code, answer.location) == (302, "/desk/login"), (method, rule.rule)


def test_a_taken_role_closes_its_pages_at_the_next_click(app: Flask, session: Session) -> None:
    staff = make_staff(app, Role.ADMINISTRATOR)
    client = app.test_client()
    with clock.frozen(NOON):
        log_in(client, staff, NOON)
        token = csrf_of(client, "/desk/account")
        change = Change(name="李娜", roles=frozenset({Role.CASHIER}))
        administration.change(staff.account, change, actor=SYSTEM, at=NOON)
        session.commit()
        for rule, method, address in doors(app):
            access = ACCESS[rule.endpoint]
            if isinstance(access, Permission) and not SignedIn(staff.account, "").actor.may(access):
                answer = client.open(address, method=method, data={"csrf_token": token})
                assert answer.status_code == 403, (method, rule.rule)


def test_a_password_without_the_factor_reaches_no_page(app: Flask, client: FlaskClient) -> None:
    """There is no half log-in: what was right before the factor was wrong leaves no trace in the cookie."""
    staff = make_staff(app, Role.ADMINISTRATOR)
    with clock.frozen(NOON):
        for proof in (
            {"code": ""},
            {"code": "000000"},
            {"recovery": "0" * 24, "code": ""},
            {"passkey": "{}"},
        ):
            assert log_in(client, staff, NOON, **proof).status_code == 422
            token = csrf_of(client)
            for rule, method, address in doors(app):
                answer = client.open(address, method=method, data={"csrf_token": token})
                assert (answer.status_code, answer.location) == (302, "/desk/login"), (method, rule.rule)


def test_a_link_that_is_open_reaches_no_page_either(app: Flask, client: FlaskClient) -> None:
    staff = make_staff(app, Role.ADMINISTRATOR)
    with clock.frozen(NOON):
        token = links.issue(staff.account, LinkKind.FACTORS_LOST, actor=SYSTEM, at=NOON)
        form = {"csrf_token": csrf_of(client, "/desk/invitation"), "token": token}
        assert client.post("/desk/invitation", data=form).status_code == 200
        for rule, method, address in doors(app):
            answer = client.open(address, method=method, data=form)
            assert (answer.status_code, answer.location) == (302, "/desk/login"), (method, rule.rule)


def test_a_cookie_that_was_given_before_log_in_is_not_the_one_after(
    app: Flask, client: FlaskClient, officer: Staff
) -> None:
    """Fixation: what a stranger planted in the browser must not become a session of its victim."""
    with clock.frozen(NOON):
        client.get("/desk/login")
        planted = client.get_cookie("session")
        log_in(client, officer, NOON)
        assert planted is not None
        thief = app.test_client()
        thief.set_cookie("session", planted.value)
        assert thief.get("/desk/").status_code == 302


def test_the_password_ends_other_sessions_and_gives_this_one_another_token(
    app: Flask, client: FlaskClient, session: Session, officer: Staff
) -> None:
    with clock.frozen(NOON):
        log_in(client, officer, NOON)
        elsewhere = sessions.start(officer.account, NOON).token
        session.commit()
        before = client.get_cookie("session")
        form = {"current": officer.password, "new": NEW, "again": NEW}
        token = csrf_of(client, "/desk/account/password")
        assert client.post("/desk/account/password", data={"csrf_token": token, **form}).status_code == 302
        assert client.get("/desk/").status_code == 200
        thief = app.test_client()
        assert before is not None
        thief.set_cookie("session", before.value)
        assert thief.get("/desk/").status_code == 302
        assert sessions.find(elsewhere, NOON) is None


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36",
            "phone",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 Safari/604.1", "phone"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Mobile/15E148 Safari/604.1", "tablet"),
        ("Mozilla/5.0 (Linux; Android 14; SM-X910) AppleWebKit/537.36 Chrome/130 Safari/537.36", "tablet"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130 Safari/537.36", "computer"),
        ("", ""),
    ],
)
def test_people_recognise_their_sessions(
    client: FlaskClient, session: Session, officer: Staff, agent: str, device: str
) -> None:
    with clock.frozen(NOON):
        client.environ_base["HTTP_USER_AGENT"] = agent
        client.environ_base["REMOTE_ADDR"] = "2001:db8:1:2::7"
        log_in(client, officer, NOON)
        row = session.scalars(select(StaffSession)).one()
        assert (row.device, row.network) == (device, "2001:db8:1:2::/64")
        assert "2001:db8:1:2::/64" in client.get("/desk/account").text


def work_of(app: Flask, monkeypatch: pytest.MonkeyPatch, staff: Staff, **changed: str) -> int:
    """How many passwords are hashed by one try to log in."""
    calls: list[str] = []
    verify = type(accounts._hasher).verify

    def counting(self: object, known: str, password: str) -> bool:
        calls.append(known)
        return bool(verify(self, known, password))  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(type(accounts._hasher), "verify", counting)
        assert log_in(app.test_client(), staff, NOON, **changed).status_code == 422
    return len(calls)


@pytest.mark.parametrize(
    "changed",
    [
        {"username": "nobody"},
        {"username": "waiting"},
        {"username": "closed"},
        {"password": "not this one at all"},
        {"code": "000000"},
        {"code": "", "recovery": "0" * 24},
        {"passkey": '{"rawId": "AAAA"}'},
    ],
)
def test_every_failure_costs_one_hash_and_says_the_same(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, officer: Staff, changed: dict[str, str]
) -> None:
    waiting = make_staff(app, Role.VERIFIER, username="waiting")
    waiting.account.password_hash = accounts.UNSET
    make_staff(app, Role.VERIFIER, username="closed").account.active = False
    session.commit()
    with clock.frozen(NOON):
        assert work_of(app, monkeypatch, officer, **changed) == 1
        wrong = log_in(app.test_client(), officer, NOON, password="not this one at all").text
        answer = log_in(app.test_client(), officer, NOON, **changed).text
    shown = [page.split('role="alert"')[1].split("</div>")[0] for page in (wrong, answer)]
    assert shown[0] == shown[1]


def test_a_password_costs_who_guesses_as_much_as_is_recommended(real_hasher: PasswordHasher) -> None:
    """Argon2id with at least 19 MiB and two passes, as OWASP asks for."""
    assert real_hasher.type is Type.ID
    assert real_hasher.memory_cost >= 19 * 1024
    assert real_hasher.time_cost >= 2


def test_the_hash_grows_with_its_parameters_at_the_next_log_in(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, officer: Staff
) -> None:
    before = officer.account.password_hash
    stronger = type(accounts._hasher)(time_cost=4, memory_cost=20 * 1024, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", stronger)
    with clock.frozen(NOON):
        assert log_in(app.test_client(), officer, NOON).status_code == 302
    session.refresh(officer.account)
    assert officer.account.password_hash != before
    assert "m=20480,t=4" in officer.account.password_hash


def test_a_victim_of_guessing_gets_in_from_his_own_network_after_a_short_wait(
    app: Flask, officer: Staff
) -> None:
    guesser, owner = app.test_client(), app.test_client()
    guesser.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    with clock.frozen(NOON):
        for _ in range(12):
            log_in(guesser, officer, NOON, password="wrong wrong wrong")
        assert log_in(owner, officer, NOON).status_code == 302
    # Even who knows the password and guesses codes holds the owner up for a quarter of an hour at most.
    for _ in range(10):
        with clock.frozen(LATER), pytest.raises(LoginRefused):
            entry.log_in(
                ring_of(app),
                entry.Attempt("li.na", officer.password, Proof("000000"), "their network", sessions.Place()),
                LATER,
            )
    much = LATER + timedelta(minutes=15, seconds=1)
    with clock.frozen(much):
        assert log_in(owner, officer, much).status_code == 302


def test_too_old_a_password_opens_only_the_page_that_changes_it(
    app: Flask, client: FlaskClient, officer: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.extensions["portal_settings"]
    object.__setattr__(settings, "password_max_age_days", 90)
    try:
        old = NOON + timedelta(days=91)
        with clock.frozen(old):
            log_in(client, officer, old)
            assert client.get("/desk/").location == "/desk/account/password"
            token = csrf_of(client, "/desk/account/password")
            form = {"csrf_token": token, "current": officer.password, "new": NEW, "again": NEW}
            assert client.post("/desk/account/password", data=form).status_code == 302
            assert client.get("/desk/").status_code == 200
    finally:
        object.__setattr__(settings, "password_max_age_days", 0)


def test_recovery_codes_do_not_step_up(app: Flask, client: FlaskClient, session: Session) -> None:
    staff = make_staff(app, Role.ADMINISTRATOR)
    codes = recovery.renew(ring_of(app), staff.account, NOON)
    sign_in(client, staff.account)
    token = csrf_of(client, "/desk/account")
    for row in session.scalars(select(StaffSession)):
        row.factor_at = None
    session.commit()
    form = {"csrf_token": token, "step_up_code": codes[0], "step_up_recovery": codes[0]}
    assert client.post("/desk/account/recovery", data=form).status_code == 422
    assert recovery.left(staff.account.id) == recovery.COUNT
