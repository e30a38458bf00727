"""Sealed rows: who the reporter is, readable by nobody without the key."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, BigKey, Instant, Key, choice


class FieldGroup(StrEnum):
    """Groups of identity fields, each with its own readers.

    ``CONTACT`` telephone and e-mail, opened by the intake officer to ask. ``ALERT`` the address for
    alerts, resolved for one delivery. ``LEGAL`` name and employment as declared, for the identity
    officer. ``PAYEE`` account holder, bank and number, for the cashier.
    """

    CONTACT = "contact"
    ALERT = "alert"
    LEGAL = "legal"
    PAYEE = "payee"


class SealedField(Base):
    """One sealed group of fields of one report."""

    __tablename__ = "sealed_fields"
    __table_args__ = (UniqueConstraint("report_id", "field_group", name="uq_sealed_fields_report_group"),)

    id: Mapped[Key]
    report_id: Mapped[int] = mapped_column(BigKey, ForeignKey("reports.id"))
    field_group: Mapped[FieldGroup] = mapped_column(choice(FieldGroup, "field_group"))
    version: Mapped[int] = mapped_column(SmallInteger, default=1)
    blob: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[Instant]
