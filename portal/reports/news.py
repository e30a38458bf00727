"""What is new for a reporter since the last visit, and that it was seen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.database import db, writing
from portal.notices.models import Notice
from portal.notices.texts import ON_PAGE
from portal.reports.models import Message, MessageSide


def unread(report_id: int) -> list[Notice]:
    """Return the notices of a report that were not shown yet, oldest first."""
    return list(
        db.session.scalars(
            select(Notice)
            .where(Notice.report_id == report_id, Notice.read_at.is_(None), Notice.kind.in_(_KINDS))
            .order_by(Notice.id)
        )
    )


def mark_read(report_id: int, notices: list[Notice], messages: list[Message], at: datetime) -> None:
    """Note that these were shown; in a transaction of its own, because the page around it only reads."""
    notice_ids = [notice.id for notice in notices]
    message_ids = [
        message.id for message in messages if message.side is MessageSide.OFFICE and message.read_at is None
    ]
    if not notice_ids and not message_ids:
        return
    with writing(), Session(db.engine, join_transaction_mode="create_savepoint") as session:
        if notice_ids:
            shown = update(Notice).where(Notice.report_id == report_id, Notice.id.in_(notice_ids))
            session.execute(shown.values(read_at=at))
        if message_ids:
            read = update(Message).where(Message.report_id == report_id, Message.id.in_(message_ids))
            session.execute(read.values(read_at=at))
        session.commit()


_KINDS = [kind.value for kind in ON_PAGE]
