"""The event: one row for every step, never changed."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, BigKey, Instant, Key, choice


class ActorKind(StrEnum):
    """Who acts: a person of the staff, the reporter, or the portal itself."""

    STAFF = "staff"
    REPORTER = "reporter"
    SYSTEM = "system"


class Event(Base):
    """What happened: action, actor, object, reason and facts without personal data."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_case", "case_id", "id"),
        Index("ix_events_report", "report_id", "id"),
        Index("ix_events_award", "award_id", "id"),
        Index("ix_events_actor", "actor_account_id", "id"),
    )

    id: Mapped[Key]
    at: Mapped[Instant]
    action: Mapped[str] = mapped_column(String(48))
    actor_kind: Mapped[ActorKind] = mapped_column(choice(ActorKind, "actor_kind"))
    actor_account_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("accounts.id"))
    actor_role: Mapped[str] = mapped_column(String(32), default="")
    case_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("cases.id"))
    report_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("reports.id"))
    award_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("awards.id"))
    from_status: Mapped[str] = mapped_column(String(32), default="")
    to_status: Mapped[str] = mapped_column(String(32), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
