"""Opening an original: first the event with its reason, committed; then the bytes. The reporter sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import select

from portal.audit.events import record
from portal.audit.models import Event
from portal.database import db
from portal.errors import NotAllowed, NotFound, Refusal, gettext_noop
from portal.evidence.models import Evidence, ScanState
from portal.evidence.store import Store
from portal.evidence.vaulted import Originals
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.vault.client import VaultClient
from portal.vault.models import OriginalOpening
from portal.vault.openings import File, ask_for_original

ACTION = "original_opened"


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
    """Write who opens an original and why; the caller commits it before ``open_original`` gives a byte.

    ``reason`` is kept as portal.reports.reasons writes it.
    Raises NotAllowed, Gone, Infected or NotScannedYet.
    """
    if not actor.may(Permission.EVIDENCE_ORIGINAL):
        raise NotAllowed
    if item.original_destroyed_at is not None:
        raise Gone
    if item.scan_state is ScanState.INFECTED:
        raise Infected
    if item.scan_state is ScanState.WAITING:
        raise NotScannedYet
    event = record(
        ACTION,
        at=at,
        actor=actor,
        role=actor.role_for(Permission.EVIDENCE_ORIGINAL),
        case_id=case_id,
        report_id=item.report_id,
        reason=reason,
        facts={"evidence": item.id, "file": item.position},
    )
    db.session.flush()
    return event


@dataclass(frozen=True, slots=True)
class Asked:
    """An opening that stands in the log: its event, and what the vault is asked with.

    ``opening_id`` is empty for a file of an earlier version that was not resealed yet.
    """

    event_id: int
    opening_id: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where an original may lie, and who has its key."""

    originals: Originals
    store: Store
    vault: VaultClient


def ask(item: Evidence, event: Event, *, actor: Actor, at: datetime) -> Asked:
    """Put up what the vault is asked with; the caller commits it with the event. Raises NeedsSecond."""
    if not item.original:
        return Asked(event.id)
    wanted = File(item.id, item.report_id, item.digest)
    return Asked(event.id, ask_for_original(wanted, event, actor, at).id)


def open_original(places: Places, item: Evidence, asked: Asked) -> BinaryIO:
    """Return the original for reading; needs the event of this opening in the log.

    Raises StoreError, and VaultClosed or VaultRefused: then nothing was opened.
    """
    opened = db.session.scalar(
        select(Event).where(
            Event.id == asked.event_id, Event.report_id == item.report_id, Event.action == ACTION
        )
    )
    if opened is None or opened.facts.get("evidence") != item.id:
        raise NotFound
    name, digest = item.original, item.digest
    # The vault marks the opening on a connection of its own: it must not wait for this transaction.
    db.session.rollback()
    if not name:
        return places.store.open(digest)
    # Looked for first, so that nobody's day is used up by a file that is not there.
    places.originals.size(name)
    return places.originals.open(name, places.vault.open_original(asked.opening_id))


def never_served(report_id: int) -> set[int]:
    """Return the events of openings that the vault did not serve: nobody read anything."""
    asked = select(OriginalOpening.event_id).where(
        OriginalOpening.report_id == report_id, OriginalOpening.served_at.is_(None)
    )
    return set(db.session.scalars(asked))
