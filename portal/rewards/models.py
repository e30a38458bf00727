"""The award (奖励), its shares, what was paid, and the fund."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
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

from portal.database import Base, BigKey, Instant, Key, MaybeInstant, choice
from portal.rewards.signing import SigningStep
from portal.rewards.steps import AwardStatus, ShareStatus

# A refused award is not live: the case may be awarded again.
_LIVE = text("status <> 'refused'")


class Stage(StrEnum):
    """Why there is an award beside another one of the same case."""

    MAIN = "main"
    ADDITIONAL = "additional"
    CORROBORATION = "corroboration"
    CORRECTION = "correction"


class Award(Base):
    """What a case is worth, how that was computed, and who said yes."""

    __tablename__ = "awards"
    __table_args__ = (
        Index(
            "uq_awards_live_case_stage",
            "case_id",
            "stage",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index("ix_awards_status", "status", "id"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("computed_fen >= 0", name="computed_not_negative"),
        CheckConstraint(
            "approved_by IS NULL OR proposed_by IS NULL OR approved_by <> proposed_by",
            name="approver_is_not_proposer",
        ),
        CheckConstraint(
            "status NOT IN ('approved', 'closed') OR (approved_by IS NOT NULL AND approved_at IS NOT NULL)",
            name="approved_names_approver",
        ),
        CheckConstraint(
            "status NOT IN ('sent_back', 'refused') OR decision_reason <> ''", name="refusal_has_reason"
        ),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(24), unique=True)
    case_id: Mapped[int] = mapped_column(BigKey, ForeignKey("cases.id"))
    stage: Mapped[Stage] = mapped_column(choice(Stage, "award_stage"), default=Stage.MAIN)
    status: Mapped[AwardStatus] = mapped_column(choice(AwardStatus, "award_status"))
    rule_id: Mapped[str] = mapped_column(String(40))
    rule_version: Mapped[str] = mapped_column(String(20))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    derivation: Mapped[dict[str, Any]] = mapped_column(JSON)
    computed_fen: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    choice_reason: Mapped[str] = mapped_column(Text, default="")
    proposed_at: Mapped[Instant]
    proposed_by: Mapped[int | None] = mapped_column(BigKey, ForeignKey("people.id"))
    approved_at: Mapped[MaybeInstant]
    approved_by: Mapped[int | None] = mapped_column(BigKey, ForeignKey("people.id"))
    decision_reason: Mapped[str] = mapped_column(Text, default="")
    signatures_needed: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    """How many had to sign before it was approved; the database counts them."""
    version: Mapped[int] = mapped_column(Integer, default=1)

    shares: Mapped[list[Share]] = relationship(back_populates="award", lazy="selectin", order_by="Share.id")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  (the base declares it an instance's)


class Act(StrEnum):
    """In what capacity a person has a hand in an award."""

    VERIFY = "verify"
    IDENTIFY = "identify"
    APPROVE = "approve"
    PAY = "pay"


class Hand(Base):
    """One person's one act in one award: the key is what keeps duties apart."""

    __tablename__ = "award_hands"

    award_id: Mapped[int] = mapped_column(BigKey, ForeignKey("awards.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"), primary_key=True)
    act: Mapped[Act] = mapped_column(choice(Act, "award_act"))
    at: Mapped[Instant]


class Signature(Base):
    """One signature before the approval: for exactly this amount and computation, never changed."""

    __tablename__ = "award_signatures"
    __table_args__ = (
        UniqueConstraint("award_id", "step", "digest", name="uq_award_signatures_step"),
        UniqueConstraint("award_id", "person_id", "digest", name="uq_award_signatures_person"),
    )

    id: Mapped[Key]
    award_id: Mapped[int] = mapped_column(BigKey, ForeignKey("awards.id"))
    step: Mapped[SigningStep] = mapped_column(choice(SigningStep, "signing_step"))
    person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[Instant]


class Share(Base):
    """One reporter's part of an award; the shares of an award sum to it."""

    __tablename__ = "shares"
    __table_args__ = (
        UniqueConstraint("award_id", "report_id", name="uq_shares_award_report"),
        Index("ix_shares_status", "status", "id"),
        Index("ix_shares_report", "report_id"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("status <> 'paid' OR claimed_at IS NOT NULL", name="paid_was_claimed"),
    )

    id: Mapped[Key]
    award_id: Mapped[int] = mapped_column(BigKey, ForeignKey("awards.id"))
    report_id: Mapped[int] = mapped_column(BigKey, ForeignKey("reports.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[ShareStatus] = mapped_column(choice(ShareStatus, "share_status"))
    notified_at: Mapped[MaybeInstant]
    claim_by: Mapped[MaybeInstant]
    claimed_at: Mapped[MaybeInstant]
    version: Mapped[int] = mapped_column(Integer, default=1)

    award: Mapped[Award] = relationship(back_populates="shares", lazy="joined", innerjoin=True)
    payouts: Mapped[list[Payout]] = relationship(
        back_populates="share", lazy="selectin", order_by="Payout.id"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  (the base declares it an instance's)

    @property
    def number(self) -> str:
        """Return the number of its payment: the award's, with the place of every share but the first."""
        return share_number(self.award.number, [one.id for one in self.award.shares].index(self.id) + 1)


def share_number(award_number: str, place: int) -> str:
    """Return the number of a payment of an award."""
    return award_number if place == 1 else f"{award_number}-{place}"


class PayoutState(StrEnum):
    """What became of a transfer."""

    SENT = "sent"
    PAID = "paid"
    RETURNED = "returned"
    UNKNOWN = "unknown"


class Payout(Base):
    """One transfer of one share; ``key`` makes a repeated click the same payout."""

    __tablename__ = "payouts"
    __table_args__ = (
        Index(
            "uq_payouts_one_alive",
            "share_id",
            unique=True,
            sqlite_where=text("state <> 'returned'"),
            postgresql_where=text("state <> 'returned'"),
        ),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("state <> 'paid' OR bank_reference <> ''", name="paid_has_bank_reference"),
    )

    id: Mapped[Key]
    share_id: Mapped[int] = mapped_column(BigKey, ForeignKey("shares.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(36), unique=True)
    state: Mapped[PayoutState] = mapped_column(choice(PayoutState, "payout_state"))
    bank_reference: Mapped[str] = mapped_column(String(60), default="")
    paid_on: Mapped[date | None] = mapped_column(Date)
    recorded_by: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    recorded_at: Mapped[Instant]

    share: Mapped[Share] = relationship(back_populates="payouts", lazy="raise_on_sql")


class Fund(Base):
    """The reward fund (奖励资金) of one budget year, in fen: what is left can never go below zero."""

    __tablename__ = "funds"
    __table_args__ = (
        CheckConstraint("total_fen >= 0 AND reserved_fen >= 0 AND paid_fen >= 0", name="parts_not_negative"),
        CheckConstraint("total_fen - reserved_fen - paid_fen >= 0", name="never_overdrawn"),
    )

    id: Mapped[Key]
    year: Mapped[int] = mapped_column(SmallInteger, unique=True)
    total_fen: Mapped[int] = mapped_column(BigInteger)
    reserved_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    paid_fen: Mapped[int] = mapped_column(BigInteger, default=0)

    @property
    def available_fen(self) -> int:
        """Return what can still be promised, in fen."""
        return self.total_fen - self.reserved_fen - self.paid_fen


class EntryKind(StrEnum):
    """Why the fund changed."""

    BUDGET = "budget"
    RESERVE = "reserve"
    RELEASE = "release"
    PAY = "pay"


class FundEntry(Base):
    """One line of the fund's ledger, never changed; ``key`` makes a repeated step one line."""

    __tablename__ = "fund_entries"
    __table_args__ = (
        Index("ix_fund_entries_fund", "fund_id", "id"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
    )

    id: Mapped[Key]
    fund_id: Mapped[int] = mapped_column(BigKey, ForeignKey("funds.id"))
    kind: Mapped[EntryKind] = mapped_column(choice(EntryKind, "fund_entry_kind"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    award_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("awards.id"))
    share_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("shares.id"))
    key: Mapped[str] = mapped_column(String(60), unique=True)
    at: Mapped[Instant]
    recorded_by: Mapped[int | None] = mapped_column(BigKey, ForeignKey("people.id"))
