"""Roles and their conflicts as rows, by which the database goes; ``role_filling`` fills them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base


class RoleRow(Base):
    """A role that may be granted."""

    __tablename__ = "roles"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)


class RoleConflict(Base):
    """Two roles that one person may not hold, whatever his accounts; in the order of their codes."""

    __tablename__ = "role_conflicts"
    __table_args__ = (CheckConstraint("first < second", name="in_order"),)

    first: Mapped[str] = mapped_column(String(32), primary_key=True)
    second: Mapped[str] = mapped_column(String(32), primary_key=True)
