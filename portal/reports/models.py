"""The report: one filing, one receipt, one conversation."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, BigKey, Instant, Key, MaybeInstant, choice


class Channel(StrEnum):
    """How the report came."""

    PORTAL = "portal"
    TELEPHONE = "telephone"
    LETTER = "letter"
    VISIT = "visit"


class DangerNow(StrEnum):
    """Whether the danger is there now, in the reporter's words."""

    NOW = "now"
    ONGOING = "ongoing"
    PAST = "past"
    UNKNOWN = "unknown"


class RealName(StrEnum):
    """Whether the reporter gave a name, and whether the identity officer confirmed it."""

    NONE = "none"
    DECLARED = "declared"
    CONFIRMED = "confirmed"


class Report(Base):
    """What was told, by whom nobody knows: the name is sealed in the vault."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_case", "case_id", "received_at", "id"),)

    id: Mapped[Key]
    uuid: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    submission_id: Mapped[str] = mapped_column(String(32), unique=True)
    body_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    receipt_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    receipt_key_id: Mapped[str] = mapped_column(String(24))
    code_known_to_staff: Mapped[bool] = mapped_column(Boolean, default=False)
    case_id: Mapped[int] = mapped_column(BigKey, ForeignKey("cases.id"))
    origin_case_id: Mapped[int] = mapped_column(BigKey, ForeignKey("cases.id"), index=True)
    channel: Mapped[Channel] = mapped_column(choice(Channel, "channel"))
    locale: Mapped[str] = mapped_column(String(12), default="zh_Hans")
    received_at: Mapped[Instant]
    sector: Mapped[str] = mapped_column(String(24))
    situation: Mapped[str] = mapped_column(String(40), default="")
    danger_now: Mapped[DangerNow] = mapped_column(choice(DangerNow, "danger_now"))
    district_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("districts.id"))
    address: Mapped[str] = mapped_column(String(200), default="")
    # Of the danger, never of the reporter: latitude, longitude and the accuracy in metres, as confirmed.
    position: Mapped[str] = mapped_column(String(60), default="")
    subject_name: Mapped[str] = mapped_column(String(120), default="")
    happened: Mapped[str] = mapped_column(String(120), default="")
    narrative: Mapped[str] = mapped_column(Text)
    extra: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    """Answers to the sector's questions by key, each with the words of its question then."""
    real_name: Mapped[RealName] = mapped_column(choice(RealName, "real_name"))
    alert_channel: Mapped[str] = mapped_column(String(20), default="")
    withdrawn_at: Mapped[MaybeInstant]
    # Which notices the reporter agreed to, and when; empty for what an officer typed in.
    consent_version: Mapped[str] = mapped_column(String(20), default="")
    consented_at: Mapped[MaybeInstant]
    text_removed_at: Mapped[MaybeInstant]
    """Its time was over: text, messages and copies are gone, the row stays for the figures."""


class KeptDraft(Base):
    """A form that is being written, sealed with a key that only the writer's browser holds; a day at most."""

    __tablename__ = "drafts"

    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    saved_at: Mapped[Instant] = mapped_column(index=True)


class MessageSide(StrEnum):
    """Who wrote a message."""

    REPORTER = "reporter"
    OFFICE = "office"


class Message(Base):
    """One message between the office and the reporter."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_report", "report_id", "id"),
        UniqueConstraint("once", name="uq_messages_once"),
    )

    id: Mapped[Key]
    report_id: Mapped[int] = mapped_column(BigKey, ForeignKey("reports.id"))
    side: Mapped[MessageSide] = mapped_column(choice(MessageSide, "message_side"))
    account_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("accounts.id"))
    text: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[Instant]
    read_at: Mapped[MaybeInstant]
    once: Mapped[str | None] = mapped_column(String(32))


class Visit(Base):
    """What entering the receipt code opens: 15 minutes idle, 60 at most."""

    __tablename__ = "visits"

    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigKey, ForeignKey("reports.id"), index=True)
    opened_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    ended_at: Mapped[MaybeInstant]


class Shown(StrEnum):
    """What somebody showed who said that the code was lost; never its number."""

    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    OTHER = "other"


class CodeRenewal(Base):
    """A lost code: one officer compared the person with the sealed name, a second person agrees, a sheet.

    Open until ``ended_at``: printed, refused, lapsed, or the code was replaced by its owner.
    """

    __tablename__ = "code_renewals"
    __table_args__ = (
        CheckConstraint(
            "second_person_id IS NULL OR second_person_id <> asked_person_id", name="confirmed_by_another"
        ),
        CheckConstraint(
            "(second_at IS NULL) = (second_person_id IS NULL)"
            " AND (second_at IS NULL) = (second_account_id IS NULL)"
            " AND (second_at IS NULL) = (agreed IS NULL)",
            name="answer_names_its_person",
        ),
        CheckConstraint(
            "printed_at IS NULL OR (agreed IS NOT NULL AND agreed AND ended_at IS NOT NULL)",
            name="printed_when_agreed",
        ),
        Index("ix_code_renewals_report", "report_id", "printed_at"),
        # One open request at a time for a report.
        Index(
            "uq_code_renewals_open",
            "report_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigKey, ForeignKey("reports.id"))
    opening_id: Mapped[str] = mapped_column(String(32), ForeignKey("openings.id"))
    """The opening of the sealed name with which the person was compared."""
    shown: Mapped[Shown] = mapped_column(choice(Shown, "shown"))
    asked_account_id: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"))
    asked_person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    asked_role: Mapped[str] = mapped_column(String(32))
    asked_at: Mapped[Instant]
    second_account_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("accounts.id"))
    second_person_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("people.id"))
    second_role: Mapped[str] = mapped_column(String(32), default="", server_default="")
    second_at: Mapped[MaybeInstant]
    agreed: Mapped[bool | None] = mapped_column(Boolean)
    printed_at: Mapped[MaybeInstant]
    ended_at: Mapped[MaybeInstant]


class Question(StrEnum):
    """What the identity officer is asked about a reporter."""

    REAL_NAME = "real_name"
    EMPLOYEE = "employee"


class IdentityCheck(Base):
    """A yes or no of the identity officer, with a reason; sealed from the verifier."""

    __tablename__ = "identity_checks"
    __table_args__ = (UniqueConstraint("report_id", "question", name="uq_identity_checks_question"),)

    id: Mapped[Key]
    report_id: Mapped[int] = mapped_column(BigKey, ForeignKey("reports.id"))
    question: Mapped[Question] = mapped_column(choice(Question, "identity_question"))
    answer: Mapped[bool | None] = mapped_column(Boolean)
    reason: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[Instant]
    answered_at: Mapped[MaybeInstant]
    answered_by: Mapped[int | None] = mapped_column(BigKey, ForeignKey("people.id"))
