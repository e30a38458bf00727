"""Which reports are worth a closer look: those that hold something and ended long enough ago for it.

One query over a window of ids. It may name too many, never too few: what is due, only a report's life says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select

from portal.cases.models import Case
from portal.clock import city_date
from portal.database import db
from portal.evidence.models import Evidence
from portal.reports.models import Report
from portal.retention.kinds import GROUP_OF, PERSONAL, Kind
from portal.retention.terms import Terms
from portal.rewards.models import Payout, PayoutState, Share
from portal.vault.models import SealedField

SLACK = timedelta(days=2)  # of time zones, and of the days of a year


def candidates(terms: Terms, at: datetime, after: int, until: int) -> list[int]:
    """Return the reports of a window of ids that may hold something that is due, by id."""
    query = (
        select(Report.id)
        .join(Case, Case.id == Report.case_id)
        .where(Report.id > after, Report.id <= until, or_(*_conditions(terms, at)))
        .order_by(Report.id)
    )
    return list(db.session.scalars(query))


def _conditions(terms: Terms, at: datetime) -> Iterator[ColumnElement[bool]]:
    for kind in Kind:
        if kind is Kind.TEXT:
            years = timedelta(days=365 * terms.periods.text_years) - SLACK
            yield and_(_ended(kind, at - years), Report.text_removed_at.is_(None))
        elif kind is Kind.ORIGINALS:
            kept = exists().where(Evidence.report_id == Report.id, Evidence.original_destroyed_at.is_(None))
            yield and_(_ended(kind, at - timedelta(days=terms.days(kind))), kept)
        elif kind is not Kind.PAYEE:
            yield and_(_ended(kind, at - timedelta(days=terms.days(kind))), _sealed(kind))
    oldest = city_date(at, terms.zone).year - terms.periods.payee_years
    paid = exists().where(
        Share.report_id == Report.id, Payout.share_id == Share.id, Payout.state == PayoutState.PAID
    )
    recent = paid.where(Payout.paid_on >= date(oldest, 1, 1))
    period = timedelta(days=terms.days(Kind.PAYEE))
    yield and_(_ended(Kind.PAYEE, at - period), _sealed(Kind.PAYEE), or_(not_(paid), not_(recent)))


def _ended(kind: Kind, before: datetime) -> ColumnElement[bool]:
    closed = and_(Case.is_open.is_(False), Case.closed_at <= before)
    return or_(closed, Report.withdrawn_at <= before) if kind in PERSONAL else closed


def _sealed(kind: Kind) -> ColumnElement[bool]:
    return exists().where(SealedField.report_id == Report.id, SealedField.field_group == GROUP_OF[kind])
