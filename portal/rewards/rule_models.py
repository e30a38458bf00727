"""Rule sets as versions, what they ask for each finding, reporter and case, and what a trial run found."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.database import Base, BigKey, Instant, Key, MaybeInstant, choice
from portal.people.models import Person
from portal.rewards.rule_steps import RuleStatus

# A withdrawn version never governed anything: its number is free again. What ships lies in the library.
_CITYS = text("status NOT IN ('withdrawn', 'library')")
_SHIPPED = text("status = 'library'")


class RuleVersion(Base):
    """One version of a rule set: the text of its file, from when to when it governs, and who said yes.

    It governs from ``in_force_from`` on and before ``in_force_until``. ``sectors`` empty: every sector.
    """

    __tablename__ = "rule_sets"
    __table_args__ = (
        Index(
            "uq_rule_sets_version",
            "rule_id",
            "version",
            unique=True,
            sqlite_where=_CITYS,
            postgresql_where=_CITYS,
        ),
        Index(
            "uq_rule_sets_library",
            "rule_id",
            "version",
            unique=True,
            sqlite_where=_SHIPPED,
            postgresql_where=_SHIPPED,
        ),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("shipped OR uploaded_by IS NOT NULL", name="uploader_is_known"),
        CheckConstraint("enforced_by IS NULL OR enforced_by <> uploaded_by", name="enforcer_is_not_uploader"),
        CheckConstraint(
            "status NOT IN ('in_force', 'replaced') OR (in_force_from IS NOT NULL AND enforced_at IS NOT NULL"
            " AND (shipped OR enforced_by IS NOT NULL))",
            name="in_force_names_enforcer",
        ),
        CheckConstraint("shipped OR in_force_from >= enforced_on", name="never_backdated"),
        CheckConstraint("(status = 'replaced') = (in_force_until IS NOT NULL)", name="replaced_has_end"),
        CheckConstraint("in_force_until >= in_force_from", name="ends_after_it_begins"),
    )

    id: Mapped[Key]
    rule_id: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(Integer)
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text, deferred=True)
    digest: Mapped[str] = mapped_column(String(64))
    sectors: Mapped[list[str]] = mapped_column(JSON)
    governs_by: Mapped[str] = mapped_column(String(16))
    invented: Mapped[bool] = mapped_column(Boolean, default=False)
    effective_from: Mapped[date] = mapped_column(Date)
    status: Mapped[RuleStatus] = mapped_column(choice(RuleStatus, "rule_status"))
    shipped: Mapped[bool] = mapped_column(Boolean, default=False)
    in_force_from: Mapped[date | None] = mapped_column(Date)
    in_force_until: Mapped[date | None] = mapped_column(Date)
    uploaded_by: Mapped[int | None] = mapped_column(BigKey, ForeignKey("people.id"))
    uploaded_at: Mapped[Instant]
    checked_by: Mapped[int | None] = mapped_column(BigKey, ForeignKey("people.id"))
    checked_at: Mapped[MaybeInstant]
    enforced_by: Mapped[int | None] = mapped_column(BigKey, ForeignKey("people.id"))
    enforced_at: Mapped[MaybeInstant]
    enforced_on: Mapped[date | None] = mapped_column(Date)
    replaced_by_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("rule_sets.id"))
    row_version: Mapped[int] = mapped_column(Integer, default=1)

    uploader: Mapped[Person | None] = relationship(foreign_keys=uploaded_by, lazy="joined")
    checker: Mapped[Person | None] = relationship(foreign_keys=checked_by, lazy="joined")
    enforcer: Mapped[Person | None] = relationship(foreign_keys=enforced_by, lazy="joined")

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012  (the base declares it an instance's)

    def title(self, language: str) -> str:
        """Return the title in a language."""
        return self.title_en if language == "en" else self.title_zh

    def governs_on(self, day: date) -> bool:
        """Tell whether it governs matters of this day."""
        return (
            self.status in {RuleStatus.IN_FORCE, RuleStatus.REPLACED}
            and self.in_force_from is not None
            and self.in_force_from <= day
            and (self.in_force_until is None or day < self.in_force_until)
        )


class SimulationState(StrEnum):
    """How far a trial run of a version on past cases has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Simulation(Base):
    """A trial run: what a version would have given for the cases of the last year; sums and counts only."""

    __tablename__ = "rule_simulations"
    __table_args__ = (
        Index("ix_rule_simulations_rule_set", "rule_set_id", "id"),
        CheckConstraint("done_cases >= 0 AND done_cases <= total_cases", name="done_within_total"),
    )

    id: Mapped[Key]
    rule_set_id: Mapped[int] = mapped_column(BigKey, ForeignKey("rule_sets.id", ondelete="CASCADE"))
    state: Mapped[SimulationState] = mapped_column(choice(SimulationState, "simulation_state"))
    asked_by: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    asked_at: Mapped[Instant]
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    total_cases: Mapped[int] = mapped_column(Integer, default=0)
    done_cases: Mapped[int] = mapped_column(Integer, default=0)
    last_case_id: Mapped[int] = mapped_column(BigKey, default=0)
    touched_at: Mapped[MaybeInstant]
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class FindingFact(Base):
    """What a verifier, a penalty or an investigation says of one finding, as the rule asks it."""

    __tablename__ = "finding_facts"

    finding_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("findings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    fact_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
    confirmed_by: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    confirmed_at: Mapped[Instant]


class ReporterFact(Base):
    """What the identity officer says of a reporter: yes or no, never who it is."""

    __tablename__ = "reporter_facts"

    report_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("reports.id"), primary_key=True, autoincrement=False
    )
    fact_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    confirmed_by: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    confirmed_at: Mapped[Instant]


class CaseFact(Base):
    """What is known of a case as a whole, such as whether the matter was known before."""

    __tablename__ = "case_facts"

    case_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("cases.id"), primary_key=True, autoincrement=False
    )
    fact_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
    confirmed_by: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    confirmed_at: Mapped[Instant]
