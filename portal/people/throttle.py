"""Slowing down who guesses: counters of failed log-ins under keyed digests, in the database.

A stranger without the password slows only his own network, so he can never keep somebody else out. Beside
these counters a network has 20 failed log-ins in ten minutes (the limit stands at the route), and failures
that are spread over many networks are an alarm of ``/healthz``.
Who knows the password and guesses codes slows the whole account, but never for longer than ``LONGEST``.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.database import db
from portal.people.models import LoginFailure
from portal.vault.keys import Keyring

FREE_TRIES = 5
LONGEST = timedelta(minutes=15)
FORGET_AFTER = timedelta(days=1)
SPREAD_WITHIN = timedelta(minutes=10)
SPREAD_ALARM = 100


def counter_key(ring: Keyring, kind: str, *parts: str) -> bytes:
    """Return the keyed digest under which something is counted; it names nobody."""
    text = "\x1f".join((kind, *parts))
    return hmac.new(ring.derive("form", "login throttle"), text.encode(), hashlib.sha256).digest()


def wait_after(failures: int) -> timedelta:
    """Return how long the next try must wait: nothing at first, then doubling up to the longest."""
    if failures < FREE_TRIES:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_TRIES + 1, 20)), LONGEST)


def claim(key: bytes, at: datetime) -> bool:
    """Count a try before it is checked; False while the counter has to wait.

    Counted first and forgotten when right, so that twenty tries at the same moment are twenty tries.
    A try that is refused here does not lengthen the wait.
    """
    row = _locked(key, at)
    if at - row.last_at > FORGET_AFTER:
        row.failures = 0
    elif row.next_at > at:
        return False
    row.failures += 1
    row.last_at = at
    row.next_at = at + wait_after(row.failures)
    return True


def _locked(key: bytes, at: datetime) -> LoginFailure:
    """Return the counter, made when absent, so that nobody else counts until the transaction ends."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    first = insert(LoginFailure).values(key_digest=key, failures=0, last_at=at, next_at=at)
    # An update that changes nothing holds the row; doing nothing would let a right log-in delete it before
    # it is read.
    held = first.on_conflict_do_update(
        index_elements=[LoginFailure.key_digest], set_={"failures": LoginFailure.failures}
    )
    db.session.execute(held)
    return db.session.scalars(
        select(LoginFailure)
        .where(LoginFailure.key_digest == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def forget(*keys: bytes) -> None:
    """Begin again from nothing after a log-in that was right."""
    db.session.execute(delete(LoginFailure).where(LoginFailure.key_digest.in_(keys)))


def spread(at: datetime) -> int:
    """Return how many names and networks failed to log in within the last minutes, each counted once.

    One password tried on many accounts from many networks stays below every other limit; this sees it.
    """
    recent = LoginFailure.last_at > at - SPREAD_WITHIN
    return db.session.scalar(select(func.count()).select_from(LoginFailure).where(recent)) or 0


def forget_old(at: datetime) -> None:
    """Delete counters that nobody touched for a day."""
    db.session.execute(delete(LoginFailure).where(LoginFailure.last_at < at - FORGET_AFTER))
