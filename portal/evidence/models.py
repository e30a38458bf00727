"""Evidence: content-addressed originals, their clean copies, and files staged before sending."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, BigKey, Instant, Key, MaybeInstant, choice


class CleanState(StrEnum):
    """Whether the clean copy that staff see exists yet."""

    PENDING = "pending"
    CLEAN = "clean"
    FAILED = "failed"


class Evidence(Base):
    """One file of one report; its only name is the digest of the original."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_report", "report_id", "position"),
        Index("ix_evidence_digest", "digest"),
        CheckConstraint("size > 0", name="size_positive"),
    )

    id: Mapped[Key]
    uuid: Mapped[str] = mapped_column(String(32), unique=True)
    report_id: Mapped[int] = mapped_column(BigKey, ForeignKey("reports.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    clean_state: Mapped[CleanState] = mapped_column(
        choice(CleanState, "clean_state"), default=CleanState.PENDING
    )
    clean_digest: Mapped[str] = mapped_column(String(64), default="")
    clean_type: Mapped[str] = mapped_column(String(40), default="")
    thumb_digest: Mapped[str] = mapped_column(String(64), default="")
    fault: Mapped[str] = mapped_column(String(40), default="")
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    received_at: Mapped[Instant]
    cleaned_at: Mapped[MaybeInstant]


class StagedFile(Base):
    """A file that came with a form that is not sent yet, bound to its submission."""

    __tablename__ = "staged_files"
    __table_args__ = (Index("ix_staged_files_submission", "submission_id", "position"),)

    id: Mapped[Key]
    uuid: Mapped[str] = mapped_column(String(32), unique=True)
    submission_id: Mapped[str] = mapped_column(String(32))
    position: Mapped[int] = mapped_column(SmallInteger)
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    staged_at: Mapped[Instant]
