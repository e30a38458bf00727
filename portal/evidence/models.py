"""Evidence: originals and their keys, clean copies, and files staged before sending."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, BigKey, Instant, Key, MaybeInstant, choice


class CleanState(StrEnum):
    """Whether the clean copy that staff see exists yet."""

    PENDING = "pending"
    CLEAN = "clean"
    FAILED = "failed"


class ScanState(StrEnum):
    """What the virus scanner said of the original."""

    NOT_SCANNED = "not_scanned"
    CLEAN = "clean"
    INFECTED = "infected"
    WAITING = "waiting"


class OriginalKey(Base):
    """The wrapped data key of one original: without this row nobody opens it, wherever its bytes lie.

    The wrap to the workers goes when the file is cleaned for good; ``body_digest`` is made then.
    """

    __tablename__ = "original_keys"
    __table_args__ = (
        Index("ix_original_keys_vault_key_id", "vault_key_id"),
        Index("ix_original_keys_working_key_id", "working_key_id"),
    )

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    vault_key_id: Mapped[str] = mapped_column(String(32))
    vault_wrap: Mapped[bytes] = mapped_column(LargeBinary)
    working_key_id: Mapped[str] = mapped_column(String(32), default="")
    working_wrap: Mapped[bytes | None] = mapped_column(LargeBinary)
    body_digest: Mapped[str] = mapped_column(String(64), default="")


class Evidence(Base):
    """One file of one report, known by the digest of its original.

    ``original`` is the name under which it lies, empty where an earlier version put it beside the copies.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_report", "report_id", "position"),
        Index("ix_evidence_digest", "digest"),
        Index("ix_evidence_original", "original"),
        Index("ix_evidence_verified_at", "verified_at"),
        # Few rows have a fault, and health is asked for every few seconds.
        Index(
            "ix_evidence_faulty",
            "id",
            sqlite_where=text("store_fault != ''"),
            postgresql_where=text("store_fault != ''"),
        ),
        CheckConstraint("size > 0", name="size_positive"),
    )

    id: Mapped[Key]
    uuid: Mapped[str] = mapped_column(String(32), unique=True)
    report_id: Mapped[int] = mapped_column(BigKey, ForeignKey("reports.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    original: Mapped[str] = mapped_column(String(32), default="", server_default="")
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
    verified_at: Mapped[MaybeInstant]
    store_fault: Mapped[str] = mapped_column(String(40), default="")
    scan_state: Mapped[ScanState] = mapped_column(
        choice(ScanState, "scan_state"), default=ScanState.NOT_SCANNED
    )
    scanned_at: Mapped[MaybeInstant]
    # Of the clean copy: pixels of a picture or film, pages of a document, length of a film or recording.
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    pages: Mapped[int | None] = mapped_column(Integer)
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    original_destroyed_at: Mapped[MaybeInstant]
    """The original is gone for ever; the clean copy stays with the case."""


class EvidencePage(Base):
    """A page of a document drawn as a picture; only the first pages have one."""

    __tablename__ = "evidence_pages"
    __table_args__ = (Index("ix_evidence_pages_digest", "digest"),)

    evidence_id: Mapped[int] = mapped_column(BigKey, ForeignKey("evidence.id"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))


class EvidenceHash(Base):
    """One 16-bit quarter of one likeness hash of a picture or a film's still, found by equality."""

    __tablename__ = "evidence_hashes"
    __table_args__ = (Index("ix_evidence_hashes_band", "band", "value"),)

    evidence_id: Mapped[int] = mapped_column(BigKey, ForeignKey("evidence.id"), primary_key=True)
    mirrored: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    cut: Mapped[int] = mapped_column(SmallInteger, primary_key=True)  # which crop of it; 0 is the whole
    band: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    value: Mapped[int] = mapped_column(Integer)


class RedactionState(StrEnum):
    """Whether the copy with its black boxes exists yet."""

    PENDING = "pending"
    MADE = "made"
    FAILED = "failed"


class Redaction(Base):
    """What somebody blacked out on a clean picture or a page; of several versions the last one counts.

    ``boxes`` is a list of [left, top, width, height] in thousandths of the picture's sides. ``page`` is that
    of a document, 0 for a picture; versions are counted through the file.
    """

    __tablename__ = "redactions"
    __table_args__ = (
        Index("ix_redactions_evidence_version", "evidence_id", "version", unique=True),
        Index("ix_redactions_digest", "digest"),
    )

    id: Mapped[Key]
    evidence_id: Mapped[int] = mapped_column(BigKey, ForeignKey("evidence.id"))
    version: Mapped[int] = mapped_column(SmallInteger)
    page: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    boxes: Mapped[list[list[int]]] = mapped_column(JSON)
    account_id: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"))
    drawn_at: Mapped[Instant]
    state: Mapped[RedactionState] = mapped_column(
        choice(RedactionState, "redaction_state"), default=RedactionState.PENDING
    )
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    digest: Mapped[str] = mapped_column(String(64), default="")


class StagedFile(Base):
    """A file that came with a form that is not sent yet, bound to its submission."""

    __tablename__ = "staged_files"
    __table_args__ = (
        Index("ix_staged_files_submission", "submission_id", "position"),
        Index("ix_staged_files_original", "original"),
    )

    id: Mapped[Key]
    uuid: Mapped[str] = mapped_column(String(32), unique=True)
    submission_id: Mapped[str] = mapped_column(String(32))
    position: Mapped[int] = mapped_column(SmallInteger)
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    original: Mapped[str] = mapped_column(String(32), default="", server_default="")
    staged_at: Mapped[Instant]
