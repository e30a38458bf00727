"""The event: one row for every step, never changed."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
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
        Index("ix_events_action", "action", "id"),
        Index("ix_events_at", "at", "id"),
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


class Population(StrEnum):
    """From what a sample is drawn: cases by the day they were concluded, awards by the day of approval."""

    CASES = "cases"
    AWARDS = "awards"


class AuditSample(Base):
    """A random sample for an audit, with all that is needed to draw it again; never changed."""

    __tablename__ = "audit_samples"
    __table_args__ = (
        CheckConstraint("size > 0 AND size <= population_size", name="sample_fits_its_population"),
        CheckConstraint("since <= until", name="days_in_order"),
    )

    id: Mapped[Key]
    population: Mapped[Population] = mapped_column(choice(Population, "audit_population"))
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    """The last day, included; days of the city."""
    population_size: Mapped[int] = mapped_column(Integer)
    population_digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of all numbers in order, one a line: shows whether the same population is found later."""
    seed: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Integer)
    numbers: Mapped[list[str]] = mapped_column(JSON)
    drawn_by: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"))
    drawn_at: Mapped[Instant]
