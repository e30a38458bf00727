"""Logging in: both factors at once, one answer for every failure, the same work for absent accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from portal.audit import events
from portal.audit.models import ActorKind
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.people import accounts, factors, sessions, throttle
from portal.people.actor import SYSTEM, Actor
from portal.people.factors import Means, Proof
from portal.people.models import Account, with_secrets
from portal.people.passkeys import Purpose
from portal.people.sessions import Place, SignedIn
from portal.people.telling import News, tell
from portal.vault.keys import Keyring


class LoginRefused(Refusal):
    """Whatever was wrong: the answer never says which, nor whether the account exists."""

    message = gettext_noop(
        "User name, password or code is not right. Wait for the next code, then try again;"
        " after several wrong tries the wait grows."
    )
    status = 422


class StepUpRefused(Refusal):
    """The second factor was not proved a second time."""

    message = gettext_noop(
        "That was not right. Each code works once: wait for the next one, then try again; after several wrong"
        " tries the wait grows."
    )
    status = 422


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody sent with the log-in form, and a name for the network it came from."""

    username: str
    password: str = field(repr=False)
    proof: Proof = field(repr=False)
    network: str
    place: Place

    @property
    def name(self) -> str:
        """Return the user name as accounts keep it."""
        return self.username.strip().lower()


def log_in(ring: Keyring, attempt: Attempt, at: datetime) -> SignedIn:
    """Open a session, or raise LoginRefused. Commits on its way: a try counts before it is checked."""
    guess_key = throttle.counter_key(ring, "guess", attempt.name, attempt.network)
    free = throttle.claim(guess_key, at)
    named = select(Account).where(Account.username == attempt.name)
    account = db.session.scalar(named.options(with_secrets()))
    # The password takes its time to check: no lock is held meanwhile.
    db.session.commit()
    right = accounts.password_matches(account, attempt.password) and free
    means = _prove(ring, account, attempt.proof, Purpose.LOG_IN, at) if account and right else None
    if account is None or means is None:
        _refuse(account, at)
        raise LoginRefused
    throttle.forget(guess_key)
    accounts.rehash(account, attempt.password)
    if means is Means.RECOVERY:
        tell(account.id, News.RECOVERY_USED, at=at)
        events.record("recovery_used", at=at, actor=_actor(account), facts={"account": account.id})
    events.record("logged_in", at=at, actor=_actor(account), facts={"means": means.value})
    signed = sessions.start(account, at, attempt.place)
    db.session.commit()
    return signed


def step_up(ring: Keyring, signed: SignedIn, proof: Proof, at: datetime) -> SignedIn:
    """Prove a second factor once more and go on under another token; raises StepUpRefused. Commits."""
    account = signed.account
    means = _prove(ring, account, proof, Purpose.STEP_UP, at)
    renewed = sessions.renew(signed, at, proved=True) if means else None
    if means is None or renewed is None:
        events.record("step_up_failed", at=at, actor=_actor(account), facts={"account": account.id})
        db.session.commit()
        raise StepUpRefused
    events.record("stepped_up", at=at, actor=_actor(account), facts={"means": means.value})
    db.session.commit()
    return renewed


def _prove(ring: Keyring, account: Account, proof: Proof, purpose: Purpose, at: datetime) -> Means | None:
    """Prove a second factor; tries are counted for the whole account, wherever they come from."""
    key = throttle.counter_key(ring, "code", account.username)
    # The counter stays locked for the moment that the check takes; every way out of here commits it.
    free = throttle.claim(key, at)
    means = factors.prove(ring, account, proof, purpose, at) if free and account.active else None
    if means:
        throttle.forget(key)
    return means


def _actor(account: Account) -> Actor:
    return Actor(ActorKind.STAFF, account_id=account.id)


def _refuse(account: Account | None, at: datetime) -> None:
    facts = {"account": account.id} if account else {}
    events.record("login_failed", at=at, actor=SYSTEM, facts=facts)
    db.session.commit()
