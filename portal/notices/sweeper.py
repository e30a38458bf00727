"""The sweeper over the outbox: it, and not the queue, promises that every message goes out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from flask import current_app
from sqlalchemy import func, or_, select

from portal import clock
from portal.database import db, reading
from portal.notices.jobs import deliver
from portal.notices.models import Delivery, DeliveryState

AT_ONCE = 200
# A row that waits this long after its time was rung for in vain: worker or Redis is down.
PATIENCE = timedelta(seconds=30)


def sweep() -> None:
    """Ring for every row that is due; deliver here what was rung for in vain."""
    at = clock.now()
    ring = cast(Callable[[str, int], bool], current_app.extensions["portal_ring"])
    for delivery_id, available_at in due(at):
        if at - available_at > PATIENCE or not ring("deliver", delivery_id):
            deliver(delivery_id)


def due(at: datetime) -> list[tuple[int, datetime]]:
    """Return the rows that are due and in nobody's hands, oldest first."""
    with reading():
        rows = db.session.execute(
            select(Delivery.id, Delivery.available_at)
            .where(
                Delivery.state == DeliveryState.QUEUED,
                Delivery.available_at <= at,
                or_(Delivery.lease_until.is_(None), Delivery.lease_until < at),
            )
            .order_by(Delivery.available_at, Delivery.id)
            .limit(AT_ONCE)
        ).all()
        db.session.rollback()
    return [(row.id, row.available_at) for row in rows]


def oldest_age(at: datetime) -> timedelta:
    """Return how long the oldest row that is due has waited."""
    oldest = db.session.scalar(
        select(func.min(Delivery.available_at)).where(
            Delivery.state == DeliveryState.QUEUED, Delivery.available_at <= at
        )
    )
    return at - oldest if oldest else timedelta()


def dead_count() -> int:
    """Return how many messages wait for a person."""
    return db.session.scalar(select(func.count()).where(Delivery.state == DeliveryState.DEAD)) or 0
