"""Where reports stand in their life, as far as keeping and destroying depend on it; read for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from portal.audit.models import Event
from portal.cases.conclusion import CONFIRMED
from portal.cases.models import Case, Finding, Penalty, PenaltyState
from portal.database import db
from portal.reports.models import Report
from portal.retention.models import RetentionHold
from portal.rewards.models import Award, Payout, PayoutState, Share
from portal.rewards.steps import SETTLED_SHARES, AwardStatus

# An award that may still be signed, sent back, claimed or paid.
ALIVE = frozenset({AwardStatus.PROPOSED, AwardStatus.SENT_BACK, AwardStatus.APPROVED})
# So long after closing a penalty that is still to come, or not final, may bring an award.
PENALTY_WAIT = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Life:
    """One report: its case, its own reward, and whether anything stops destruction."""

    report_id: int
    case_id: int
    withdrawn_at: datetime | None
    closed_at: datetime | None
    """When the case ended; None while it is open."""
    own_money_open: bool = False
    case_money_open: bool = False
    own_settled_at: datetime | None = None
    case_settled_at: datetime | None = None
    paid_on: date | None = None
    penalty_waits: bool = False
    held: bool = False

    @property
    def case_end(self) -> datetime | None:
        """Return when the matter was over: the case closed, all its rewards settled; None before."""
        if self.closed_at is None or self.own_money_open or self.case_money_open:
            return None
        closed = self.closed_at + PENALTY_WAIT if self.penalty_waits else self.closed_at
        return _latest(closed, self.own_settled_at, self.case_settled_at)

    @property
    def own_end(self) -> datetime | None:
        """Return when it was over for the reporter, who may have withdrawn before the case ended."""
        if self.withdrawn_at is None:
            return self.case_end
        return None if self.own_money_open else _latest(self.withdrawn_at, self.own_settled_at)

    @property
    def own_view(self) -> Life:
        """Return the same life without what other reports of the case bring in: for the reporter's pages."""
        return Life(
            self.report_id,
            self.case_id,
            self.withdrawn_at,
            self.closed_at,
            own_money_open=self.own_money_open,
            own_settled_at=self.own_settled_at,
            paid_on=self.paid_on,
        )


def life_of(report: Report) -> Life:
    """Return the life of one report."""
    return lives_of([report.id])[report.id]


def lives_of(report_ids: Iterable[int]) -> dict[int, Life]:
    """Return the lives of several reports, in a fixed number of queries."""
    ids = tuple(report_ids)
    rows = db.session.execute(
        select(Report.id, Report.case_id, Report.origin_case_id, Report.withdrawn_at, *_ENDED)
        .join(Case, Case.id == Report.case_id)
        .where(Report.id.in_(ids))
    ).all()
    cases = {row.case_id for row in rows}
    own, awards, paid = _own_money(ids), _case_money(cases), _paid(ids)
    waiting, held = _penalties(cases), _held(cases | {row.origin_case_id for row in rows})
    return {row.id: _life(row, own, awards, paid, waiting, held) for row in rows}


_ENDED = (Case.is_open, Case.closed_at)
_Money = dict[int, tuple[bool, datetime | None]]


def _life(
    row: Any,  # noqa: ANN401  (a row's columns)
    own: _Money,
    awards: _Money,
    paid: Mapping[int, date],
    waiting: set[int],
    held: set[int],
) -> Life:
    own_open, own_settled = own.get(row.id, (False, None))
    case_open, case_settled = awards.get(row.case_id, (False, None))
    return Life(
        row.id,
        row.case_id,
        row.withdrawn_at,
        None if row.is_open else row.closed_at,
        own_money_open=own_open,
        case_money_open=case_open,
        own_settled_at=own_settled,
        case_settled_at=case_settled,
        paid_on=paid.get(row.id),
        penalty_waits=row.case_id in waiting,
        held=row.case_id in held or row.origin_case_id in held,
    )


def _own_money(report_ids: tuple[int, ...]) -> _Money:
    """Return of each report whether a share of its own is open, and when the last one was settled."""
    rows = db.session.execute(
        select(Share.report_id, Share.status, Share.award_id, Award.status.label("award"))
        .join(Award, Award.id == Share.award_id)
        .where(Share.report_id.in_(report_ids), Award.status != AwardStatus.REFUSED)
    ).all()
    moved, found = _moved({row.award_id for row in rows}), dict[int, tuple[bool, datetime | None]]()
    for row in rows:
        is_open = row.award in ALIVE and row.status not in SETTLED_SHARES
        known, at = found.get(row.report_id, (False, None))
        found[row.report_id] = (known or is_open, _latest(at, moved.get(row.award_id)))
    return found


def _case_money(case_ids: set[int]) -> _Money:
    """Return of each case whether an award of it is alive, and when the last one moved."""
    rows = db.session.execute(
        select(Award.id, Award.case_id, Award.status).where(Award.case_id.in_(case_ids))
    ).all()
    moved, found = _moved({row.id for row in rows}), dict[int, tuple[bool, datetime | None]]()
    for row in rows:
        known, at = found.get(row.case_id, (False, None))
        found[row.case_id] = (known or row.status in ALIVE, _latest(at, moved.get(row.id)))
    return found


def _moved(award_ids: set[int]) -> dict[int, datetime]:
    """Return of each award when it, or a share of it, last changed its state."""
    rows = db.session.execute(
        select(Event.award_id, func.max(Event.at))
        .where(Event.award_id.in_(award_ids), Event.to_status != "")
        .group_by(Event.award_id)
    )
    return {award_id: at for award_id, at in rows if award_id is not None}


def _paid(report_ids: tuple[int, ...]) -> dict[int, date]:
    """Return of each report the last day on which the bank paid it."""
    rows = db.session.execute(
        select(Share.report_id, func.max(Payout.paid_on))
        .join(Payout, Payout.share_id == Share.id)
        .where(Share.report_id.in_(report_ids), Payout.state == PayoutState.PAID)
        .group_by(Share.report_id)
    )
    return {report_id: day for report_id, day in rows if day is not None}


def _penalties(case_ids: set[int]) -> set[int]:
    """Return the confirmed cases of which a penalty is still to be recorded, or is not final yet."""
    unsettled = and_(Penalty.final_on.is_(None), Penalty.collected_on.is_(None))
    return set(
        db.session.scalars(
            select(Finding.case_id)
            .join(Case, Case.id == Finding.case_id)
            .outerjoin(Penalty, Penalty.finding_id == Finding.id)
            .where(
                Finding.case_id.in_(case_ids),
                Case.conclusion.in_(CONFIRMED),
                or_(
                    Finding.penalty_state == PenaltyState.PENDING,
                    and_(Finding.penalty_state == PenaltyState.PENALISED, unsettled),
                ),
            )
        )
    )


def _held(case_ids: set[int]) -> set[int]:
    return set(
        db.session.scalars(
            select(RetentionHold.case_id).where(
                RetentionHold.case_id.in_(case_ids), RetentionHold.ended_at.is_(None)
            )
        )
    )


def _latest(*moments: datetime | None) -> datetime | None:
    return max((one for one in moments if one is not None), default=None)
