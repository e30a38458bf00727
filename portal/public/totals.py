"""Totals of the year for the first page: whole months, rounded down to fives, kept in the process an hour.

They end with the last full month, so that nobody can watch them for a report that was made just now. They are
rounded, so that nobody who noted last month's can subtract and read that one single report came.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from portal import clock
from portal.cases.models import Case
from portal.cases.steps import Conclusion
from portal.database import db
from portal.reports.models import Report
from portal.rewards.models import Payout, PayoutState

FRESH_SECONDS = 3600.0
STEP = 5


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of a period, rounded down; None stands for a number too small to be published."""

    first: date
    last: date
    received: int | None
    confirmed: int | None
    paid: int | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to publish."""
        return self.received is None and self.confirmed is None and self.paid is None


# By engine: two applications in one process have two databases.
_known: WeakKeyDictionary[Any, tuple[float, date, Totals]] = WeakKeyDictionary()


def totals(at: datetime, zone: ZoneInfo) -> Totals:
    """Return the totals of the year up to the end of the last full month in the city."""
    first, last = period(clock.city_date(at, zone))
    engine = db.engine
    kept = _known.get(engine)
    if kept is not None and kept[1] == last and time.monotonic() - kept[0] < FRESH_SECONDS:
        return kept[2]
    found = _count(first, last, zone)
    _known[engine] = (time.monotonic(), last, found)
    return found


def period(today: date) -> tuple[date, date]:
    """Return first and last day: in January that is the whole year before."""
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(month=1, day=1), last


def _count(first: date, last: date, zone: ZoneInfo) -> Totals:
    since = clock.city_midnight(first, zone)
    until = clock.city_midnight(last + timedelta(days=1), zone)
    received = select(func.count(Report.id)).where(Report.received_at >= since, Report.received_at < until)
    confirmed = select(func.count(Case.id)).where(
        Case.conclusion.in_([Conclusion.TRUE, Conclusion.PARTLY_TRUE]),
        Case.concluded_at >= since,
        Case.concluded_at < until,
    )
    paid = select(func.count(Payout.id)).where(
        Payout.state == PayoutState.PAID, Payout.paid_on >= first, Payout.paid_on <= last
    )
    counts = (db.session.scalar(query) or 0 for query in (received, confirmed, paid))
    return Totals(first, last, *(count - count % STEP or None for count in counts))
