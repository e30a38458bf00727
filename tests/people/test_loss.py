"""Lost factors: if these fail, one administrator alone, or a caller with a good story, takes an account."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.models import Event
from portal.notices.models import Notice
from portal.people import accounts, links, loss, recovery
from portal.people.administration import OwnAccount
from portal.people.credentials import FactorReset, LinkKind, RecoveryCode
from portal.people.loss import AlreadyAsked, EnoughAdministrators, NeedsAnother, ReasonMissing
from portal.people.models import Account
from portal.people.permissions import Role
from portal.people.sessions import SignedIn
from tests.fixtures.records import make_account, sign_in
from tests.fixtures.staff import NOON, STEP, Staff, csrf_of, log_in, make_staff

REASON = "came to my desk with the staff card"


@pytest.fixture
def bosses(app: Flask) -> tuple[Staff, Staff]:
    """Two administrators."""
    return tuple(make_staff(app, Role.ADMINISTRATOR, username=name) for name in ("boss.a", "boss.b"))  # type: ignore[return-value]


def ask(account: Account, by: Staff, reason: str = REASON) -> None:
    loss.ask(account, reason, actor=SignedIn(by.account, "").actor, at=NOON)


def confirm(account: Account, by: Staff) -> str:
    return loss.confirm(account, actor=SignedIn(by.account, "").actor, at=NOON).token


def test_one_asks_another_confirms_and_only_then_everything_ends(
    app: Flask, client: FlaskClient, session: Session, officer: Staff, bosses: tuple[Staff, Staff]
) -> None:
    with clock.frozen(NOON):
        recovery.renew(app.extensions["portal_keyring"], officer.account, NOON)
        log_in(client, officer, NOON)
        ask(officer.account, bosses[0])
        session.commit()
        assert client.get("/desk/").status_code == 200
        token = confirm(officer.account, bosses[1])
        session.commit()
        assert client.get("/desk/").status_code == 302
        assert links.look_up(token, NOON).kind is LinkKind.FACTORS_LOST
    assert officer.account.password_hash == accounts.UNSET
    assert officer.account.totp_sealed is None
    assert session.scalar(select(RecoveryCode.id)) is None
    with clock.frozen(NOON + STEP):
        assert log_in(client, officer, NOON + STEP).status_code == 422
    events = session.scalars(select(Event).where(Event.action.like("factor_reset%")).order_by(Event.id)).all()
    assert [(event.action, event.actor_account_id, event.reason) for event in events] == [
        ("factor_reset_asked", bosses[0].account.id, REASON),
        ("factor_reset", bosses[1].account.id, REASON),
    ]


def test_who_asked_does_not_confirm_not_even_with_a_second_account(
    app: Flask, session: Session, officer: Staff, bosses: tuple[Staff, Staff]
) -> None:
    ask(officer.account, bosses[0])
    second = make_account(Role.ADMINISTRATOR, person=bosses[0].account.person)
    for account in (bosses[0].account, second):
        with pytest.raises(NeedsAnother):
            loss.confirm(officer.account, actor=SignedIn(account, "").actor, at=NOON)


def test_nobody_asks_or_confirms_for_himself(
    app: Flask, session: Session, bosses: tuple[Staff, Staff]
) -> None:
    with pytest.raises(OwnAccount):
        ask(bosses[0].account, bosses[0])
    ask(bosses[0].account, bosses[1])
    with pytest.raises(OwnAccount):
        confirm(bosses[0].account, bosses[0])


@pytest.mark.parametrize("confirmer", ["asker", "owner"])
def test_the_database_refuses_it_too(
    session: Session, officer: Staff, bosses: tuple[Staff, Staff], confirmer: str
) -> None:
    ask(officer.account, bosses[0])
    session.flush()
    person = (bosses[0] if confirmer == "asker" else officer).account.person_id
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(
            text("UPDATE factor_resets SET confirmed_person_id = :person, confirmed_at = asked_at"),
            {"person": person},
        )


def test_it_needs_a_reason_and_is_asked_once(
    session: Session, officer: Staff, bosses: tuple[Staff, Staff]
) -> None:
    for reason in ("", "    ", "lost"):
        with pytest.raises(ReasonMissing):
            ask(officer.account, bosses[0], reason)
    ask(officer.account, bosses[0])
    with pytest.raises(AlreadyAsked):
        ask(officer.account, bosses[1])
    assert len(session.scalars(select(FactorReset)).all()) == 1


def test_it_can_be_taken_back_and_asked_again(
    session: Session, officer: Staff, bosses: tuple[Staff, Staff]
) -> None:
    ask(officer.account, bosses[0])
    loss.withdraw(officer.account, actor=SignedIn(bosses[1].account, "").actor, at=NOON)
    assert loss.open_for(officer.account.id) is None
    assert officer.account.totp_sealed is not None
    ask(officer.account, bosses[1])


def test_the_other_administrators_hear_of_it(
    session: Session, officer: Staff, bosses: tuple[Staff, Staff]
) -> None:
    ask(officer.account, bosses[0])
    session.flush()
    told = session.execute(select(Notice.account_id, Notice.kind)).all()
    assert told == [(bosses[1].account.id, "reset_asked")]


def test_both_do_it_in_the_desk(
    app: Flask, session: Session, officer: Staff, bosses: tuple[Staff, Staff]
) -> None:
    page = f"/desk/people/{officer.account.id}"
    for boss, step, form in (
        (bosses[0], "loss", {"reason": REASON}),
        (bosses[0], "loss/confirm", {}),
        (bosses[1], "loss/confirm", {}),
    ):
        client = app.test_client()
        sign_in(client, boss.account)
        answer = client.post(f"{page}/{step}", data={"csrf_token": csrf_of(client, page), **form})
        shows = "/desk/invitation#" in answer.text
        assert shows is (boss is bosses[1]), answer.text
    session.refresh(officer.account)
    assert officer.account.totp_sealed is None


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    answer = app.test_cli_runner().invoke(args=["break-glass", *arguments])
    return answer.exit_code, answer.output


def test_the_host_helps_the_only_administrator_and_everybody_who_watches_hears_of_it(
    app: Flask, session: Session
) -> None:
    boss = make_staff(app, Role.ADMINISTRATOR, username="boss")
    auditor = make_account(Role.AUDITOR)
    auditor.email = "audit@example.cn"
    other = make_account(Role.VERIFIER)
    session.commit()
    code, shown = run(app, "boss", "--reason", "telephone fell into the Yellow River")
    assert code == 0, shown
    assert "/desk/invitation#" in shown
    session.refresh(boss.account)
    assert boss.account.totp_sealed is None
    event = session.scalars(select(Event).where(Event.action == "break_glass")).one()
    assert event.reason == "telephone fell into the Yellow River"
    told = set(session.scalars(select(Notice.account_id).where(Notice.kind == "break_glass")))
    assert told == {boss.account.id, auditor.id}
    assert other.id not in told


def test_the_host_does_not_go_round_two_administrators(
    app: Flask, session: Session, officer: Staff, bosses: tuple[Staff, Staff]
) -> None:
    code, shown = run(app, officer.account.username, "--reason", REASON)
    assert code == 1
    assert "2 other administrators" in shown
    session.refresh(officer.account)
    assert officer.account.totp_sealed is not None
    with pytest.raises(EnoughAdministrators):
        loss.break_glass(officer.account, REASON, at=NOON)


@pytest.mark.parametrize(
    "arguments", [("nobody", "--reason", REASON), ("li.na", "--reason", "x"), ("li.na",)]
)
def test_the_host_needs_an_account_and_a_reason(
    app: Flask, session: Session, officer: Staff, arguments: tuple[str, ...]
) -> None:
    code, _ = run(app, *arguments)
    assert code != 0
    session.refresh(officer.account)
    assert officer.account.totp_sealed is not None
