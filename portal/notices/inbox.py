"""The notices of one person of the staff, as the desk shows them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from portal.database import db
from portal.notices.models import Notice

SHOWN = 30


def latest_of(account_id: int) -> list[Notice]:
    """Return the account's latest notices, the newest first."""
    return list(
        db.session.scalars(
            select(Notice).where(Notice.account_id == account_id).order_by(Notice.id.desc()).limit(SHOWN)
        )
    )


def mark_read(account_id: int, up_to: int, at: datetime) -> None:
    """Note that the account has read its notices up to this one."""
    db.session.execute(
        update(Notice)
        .where(Notice.account_id == account_id, Notice.id <= up_to, Notice.read_at.is_(None))
        .values(read_at=at)
    )
