"""Staff sessions: rows in the database, so that leaving really ends them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_login import UserMixin
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.audit.models import ActorKind
from portal.database import db, writing
from portal.people.actor import Actor
from portal.people.models import Account, StaffSession

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=8)
TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class SignedIn(UserMixin):
    """Who is signed in: the account, and the token that the cookie holds."""

    account: Account
    token: str

    def get_id(self) -> str:
        """Return the session's token; Flask-Login keeps it in the cookie."""
        return self.token

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
        )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def start(account: Account, at: datetime) -> SignedIn:
    """Open a session for an account that proved both factors."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        StaffSession(token_digest=_digest(token), account_id=account.id, started_at=at, seen_at=at)
    )
    return SignedIn(account, token)


def find(token: str, at: datetime) -> SignedIn | None:
    """Return who holds this token, None when it ended, went idle or the account was disabled."""
    row = db.session.scalar(select(StaffSession).where(StaffSession.token_digest == _digest(token)))
    if row is None or row.ended_at is not None or not row.account.active:
        return None
    if at - row.seen_at > IDLE or at - row.started_at > LONGEST:
        return None
    if at - row.seen_at > TOUCH_EVERY:
        _touch(row, at)
    return SignedIn(row.account, token)


def _touch(row: StaffSession, at: datetime) -> None:
    # In a transaction of its own: the page around it may only read, and must not wait for a writer.
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


def end_all(account_id: int, at: datetime) -> None:
    """End every session of an account: disabling, a new password, other roles."""
    db.session.execute(
        update(StaffSession)
        .where(StaffSession.account_id == account_id, StaffSession.ended_at.is_(None))
        .values(ended_at=at)
    )
