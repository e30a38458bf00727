"""What people prove themselves with, as rows: passkeys, recovery codes, one-time links, resets of factors."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, select, text
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from portal.database import Base, BigKey, Instant, Key, MaybeInstant, choice
from portal.people.models import Account

_OPEN = "confirmed_at IS NULL AND withdrawn_at IS NULL"


class Passkey(Base):
    """A public key whose private half never leaves its owner's device."""

    __tablename__ = "passkeys"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigKey, default=0)
    name: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[Instant]
    used_at: Mapped[MaybeInstant]


Account.has_passkey = column_property(
    select(Passkey.id).where(Passkey.account_id == Account.id).correlate_except(Passkey).exists()
)


class PasskeyChallenge(Base):
    """What a browser was asked to sign: one for each purpose, deleted at its first use, right or wrong."""

    __tablename__ = "passkey_challenges"

    key_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    challenge: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[Instant] = mapped_column(index=True)


class RecoveryCode(Base):
    """A code for the day on which the telephone is lost; only its keyed digest is kept."""

    __tablename__ = "recovery_codes"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[Instant]
    used_at: Mapped[MaybeInstant]


class LinkKind(StrEnum):
    """What a one-time link lets its holder set: everything anew, or the password beside the factor he has."""

    INVITATION = "invitation"
    FACTORS_LOST = "factors_lost"
    PASSWORD = "password"  # noqa: S105 - a kind of link, not a password


class Link(Base):
    """A one-time link of 24 hours: only digests are kept, of the one handed over and of the one mailed."""

    __tablename__ = "account_links"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"), index=True)
    kind: Mapped[LinkKind] = mapped_column(choice(LinkKind, "link_kind"))
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    mail_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    issued_by: Mapped[int | None] = mapped_column(BigKey, ForeignKey("accounts.id"))
    issued_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[MaybeInstant]
    revoked_at: Mapped[MaybeInstant]

    account: Mapped[Account] = relationship(foreign_keys=account_id, lazy="joined", innerjoin=True)


class FactorReset(Base):
    """That somebody lost his factors: one administrator says so, another confirms it, neither for himself."""

    __tablename__ = "factor_resets"
    __table_args__ = (
        CheckConstraint("asked_person_id <> person_id", name="asked_for_another"),
        CheckConstraint(
            "confirmed_person_id IS NULL"
            " OR (confirmed_person_id <> person_id AND confirmed_person_id <> asked_person_id)",
            name="confirmed_by_a_third",
        ),
        CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_person_id IS NULL)", name="confirmation_names_its_person"
        ),
        # One open reset at a time for an account.
        Index(
            "uq_factor_resets_open",
            "account_id",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
    )

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"), index=True)
    person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[int] = mapped_column(BigKey, ForeignKey("accounts.id"))
    asked_person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    asked_at: Mapped[Instant]
    confirmed_by: Mapped[int | None] = mapped_column(BigKey, ForeignKey("accounts.id"))
    confirmed_person_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("people.id"))
    confirmed_at: Mapped[MaybeInstant]
    withdrawn_at: Mapped[MaybeInstant]

    asker: Mapped[Account] = relationship(foreign_keys=asked_by, lazy="joined", innerjoin=True)
