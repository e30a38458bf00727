"""One-time links: if these fail, an administrator knows a password, or an old mail opens an account."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal import clock
from portal.audit.models import Event
from portal.channels.channel import Parcel
from portal.notices import jobs
from portal.notices.letters import NothingToSend, letter
from portal.notices.models import Delivery, DeliveryState, Notice
from portal.people import administration, links, passwords
from portal.people.accounts import NewAccount
from portal.people.actor import SYSTEM
from portal.people.administration import Handover
from portal.people.credentials import Link, LinkKind, RecoveryCode
from portal.people.models import Account
from portal.people.permissions import Role
from tests.fixtures.records import make_account
from tests.fixtures.staff import NOON, STEP, Staff, csrf_of, log_in, make_staff

GOOD = "seven geese over the lake"
BEHIND = re.compile(r"/desk/invitation#([\w-]{43})")


def invite(email: str = "", **more: str) -> Handover:
    new = NewAccount(
        name="王建国", username=more.get("username", "wang.j"), roles=frozenset({Role.VERIFIER}), email=email
    )
    return administration.open_account(new, actor=SYSTEM, at=NOON)


def opens(client: FlaskClient, token: str) -> TestResponse:
    form = {"csrf_token": csrf_of(client, "/desk/invitation"), "token": token}
    return client.post("/desk/invitation", data=form)


def secret_in(page: str) -> str:
    found = re.search(r"secret=([A-Z2-7]+)", page)
    assert found
    return found[1]


def value_of(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def chooses(client: FlaskClient, token: str, page: str, **changed: str) -> TestResponse:
    code = pyotp.TOTP(secret_in(page)).at(clock.now())
    form = {
        "csrf_token": value_of(page, "csrf_token"),
        "token": token,
        "offer": value_of(page, "offer"),
        "new": GOOD,
        "again": GOOD,
        "code": code,
    }
    return client.post("/desk/invitation", data={**form, **changed})


def test_the_invited_person_sets_all_himself_and_is_in(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    with clock.frozen(NOON):
        given = invite()
        page = opens(client, given.token).text
        assert "王建国" in page
        done = chooses(client, given.token, page)
        assert done.status_code == 200
        assert client.get("/desk/").status_code == 200
    codes = re.findall(r"<li>((?:[0-9A-Z]{4}-){5}[0-9A-Z]{4})</li>", done.text)
    assert len(set(codes)) == 10
    later = NOON + STEP
    with clock.frozen(later):
        staff = Staff(given.account, secret_in(page), GOOD)
        assert log_in(app.test_client(), staff, later).status_code == 302
    actions = list(session.scalars(select(Event.action).order_by(Event.id)))
    assert actions == ["account_created", "link_issued", "link_used", "logged_in"]


def test_before_that_the_account_lets_nobody_in(client: FlaskClient, session: Session) -> None:
    with clock.frozen(NOON):
        given = invite()
        staff = Staff(given.account, pyotp.random_base32(), "!")
        assert log_in(client, staff, NOON).status_code == 422


@pytest.mark.parametrize(
    "changed",
    [
        {"new": "short", "again": "short"},
        {"new": "wang.j 王建国 2026", "again": "wang.j 王建国 2026"},
        {"new": "x" * 129, "again": "x" * 129},
        {"again": "seven geese over the river"},
        {"new": "", "again": ""},
        {"code": "000000"},
        {"code": ""},
        {"offer": "00ff"},
        {"offer": ""},
    ],
)
def test_what_is_not_right_changes_nothing_and_the_link_goes_on(
    client: FlaskClient, session: Session, changed: dict[str, str]
) -> None:
    with clock.frozen(NOON):
        given = invite()
        page = opens(client, given.token).text
        refused = chooses(client, given.token, page, **changed)
        assert refused.status_code == 422
        assert "note-risk" in refused.text
        assert client.get("/desk/").status_code == 302
        session.refresh(given.account)
        assert not administration.has_joined(given.account)
        assert chooses(client, given.token, refused.text).status_code == 200


def test_the_same_secret_is_shown_again_after_a_mistake(client: FlaskClient, session: Session) -> None:
    """Otherwise the telephone would have to scan once more for each mistyped password."""
    with clock.frozen(NOON):
        given = invite()
        page = opens(client, given.token).text
        again = chooses(client, given.token, page, new="short", again="short").text
        assert secret_in(again) == secret_in(page)


def test_a_password_of_128_signs_in_any_script_may_be_pasted(client: FlaskClient, session: Session) -> None:
    long = ("河边有十三只乌鸦 und sieben Gänse 🦢 " * 9)[: passwords.MOST_LENGTH - 1] + "!"
    with clock.frozen(NOON):
        given = invite()
        page = opens(client, given.token).text
        assert 'autocomplete="new-password"' in page
        assert "onpaste" not in page
        assert chooses(client, given.token, page, new=long, again=long).status_code == 200


def test_the_link_works_once_and_says_what_to_do_then(app: Flask, session: Session) -> None:
    with clock.frozen(NOON):
        given = invite()
        first, second = app.test_client(), app.test_client()
        page, other = opens(first, given.token).text, opens(second, given.token).text
        assert chooses(first, given.token, page).status_code == 200
        late = chooses(second, given.token, other)
        assert late.status_code == 422
        assert "已经用过" in late.text
        assert second.get("/desk/").status_code == 302
        assert "已经用过" in opens(app.test_client(), given.token).text


def test_after_a_day_the_link_is_over(client: FlaskClient, session: Session) -> None:
    with clock.frozen(NOON):
        given = invite()
    with clock.frozen(NOON + links.LIFETIME - timedelta(seconds=1)):
        assert opens(client, given.token).status_code == 200
    with clock.frozen(NOON + links.LIFETIME):
        answer = opens(client, given.token)
        assert answer.status_code == 422
        assert "现已过期" in answer.text


def test_a_disabled_account_joins_nothing(client: FlaskClient, session: Session) -> None:
    with clock.frozen(NOON):
        given = invite()
        given.account.active = False
        session.commit()
        assert opens(client, given.token).status_code == 422


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "../../etc", "é" * 43, "A" * 100])
def test_an_unknown_link_opens_nothing(client: FlaskClient, session: Session, token: str) -> None:
    with clock.frozen(NOON):
        invite()
        assert opens(client, token).status_code == 422


def test_the_code_of_the_link_stands_in_no_address_and_in_no_table(
    client: FlaskClient, session: Session, admin_page: str
) -> None:
    token = BEHIND.findall(admin_page)
    assert len(token) == 1
    addresses = re.findall(r'(?:href|action|src)="([^"]*)"', admin_page)
    assert not any(token[0] in address for address in addresses)
    kept = session.scalars(select(Link)).one()
    assert len(kept.token_digest) == 32
    assert token[0] not in repr(vars(kept))


@pytest.fixture
def admin_page(app: Flask, client: FlaskClient) -> str:
    """The page that shows the link to the administrator."""
    boss = make_staff(app, Role.ADMINISTRATOR, username="boss")
    with clock.frozen(NOON):
        log_in(client, boss, NOON)
        form = {"csrf_token": csrf_of(client, "/desk/people/new"), "name": "王", "username": "wang.j"}
        return client.post("/desk/people/new", data={**form, "roles": ["verifier"]}).text


def test_the_mail_brings_a_link_of_its_own_and_either_works_once(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    with clock.frozen(NOON):
        given = invite(email="wang@example.cn")
        notice = session.scalars(select(Notice)).one()
        assert session.scalars(select(Delivery.channel)).all() == ["email"]
        assert given.token not in repr(vars(notice))
        found = letter(notice, "zh_Hans", NOON)
        assert found
        mailed = BEHIND.findall(found[1])
        assert len(mailed) == 1
        assert mailed[0] != given.token
        page = opens(client, mailed[0]).text
        assert chooses(client, mailed[0], page).status_code == 200
        assert opens(app.test_client(), given.token).status_code == 422
        with pytest.raises(NothingToSend):
            letter(notice, "zh_Hans", NOON)


def test_a_mail_that_goes_out_too_late_is_no_alarm(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who used the link that was handed to him needs no mail any more."""

    class Never:
        def ready(self) -> bool:
            return True

        def send(self, parcel: Parcel) -> None:
            raise AssertionError(parcel)

    monkeypatch.setattr(jobs, "channels", lambda _settings: {"email": Never()})
    with clock.frozen(NOON):
        given = invite(email="wang@example.cn")
        links.revoke(given.account, actor=SYSTEM, at=NOON)
        session.commit()
        delivery = session.scalars(select(Delivery)).one()
        jobs.deliver(delivery.id)
        session.refresh(delivery)
        assert delivery.state is DeliveryState.EXPIRED


def test_nobody_is_mailed_who_has_no_address(session: Session) -> None:
    invite()
    assert session.scalar(select(Notice.id)) is None


def test_extra_fields_change_nothing(client: FlaskClient, session: Session) -> None:
    with clock.frozen(NOON):
        other = make_account(Role.FINANCE)
        given = invite()
        page = opens(client, given.token).text
        extra = {"roles": "administrator", "username": "root", "account_id": str(other.id), "active": ""}
        assert chooses(client, given.token, page, **extra).status_code == 200
        session.refresh(given.account)
        assert (given.account.username, given.account.roles) == ("wang.j", {Role.VERIFIER})
        session.refresh(other)
        assert other.password_hash == "!"


def test_an_offer_of_one_account_is_of_no_use_for_another(client: FlaskClient, session: Session) -> None:
    with clock.frozen(NOON):
        first, second = invite(), invite(username="li.n")
        page = opens(client, first.token).text
        assert chooses(client, second.token, page).status_code == 422


def renewal(officer: Staff) -> Handover:
    return administration.renew_password(officer.account, actor=SYSTEM, at=NOON)


def test_a_forgotten_password_is_set_anew_beside_the_factor_that_stays(
    app: Flask, client: FlaskClient, session: Session, officer: Staff
) -> None:
    elsewhere = app.test_client()
    with clock.frozen(NOON):
        log_in(elsewhere, officer, NOON)
        given = renewal(officer)
        assert given.kind is LinkKind.PASSWORD
        page = opens(client, given.token).text
        assert "secret=" not in page
    later = NOON + STEP
    with clock.frozen(later):
        form = {"csrf_token": value_of(page, "csrf_token"), "token": given.token, "new": GOOD, "again": GOOD}
        assert client.post("/desk/invitation", data=form).status_code == 422
        wrong = client.post("/desk/invitation", data={**form, "code": "000000"})
        assert wrong.status_code == 422
        session.refresh(officer.account)
        done = client.post("/desk/invitation", data={**form, "code": officer.code(later)})
        assert done.status_code == 302
        assert client.get("/desk/").status_code == 200
        assert elsewhere.get("/desk/").status_code == 302
    much = later + timedelta(minutes=1)
    with clock.frozen(much):
        assert log_in(app.test_client(), officer, much).status_code == 422
        assert log_in(app.test_client(), officer, much, password=GOOD).status_code == 302


def test_the_link_alone_cannot_guess_codes_for_ever(
    client: FlaskClient, session: Session, officer: Staff
) -> None:
    with clock.frozen(NOON):
        given = renewal(officer)
        page = opens(client, given.token).text
        form = {"csrf_token": value_of(page, "csrf_token"), "token": given.token, "new": GOOD, "again": GOOD}
        for _ in range(6):
            client.post("/desk/invitation", data={**form, "code": "000000"})
        right = client.post("/desk/invitation", data={**form, "code": officer.code(NOON)})
        assert right.status_code == 422


def test_joining_again_ends_what_the_browser_had_open(
    app: Flask, client: FlaskClient, session: Session, officer: Staff
) -> None:
    """An administrator who tries the link in his own browser must not end up half himself."""
    with clock.frozen(NOON):
        log_in(client, officer, NOON)
        given = invite()
        page = opens(client, given.token).text
        chooses(client, given.token, page)
        assert "wang.j" in client.get("/desk/account").text
        assert session.scalars(select(RecoveryCode.account_id).distinct()).all() == [given.account.id]
        assert session.get_one(Account, officer.account.id).active


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_the_language_changes_without_losing_the_link(
    client: FlaskClient, session: Session, language: str
) -> None:
    with clock.frozen(NOON):
        given = invite()
        form = {"csrf_token": csrf_of(client, "/desk/invitation"), "token": given.token}
        page = client.post("/desk/invitation", data={**form, "language": language}).text
        assert f'<html lang="{"en" if language == "en" else "zh-Hans"}"' in page
        assert chooses(client, given.token, page).status_code == 200
