"""The case (办件) and what was verified in it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.cases.steps import CaseStatus, Conclusion, DueStep, RectificationStatus
from portal.database import Base, BigKey, Instant, Key, MaybeInstant, choice
from portal.notices.models import Delivery
from portal.people.models import Account, Department, District, Person
from portal.reports.models import Report


def _open_index(name: str, *columns: str) -> Index:
    """Index over open cases only: the queue never looks at the others."""
    return Index(name, *columns, sqlite_where=text("is_open"), postgresql_where=text("is_open"))


class Case(Base):
    """The matter: holds 1..n reports in order of receipt; owns place, unit, officer and due date."""

    __tablename__ = "cases"
    __table_args__ = (
        _open_index("ix_cases_open_due", "due_at", "id"),
        _open_index("ix_cases_open_district_due", "district_id", "due_at", "id"),
        _open_index("ix_cases_open_department_due", "department_id", "due_at", "id"),
        _open_index("ix_cases_open_officer_due", "officer_id", "due_at", "id"),
        _open_index("ix_cases_open_status_due", "status", "due_at", "id"),
        _open_index("ix_cases_open_sector_due", "sector", "due_at", "id"),
        # Few cases wait for their reporter: counting them must not look at all that are open.
        Index(
            "ix_cases_open_waiting",
            "district_id",
            "due_at",
            "id",
            sqlite_where=text("is_open AND waiting_since IS NOT NULL"),
            postgresql_where=text("is_open AND waiting_since IS NOT NULL"),
        ),
        # The few on top of the queue, whatever it holds.
        Index(
            "ix_cases_urgent",
            "due_at",
            "id",
            sqlite_where=text("urgent"),
            postgresql_where=text("urgent"),
        ),
        Index("ix_cases_subject_name", "subject_name", postgresql_ops={"subject_name": "text_pattern_ops"}),
        Index("ix_cases_number_prefix", "number", postgresql_ops={"number": "text_pattern_ops"}),
        CheckConstraint("is_open = false OR due_at IS NOT NULL", name="open_case_has_due_time"),
        CheckConstraint(
            "status NOT IN ('concluded', 'answered') OR conclusion IS NOT NULL",
            name="concluded_has_conclusion",
        ),
        CheckConstraint("status <> 'refused' OR refusal_reason <> ''", name="refused_has_reason"),
        CheckConstraint("merged_into_id IS NULL OR is_open = false", name="merged_case_is_not_open"),
        CheckConstraint(
            "urgent = false OR (is_open = true AND danger_now = true)", name="urgent_is_open_and_in_danger"
        ),
        CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name="not_merged_into_itself"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(24), unique=True)
    status: Mapped[CaseStatus] = mapped_column(choice(CaseStatus, "case_status"))
    is_open: Mapped[bool] = mapped_column(Boolean, default=True)
    title: Mapped[str] = mapped_column(String(80))
    sector: Mapped[str] = mapped_column(String(24))
    subject_name: Mapped[str] = mapped_column(String(120), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    district_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("districts.id"))
    department_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("departments.id"))
    officer_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("people.id"))
    danger_now: Mapped[bool] = mapped_column(Boolean, default=False)
    urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    """People are in danger now, and nobody has undertaken it yet."""
    opened_at: Mapped[Instant]
    accepted_at: Mapped[MaybeInstant]
    concluded_at: Mapped[MaybeInstant]
    answered_at: Mapped[MaybeInstant]
    closed_at: Mapped[MaybeInstant]
    waiting_since: Mapped[MaybeInstant]
    due_at: Mapped[MaybeInstant]
    due_step: Mapped[DueStep | None] = mapped_column(choice(DueStep, "due_step"))
    extended_days: Mapped[int] = mapped_column(SmallInteger, default=0)
    refusal_reason: Mapped[str] = mapped_column(Text, default="")
    where_instead: Mapped[str] = mapped_column(Text, default="")
    conclusion: Mapped[Conclusion | None] = mapped_column(choice(Conclusion, "conclusion"))
    conclusion_note: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    merged_into_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("cases.id"), index=True)
    version: Mapped[int] = mapped_column(Integer, default=1)

    district: Mapped[District | None] = relationship(lazy="joined")
    department: Mapped[Department | None] = relationship(lazy="joined")
    officer: Mapped[Person | None] = relationship(lazy="joined")
    reports: Mapped[list[Report]] = relationship(
        primaryjoin="Case.id == Report.case_id",
        foreign_keys="Report.case_id",
        order_by="(Report.received_at, Report.id)",
        lazy="raise_on_sql",
        viewonly=True,
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  (the base declares it an instance's)


class Alarm(Base):
    """People are in danger now: somebody is called again and again until somebody undertakes it."""

    __tablename__ = "alarms"
    __table_args__ = (
        CheckConstraint("(undertaken_at IS NULL) = (undertaken_by IS NULL)", name="undertaken_by_somebody"),
    )

    case_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("cases.id"), primary_key=True, autoincrement=False
    )
    raised_at: Mapped[Instant]
    undertaken_at: Mapped[MaybeInstant]
    undertaken_by: Mapped[int | None] = mapped_column(BigKey, ForeignKey("people.id"))

    # Read for itself: joined, PostgreSQL would answer from before it waited for the lock of the row.
    undertaker: Mapped[Person | None] = relationship(lazy="select")


class AlarmCall(Base):
    """One call of an alarm to one account: it exists once, whatever computes it twice."""

    __tablename__ = "alarm_calls"
    __table_args__ = (UniqueConstraint("case_id", "step", "recipient_id"),)

    id: Mapped[Key]
    case_id: Mapped[int] = mapped_column(BigKey, ForeignKey("alarms.case_id"))
    step: Mapped[int] = mapped_column(Integer)
    recipient_id: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"))
    delivery_id: Mapped[int] = mapped_column(BigKey, ForeignKey("deliveries.id"), index=True)
    called_at: Mapped[Instant]

    recipient: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
    delivery: Mapped[Delivery] = relationship(lazy="joined", innerjoin=True)


class SiteCheck(Base):
    """A check on site by at least two officers (行政处罚法 2021 art. 42)."""

    __tablename__ = "site_checks"
    __table_args__ = (
        Index("ix_site_checks_case", "case_id", "id"),
        CheckConstraint("officer_one_id <> officer_two_id", name="two_officers"),
        CheckConstraint("certificate_one <> '' AND certificate_two <> ''", name="certificates_recorded"),
    )

    id: Mapped[Key]
    case_id: Mapped[int] = mapped_column(BigKey, ForeignKey("cases.id"))
    checked_on: Mapped[date] = mapped_column(Date)
    officer_one_id: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    certificate_one: Mapped[str] = mapped_column(String(40))
    officer_two_id: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    certificate_two: Mapped[str] = mapped_column(String(40))
    found: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    recorded_at: Mapped[Instant]

    officer_one: Mapped[Person] = relationship(foreign_keys=officer_one_id, lazy="joined", innerjoin=True)
    officer_two: Mapped[Person] = relationship(foreign_keys=officer_two_id, lazy="joined", innerjoin=True)


class FindingKind(StrEnum):
    """What kind of thing was verified."""

    ORDINARY_HAZARD = "ordinary_hazard"
    MAJOR_HAZARD = "major_hazard"
    ILLEGAL_ACT = "illegal_act"
    WELDING_VIOLATION = "welding_violation"
    CONCEALED_ACCIDENT = "concealed_accident"


class AccidentClass(StrEnum):
    """Class of the whole accident, confirmed by the investigation."""

    ORDINARY = "ordinary"
    LARGER = "larger"
    MAJOR = "major"
    ESPECIALLY_MAJOR = "especially_major"


class PenaltyState(StrEnum):
    """Whether a penalty was imposed; an award waits for it or for its absence."""

    PENDING = "pending"
    PENALISED = "penalised"
    NONE = "none"


class PenaltyPart(StrEnum):
    """On whom a penalty falls."""

    FIRM = "firm"
    PERSON = "person"
    CONFISCATED = "confiscated"


class Finding(Base):
    """What was verified (查实事项)."""

    __tablename__ = "findings"
    __table_args__ = (
        Index("ix_findings_case", "case_id", "id"),
        CheckConstraint("penalty_state <> 'none' OR no_penalty_reason <> ''", name="no_penalty_has_reason"),
        CheckConstraint("deaths_confirmed >= 0", name="deaths_not_negative"),
        CheckConstraint(
            "kind = 'concealed_accident' OR (accident_class IS NULL AND deaths_confirmed = 0)",
            name="deaths_only_in_accidents",
        ),
    )

    id: Mapped[Key]
    case_id: Mapped[int] = mapped_column(BigKey, ForeignKey("cases.id"))
    kind: Mapped[FindingKind] = mapped_column(choice(FindingKind, "finding_kind"))
    description: Mapped[str] = mapped_column(Text)
    accident_class: Mapped[AccidentClass | None] = mapped_column(choice(AccidentClass, "accident_class"))
    deaths_confirmed: Mapped[int] = mapped_column(SmallInteger, default=0)
    penalty_state: Mapped[PenaltyState] = mapped_column(
        choice(PenaltyState, "penalty_state"), default=PenaltyState.PENDING
    )
    no_penalty_reason: Mapped[str] = mapped_column(Text, default="")
    recorded_by: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    recorded_at: Mapped[Instant]

    penalties: Mapped[list[Penalty]] = relationship(
        back_populates="finding", lazy="selectin", order_by="Penalty.id"
    )
    rectification: Mapped[Rectification | None] = relationship(back_populates="finding", lazy="joined")


class Penalty(Base):
    """One part of an administrative penalty (行政处罚)."""

    __tablename__ = "penalties"
    __table_args__ = (
        Index("ix_penalties_finding", "finding_id", "id"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
    )

    id: Mapped[Key]
    finding_id: Mapped[int] = mapped_column(BigKey, ForeignKey("findings.id"))
    decision_number: Mapped[str] = mapped_column(String(60))
    decided_on: Mapped[date] = mapped_column(Date)
    part: Mapped[PenaltyPart] = mapped_column(choice(PenaltyPart, "penalty_part"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    recorded_by: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    recorded_at: Mapped[Instant]
    final_on: Mapped[date | None] = mapped_column(Date)
    """No appeal stands against it any more: some rules pay only then."""
    collected_on: Mapped[date | None] = mapped_column(Date)

    finding: Mapped[Finding] = relationship(back_populates="penalties", lazy="raise_on_sql")


class Rectification(Base):
    """The five fixed points (五落实) of putting it right, and how it ended."""

    __tablename__ = "rectifications"
    __table_args__ = (
        CheckConstraint("status <> 'closed' OR closed_at IS NOT NULL", name="closed_has_time"),
        CheckConstraint("closed_at IS NULL OR reinspected_at IS NOT NULL", name="closed_after_reinspection"),
    )

    id: Mapped[Key]
    finding_id: Mapped[int] = mapped_column(BigKey, ForeignKey("findings.id"), unique=True)
    status: Mapped[RectificationStatus] = mapped_column(choice(RectificationStatus, "rectification_status"))
    responsible: Mapped[str] = mapped_column(String(120))
    measures: Mapped[str] = mapped_column(Text)
    funds: Mapped[str] = mapped_column(String(120))
    deadline: Mapped[date] = mapped_column(Date)
    contingency: Mapped[str] = mapped_column(Text)
    ordered_at: Mapped[Instant]
    reinspected_at: Mapped[MaybeInstant]
    reinspection_note: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[MaybeInstant]

    finding: Mapped[Finding] = relationship(back_populates="rectification", lazy="raise_on_sql")
