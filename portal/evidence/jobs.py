"""Cleaning evidence: a job for one file, safe to run twice, and the sweep that finds what no job did."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import cast

from flask import current_app
from sqlalchemy import select, update

from portal import clock
from portal.database import db
from portal.evidence.cleaning import Clean, CleaningError, CleaningFault, clean_stream
from portal.evidence.inspection import MediaType
from portal.evidence.models import CleanState, Evidence
from portal.evidence.store import Store, StoreError
from portal.run.queue import enqueue

log = logging.getLogger("portal.evidence")

ATTEMPTS = 3
IN_HAND = timedelta(seconds=30)  # younger files still wait for the worker that was rung for them
CLEANED_HERE = 3  # each may take 15 seconds, and other tasks wait behind it
# What no second try can change: the file itself is at fault.
FINAL = frozenset(CleaningFault) - {CleaningFault.CRASHED, CleaningFault.TOO_COSTLY}


def clean(evidence_id: int) -> None:
    """Make the clean copies of one file; does nothing when they exist or were given up."""
    row = _begin(evidence_id)
    if row is None:
        return
    try:
        facts = _clean(row, _store())
    except CleaningError as error:
        _fail(row, error.code.value, final=error.code in FINAL)
    except StoreError as error:
        _fail(row, error.code.value, final=False)
    else:
        _finish(row, {**facts, "clean_state": CleanState.CLEAN, "fault": ""})


def pending(limit: int = 20) -> int:
    """Ring again for files that still wait; without Redis clean them here. Returns how many it found."""
    older = clock.now() - IN_HAND
    query = (
        select(Evidence.id)
        .where(Evidence.clean_state == CleanState.PENDING, Evidence.received_at < older)
        .order_by(Evidence.id)
        .limit(limit)
    )
    ids = list(db.session.scalars(query))
    db.session.rollback()
    unheard = [evidence_id for evidence_id in ids if not enqueue("clean_evidence", evidence_id)]
    for evidence_id in unheard[:CLEANED_HERE]:
        clean(evidence_id)
    return len(ids)


def ring_for(evidence_ids: tuple[int, ...]) -> None:
    """Ask a worker to clean new files, best effort: the sweep finds what this loses."""
    for evidence_id in evidence_ids:
        enqueue("clean_evidence", evidence_id)


def _begin(evidence_id: int) -> Evidence | None:
    """Count the attempt and return the row, None when there is nothing to do."""
    counted = db.session.execute(
        update(Evidence)
        .where(
            Evidence.id == evidence_id,
            Evidence.clean_state == CleanState.PENDING,
        )
        .values(attempts=Evidence.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    # Committed before the work: a file that kills its worker each time is given up all the same.
    db.session.commit()
    if not counted.rowcount:  # type: ignore[attr-defined]  # a DML result has it
        return None
    row = db.session.get(Evidence, evidence_id, populate_existing=True)
    db.session.rollback()
    if row is not None and row.attempts > ATTEMPTS:
        _fail(row, row.fault or CleaningFault.CRASHED.value, final=True)
        return None
    return row


def _clean(row: Evidence, store: Store) -> dict[str, object]:
    """Decode the original in a child process and store what it made; no transaction is open meanwhile."""
    with store.open(row.digest) as original:
        copies = clean_stream(MediaType(row.media_type), original)
    try:
        return _keep(copies, store)
    finally:
        copies.close()


def _keep(copies: Clean, store: Store) -> dict[str, object]:
    main = store.put(copies.main)
    thumb = store.put(copies.thumb) if copies.thumb is not None else None
    return {
        "clean_digest": main.digest,
        "clean_type": copies.media_type.value,
        "thumb_digest": thumb.digest if thumb else "",
    }


def _fail(row: Evidence, fault: str, *, final: bool) -> None:
    """Keep the reason; the file is given up when no further try can help."""
    state = CleanState.FAILED if final or row.attempts >= ATTEMPTS else CleanState.PENDING
    log.warning("evidence %s: no clean copy (%s)", row.id, fault)
    _finish(row, {"clean_state": state, "fault": fault})


def _finish(row: Evidence, values: dict[str, object]) -> None:
    """Write the outcome, unless another run was faster."""
    at: datetime = clock.now()
    db.session.execute(
        update(Evidence)
        .where(Evidence.id == row.id, Evidence.clean_state == CleanState.PENDING)
        .values(**values, cleaned_at=at)
        .execution_options(synchronize_session="fetch")
    )
    db.session.commit()


def _store() -> Store:
    return cast(Store, current_app.extensions["portal_store"])
