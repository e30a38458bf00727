"""The reward fund (奖励资金): its row is changed by conditional UPDATE only, with a ledger line beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.exc import IntegrityError

from portal.clock import city_date
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.money import format_yuan
from portal.people.actor import Actor
from portal.rewards.models import Award, EntryKind, Fund, FundEntry, Share


class NoFund(Refusal):
    """There is no budget for this year."""

    message = gettext_noop(
        "There is no reward fund for %(year)s yet. Ask for its budget; nothing was approved."
    )


class NotEnoughMoney(Refusal):
    """The fund cannot carry this award."""

    message = gettext_noop(
        "The fund has %(available)s yuan available, and this award needs %(amount)s."
        " Nothing was approved or reserved."
    )


class AlreadyInLedger(Refusal):
    """The ledger holds this step already."""

    message = gettext_noop("This step was recorded already; nothing was booked twice.")


@dataclass(frozen=True, slots=True)
class Proof:
    """A fund's row beside the sums of its ledger, all in fen."""

    total_fen: int
    reserved_fen: int
    paid_fen: int
    ledger_total_fen: int
    ledger_reserved_fen: int
    ledger_paid_fen: int
    lines: int

    @property
    def holds(self) -> bool:
        """Tell whether the row equals the sums, and nothing is below zero."""
        row = (self.total_fen, self.reserved_fen, self.paid_fen)
        sums = (self.ledger_total_fen, self.ledger_reserved_fen, self.ledger_paid_fen)
        return row == sums and min(row) >= 0 and self.total_fen >= self.reserved_fen + self.paid_fen


def fund_of(at: datetime) -> Fund | None:
    """Return the fund of the budget year in the city at that moment."""
    return db.session.scalar(select(Fund).where(Fund.year == city_date(at).year))


def fund_of_award(award: Award) -> Fund:
    """Return the fund in which the award was reserved: what was promised in one year is paid from it."""
    return db.session.scalars(
        select(Fund)
        .join(FundEntry, FundEntry.fund_id == Fund.id)
        .where(FundEntry.award_id == award.id, FundEntry.kind == EntryKind.RESERVE)
    ).one()


def add_budget(year: int, amount_fen: int, key: str, actor: Actor, at: datetime) -> Fund:
    """Put money into the fund of a year, made when absent; the same key twice is one line."""
    known = db.session.scalar(
        select(Fund)
        .join(FundEntry, FundEntry.fund_id == Fund.id)
        .where(FundEntry.key == f"budget:{year}:{key}")
    )
    if known is not None:
        return known
    fund = db.session.scalar(select(Fund).where(Fund.year == year))
    if fund is None:
        fund = Fund(year=year, total_fen=0, reserved_fen=0, paid_fen=0)
        db.session.add(fund)
        db.session.flush()
    _change(fund, total_fen=amount_fen)
    _book(fund, EntryKind.BUDGET, amount_fen, f"budget:{year}:{key}", actor, at)
    return fund


def reserve(award: Award, actor: Actor, at: datetime) -> Fund:
    """Reserve an award's amount, or refuse with the figures; never more than there is."""
    fund = fund_of(at)
    if fund is None:
        raise NoFund(year=city_date(at).year)
    if not _change(fund, reserved_fen=award.amount_fen):
        db.session.refresh(fund)
        available = format_yuan(fund.available_fen)
        raise NotEnoughMoney(available=available, amount=format_yuan(award.amount_fen))
    _book(fund, EntryKind.RESERVE, award.amount_fen, f"reserve:{award.id}", actor, at, award=award)
    return fund


def release(share: Share, actor: Actor, at: datetime) -> None:
    """Give a share's reservation back to the fund: it expired or was given up."""
    fund = fund_of_award(share.award)
    _must(_change(fund, reserved_fen=-share.amount_fen))
    _book(fund, EntryKind.RELEASE, share.amount_fen, f"release:{share.id}", actor, at, share=share)


def pay(share: Share, actor: Actor, at: datetime) -> None:
    """Turn a share's reservation into money that has left."""
    fund = fund_of_award(share.award)
    _must(_change(fund, reserved_fen=-share.amount_fen, paid_fen=share.amount_fen))
    _book(fund, EntryKind.PAY, share.amount_fen, f"pay:{share.id}", actor, at, share=share)


def verify(fund: Fund) -> Proof:
    """Compare the fund's row with the sums of its ledger."""
    db.session.refresh(fund)
    rows = db.session.execute(
        select(FundEntry.kind, func.sum(FundEntry.amount_fen), func.count())
        .where(FundEntry.fund_id == fund.id)
        .group_by(FundEntry.kind)
    ).all()
    sums = {kind: int(total) for kind, total, _count in rows}
    paid = sums.get(EntryKind.PAY, 0)
    return Proof(
        total_fen=fund.total_fen,
        reserved_fen=fund.reserved_fen,
        paid_fen=fund.paid_fen,
        ledger_total_fen=sums.get(EntryKind.BUDGET, 0),
        ledger_reserved_fen=sums.get(EntryKind.RESERVE, 0) - sums.get(EntryKind.RELEASE, 0) - paid,
        ledger_paid_fen=paid,
        lines=sum(count for _kind, _total, count in rows),
    )


def _change(fund: Fund, *, total_fen: int = 0, reserved_fen: int = 0, paid_fen: int = 0) -> bool:
    """Add to the fund's parts where nothing goes below zero; two at once are judged one after the other."""
    total, paid = Fund.total_fen + total_fen, Fund.paid_fen + paid_fen
    reserved = Fund.reserved_fen + reserved_fen
    result = db.session.execute(
        update(Fund)
        .where(Fund.id == fund.id, total - reserved - paid >= 0, reserved >= 0, paid >= 0)
        .values(total_fen=total, reserved_fen=reserved, paid_fen=paid)
        .execution_options(synchronize_session=False)
    )
    db.session.expire(fund)
    return isinstance(result, CursorResult) and result.rowcount == 1


def _must(changed: bool) -> None:
    # What was reserved is there to be released or paid; anything else means the books are wrong.
    if not changed:
        raise RuntimeError("the fund does not hold what its ledger reserved")


def _book(
    fund: Fund,
    kind: EntryKind,
    amount_fen: int,
    key: str,
    actor: Actor,
    at: datetime,
    *,
    award: Award | None = None,
    share: Share | None = None,
) -> None:
    """Write one line of the ledger; its key makes a repeated step a refusal."""
    line = FundEntry(
        fund_id=fund.id,
        kind=kind,
        amount_fen=amount_fen,
        award_id=award.id if award else share.award_id if share else None,
        share_id=share.id if share else None,
        key=key,
        at=at,
        recorded_by=actor.person_id,
    )
    try:
        with db.session.begin_nested():
            db.session.add(line)
    except IntegrityError:
        raise AlreadyInLedger from None
