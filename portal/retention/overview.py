"""What the desk shows of retention: how much there is, what is due next, the last passes, the holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select

from portal.cases.models import Case
from portal.database import db
from portal.evidence.models import Evidence
from portal.reports.models import Report
from portal.retention.kinds import GROUP_OF, KIND_OF, Kind
from portal.retention.life import lives_of
from portal.retention.models import RetentionHold, RetentionRun
from portal.retention.present import present_of
from portal.retention.terms import Terms
from portal.vault.models import SealedField

OLDEST = 200  # rows of a kind that are looked at for the next day
RUNS = 5


@dataclass(frozen=True, slots=True)
class KindNow:
    """How many reports hold a kind, and when the first of them is due; None while none has ended."""

    kind: Kind
    reports: int
    next_due: datetime | None


def kinds_now(terms: Terms) -> list[KindNow]:
    """Return a line for each kind."""
    counts = _counts()
    return [KindNow(kind, counts.get(kind, 0), _next_due(kind, terms)) for kind in Kind]


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


def _counts() -> dict[Kind, int]:
    groups = select(SealedField.field_group, func.count(SealedField.report_id.distinct()))
    found = {
        KIND_OF[group]: count for group, count in db.session.execute(groups.group_by(SealedField.field_group))
    }
    originals = select(func.count(Evidence.report_id.distinct())).where(
        Evidence.original_destroyed_at.is_(None)
    )
    texts = select(func.count()).select_from(Report).where(Report.text_removed_at.is_(None))
    found[Kind.ORIGINALS] = db.session.scalar(originals) or 0
    found[Kind.TEXT] = db.session.scalar(texts) or 0
    return found


def _next_due(kind: Kind, terms: Terms) -> datetime | None:
    """Return the first day among the oldest: what came first is nearly always due first."""
    ids = set(db.session.scalars(_oldest(kind)))
    lives, present = lives_of(ids), present_of(ids)
    untils = [terms.until(kind, lives[one], present[one][kind]) for one in ids if kind in present[one]]
    return min((until for until in untils if until is not None), default=None)


def _oldest(kind: Kind) -> Select[int]:
    if kind is Kind.TEXT:
        return select(Report.id).where(Report.text_removed_at.is_(None)).order_by(Report.id).limit(OLDEST)
    if kind is Kind.ORIGINALS:
        files = select(Evidence.report_id).where(Evidence.original_destroyed_at.is_(None))
        return files.order_by(Evidence.id).limit(OLDEST)
    sealed = select(SealedField.report_id).where(SealedField.field_group == GROUP_OF[kind])
    return sealed.order_by(SealedField.id).limit(OLDEST)
