"""One pass over all reports: what is due is destroyed, a report at a time; a broken pass goes on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import cast

from flask import current_app
from sqlalchemy import func, select

from portal.audit.events import record
from portal.database import db
from portal.evidence.store import Store
from portal.extensions import settings
from portal.people.actor import SYSTEM
from portal.reports.models import Report
from portal.retention.candidates import candidates
from portal.retention.destroying import destroy, lock
from portal.retention.kinds import Kind
from portal.retention.life import Life, life_of, lives_of
from portal.retention.models import RetentionRun
from portal.retention.originals import remove_bytes
from portal.retention.present import Present, present_of
from portal.retention.terms import Terms

ACTION = "retention_destroyed"
EVERY = timedelta(hours=20)
WINDOW = 5000  # report ids looked through in one query
AT_ONCE = 200  # reports whose lives are read in one go


def terms() -> Terms:
    """Return the terms that the settings give."""
    known = settings()
    return Terms(known.retention, known.zone)


def current_run(at: datetime) -> RetentionRun | None:
    """Return the pass that is to go on, a new one a day after the last; None when nothing is to be done."""
    last = db.session.scalar(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(1))
    if last is not None and last.finished_at is None:
        return last
    if last is not None and at - last.started_at < EVERY:
        return None
    begun = RetentionRun(started_at=at, destroyed={})
    db.session.add(begun)
    db.session.flush()
    return begun


def go_on(run: RetentionRun, at: datetime, seconds: float) -> bool:
    """Go on with a pass for so many seconds, committing each report; says whether it came to its end."""
    end = time.monotonic() + seconds
    top = db.session.scalar(select(func.max(Report.id))) or 0
    db.session.commit()
    while run.after < top:
        until = run.after + WINDOW
        for report_id in due_reports(candidates(terms(), at, run.after, until), at):
            if time.monotonic() >= end:
                return False
            settle(report_id, run, at)
        run.after = until
        db.session.commit()
        if time.monotonic() >= end and run.after < top:
            return False
    run.finished_at = at
    db.session.commit()
    return True


def settle(report_id: int, run: RetentionRun, at: datetime) -> list[Kind]:
    """Destroy what is due of one report, with one event for each kind; commits."""
    report = lock(report_id)
    kinds = due_kinds(report, at)
    gone = destroy(report, kinds, at)
    for kind in gone.kinds:
        record(ACTION, at=at, actor=SYSTEM, report_id=report_id, facts={"kind": kind.value})
    if gone.kinds:
        counts = dict(run.destroyed)
        run.destroyed = counts | {kind.value: counts.get(kind.value, 0) + 1 for kind in gone.kinds}
    db.session.commit()
    if gone.digests:
        remove_bytes(cast(Store, current_app.extensions["portal_store"]), gone.digests)
        db.session.commit()
    return gone.kinds


def due_kinds(report: Report, at: datetime) -> list[Kind]:
    """Return the kinds of a report whose time is over."""
    life, known = life_of(report), terms()
    return _due(present_of([report.id])[report.id], life, known, at)


def due_reports(report_ids: Iterable[int], at: datetime) -> Iterator[int]:
    """Yield those reports that hold something whose time is over."""
    known = terms()
    for ids in _pieces(list(report_ids)):
        lives, present = lives_of(ids), present_of(ids)
        db.session.commit()  # no transaction stays open between two reports
        yield from (one for one in ids if _due(present[one], lives[one], known, at))


def _due(present: Present, life: Life, known: Terms, at: datetime) -> list[Kind]:
    found = []
    for kind, since in present.items():
        until = known.until(kind, life, since)
        if until is not None and until <= at:
            found.append(kind)
    return found


def _pieces(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
