"""Firms of the imported register, and the notice boards that hang in workplaces."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, BigKey, Instant, Key, MaybeInstant


class Firm(Base):
    """A firm as the operator's register has it; never made from a report."""

    __tablename__ = "firms"

    id: Mapped[Key]
    credit_code: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    district_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("districts.id"))
    address: Mapped[str] = mapped_column(String(200), default="")
    updated_at: Mapped[Instant]


class FirmGram(Base):
    """Two neighbouring characters of a firm's name: what is typed is found without reading every name."""

    __tablename__ = "firm_grams"

    gram: Mapped[str] = mapped_column(String(2), primary_key=True)
    firm_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("firms.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class RegisterImport(Base):
    """A file that was read and shown, before it is put in; its rows go then, or after a day."""

    __tablename__ = "register_imports"

    id: Mapped[Key]
    uuid: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"))
    read_at: Mapped[Instant] = mapped_column(index=True)
    done_at: Mapped[MaybeInstant]
    lines: Mapped[int] = mapped_column(Integer)
    rows: Mapped[list[list[Any]]] = mapped_column(JSON)
    faults: Mapped[list[list[Any]]] = mapped_column(JSON)


class Board(Base):
    """A notice board (告知牌) in a workplace: its random code fills firm and address into the form."""

    __tablename__ = "boards"
    __table_args__ = (Index("ix_boards_active", "active", "id"),)

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(12), unique=True)
    firm_id: Mapped[int | None] = mapped_column(
        BigKey, ForeignKey("firms.id", ondelete="SET NULL"), index=True
    )
    firm_name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(200), default="")
    district_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("districts.id"))
    sector: Mapped[str] = mapped_column(String(24), default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    made_at: Mapped[Instant]
    ended_at: Mapped[MaybeInstant]
