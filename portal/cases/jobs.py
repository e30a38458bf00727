"""What the schedule does for cases: it opens and commits its own transaction, and may run twice."""

from __future__ import annotations

from portal import clock
from portal.cases import triage
from portal.database import db


def close() -> None:
    """Close what was answered, once the time to object has passed."""
    triage.close_answered(clock.now())
    db.session.commit()
