"""Opening an original: first the event with its reason, committed; then the bytes. The reporter sees it."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

from sqlalchemy import select

from portal.audit.events import record
from portal.audit.models import Event
from portal.database import db
from portal.errors import NotAllowed, NotFound, Refusal, gettext_noop
from portal.evidence.models import Evidence, ScanState
from portal.evidence.store import Store
from portal.people.actor import Actor
from portal.people.permissions import Permission

SHORTEST_REASON = 5
ACTION = "original_opened"


class WhyTheOriginal(Refusal):
    """An original is opened for a reason that others can read later."""

    message = gettext_noop("Please say in at least %(least)d characters why the clean copy is not enough.")
    status = 422


class Infected(Refusal):
    """The scanner found a virus in it."""

    message = gettext_noop("The scanner found a virus in this file, so the original stays closed.")
    status = 409


class Gone(Refusal):
    """Its time was over, or the reporter had it destroyed."""

    message = gettext_noop("The original of this file was destroyed. The cleaned copy is what is left of it.")
    status = 410


class NotScannedYet(Refusal):
    """The scanner has not looked yet."""

    message = gettext_noop(
        "The virus scanner has not looked at this file yet. Nothing is lost: try again in some minutes."
    )
    status = 409


def record_opening(item: Evidence, case_id: int, reason: str, *, actor: Actor, at: datetime) -> Event:
    """Write who opens an original and why; the caller commits it before ``open_original`` gives a byte."""
    if not actor.may(Permission.EVIDENCE_ORIGINAL):
        raise NotAllowed
    if item.original_destroyed_at is not None:
        raise Gone
    if item.scan_state is ScanState.INFECTED:
        raise Infected
    if item.scan_state is ScanState.WAITING:
        raise NotScannedYet
    said = reason.strip()
    if len(said) < SHORTEST_REASON:
        raise WhyTheOriginal(least=SHORTEST_REASON)
    event = record(
        ACTION,
        at=at,
        actor=actor,
        role=actor.role_for(Permission.EVIDENCE_ORIGINAL),
        case_id=case_id,
        report_id=item.report_id,
        reason=said,
        facts={"evidence": item.id, "file": item.position},
    )
    db.session.flush()
    return event


def open_original(store: Store, item: Evidence, event_id: int) -> BinaryIO:
    """Return the original for reading; needs the event of this opening in the log. Raises StoreError."""
    opened = db.session.scalar(
        select(Event).where(Event.id == event_id, Event.report_id == item.report_id, Event.action == ACTION)
    )
    if opened is None or opened.facts.get("evidence") != item.id:
        raise NotFound
    return store.open(item.digest)
