"""Staff sessions: rows in the database, so that leaving really ends them."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, joinedload

from portal import clock
from portal.audit.models import ActorKind
from portal.clock import city_date
from portal.database import db, is_read_only, writing
from portal.people import passkeys, throttle
from portal.people.actor import Actor
from portal.people.declarations import declared_of
from portal.people.models import Account, StaffSession

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=8)
TOUCH_EVERY = timedelta(minutes=1)
FRESH = timedelta(minutes=5)
# With the roles in the same query: this is asked at every click.
_WITH_ROLES = joinedload(StaffSession.account).joinedload(Account.grants)
_PHONE = re.compile(r"Mobile|iPhone|Phone", re.IGNORECASE)
_TABLET = re.compile(r"iPad|Tablet|Android(?!.*Mobile)", re.IGNORECASE)


class DeviceKind(StrEnum):
    """With what somebody is logged in, as far as his browser says."""

    PHONE = "phone"
    TABLET = "tablet"
    COMPUTER = "computer"


@dataclass(frozen=True, slots=True)
class Place:
    """With what and from where a session is opened: the owner knows his own by it."""

    device: str = ""
    network: str = ""


def device_of(user_agent: str) -> str:
    """Return the kind of device that a browser calls itself; empty when it says nothing."""
    if _TABLET.search(user_agent):
        return DeviceKind.TABLET
    if _PHONE.search(user_agent):
        return DeviceKind.PHONE
    return DeviceKind.COMPUTER if user_agent else ""


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in: account, token that the cookie holds, when a second factor was last proved."""

    account: Account
    token: str
    factor_at: datetime | None = None
    ties: tuple[str, ...] = ()
    stands_in_for: frozenset[int] = frozenset()
    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    def get_id(self) -> str:
        """Return the session's token; Flask-Login keeps it in the cookie."""
        return self.token

    def is_fresh(self, at: datetime) -> bool:
        """Say whether a second factor was proved so short ago that it counts for a grave step."""
        return self.factor_at is not None and at - self.factor_at <= FRESH

    @property
    def actor(self) -> Actor:
        """Return the actor for services."""
        person = self.account.person
        return Actor(
            kind=ActorKind.STAFF,
            account_id=self.account.id,
            person_id=person.id,
            roles=self.account.roles,
            department_id=person.department_id,
            district_id=person.district_id,
            ties=self.ties,
            stands_in_for=self.stands_in_for,
        )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def start(account: Account, at: datetime, place: Place | None = None) -> SignedIn:
    """Open a session for an account that proved both factors."""
    token = secrets.token_urlsafe(32)
    where = place or Place()
    db.session.add(
        StaffSession(
            token_digest=_digest(token),
            account_id=account.id,
            started_at=at,
            seen_at=at,
            factor_at=at,
            device=where.device,
            network=where.network,
        )
    )
    return SignedIn(account, token, at)


def renew(signed: SignedIn, at: datetime, *, proved: bool = False) -> SignedIn | None:
    """Go on under another token, the old one opens nothing any more; None when the session has ended.

    ``proved``: a second factor was proved just now.
    """
    row = db.session.scalar(
        select(StaffSession)
        .where(StaffSession.token_digest == _digest(signed.token), StaffSession.ended_at.is_(None))
        .with_for_update(of=StaffSession)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return None
    token = secrets.token_urlsafe(32)
    row.token_digest, row.seen_at = _digest(token), at
    if proved:
        row.factor_at = at
    db.session.flush()
    return SignedIn(signed.account, token, row.factor_at)


def find(token: str, at: datetime) -> SignedIn | None:
    """Return who holds this token, None when it ended, went idle or the account was disabled."""
    query = select(StaffSession).where(StaffSession.token_digest == _digest(token)).options(_WITH_ROLES)
    row = db.session.scalars(query).unique().one_or_none()
    if row is None or row.ended_at is not None or not row.account.active:
        return None
    if at - row.seen_at > IDLE or at - row.started_at > LONGEST:
        return None
    if at - row.seen_at > TOUCH_EVERY:
        _touch(row, at)
    declared = declared_of(row.account.person_id, city_date(at))
    return SignedIn(
        row.account, token, row.factor_at, ties=declared.ties, stands_in_for=declared.stands_in_for
    )


def _touch(row: StaffSession, at: datetime) -> None:
    if not is_read_only():
        # A second writer would wait for the transaction around it, which waits for this function.
        row.seen_at = at
        return
    # In a transaction of its own: the page around it only reads, and must not wait for a writer.
    with writing(), Session(db.engine, join_transaction_mode="create_savepoint") as session:
        session.execute(
            update(StaffSession).where(StaffSession.token_digest == row.token_digest).values(seen_at=at)
        )
        session.commit()


def end(token: str, at: datetime) -> None:
    """End one session."""
    db.session.execute(
        update(StaffSession).where(StaffSession.token_digest == _digest(token)).values(ended_at=at)
    )


def end_all(account_id: int, at: datetime, *, besides: str = "") -> None:
    """End every session of an account but that of one token: disabling, a new password, other roles."""
    db.session.execute(
        update(StaffSession)
        .where(
            StaffSession.account_id == account_id,
            StaffSession.ended_at.is_(None),
            StaffSession.token_digest != _digest(besides),
        )
        .values(ended_at=at)
    )


def end_own(account_id: int, mark: str, at: datetime) -> bool:
    """End the session with this mark if it belongs to the account; any other mark does nothing."""
    found = [session for session in open_of(account_id, at) if session.mark == mark]
    for session in found:
        session.row.ended_at = at
    return bool(found)


@dataclass(frozen=True)
class OpenSession:
    """An open session as its owner sees it; the mark names it in a form and opens nothing."""

    row: StaffSession
    mark: str

    def belongs_to(self, token: str) -> bool:
        """Say whether this is the session of that token."""
        return self.row.token_digest == _digest(token)


def open_of(account_id: int, at: datetime) -> list[OpenSession]:
    """Return the sessions of an account that still open pages, the latest first."""
    rows = db.session.scalars(
        select(StaffSession)
        .where(
            StaffSession.account_id == account_id,
            StaffSession.ended_at.is_(None),
            StaffSession.seen_at > at - IDLE,
            StaffSession.started_at > at - LONGEST,
        )
        .order_by(StaffSession.started_at.desc())
    )
    return [OpenSession(row, row.token_digest.hex()[:16]) for row in rows]


def purge() -> None:
    """Delete sessions that ended a day ago and counters nobody touched for as long; commits."""
    at = clock.now()
    old = at - LONGEST - timedelta(days=1)
    db.session.execute(
        delete(StaffSession).where(or_(StaffSession.ended_at < old, StaffSession.started_at < old))
    )
    throttle.forget_old(at)
    passkeys.forget_old(at)
    db.session.commit()
