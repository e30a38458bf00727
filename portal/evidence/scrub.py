"""The scrub: every file is read again once a day and compared with its digest, a slice at a time.

A file that is missing or rotten is written down on its row, so that whoever runs the portal can bring it
back from a backup while there is one. An answer that never came says nothing about a file.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from flask import current_app
from sqlalchemy import ColumnElement, func, select, text, update

from portal import clock
from portal.database import db
from portal.evidence.models import Evidence, EvidencePage, OriginalKey, Redaction
from portal.evidence.store import Store, StoreError, StoreFault
from portal.evidence.vaulted import Originals
from portal.run.queue import enqueue

log = logging.getLogger("portal.evidence")

EVERY = timedelta(hours=20)
SLICE_SECONDS = 60.0  # cleaning waits meanwhile
SLICE_WITHOUT_WORKER = 5.0  # other tasks wait meanwhile
BATCH = 50
_PIECE = 1024 * 1024
_FAULTY = text("evidence.store_fault != ''")  # as the index says it, or it would not be used


@dataclass(frozen=True, slots=True)
class Faulty:
    """A file that is not as it was: which one, and what is wrong."""

    uuid: str
    fault: str
    verified_at: datetime | None


def ring() -> None:
    """Ask a worker to go on with the scrub when files are due; without Redis do a little of it here."""
    due = _due(clock.now(), 1)
    db.session.rollback()
    if due and not enqueue("scrub_evidence"):
        run(SLICE_WITHOUT_WORKER)


def work() -> None:
    """The worker's job: one slice, and the bell for the next one."""
    if run(SLICE_SECONDS):
        enqueue("scrub_evidence")


def run(seconds: float) -> bool:
    """Verify files that are due for so many seconds; says whether some are left. Resumes where it ended."""
    end = time.monotonic() + seconds
    store = cast(Store, current_app.extensions["portal_store"])
    began = clock.now()
    while ids := _due(began, BATCH):
        for evidence_id in ids:
            if time.monotonic() >= end:
                return True
            item = db.session.get(Evidence, evidence_id)
            if item is None:
                continue
            try:
                verify(item, store, clock.now())
            except StoreError as error:
                log.warning("the scrub stopped: the evidence store says %s", error.code.value)
                db.session.rollback()
                return False
            db.session.commit()
    db.session.rollback()
    return False


def verify(item: Evidence, store: Store, at: datetime) -> str:
    """Read a file and all its copies again and keep what was found; empty means all is as it came.

    Raises StoreError unreachable: then nothing is known, and nothing is written.
    """
    evidence_id, uuid, files = item.id, item.uuid, [*_original(item), *_copies(item)]
    sealed = _sealed(item)
    db.session.rollback()  # no transaction stays open while files are read; this also forgets the row
    fault = _fault_of_sealed(sealed, _originals()) if sealed else ""
    for name, digest in files:
        if not fault and (found := _fault_of(store, digest)):
            fault = f"{name}_{found}".lstrip("_")
    if fault:
        log.error("evidence %s: %s", uuid, fault)
    db.session.execute(
        update(Evidence)
        .where(Evidence.id == evidence_id)
        .values(verified_at=at, store_fault=fault)
        .execution_options(synchronize_session=False)
    )
    return fault


def faulty(limit: int = 20) -> list[Faulty]:
    """Return files that were not as they should be when they were last read."""
    rows = db.session.execute(
        select(Evidence.uuid, Evidence.store_fault, Evidence.verified_at)
        .where(_FAULTY)
        .order_by(Evidence.id)
        .limit(limit)
    )
    return [Faulty(*row) for row in rows]


def faulty_count() -> int:
    """Return how many files were not as they should be."""
    return db.session.scalar(select(func.count(Evidence.id)).where(_FAULTY)) or 0


def _due(began: datetime, limit: int) -> list[int]:
    """Return files that were never verified, then those whose time has come; the oldest first."""
    never = _ids(Evidence.verified_at.is_(None), limit)
    if len(never) >= limit:
        return never
    return never + _ids(Evidence.verified_at < began - EVERY, limit - len(never))


def _ids(condition: ColumnElement[bool], limit: int) -> list[int]:
    query = select(Evidence.id).where(condition).order_by(Evidence.verified_at, Evidence.id).limit(limit)
    return list(db.session.scalars(query))


def _originals() -> Originals:
    return cast(Originals, current_app.extensions["portal_originals"])


def _original(item: Evidence) -> Iterator[tuple[str, str]]:
    """Yield an original that an earlier version put beside the copies."""
    if item.original_destroyed_at is None and not item.original:
        yield "", item.digest


def _copies(item: Evidence) -> Iterator[tuple[str, str]]:
    if item.clean_digest:
        yield "copy", item.clean_digest
    if item.thumb_digest:
        yield "thumb", item.thumb_digest
    pages = select(EvidencePage.digest).where(EvidencePage.evidence_id == item.id)
    for digest in db.session.scalars(pages.order_by(EvidencePage.number)):
        yield "page", digest
    redacted = select(Redaction.digest).where(Redaction.evidence_id == item.id, Redaction.digest != "")
    for digest in db.session.scalars(redacted.order_by(Redaction.version)):
        yield "redacted", digest


@dataclass(frozen=True, slots=True)
class _Sealed:
    """An original that the vault alone opens: its name, size, and the digest of its encrypted bytes.

    The digest is empty until it is cleaned, None when its key is gone.
    """

    name: str
    size: int
    body_digest: str | None


def _sealed(item: Evidence) -> _Sealed | None:
    if not item.original or item.original_destroyed_at is not None:
        return None
    kept = db.session.scalar(select(OriginalKey.body_digest).where(OriginalKey.name == item.original))
    return _Sealed(item.original, item.size, kept)


def _fault_of_sealed(sealed: _Sealed, originals: Originals) -> str:
    """Compare encrypted bytes with what they were, without a key; empty when they are the same.

    Until a file is cleaned there is nothing to compare but its size; cleaning reads all of it.
    """
    name, size, kept = sealed.name, sealed.size, sealed.body_digest
    try:
        same = originals.body_digest(name) == kept if kept else originals.size(name) == size
    except StoreError as error:
        if error.code is StoreFault.UNREACHABLE:
            raise
        return error.code.value
    except OSError:  # what a disk says of a bad sector
        return StoreFault.DAMAGED.value
    return "" if same and kept is not None else StoreFault.DAMAGED.value


def _fault_of(store: Store, digest: str) -> str:
    """Read one file to its end; empty when it is what its digest says."""
    found = hashlib.sha256()
    try:
        with store.open(digest) as file:
            while piece := file.read(_PIECE):
                found.update(piece)
    except StoreError as error:
        if error.code is StoreFault.UNREACHABLE:
            raise
        return error.code.value
    except OSError:  # what a disk says of a bad sector
        return StoreFault.DAMAGED.value
    return "" if found.hexdigest() == digest else StoreFault.DAMAGED.value
