"""What is kept about one report, for its reporter: each kind, since and until when, and who looked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit.models import Event
from portal.database import db
from portal.evidence.originals import ACTION as ORIGINAL_OPENED
from portal.reports.models import Report
from portal.retention.erasure import ACTION as ERASED
from portal.retention.kinds import KIND_OF, Kind
from portal.retention.life import life_of
from portal.retention.present import present_of
from portal.retention.run import ACTION as DESTROYED
from portal.retention.terms import Terms
from portal.vault.models import Opening


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of data of a report."""

    kind: Kind
    since: datetime | None
    """Since when it is there; None when it is not."""
    until: datetime | None = None
    """The earliest day on which it is destroyed, as far as this report alone decides it."""
    destroyed_at: datetime | None = None
    opened: tuple[datetime, ...] = ()
    paid: bool = False


def lines_of(report: Report, terms: Terms) -> list[Line]:
    """Return a line for each kind. Nothing in them depends on other reports of the case."""
    present, life = present_of([report.id])[report.id], life_of(report).own_view
    destroyed, opened = _destroyed(report.id), _opened(report.id)
    return [
        Line(
            kind,
            present.get(kind),
            terms.until(kind, life, present[kind]) if kind in present else None,
            None if kind in present else destroyed.get(kind),
            tuple(opened.get(kind, ())),
            paid=kind is Kind.PAYEE and life.paid_on is not None,
        )
        for kind in Kind
    ]


def _destroyed(report_id: int) -> dict[Kind, datetime]:
    """Return when each kind was last destroyed, by its time or by the reporter."""
    rows = db.session.scalars(
        select(Event)
        .where(Event.report_id == report_id, Event.action.in_((ERASED, DESTROYED)))
        .order_by(Event.id)
    )
    return {Kind(name): event.at for event in rows for name in _names(event)}


def _names(event: Event) -> Iterable[str]:
    return event.facts.get("kinds") or [event.facts["kind"]]


def _opened(report_id: int) -> dict[Kind, list[datetime]]:
    """Return when each kind was opened: by the vault, or as an original."""
    found: dict[Kind, list[datetime]] = {}
    served = select(Opening.field_group, Opening.served_at).where(
        Opening.report_id == report_id, Opening.served_at.is_not(None)
    )
    for group, at in db.session.execute(served.order_by(Opening.served_at)):
        if at is not None:
            found.setdefault(KIND_OF[group], []).append(at)
    originals = select(Event.at).where(Event.report_id == report_id, Event.action == ORIGINAL_OPENED)
    found[Kind.ORIGINALS] = list(db.session.scalars(originals.order_by(Event.id)))
    return found
