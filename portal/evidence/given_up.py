"""Files whose cleaning was given up although nothing is wrong with them: a worker died, the disk was gone.

Their working key is kept for some days more. Somebody at the desk starts the cleaning again, or it starts by
itself once a day; afterwards the vault alone opens the original.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from portal import clock
from portal.audit.events import record
from portal.database import db
from portal.errors import NotInThisState
from portal.evidence import original_keys
from portal.evidence.cleaning_faults import ATTEMPTS, FINAL, INFECTED
from portal.evidence.models import CleanState, Evidence, OriginalKey
from portal.people.actor import Actor
from portal.people.permissions import Permission

ACTION = "evidence_cleaned_again"
KEPT = timedelta(days=14)  # from the day on which the file came
EVERY = timedelta(hours=20)
AT_ONCE = 50
_NO_USE = {INFECTED, *(fault.value for fault in FINAL)}


def can_begin_again(item: Evidence) -> bool:
    """Say whether another try could clean it: the fault is not its own, the workers have its key."""
    if item.clean_state is not CleanState.FAILED or item.fault in _NO_USE:
        return False
    if item.original_destroyed_at is not None:
        return False
    if not item.original:
        return True
    key = db.session.scalar(select(OriginalKey.working_key_id).where(OriginalKey.name == item.original))
    return bool(key)


def unreadable(report_id: int) -> int:
    """Return how many files of a report nobody can open: the reporter is asked for them once more."""
    query = select(func.count(Evidence.id)).where(
        Evidence.report_id == report_id,
        Evidence.clean_state == CleanState.FAILED,
        Evidence.fault.in_(_NO_USE),
    )
    return db.session.scalar(query) or 0


def begin_again(item: Evidence, case_id: int, *, actor: Actor, at: datetime) -> None:
    """Let the workers try once more as often as with a new file; the caller commits and rings.

    Raises NotInThisState.
    """
    if not can_begin_again(item):
        raise NotInThisState
    item.clean_state, item.attempts = CleanState.PENDING, 0
    record(
        ACTION,
        at=at,
        actor=actor,
        role=actor.role_for(Permission.CASE_READ),
        case_id=case_id,
        report_id=item.report_id,
        facts={"evidence": item.id, "file": item.position},
    )
    db.session.flush()


def work() -> None:
    """Try each once more a day; after so many days destroy the workers' key. Safe to run twice."""
    at = clock.now()
    given_up = (
        select(Evidence.id, Evidence.original, Evidence.received_at)
        .join(OriginalKey, OriginalKey.name == Evidence.original)
        .where(
            Evidence.clean_state == CleanState.FAILED,
            Evidence.cleaned_at < at - EVERY,
            OriginalKey.working_key_id != "",
        )
        .order_by(Evidence.cleaned_at)
        .limit(AT_ONCE)
    )
    rows = db.session.execute(given_up).all()
    db.session.rollback()
    for row in rows:
        if row.received_at < at - KEPT:
            original_keys.close(row.original, original_keys.body_digest_of(row.original))
        else:
            db.session.execute(
                update(Evidence)
                .where(Evidence.id == row.id, Evidence.clean_state == CleanState.FAILED)
                .values(clean_state=CleanState.PENDING, attempts=ATTEMPTS - 1)
                .execution_options(synchronize_session=False)
            )
        db.session.commit()
