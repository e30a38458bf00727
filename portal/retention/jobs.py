"""What the schedule does for retention: slices of the daily pass, and small tidying; commits by itself."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from portal import clock
from portal.cases.models import AlarmCall
from portal.database import db
from portal.dialects import BUSY_MS
from portal.extensions import settings
from portal.notices.models import Delivery, DeliveryState, Notice
from portal.retention import run
from portal.vault.models import AlertCount

log = logging.getLogger("portal.retention")

SLICE_SECONDS = 5.0  # alarms and the outbox wait meanwhile
BATCH = 500
COUNTED_DAYS = 7


def work() -> None:
    """Go on with the pass of the day, or begin it."""
    at = clock.now()
    begun = run.current_run(at)
    if begun is None:
        db.session.rollback()
    elif run.go_on(begun, at, SLICE_SECONDS):
        log.info("retention: a pass ended; destroyed %s", dict(begun.destroyed) or "nothing")
        tidy(at)


def tidy(at: datetime) -> None:
    """Forget old notices of the staff with their deliveries, and how often an address was alerted."""
    before = at - timedelta(days=settings().retention.notice_days)
    while _old_notices(before):
        db.session.commit()
    day = clock.city_date(at - timedelta(days=COUNTED_DAYS), settings().zone)
    db.session.execute(delete(AlertCount).where(AlertCount.day < day.isoformat()))
    db.session.commit()


def _old_notices(before: datetime) -> int:
    """Delete a batch of notices of the staff; a call of an alarm stays with its alarm."""
    called = select(AlarmCall.id).where(AlarmCall.delivery_id == Delivery.id)
    busy = (
        select(Delivery.id)
        .where(Delivery.notice_id == Notice.id)
        .where(called.exists() | (Delivery.state == DeliveryState.QUEUED))
    )
    ids = list(
        db.session.scalars(
            select(Notice.id)
            .where(Notice.account_id.is_not(None), Notice.created_at < before, ~busy.exists())
            .order_by(Notice.id)
            .limit(BATCH)
        )
    )
    if ids:
        db.session.execute(delete(Delivery).where(Delivery.notice_id.in_(ids)))
        db.session.execute(delete(Notice).where(Notice.id.in_(ids)))
    return len(ids)


def leave_the_log() -> None:
    """SQLite keeps what was overwritten in its write-ahead log until that is emptied."""
    if db.engine.dialect.name != "sqlite":
        return
    connection = db.engine.engine.raw_connection()
    try:
        cursor = connection.cursor()
        # Whoever reads now is not waited for: the next hour tries again.
        cursor.execute("PRAGMA busy_timeout=200")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.fetchall()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    finally:
        connection.close()
