"""Whether the portal can take a report, and whether everything behind it is well too."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.cases import alarms
from portal.database import db
from portal.errors import Refusal
from portal.evidence import scrub
from portal.notices import sweeper
from portal.people import throttle
from portal.run.jobs import QUEUES
from portal.run.queue import SCHEDULE_SEEN_KEY, bell
from portal.vault import asking

# A message that waits longer than this means that worker, schedule or the outside is in trouble.
OUTBOX_LIMIT = timedelta(minutes=5)


def ready() -> bool:
    """Say whether a report can be accepted: that needs the database and nothing else."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        return False
    return True


def troubles() -> dict[str, str]:
    """Return what is not well, by part; an empty answer means all is well."""
    if not ready():
        return {"database": "does not answer"}
    found = _queue_troubles()
    age = sweeper.oldest_age(clock.now())
    if age > OUTBOX_LIMIT:
        found["outbox"] = f"the oldest message waits for {int(age.total_seconds())} s"
    dead = sweeper.dead_count()
    if dead:
        found["deliveries"] = f"{dead} could not be delivered and wait for a person"
    unheard = alarms.unheard(clock.now())
    if unheard:
        found["alarms"] = f"{unheard} urgent reports have reached nobody; look at the duty roster"
    guessed = throttle.spread(clock.now())
    if guessed > throttle.SPREAD_ALARM:
        found["log-ins"] = (
            f"{guessed} names or networks failed to log in within ten minutes: somebody guesses"
        )
    if "desk" in current_app.extensions["portal_faces"] and not _vault_answers():
        found["vault"] = "does not answer; reports are accepted, nothing is opened and alerts wait"
    faulty = scrub.faulty_count()
    if faulty:
        found["evidence"] = f"{faulty} files are missing or damaged; flask doctor names them"
    return found


def _vault_answers() -> bool:
    try:
        asking.vault().health()
    except Refusal:
        return False
    return True


def _queue_troubles() -> dict[str, str]:
    """Ask Redis, and through it the workers and the schedule, for a sign of life."""
    ring = bell()
    try:
        silent = [name for name in QUEUES if not ring.worker_lives(name)]
        schedule_lives = bool(ring.connection.exists(SCHEDULE_SEEN_KEY))
    except (RedisError, OSError):
        return {"redis": "does not answer; reports are accepted, messages go out by the schedule"}
    found = {f"worker {name}": "gives no sign of life" for name in silent}
    if not schedule_lives:
        found["schedule"] = "gives no sign of life"
    return found
