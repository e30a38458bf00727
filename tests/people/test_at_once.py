"""Log-ins at the same moment, each in a transaction of its own: if these fail, one code opens two doors."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pyotp
import pytest
from flask import Flask

from portal import clock
from portal.database import db
from portal.people import administration, recovery
from portal.people.accounts import NewAccount
from portal.people.actor import SYSTEM
from portal.people.permissions import Role
from portal.people.throttle import FREE_TRIES
from tests.fixtures.staff import NOON, Staff, csrf_of, make_staff


@pytest.fixture
def officer(own_app: Flask) -> Staff:
    """An officer who is really in the database."""
    with own_app.app_context():
        return make_staff(own_app, Role.VERIFIER)


def at_once(number: int, act: Callable[[int], int]) -> list[int]:
    """Do the same in several threads that begin together."""
    barrier = Barrier(number)

    def run(index: int) -> int:
        barrier.wait(60)
        with clock.frozen(NOON):
            return act(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def test_one_code_used_twice_at_the_same_moment_opens_one_session(own_app: Flask, officer: Staff) -> None:
    clients = [own_app.test_client() for _ in range(4)]
    tokens = [csrf_of(client) for client in clients]
    form = {"username": "li.na", "password": officer.password, "code": officer.code(NOON)}

    def act(index: int) -> int:
        return clients[index].post("/desk/login", data={**form, "csrf_token": tokens[index]}).status_code

    assert sorted(at_once(4, act)) == [302, 422, 422, 422]


def test_guesses_at_the_same_moment_are_all_counted(own_app: Flask, officer: Staff) -> None:
    clients = [own_app.test_client() for _ in range(FREE_TRIES + 3)]
    tokens = [csrf_of(client) for client in clients]
    wrong = {"username": "li.na", "password": "not this one at all", "code": "000000"}

    def act(index: int) -> int:
        return clients[index].post("/desk/login", data={**wrong, "csrf_token": tokens[index]}).status_code

    assert set(at_once(len(clients), act)) == {422}
    with clock.frozen(NOON):
        form = {"username": "li.na", "password": officer.password, "code": officer.code(NOON)}
        late = own_app.test_client()
        assert late.post("/desk/login", data={**form, "csrf_token": csrf_of(late)}).status_code == 422


def test_a_form_sent_after_some_minutes_of_typing_does_not_wait_for_itself(
    own_app: Flask, officer: Staff
) -> None:
    """Noting "last seen" and the form's own step are two writers; SQLite has room for one."""
    client = own_app.test_client()
    with clock.frozen(NOON):
        form = {"username": "li.na", "password": officer.password, "code": officer.code(NOON)}
        client.post("/desk/login", data={**form, "csrf_token": csrf_of(client)})
        token = csrf_of(client, "/desk/account")
    with clock.frozen(NOON + timedelta(minutes=5)):
        began = time.monotonic()
        answer = client.post("/desk/account/language", data={"csrf_token": token, "language": "en"})
        assert answer.status_code == 302
        assert time.monotonic() - began < 10
    with clock.frozen(NOON + timedelta(minutes=19)):
        assert client.get("/desk/").status_code == 200


def test_one_link_used_twice_at_the_same_moment_lets_one_in(own_app: Flask) -> None:
    with own_app.app_context(), clock.frozen(NOON):
        new = NewAccount(name="王建国", username="wang.j", roles=frozenset({Role.VERIFIER}))
        token = administration.open_account(new, actor=SYSTEM, at=NOON).token
        db.session.commit()
    clients = [own_app.test_client() for _ in range(4)]
    forms = []
    for client in clients:
        with clock.frozen(NOON):
            form = {"csrf_token": csrf_of(client, "/desk/invitation"), "token": token}
            page = client.post("/desk/invitation", data=form).text
        secret = page.split("secret=")[1].split("&")[0]
        sealed = page.split('name="offer" value="')[1].split('"')[0]
        chosen = {"offer": sealed, "new": "seven geese over the lake", "again": "seven geese over the lake"}
        forms.append({**form, **chosen, "code": pyotp.TOTP(secret).at(NOON)})

    def act(index: int) -> int:
        return clients[index].post("/desk/invitation", data=forms[index]).status_code

    assert sorted(at_once(4, act)) == [200, 422, 422, 422]


def test_one_recovery_code_used_twice_at_the_same_moment_opens_one_session(
    own_app: Flask, officer: Staff
) -> None:
    with own_app.app_context():
        codes = recovery.renew(own_app.extensions["portal_keyring"], officer.account, NOON)
        db.session.commit()
    clients = [own_app.test_client() for _ in range(4)]
    tokens = [csrf_of(client) for client in clients]
    form = {"username": "li.na", "password": officer.password, "recovery": codes[0]}

    def act(index: int) -> int:
        return clients[index].post("/desk/login", data={**form, "csrf_token": tokens[index]}).status_code

    assert sorted(at_once(4, act)) == [302, 422, 422, 422]
