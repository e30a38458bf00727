"""What the holder of a one-time link sets himself: password and second factor, or the password alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.audit import events
from portal.audit.models import ActorKind
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.people import accounts, factors, links, recovery, sessions, throttle
from portal.people.actor import Actor
from portal.people.credentials import Link
from portal.people.factors import Offer, Proof
from portal.people.models import Account
from portal.people.passkeys import Purpose
from portal.people.sessions import Place, SignedIn
from portal.people.telling import News, tell
from portal.vault.keys import Keyring


class FactorNotProved(Refusal):
    """A new password is set only by who still has the second factor."""

    message = gettext_noop(
        "The second factor is not right. Wait for the next code, then try again; after several wrong tries"
        " the wait grows. Is the telephone lost too? Then ask your administrator."
    )
    status = 422


@dataclass(frozen=True, slots=True)
class Joined:
    """The open session, and the recovery codes that are shown once."""

    signed: SignedIn
    codes: list[str]


def join(
    ring: Keyring, link: Link, password: str, offer: Offer, code: str, *, at: datetime, place: Place
) -> Joined:
    """Set password and one-time code, use the link up, and open a session; whatever was before is gone."""
    account = link.account
    accounts.set_password(account, password, at)
    factors.accept(ring, offer, code, at)
    links.use(link, at)
    codes = recovery.renew(ring, account, at)
    signed = _enter(link, account, at, place)
    return Joined(signed, codes)


def renew_password(
    ring: Keyring, link: Link, password: str, proof: Proof, *, at: datetime, place: Place
) -> SignedIn:
    """Set another password beside the second factor that stays. Commits on its way: a try counts first.

    Raises FactorNotProved.
    """
    account = link.account
    accounts.refuse_weak(password, account.username, account.person.name)
    code_key = throttle.counter_key(ring, "code", account.username)
    free = throttle.claim(code_key, at)
    db.session.commit()
    if not free or factors.prove(ring, account, proof, Purpose.LOG_IN, at) is None:
        raise FactorNotProved
    throttle.forget(code_key)
    accounts.set_password(account, password, at)
    links.use(link, at)
    tell(account.id, News.PASSWORD_CHANGED, at=at)
    return _enter(link, account, at, place)


def _enter(link: Link, account: Account, at: datetime, place: Place) -> SignedIn:
    sessions.end_all(account.id, at)
    actor = Actor(ActorKind.STAFF, account_id=account.id)
    events.record("link_used", at=at, actor=actor, facts={"account": account.id, "kind": link.kind.value})
    return sessions.start(account, at, place)
