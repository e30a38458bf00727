"""What the schedule does for cases: it opens and commits its own transaction, and may run twice."""

from __future__ import annotations

import logging

from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.cases import alarms, triage
from portal.database import db
from portal.extensions import settings

log = logging.getLogger("portal.alarms")


def close() -> None:
    """Close what was answered, once the time to object has passed."""
    triage.close_answered(clock.now())
    db.session.commit()


def ring_alarms() -> None:
    """Call who has to be called; one alarm that fails does not keep the others silent."""
    at, zone = clock.now(), settings().zone
    for case_id in alarms.waiting():
        try:
            alarms.ring(case_id, at, zone)
            db.session.commit()
        except SQLAlchemyError:
            db.session.rollback()
            log.exception("An alarm could not ring; it is tried again in half a minute.")
