"""The outbox: what must be told, and one delivery row for each channel."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.database import Base, BigKey, Instant, Key, MaybeInstant, choice


class DeliveryState(StrEnum):
    """Where a delivery stands; ``DEAD`` needs a person, ``EXPIRED`` was of no use any more."""

    QUEUED = "queued"
    SENT = "sent"
    DEAD = "dead"
    EXPIRED = "expired"


class Notice(Base):
    """Something to tell a reporter (``report_id``) or somebody of the staff (``account_id``).

    ``kind`` chooses the neutral text; ``reference`` is a case or award number for the desk and
    stays out of every message that leaves the portal.
    """

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_report", "report_id", "id"),
        Index("ix_notices_account", "account_id", "id"),
    )

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(48))
    report_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("reports.id"))
    account_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("accounts.id"))
    reference: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[Instant]
    read_at: Mapped[MaybeInstant]

    deliveries: Mapped[list[Delivery]] = relationship(back_populates="notice", lazy="raise")


class Delivery(Base):
    """One notice on one channel; ``key`` is the idempotency key given to the outside."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "ix_deliveries_due",
            "available_at",
            "id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index("ix_deliveries_notice", "notice_id"),
    )

    id: Mapped[Key]
    notice_id: Mapped[int] = mapped_column(BigKey, ForeignKey("notices.id"))
    channel: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(36), unique=True)
    state: Mapped[DeliveryState] = mapped_column(
        choice(DeliveryState, "delivery_state"), default=DeliveryState.QUEUED
    )
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    available_at: Mapped[Instant]
    lease_until: Mapped[MaybeInstant]
    expires_at: Mapped[MaybeInstant]
    done_at: Mapped[MaybeInstant]
    error: Mapped[str] = mapped_column(String(80), default="")

    notice: Mapped[Notice] = relationship(back_populates="deliveries", lazy="joined", innerjoin=True)
