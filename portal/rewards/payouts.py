"""Recording what the bank did with a share: paid, returned, or not known yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select

from portal.audit.events import record
from portal.clock import city_date
from portal.database import db
from portal.errors import NotAllowed, NotInThisState, Refusal, Stale, gettext_noop
from portal.notices.outbox import NoticeKind, tell_reporter
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.reports.damage import is_damaged
from portal.reports.models import Report
from portal.rewards import fund, hands
from portal.rewards.models import Act, Payout, PayoutState, Share
from portal.rewards.moves import close_if_settled, move_share
from portal.rewards.shares import lock_share, payable
from portal.rewards.steps import ShareAction, ShareStatus
from portal.vault.client import Revealed
from portal.vault.groups import FieldGroup
from portal.vault.models import Opening
from portal.vault.openings import ask_to_open

OPENED = "payee_opened"
TO_PAY = "to_pay_the_reward"
REFERENCE_LENGTH = 60
OLDEST_DAYS = 366


class ShareChanged(Stale):
    """The share is not as the cashier saw it: the reporter may have given another account."""

    message = gettext_noop(
        "This payment changed after you opened it; the account may be another one now."
        " Nothing was recorded. Open the payee again."
    )


class NameNotConfirmed(Refusal):
    """The rule asks for a confirmed name before money leaves."""

    message = gettext_noop(
        "An identity officer has not confirmed the reporter's name yet, so this cannot be paid."
    )


class PayeeDamaged(Refusal):
    """The sealed account did not open: somebody may have put another one in its place."""

    message = gettext_noop(
        "The sealed account of this payment does not open, so it cannot be paid. Auditors and"
        " administrators were told. It can be paid once the operator has put it right, or the reporter"
        " has given another one."
    )


class ReferenceMissing(Refusal):
    """A payment without the bank's reference."""

    message = gettext_noop("Please type the reference the bank gave this payment, at most 60 characters.")
    status = 422


class DayNotPossible(Refusal):
    """A day of payment in the future, or long ago."""

    message = gettext_noop(
        "Please give the day on which the bank paid: not in the future, and within the last year."
    )
    status = 422


class KeyOfAnother(Refusal):
    """A form of one share was sent for another."""

    message = gettext_noop("This form belongs to another payment. Open the page again.")


class ReturnReason(StrEnum):
    """Why the bank sent the money back; words of our own, so that nothing personal gets in."""

    NAME_DIFFERS = "name_differs"
    NO_SUCH_ACCOUNT = "no_such_account"
    ACCOUNT_CLOSED = "account_closed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class BankAnswer:
    """What the cashier records: the share as seen (version), the form's once-key, and what the bank did."""

    share_id: int
    version: int
    key: str
    state: PayoutState
    reference: str = ""
    paid_on: date | None = None
    reason: ReturnReason = ReturnReason.OTHER


_ACTION = {
    PayoutState.PAID: ShareAction.SETTLE,
    PayoutState.RETURNED: ShareAction.RETURN,
    PayoutState.UNKNOWN: ShareAction.LOSE,
}
_NOTICE = {PayoutState.PAID: NoticeKind.REWARD_PAID, PayoutState.RETURNED: NoticeKind.REWARD_RETURNED}


def record_answer(command: BankAnswer, actor: Actor, at: datetime) -> Payout:
    """Record what the bank did with a claimed share; the same form sent again is the same payout.

    Raises NotAllowed, ShareChanged, NameNotConfirmed or KeyOfAnother.
    """
    if not actor.may(Permission.PAYOUT_RECORD):
        raise NotAllowed
    _check(command, at)
    share = lock_share(command.share_id)
    known = db.session.scalar(select(Payout).where(Payout.key == command.key))
    if known is not None and known.state is command.state:
        if known.share_id != share.id:
            raise KeyOfAnother
        return known
    if share.version != command.version:
        raise ShareChanged
    report = db.session.get_one(Report, share.report_id)
    if not payable(report):
        raise NameNotConfirmed
    if share.status is ShareStatus.CLAIMED and command.state is PayoutState.PAID:
        _check_whole(report)
    hands.take(share.award, actor.person_id, Act.PAY, at)
    payout = _sent(share, command, actor, at)
    _settle(payout, share, command, actor, at)
    _tell(report, command.state, at)
    return payout


def record_opening(share: Share, actor: Actor, at: datetime) -> Opening:
    """Write who opens the payee; the caller commits it before the vault is asked.

    Raises NotAllowed, HandTaken or NotInThisState.
    """
    if not actor.may(Permission.PAYOUT_RECORD):
        raise NotAllowed
    held = hands.held_by(share.award_id, actor.person_id)
    if held not in (None, Act.PAY):
        raise hands.HandTaken(held, Act.PAY, hands.free_people(share.award_id, Act.PAY))
    if share.status not in {ShareStatus.CLAIMED, ShareStatus.UNKNOWN}:
        raise NotInThisState
    event = record(
        OPENED,
        at=at,
        actor=actor,
        role=actor.role_for(Permission.PAYOUT_RECORD),
        report_id=share.report_id,
        award_id=share.award_id,
        reason=TO_PAY,
    )
    return ask_to_open(FieldGroup.PAYEE, event, actor, at)


@dataclass(frozen=True, slots=True)
class OpenedPayee:
    """The payee in the clear, and whether the holder is the person whose name was confirmed."""

    holder: str
    bank: str
    account: str
    is_the_reporter: bool

    def __repr__(self) -> str:
        """Show nothing."""
        return "OpenedPayee()"

    @classmethod
    def of(cls, revealed: Revealed) -> OpenedPayee:
        """Read what the vault opened."""
        fields = revealed.fields
        return cls(
            fields.get("holder", ""),
            fields.get("bank", ""),
            fields.get("account", ""),
            revealed.facts.get("holder_is_reporter", False),
        )


def _check(command: BankAnswer, at: datetime) -> None:
    if command.state not in _ACTION or not 8 <= len(command.key) <= 36:
        raise KeyOfAnother
    if command.state is not PayoutState.PAID:
        return
    if not command.reference.strip() or len(command.reference.strip()) > REFERENCE_LENGTH:
        raise ReferenceMissing
    today = city_date(at)
    if command.paid_on is None or not 0 <= (today - command.paid_on).days <= OLDEST_DAYS:
        raise DayNotPossible


def _check_whole(report: Report) -> None:
    """Refuse to pay by an account that was changed in the database."""
    if is_damaged(report.id, FieldGroup.PAYEE):
        raise PayeeDamaged


def _sent(share: Share, command: BankAnswer, actor: Actor, at: datetime) -> Payout:
    """Return the payout that is on its way: a new one, or the one whose outcome was not known."""
    if share.status is ShareStatus.UNKNOWN:
        return next(one for one in share.payouts if one.state is PayoutState.UNKNOWN)
    role = actor.role_for(Permission.PAYOUT_RECORD)
    move_share(share, ShareAction.SEND, actor, at, role=role)
    payout = Payout(
        share=share,
        amount_fen=share.amount_fen,
        key=command.key,
        state=PayoutState.SENT,
        recorded_by=actor.person_id,
        recorded_at=at,
    )
    db.session.add(payout)
    db.session.flush()
    return payout


def _settle(payout: Payout, share: Share, command: BankAnswer, actor: Actor, at: datetime) -> None:
    payout.state = command.state
    if command.state is PayoutState.PAID:
        payout.bank_reference, payout.paid_on = command.reference.strip(), command.paid_on
    db.session.flush()  # the database lets a share be paid once its payout is
    role = actor.role_for(Permission.PAYOUT_RECORD)
    reason = command.reason.value if command.state is PayoutState.RETURNED else ""
    move_share(share, _ACTION[command.state], actor, at, role=role, reason=reason)
    if command.state is PayoutState.PAID:
        fund.pay(share, actor, at)
        close_if_settled(share.award, actor, at)
    db.session.flush()


def _tell(report: Report, state: PayoutState, at: datetime) -> None:
    kind = _NOTICE.get(state)
    if kind is not None:
        tell_reporter(report.id, kind, alert_channel=report.alert_channel, at=at)
