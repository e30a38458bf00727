"""People, their accounts and roles, and where they belong."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, undefer_group
from sqlalchemy.orm.interfaces import LoaderOption

from portal.database import Base, BigKey, Instant, Key, MaybeInstant
from portal.people.permissions import Role

SECRETS = "secrets"


class Unit(Base):
    """What departments and districts have in common; the code never changes."""

    __abstract__ = True

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120))
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class Department(Unit):
    """A department that handles cases (承办部门)."""

    __tablename__ = "departments"


class District(Unit):
    """A district or county of the city (区县)."""

    __tablename__ = "districts"


class Person(Base):
    """A human being of the staff: separation of duties is by person, not by account."""

    __tablename__ = "people"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(60))
    certificate_number: Mapped[str] = mapped_column(String(40), default="")
    department_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("departments.id"))
    district_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("districts.id"))

    department: Mapped[Department | None] = relationship(lazy="joined")
    district: Mapped[District | None] = relationship(lazy="joined")


class Account(Base):
    """A way to log in: one person may have several, each with its own roles."""

    __tablename__ = "accounts"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"), index=True)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    # Read where somebody proves who he is, and by nobody else: the public face may not even ask for them.
    password_hash: Mapped[str] = mapped_column(String(255), deferred=True, deferred_group=SECRETS)
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, deferred_group=SECRETS)
    totp_last_step: Mapped[int] = mapped_column(BigKey, default=0, deferred=True, deferred_group=SECRETS)
    email: Mapped[str] = mapped_column(String(120), default="")
    telephone: Mapped[str] = mapped_column(String(20), default="")
    """Mobile number for alarms: of the office, not of a reporter."""
    locale: Mapped[str] = mapped_column(String(12), default="zh_Hans")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    must_change_password: Mapped[bool] = mapped_column(Boolean, default=False)
    password_set_at: Mapped[MaybeInstant]
    """When the owner chose the password he has; none: with the account."""
    created_at: Mapped[Instant]

    if TYPE_CHECKING:
        has_passkey: Mapped[bool]
        """Whether the account has a passkey; mapped in ``portal.people.credentials``."""

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    grants: Mapped[list[RoleGrant]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="RoleGrant.role"
    )

    @property
    def roles(self) -> frozenset[Role]:
        """Return the roles granted to this account."""
        return frozenset(Role(grant.role) for grant in self.grants)


class RoleGrant(Base):
    """One role of one account."""

    __tablename__ = "role_grants"

    account_id: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)


class StaffSession(Base):
    """A log-in that is open: the cookie holds the token, the row only its digest."""

    __tablename__ = "staff_sessions"
    __table_args__ = (Index("ix_staff_sessions_account", "account_id"),)

    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"))
    started_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    ended_at: Mapped[MaybeInstant]
    factor_at: Mapped[MaybeInstant]
    """When a second factor was last proved in this session."""
    device: Mapped[str] = mapped_column(String(16), default="", server_default="")
    network: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Where it was opened from; kept for the staff alone, never for visitors."""

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class LoginFailure(Base):
    """How often somebody failed to log in, under a keyed digest that names neither him nor his network."""

    __tablename__ = "login_failures"

    key_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[Instant] = mapped_column(index=True)
    next_at: Mapped[Instant]


class DutyWeek(Base):
    """Who is on duty in a district (none: the whole city) from a Monday to the next."""

    __tablename__ = "duty_weeks"
    __table_args__ = (
        # Two indexes, because no two empty districts are ever equal.
        Index(
            "uq_duty_weeks_week_district",
            "week",
            "district_id",
            unique=True,
            sqlite_where=text("district_id IS NOT NULL"),
            postgresql_where=text("district_id IS NOT NULL"),
        ),
        Index(
            "uq_duty_weeks_week_city",
            "week",
            unique=True,
            sqlite_where=text("district_id IS NULL"),
            postgresql_where=text("district_id IS NULL"),
        ),
    )

    id: Mapped[Key]
    week: Mapped[date] = mapped_column(Date)
    district_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("districts.id"))
    officer_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("accounts.id"))
    supervisor_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("accounts.id"))

    officer: Mapped[Account | None] = relationship(foreign_keys=officer_id, lazy="joined")
    supervisor: Mapped[Account | None] = relationship(foreign_keys=supervisor_id, lazy="joined")


def with_secrets() -> LoaderOption:
    """Load passwords and secrets with the accounts of a query, where they are needed at once."""
    return undefer_group(SECRETS)
