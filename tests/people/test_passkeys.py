"""Passkeys against a key of software: if these fail, an answer for another site opens the desk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.config import SettingsError
from portal.errors import NotFound
from portal.people import factors, passkeys
from portal.people.credentials import Passkey, PasskeyChallenge
from portal.people.factors import Means, Proof
from portal.people.passkeys import Answer, LastFactor, PasskeyRefused, Purpose, TooManyPasskeys
from portal.people.permissions import Role
from portal.vault.keys import Keyring
from tests.fixtures.authenticator import PRESENT, VERIFIED, SoftKey
from tests.fixtures.staff import NOON, Staff, make_staff

HERE, THERE = "this browser", "another browser"


@pytest.fixture
def ring(app: Flask) -> Keyring:
    found: Keyring = app.extensions["portal_keyring"]
    return found


@pytest.fixture
def key(app: Flask) -> SoftKey:
    settings = app.extensions["portal_settings"]
    return SoftKey(settings.origin, settings.host)


def add(ring: Keyring, staff: Staff, key: SoftKey, name: str = "") -> Passkey:
    options = passkeys.ask_to_add(ring, HERE, staff.account, NOON)
    return passkeys.add(staff.account, Answer(HERE, key.makes(options)), name, NOON)


def proves(staff: Staff, key: SoftKey, purpose: Purpose = Purpose.LOG_IN) -> bool:
    options = passkeys.ask_to_prove(HERE, purpose, None, NOON)
    return passkeys.prove(staff.account, Answer(HERE, key.signs(options)), purpose, NOON)


def test_what_was_added_proves_its_account(
    ring: Keyring, session: Session, officer: Staff, key: SoftKey
) -> None:
    made = add(ring, officer, key, "  blue\nkey ")
    assert made.name == "bluekey"
    assert officer.account.has_passkey
    assert proves(officer, key)
    session.refresh(made)
    assert made.used_at == NOON


def test_an_answer_works_once_in_one_browser_for_one_purpose_and_five_minutes(
    ring: Keyring, session: Session, officer: Staff, key: SoftKey
) -> None:
    add(ring, officer, key)
    answer = Answer(HERE, key.signs(passkeys.ask_to_prove(HERE, Purpose.LOG_IN, None, NOON)))
    assert not passkeys.prove(officer.account, Answer(THERE, answer.content), Purpose.LOG_IN, NOON)
    assert not passkeys.prove(officer.account, answer, Purpose.STEP_UP, NOON)
    assert passkeys.prove(officer.account, answer, Purpose.LOG_IN, NOON)
    assert not passkeys.prove(officer.account, answer, Purpose.LOG_IN, NOON)
    late = Answer(HERE, key.signs(passkeys.ask_to_prove(HERE, Purpose.LOG_IN, None, NOON)))
    after = NOON + passkeys.LIFETIME + timedelta(seconds=1)
    assert not passkeys.prove(officer.account, late, Purpose.LOG_IN, after)


def test_a_wrong_answer_uses_the_question_up_too(
    ring: Keyring, session: Session, officer: Staff, key: SoftKey
) -> None:
    add(ring, officer, key)
    right = key.signs(passkeys.ask_to_prove(HERE, Purpose.LOG_IN, None, NOON))
    assert not passkeys.prove(officer.account, Answer(HERE, "{}"), Purpose.LOG_IN, NOON)
    assert not passkeys.prove(officer.account, Answer(HERE, right), Purpose.LOG_IN, NOON)


@pytest.mark.parametrize(
    ("lie", "value"),
    [
        ("origin", "https://woodpecker.evil.example"),
        ("origin", "http://127.0.0.1:8000"),
        ("rp_id", "evil.example"),
        ("flags", PRESENT),
        ("flags", VERIFIED),
        ("id", b"another credential of 32 bytes.."),
        ("key", None),
    ],
)
def test_an_answer_for_another_site_or_of_another_key_proves_nothing(
    ring: Keyring, session: Session, officer: Staff, key: SoftKey, lie: str, value: object
) -> None:
    add(ring, officer, key)
    setattr(key, lie, SoftKey("", "").key if lie == "key" else value)
    assert not proves(officer, key)


@pytest.mark.parametrize(
    ("lie", "value"),
    [("origin", "https://evil.example"), ("rp_id", "evil.example"), ("flags", PRESENT)],
)
def test_a_key_made_for_another_site_is_not_added(
    ring: Keyring, session: Session, officer: Staff, key: SoftKey, lie: str, value: object
) -> None:
    setattr(key, lie, value)
    with pytest.raises(PasskeyRefused):
        add(ring, officer, key)
    assert not officer.account.has_passkey


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"rawId": 7}', '{"rawId": "AAAA"}', "é" * 100, "[" * 15_000]
)
def test_what_no_device_says_is_refused_and_breaks_nothing(
    ring: Keyring, session: Session, officer: Staff, key: SoftKey, content: str
) -> None:
    add(ring, officer, key)
    passkeys.ask_to_prove(HERE, Purpose.LOG_IN, None, NOON)
    assert not passkeys.prove(officer.account, Answer(HERE, content), Purpose.LOG_IN, NOON)
    passkeys.ask_to_add(ring, HERE, officer.account, NOON)
    with pytest.raises(PasskeyRefused):
        passkeys.add(officer.account, Answer(HERE, content), "", NOON)


def test_a_copy_of_a_device_is_noticed_by_its_counter(
    ring: Keyring, session: Session, officer: Staff, key: SoftKey
) -> None:
    add(ring, officer, key)
    for count, right in ((5, True), (5, False), (4, False), (6, True)):
        key.count = count
        assert proves(officer, key) is right, count


def test_the_key_of_one_account_does_not_prove_another(
    app: Flask, ring: Keyring, session: Session, officer: Staff, key: SoftKey
) -> None:
    add(ring, officer, key)
    other = make_staff(app, Role.VERIFIER, username="other")
    assert not proves(other, key)
    with pytest.raises(PasskeyRefused):
        add(ring, other, key)


def test_the_options_name_no_account_at_log_in(
    ring: Keyring, session: Session, officer: Staff, key: SoftKey
) -> None:
    """Otherwise a stranger could ask who has a passkey, and which."""
    made = add(ring, officer, key)
    assert made.credential_id
    options = passkeys.ask_to_prove(HERE, Purpose.LOG_IN, None, NOON)
    assert '"allowCredentials": []' in options
    assert "li.na" not in options


def require(app: Flask, *roles: Role) -> None:
    object.__setattr__(
        app.extensions["portal_settings"], "passkey_roles", frozenset(role.value for role in roles)
    )


def test_six_digits_count_until_a_required_passkey_is_there_and_never_after(
    app: Flask, ring: Keyring, session: Session, officer: Staff, key: SoftKey
) -> None:
    require(app, Role.INTAKE_OFFICER)
    try:
        assert passkeys.is_owed(officer.account)
        code = Proof(officer.code(NOON))
        assert factors.prove(ring, officer.account, code, Purpose.LOG_IN, NOON) is Means.TOTP
        add(ring, officer, key)
        assert not passkeys.is_owed(officer.account)
        later = NOON + timedelta(minutes=1)
        for purpose in (Purpose.LOG_IN, Purpose.STEP_UP):
            assert factors.prove(ring, officer.account, Proof(officer.code(later)), purpose, later) is None
        with pytest.raises(LastFactor):
            passkeys.remove(officer.account, passkeys.of(officer.account.id)[0].id)
    finally:
        require(app)


def test_the_last_factor_is_never_removed_and_any_other_is(
    app: Flask, ring: Keyring, session: Session, officer: Staff, key: SoftKey
) -> None:
    first = add(ring, officer, key)
    second = add(ring, officer, SoftKey(key.origin, key.rp_id))
    officer.account.totp_sealed = None
    passkeys.remove(officer.account, first.id)
    with pytest.raises(LastFactor):
        passkeys.remove(officer.account, second.id)
    other = make_staff(app, Role.VERIFIER, username="other")
    with pytest.raises(NotFound):
        passkeys.remove(other.account, second.id)
    with pytest.raises(NotFound):
        passkeys.rename(other.account, second.id, "mine now")


def test_nobody_collects_passkeys_without_end(
    ring: Keyring, session: Session, officer: Staff, key: SoftKey
) -> None:
    for _ in range(passkeys.MOST):
        add(ring, officer, SoftKey(key.origin, key.rp_id))
    with pytest.raises(TooManyPasskeys):
        add(ring, officer, SoftKey(key.origin, key.rp_id))


def test_questions_that_nobody_answered_are_forgotten(session: Session) -> None:
    passkeys.ask_to_prove(HERE, Purpose.LOG_IN, None, NOON)
    passkeys.ask_to_prove(HERE, Purpose.LOG_IN, None, NOON)
    assert len(session.scalars(select(PasskeyChallenge)).all()) == 1
    passkeys.forget_old(NOON + passkeys.LIFETIME + timedelta(seconds=1))
    assert session.scalars(select(PasskeyChallenge)).all() == []


def test_a_role_that_does_not_exist_is_not_silently_left_out() -> None:
    passkeys.check_roles(frozenset({"auditor"}))
    with pytest.raises(SettingsError, match="PASSKEY_ROLES names auditors"):
        passkeys.check_roles(frozenset({"auditor", "auditors"}))
