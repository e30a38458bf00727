"""What the desk shows of retention: how much there is, what is due next, the last passes, the holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from portal.cases.models import Case
from portal.database import db
from portal.evidence.models import Evidence
from portal.reports.models import Report
from portal.retention.kinds import GROUP_OF, PERSONAL, Kind
from portal.retention.life import lives_of
from portal.retention.models import RetentionHold, RetentionRun
from portal.retention.present import present_of
from portal.retention.terms import Terms
from portal.vault.models import SealedField

OLDEST = 50  # of the reports that ended: the first to be due is among them, or waits for money
RUNS = 5


@dataclass(frozen=True, slots=True)
class KindNow:
    """How many reports hold a kind, and when the first of them is due; None while none has ended."""

    kind: Kind
    reports: int
    next_due: datetime | None


def kinds_now(terms: Terms) -> list[KindNow]:
    """Return a line for each kind."""
    return [KindNow(kind, _count(kind), _next_due(kind, terms)) for kind in Kind]


def standing_holds() -> list[tuple[RetentionHold, str]]:
    """Return the holds that have not ended, each with its case number, the oldest first."""
    rows = db.session.execute(
        select(RetentionHold, Case.number)
        .join(Case, Case.id == RetentionHold.case_id)
        .where(RetentionHold.ended_at.is_(None))
        .order_by(RetentionHold.set_at, RetentionHold.id)
    )
    return [(hold, number) for hold, number in rows]


def last_runs() -> list[RetentionRun]:
    """Return the last passes, the newest first."""
    return list(db.session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(RUNS)))


def _count(kind: Kind) -> int:
    return db.session.scalar(select(func.count()).select_from(Report).where(_there(kind))) or 0


def _next_due(kind: Kind, terms: Terms) -> datetime | None:
    ended: Any = Case.closed_at
    over: ColumnElement[bool] = Case.is_open.is_(False)
    if kind in PERSONAL:
        ended = func.coalesce(Report.withdrawn_at, Case.closed_at)
        over = or_(over, Report.withdrawn_at.is_not(None))
    query: Select[Any] = (
        select(Report.id)
        .join(Case, Case.id == Report.case_id)
        .where(_there(kind), over, ended.is_not(None))
        .order_by(ended, Report.id)
        .limit(OLDEST)
    )
    ids = list(db.session.scalars(query))
    lives, present = lives_of(ids), present_of(ids)
    untils = [terms.until(kind, lives[one], present[one][kind]) for one in ids if kind in present[one]]
    return min((until for until in untils if until is not None), default=None)


def _there(kind: Kind) -> ColumnElement[bool]:
    if kind is Kind.TEXT:
        return Report.text_removed_at.is_(None)
    if kind is Kind.ORIGINALS:
        return exists().where(Evidence.report_id == Report.id, Evidence.original_destroyed_at.is_(None))
    return exists().where(SealedField.report_id == Report.id, SealedField.field_group == GROUP_OF[kind])
