"""Logging in: both factors at once, one answer for every failure, the same work for absent accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit import events
from portal.audit.models import ActorKind
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.people import accounts, sessions, throttle
from portal.people.actor import SYSTEM, Actor
from portal.people.models import Account
from portal.people.sessions import SignedIn
from portal.vault.keys import Keyring


class LoginRefused(Refusal):
    """Whatever was wrong: the answer never says which, nor whether the account exists."""

    message = gettext_noop(
        "User name, password or code is not right. Wait for the next code, then try again;"
        " after several wrong tries the wait grows."
    )
    status = 422


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed into the log-in form, and a name for the network it came from."""

    username: str
    password: str
    code: str
    network: str

    @property
    def name(self) -> str:
        """Return the user name as accounts keep it."""
        return self.username.strip().lower()


def log_in(ring: Keyring, attempt: Attempt, at: datetime) -> SignedIn:
    """Open a session, or raise LoginRefused. Commits on its way: a try counts before it is checked."""
    guess_key = throttle.counter_key(ring, "guess", attempt.name, attempt.network)
    free = throttle.claim(guess_key, at)
    account = db.session.scalar(select(Account).where(Account.username == attempt.name))
    # The password takes its time to check: no lock is held meanwhile.
    db.session.commit()
    right = accounts.password_matches(account, attempt.password) and free
    code_key = throttle.counter_key(ring, "code", attempt.name)
    if account is None or not right or not _code_is_right(ring, account, attempt.code, code_key, at):
        _refuse(account, at)
        raise LoginRefused
    throttle.forget(guess_key, code_key)
    accounts.rehash(account, attempt.password)
    events.record("logged_in", at=at, actor=Actor(ActorKind.STAFF, account_id=account.id))
    signed = sessions.start(account, at)
    db.session.commit()
    return signed


def _code_is_right(ring: Keyring, account: Account, code: str, key: bytes, at: datetime) -> bool:
    free = throttle.claim(key, at)
    db.session.commit()
    return free and account.active and accounts.use_totp(ring, account, code, at)


def _refuse(account: Account | None, at: datetime) -> None:
    facts = {"account": account.id} if account else {}
    events.record("login_failed", at=at, actor=SYSTEM, facts=facts)
    db.session.commit()
