"""Slowing down guessers: if this fails, passwords are guessed, or anybody can keep a colleague out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, health
from portal.people import sessions, throttle
from portal.people.models import LoginFailure, StaffSession
from portal.people.permissions import Role
from portal.people.throttle import FREE_TRIES, LONGEST, wait_after
from tests.fixtures.records import make_account
from tests.fixtures.staff import NOON

KEY = b"k" * 32
OTHER = b"o" * 32
SECOND = timedelta(seconds=1)


def test_the_wait_begins_late_doubles_and_has_an_end() -> None:
    waits = [wait_after(failures) for failures in range(200)]
    assert waits[:FREE_TRIES] == [timedelta(0)] * FREE_TRIES
    assert waits[FREE_TRIES : FREE_TRIES + 3] == [2 * SECOND, 4 * SECOND, 8 * SECOND]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST


def test_a_day_of_guessing_one_code_has_no_chance(session: Session) -> None:
    """Three codes of a million are right at any moment: a day's tries must stay far below."""
    tries, at = 0, NOON
    while at < NOON + timedelta(days=1):
        if throttle.claim(KEY, at):
            tries += 1
        row = session.get_one(LoginFailure, KEY)
        at = max(at + SECOND, row.next_at)
    assert tries < 120
    assert 3 * tries / 1_000_000 < 0.0004


def test_waiting_tries_do_not_lengthen_the_wait(session: Session) -> None:
    for _ in range(FREE_TRIES):
        assert throttle.claim(KEY, NOON)
    for tenth in range(19):
        assert not throttle.claim(KEY, NOON + timedelta(seconds=tenth / 10))
    assert throttle.claim(KEY, NOON + 2 * SECOND)


def test_one_counter_slows_nobody_else(session: Session) -> None:
    for _ in range(FREE_TRIES + 3):
        throttle.claim(KEY, NOON)
    assert not throttle.claim(KEY, NOON)
    assert throttle.claim(OTHER, NOON)


def test_a_right_log_in_begins_anew(session: Session) -> None:
    for _ in range(FREE_TRIES):
        throttle.claim(KEY, NOON)
    throttle.forget(KEY)
    assert all(throttle.claim(KEY, NOON) for _ in range(FREE_TRIES))


def test_a_quiet_day_begins_anew(session: Session) -> None:
    for _ in range(FREE_TRIES + 1):
        throttle.claim(KEY, NOON)
    later = NOON + timedelta(days=1, seconds=1)
    assert all(throttle.claim(KEY, later) for _ in range(FREE_TRIES))


@pytest.mark.parametrize("parts", [("li.na", "network"), ("li.n", "anetwork")])
def test_a_counter_names_nobody(app: Flask, session: Session, parts: tuple[str, str]) -> None:
    ring = app.extensions["portal_keyring"]
    key = throttle.counter_key(ring, "guess", *parts)
    assert len(key) == 32
    assert parts[0].encode() not in key
    assert key != throttle.counter_key(ring, "code", *parts)
    assert key != throttle.counter_key(ring, "guess", "li.na", "anetwork")


def test_old_sessions_and_counters_are_deleted_and_new_ones_stay(session: Session) -> None:
    account = make_account(Role.VERIFIER)
    old, new = NOON - timedelta(days=3), NOON
    for at, key in ((old, KEY), (new, OTHER)):
        sessions.start(account, at)
        throttle.claim(key, at)
    session.commit()
    with clock.frozen(NOON + timedelta(minutes=1)):
        sessions.purge()
    assert list(session.scalars(select(StaffSession.started_at))) == [new]
    assert list(session.scalars(select(LoginFailure.key_digest))) == [OTHER]


def test_one_password_tried_from_many_networks_is_seen(app: Flask, session: Session) -> None:
    """Each network stays below its limit; only together they are an attack."""
    ring = app.extensions["portal_keyring"]
    for number in range(throttle.SPREAD_ALARM + 1):
        throttle.claim(throttle.counter_key(ring, "guess", f"user{number}", f"network{number}"), NOON)
    session.commit()
    with clock.frozen(NOON):
        assert "somebody guesses" in health.troubles()["log-ins"]
    with clock.frozen(NOON + timedelta(minutes=11)):
        assert "log-ins" not in health.troubles()
