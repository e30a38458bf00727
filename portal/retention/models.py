"""Holds that stop destruction, and the runs of the schedule."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, BigKey, Instant, Key, MaybeInstant, choice


class HoldGround(StrEnum):
    """Why nothing of a case may be destroyed for now."""

    APPEAL = "appeal"
    CRIMINAL = "criminal"
    LAWSUIT = "lawsuit"
    AUDIT = "audit"
    OTHER = "other"


class RetentionHold(Base):
    """Nothing of this case is destroyed by the schedule until the hold ends; one at a time."""

    __tablename__ = "retention_holds"
    __table_args__ = (
        Index(
            "uq_retention_holds_standing",
            "case_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("reason <> ''", name="hold_has_reason"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_somebody"),
    )

    id: Mapped[Key]
    case_id: Mapped[int] = mapped_column(BigKey, ForeignKey("cases.id"))
    ground: Mapped[HoldGround] = mapped_column(choice(HoldGround, "hold_ground"))
    reason: Mapped[str] = mapped_column(Text)
    set_at: Mapped[Instant]
    set_by: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    ended_at: Mapped[MaybeInstant]
    ended_by: Mapped[int | None] = mapped_column(BigKey, ForeignKey("people.id"))
    end_reason: Mapped[str] = mapped_column(Text, default="", server_default="")


class RetentionRun(Base):
    """One pass over all reports; ``after`` is how far it came, so that a broken one goes on."""

    __tablename__ = "retention_runs"

    id: Mapped[Key]
    started_at: Mapped[Instant]
    finished_at: Mapped[MaybeInstant]
    after: Mapped[int] = mapped_column(BigKey, default=0)
    destroyed: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """How many reports lost each kind."""
