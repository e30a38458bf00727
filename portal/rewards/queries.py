"""What finance and the cashier read: awards, claimed shares and the ledger, by key, 50 to a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import aliased

from portal.database import db
from portal.errors import NotFound
from portal.reports.models import IdentityCheck, RealName, Report
from portal.rewards import personal
from portal.rewards.models import Award, EntryKind, Fund, FundEntry, Hand, Share, share_number
from portal.rewards.steps import AwardStatus, ShareStatus

PAGE = 50
Row = TypeVar("Row")


class AwardView(StrEnum):
    """Which awards the list shows."""

    TO_DECIDE = "to_decide"
    SENT_BACK = "sent_back"
    APPROVED = "approved"
    ALL = "all"


_STATUSES: dict[AwardView, tuple[AwardStatus, ...]] = {
    AwardView.TO_DECIDE: (AwardStatus.PROPOSED,),
    AwardView.SENT_BACK: (AwardStatus.SENT_BACK,),
    AwardView.APPROVED: (AwardStatus.APPROVED, AwardStatus.CLOSED),
    AwardView.ALL: tuple(AwardStatus),
}


@dataclass(frozen=True, slots=True)
class AwardRow:
    """One award as the list shows it: nothing of its case."""

    id: int
    number: str
    status: AwardStatus
    kind: str
    amount_fen: int
    proposed_at: datetime
    waits_for_identity: bool
    has_hand: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of a page, and the key after which the next begins (None: this is the last)."""

    rows: Sequence[Row]
    after: int | None


def awards_page(view: AwardView, after: int | None, person_id: int | None) -> Page[AwardRow]:
    """Return a page of awards: those to decide the oldest first, all others the newest first."""
    oldest_first = view is AwardView.TO_DECIDE
    statement = select(
        Award.id, Award.number, Award.status, Award.derivation, Award.amount_fen, Award.proposed_at
    ).where(Award.status.in_(_STATUSES[view]))
    rows = db.session.execute(_by_key(statement, Award.id, after, oldest_first=oldest_first)).all()
    shown = rows[:PAGE]
    ids = [row.id for row in shown]
    waiting = _waiting_for_identity(ids) | personal.awards_waiting(ids)
    handled = _handled_by(ids, person_id)
    return Page(
        [
            AwardRow(
                row.id,
                row.number,
                row.status,
                row.derivation["kind"],
                row.amount_fen,
                row.proposed_at,
                row.status is AwardStatus.PROPOSED and row.id in waiting,
                row.id in handled,
            )
            for row in shown
        ],
        _next_key(ids, len(rows)),
    )


def award_by_number(number: str) -> Award:
    """Return an award by its number, which says nothing about the case; raises NotFound."""
    award = db.session.scalar(select(Award).where(Award.number == number))
    if award is None:
        raise NotFound
    return award


@dataclass(frozen=True, slots=True)
class PayRow:
    """One share as the cashier's list shows it; the payee stays sealed."""

    share_id: int
    number: str
    status: ShareStatus
    amount_fen: int
    claimed_at: datetime | None
    name_confirmed: bool
    has_hand: bool


def shares_to_pay(after: int | None, person_id: int | None) -> Page[PayRow]:
    """Return a page of shares that are claimed or whose outcome is not known, the oldest first."""
    statuses = (ShareStatus.CLAIMED, ShareStatus.UNKNOWN, ShareStatus.PAYING)
    return _shares(Share.status.in_(statuses), after, person_id, oldest_first=True)


def shares_done(after: int | None, person_id: int | None) -> Page[PayRow]:
    """Return a page of shares that were paid or returned, the newest first."""
    done = Share.status.in_((ShareStatus.PAID, ShareStatus.RETURNED))
    return _shares(done, after, person_id, oldest_first=False)


def share_of_award(number: str) -> Share:
    """Return the share that is paid under this number; raises NotFound."""
    award_number, place = _parted(number)
    every = db.session.scalars(
        select(Share)
        .join(Award, Award.id == Share.award_id)
        .where(Award.number == award_number)
        .order_by(Share.id)
    ).all()
    if not 0 < place <= len(every) or every[place - 1].status is ShareStatus.PLANNED:
        raise NotFound
    return every[place - 1]


def _parted(number: str) -> tuple[str, int]:
    """Return the number of an award and the place of a share in it."""
    stem, _dash, place = number.rpartition("-")
    if number.count("-") == 3 and place.isascii() and place.isdigit() and len(place) < 4:
        return stem, int(place)
    return number, 1


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line of the ledger."""

    id: int
    at: datetime
    kind: EntryKind
    amount_fen: int
    award_number: str | None


def ledger_page(fund: Fund, after: int | None) -> Page[LedgerRow]:
    """Return a page of a fund's ledger, the newest line first."""
    statement = (
        select(FundEntry.id, FundEntry.at, FundEntry.kind, FundEntry.amount_fen, Award.number)
        .outerjoin(Award, Award.id == FundEntry.award_id)
        .where(FundEntry.fund_id == fund.id)
    )
    rows = db.session.execute(_by_key(statement, FundEntry.id, after, oldest_first=False)).all()
    shown = [LedgerRow(row.id, row.at, row.kind, row.amount_fen, row.number) for row in rows[:PAGE]]
    return Page(shown, _next_key([row.id for row in shown], len(rows)))


def funds() -> list[Fund]:
    """Return the funds of all years, the newest first."""
    return list(db.session.scalars(select(Fund).order_by(Fund.year.desc())))


def _shares(
    wanted: ColumnElement[bool], after: int | None, person_id: int | None, *, oldest_first: bool
) -> Page[PayRow]:
    statement = (
        select(
            Share.id,
            Share.award_id,
            Award.number,
            _place().label("place"),
            Share.status,
            Share.amount_fen,
            Share.claimed_at,
            Report.real_name,
        )
        .join(Award, Award.id == Share.award_id)
        .join(Report, Report.id == Share.report_id)
        .where(wanted)
    )
    rows = db.session.execute(_by_key(statement, Share.id, after, oldest_first=oldest_first)).all()
    handled = _handled_by([row.award_id for row in rows], person_id)
    shown = [
        PayRow(
            row.id,
            share_number(row.number, row.place),
            row.status,
            row.amount_fen,
            row.claimed_at,
            row.real_name is RealName.CONFIRMED,
            row.award_id in handled,
        )
        for row in rows[:PAGE]
    ]
    return Page(shown, _next_key([row.share_id for row in shown], len(rows)))


def _place() -> ColumnElement[int]:
    """Return the place of a share among those of its award."""
    others = aliased(Share)
    counted = select(func.count(others.id)).where(others.award_id == Share.award_id, others.id <= Share.id)
    return counted.correlate(Share).scalar_subquery()


def _by_key(statement: Any, key: Any, after: int | None, *, oldest_first: bool) -> Any:  # noqa: ANN401
    """Order a select by a key column and take one row more than a page."""
    beyond = true() if after is None else key > after if oldest_first else key < after
    return statement.where(beyond).order_by(key if oldest_first else key.desc()).limit(PAGE + 1)


def _next_key(ids: Sequence[int], found: int) -> int | None:
    return ids[-1] if found > PAGE else None


def _waiting_for_identity(award_ids: Sequence[int]) -> set[int]:
    """Return which of these awards wait for an answer about their reporter."""
    return set(
        db.session.scalars(
            select(Share.award_id)
            .join(IdentityCheck, IdentityCheck.report_id == Share.report_id)
            .where(Share.award_id.in_(award_ids), IdentityCheck.answer.is_(None))
        )
    )


def _handled_by(award_ids: Sequence[int], person_id: int | None) -> set[int]:
    """Return in which of these awards a person has a hand."""
    return set(
        db.session.scalars(
            select(Hand.award_id).where(Hand.award_id.in_(award_ids), Hand.person_id == person_id)
        )
    )
