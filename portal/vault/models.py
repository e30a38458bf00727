"""Sealed rows: who the reporter is, readable by nobody without the vault; and who asked to read."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.database import Base, BigKey, Instant, Key, MaybeInstant, choice
from portal.vault.groups import FieldGroup

__all__ = [
    "AlertCount",
    "BlindIndex",
    "FieldGroup",
    "Opening",
    "OpeningRequest",
    "OriginalOpening",
    "OriginalRequest",
    "SealedField",
    "SealedKey",
    "VaultCanary",
]


class SealedField(Base):
    """One sealed group of fields of one report; what was cut out has a row for each text it was cut from."""

    __tablename__ = "sealed_fields"
    __table_args__ = (
        UniqueConstraint("report_id", "field_group", "version", name="uq_sealed_fields_report_group"),
    )

    id: Mapped[Key]
    report_id: Mapped[int] = mapped_column(BigKey, ForeignKey("reports.id"))
    field_group: Mapped[FieldGroup] = mapped_column(choice(FieldGroup, "field_group"))
    version: Mapped[int] = mapped_column(SmallInteger, default=1)
    blob: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[Instant]

    key: Mapped[SealedKey | None] = relationship(
        back_populates="field", cascade="all, delete-orphan", passive_deletes=True
    )


class SealedKey(Base):
    """The wrapped data key of a sealed group: without this row the group is gone for ever."""

    __tablename__ = "sealed_keys"
    __table_args__ = (Index("ix_sealed_keys_key_id", "key_id"),)

    field_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("sealed_fields.id", ondelete="CASCADE"), primary_key=True
    )
    key_id: Mapped[str] = mapped_column(String(32))
    wrap: Mapped[bytes] = mapped_column(LargeBinary)

    field: Mapped[SealedField] = relationship(back_populates="key")


class Asking:
    """Who asks to read in which role, of which report, and why; and who agreed where a second one had to."""

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"))
    person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    role: Mapped[str] = mapped_column(String(32))
    report_id: Mapped[int] = mapped_column(BigKey, ForeignKey("reports.id"))
    reason: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[Instant]
    second_account_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("accounts.id"))
    second_at: Mapped[MaybeInstant]


class Opening(Asking, Base):
    """Somebody asks to read one group of one report: committed first; the vault serves it once."""

    __tablename__ = "openings"
    __table_args__ = (
        Index("ix_openings_person", "person_id", "served_at"),
        Index("ix_openings_report", "report_id"),
    )

    field_group: Mapped[FieldGroup] = mapped_column(choice(FieldGroup, "opened_group"))
    event_id: Mapped[int] = mapped_column(BigKey, ForeignKey("events.id"))
    served_at: Mapped[MaybeInstant]


class OpeningRequest(Asking, Base):
    """Somebody who has used up the day asks a second person; an agreement serves one opening."""

    __tablename__ = "opening_requests"
    __table_args__ = (Index("ix_opening_requests_account", "account_id", "asked_at"),)

    field_group: Mapped[FieldGroup] = mapped_column(choice(FieldGroup, "wanted_group"))
    opening_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("openings.id"))


class OriginalOpening(Asking, Base):
    """Somebody asks to open the original of one file: committed first; the vault serves it once."""

    __tablename__ = "original_openings"
    __table_args__ = (
        Index("ix_original_openings_person", "person_id", "served_at"),
        Index("ix_original_openings_evidence", "evidence_id"),
    )

    evidence_id: Mapped[int] = mapped_column(BigKey)  # stays when the file's row goes
    digest: Mapped[str] = mapped_column(String(64))
    event_id: Mapped[int] = mapped_column(BigKey, ForeignKey("events.id"))
    served_at: Mapped[MaybeInstant]


class OriginalRequest(Asking, Base):
    """The same as an opening request, for the original of one file."""

    __tablename__ = "original_requests"
    __table_args__ = (Index("ix_original_requests_account", "account_id", "asked_at"),)

    evidence_id: Mapped[int] = mapped_column(BigKey)  # stays when the file's row goes
    opening_id: Mapped[str | None] = mapped_column(String(32), ForeignKey("original_openings.id"))


class BlindIndex(Base):
    """A keyed digest that says "the same" without saying what: made and compared by the vault alone."""

    __tablename__ = "blind_indexes"
    __table_args__ = (Index("ix_blind_indexes_digest", "digest"),)

    field_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("sealed_fields.id", ondelete="CASCADE"), primary_key=True
    )
    purpose: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int] = mapped_column(SmallInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class VaultCanary(Base):
    """A known text sealed to a pair of the vault: a vault that cannot open it has the wrong key."""

    __tablename__ = "vault_canaries"

    key_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    blob: Mapped[bytes] = mapped_column(LargeBinary)
    wrap: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[Instant]


class AlertCount(Base):
    """How many alerts an address got on a day of the city, under a keyed digest of the address."""

    __tablename__ = "alert_counts"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    sent: Mapped[int] = mapped_column(SmallInteger)
