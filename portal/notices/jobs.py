"""Delivering one row of the outbox: safe to run twice, by two workers, at any time."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy import or_, update

from portal import clock
from portal.channels.channel import ChannelError, Parcel
from portal.channels.registry import channels
from portal.database import db
from portal.extensions import settings
from portal.notices.letters import NothingToSend, letter
from portal.notices.models import Delivery, DeliveryState, Notice
from portal.notices.outbox import NoticeKind
from portal.notices.recipients import recipient_of
from portal.notices.texts import outside
from portal.vault.asking import vault
from portal.vault.client import VaultClosed, VaultRefused

LEASE = timedelta(seconds=60)
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 20


class NotNow(Exception):
    """An address got as many messages today as it may."""

    def __init__(self, code: str, until: datetime) -> None:
        super().__init__(code)
        self.code = code
        self.until = until


def deliver(delivery_id: int) -> None:
    """Deliver one row, unless it is done, not due, or in somebody else's hands."""
    at = clock.now()
    if not _lease(delivery_id, at):
        return
    delivery = db.session.get_one(Delivery, delivery_id, populate_existing=True)
    if delivery.expires_at is not None and at >= delivery.expires_at:
        _expired(delivery, at)
        db.session.commit()
        return
    try:
        if delivery.notice.report_id is not None:
            _let_the_vault_send(delivery)
        else:
            _send(delivery)
    except NotNow as later:
        _postpone(delivery, later)
    except NothingToSend:
        _expired(delivery, clock.now())
    except ChannelError as error:
        _failed(delivery, error, clock.now())
    else:
        delivery.state = DeliveryState.SENT
        delivery.done_at = clock.now()
        delivery.error = ""
        delivery.lease_until = None
    db.session.commit()


def _lease(delivery_id: int, at: datetime) -> bool:
    """Take the row for a minute; the condition in the UPDATE lets one worker alone have it."""
    result = db.session.execute(
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.state == DeliveryState.QUEUED,
            Delivery.available_at <= at,
            or_(Delivery.lease_until.is_(None), Delivery.lease_until < at),
        )
        .values(lease_until=at + LEASE, attempts=Delivery.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return bool(result.rowcount)  # type: ignore[attr-defined]  # CursorResult of an UPDATE


def _let_the_vault_send(delivery: Delivery) -> None:
    """A reporter's address is opened in the vault alone, which sends; raises ChannelError or NotNow."""
    db.session.commit()
    try:
        outcome = vault().send_alert(delivery.id)
    except VaultClosed:
        # Nobody is to blame but the operator: it is tried until the vault is open again.
        delivery.attempts = min(delivery.attempts, MOST_ATTEMPTS - 1)
        raise ChannelError("vault_closed") from None
    except VaultRefused as refused:
        raise ChannelError(f"vault_{refused.why.value}") from None
    if outcome.not_before is not None:
        raise NotNow(outcome.code, outcome.not_before)
    if outcome.code == "daily_limit":  # a test line: nobody waits for it tomorrow
        delivery.error = outcome.code
        raise NothingToSend
    if not outcome.sent:
        raise ChannelError(outcome.code, final=outcome.final)


def _postpone(delivery: Delivery, later: NotNow) -> None:
    delivery.available_at, delivery.error = later.until, later.code
    delivery.lease_until = None
    delivery.attempts -= 1


def _send(delivery: Delivery) -> None:
    """Hand the message over; raises ChannelError. No transaction is open while the outside answers."""
    notice = delivery.notice
    channel = channels(settings()).get(delivery.channel)
    if channel is None or not channel.ready():
        raise ChannelError("channel_not_set")
    recipient = recipient_of(notice, delivery.channel)
    if recipient is None:
        raise ChannelError("no_address", final=True)
    subject, text = _words(notice, recipient.locale)
    db.session.commit()
    channel.send(Parcel(key=delivery.key, address=recipient.address, subject=subject, text=text))


def _words(notice: Notice, locale: str) -> tuple[str, str]:
    """Return subject and text; raises NothingToSend when what it was about is over."""
    return letter(notice, locale, clock.now()) or outside(
        locale,
        for_staff=notice.account_id is not None,
        urgent=notice.kind == NoticeKind.DANGER_ALARM,
    )


def _expired(delivery: Delivery, at: datetime) -> None:
    delivery.state, delivery.done_at, delivery.lease_until = DeliveryState.EXPIRED, at, None


def _failed(delivery: Delivery, error: ChannelError, at: datetime) -> None:
    """Try again later, longer each time; after the last try a person must look."""
    delivery.error = error.code[:80]
    delivery.lease_until = None
    if error.final or delivery.attempts >= MOST_ATTEMPTS:
        delivery.state = DeliveryState.DEAD
        delivery.done_at = at
        return
    delivery.available_at = at + backoff(delivery.attempts)


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after this many attempts: doubling from 5 s to an hour, with jitter."""
    doublings: int = 1 << max(0, min(attempts - 1, 20))
    wait: timedelta = min(FIRST_WAIT * doublings, LONGEST_WAIT)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 - jitter is no secret
