"""Cleaning evidence: a job for one file, safe to run twice, and the sweep that finds what no job did."""

from __future__ import annotations

import io
import logging
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, cast

from flask import current_app
from sqlalchemy import select, update

from portal import clock
from portal.database import db
from portal.evidence import likeness, original_keys
from portal.evidence.cleaning import Clean, CleaningError, clean_stream, draw_pages
from portal.evidence.cleaning_faults import ATTEMPTS, FINAL, INFECTED, CleaningFault
from portal.evidence.hashes import Hashes
from portal.evidence.inspection import Kind, MediaType
from portal.evidence.models import CleanState, Evidence, EvidencePage, ScanState
from portal.evidence.original_keys import NoKey, NotOurs
from portal.evidence.scanning import Clamd, ScannerDown, Verdict
from portal.evidence.store import Store, StoreError, StoreFault
from portal.evidence.vaulted import Originals
from portal.extensions import settings
from portal.run.queue import enqueue
from portal.vault.keyfiles import KeyFileError

log = logging.getLogger("portal.evidence")

IN_HAND = timedelta(seconds=30)  # younger files still wait for the worker that was rung for them
CLEANED_HERE = 3  # each may take 15 seconds, and other tasks wait behind it
_STATE_OF = {
    Verdict.CLEAN: ScanState.CLEAN,
    Verdict.INFECTED: ScanState.INFECTED,
    Verdict.TOO_LARGE: ScanState.NOT_SCANNED,
}


@dataclass(frozen=True, slots=True)
class _File:
    """What the job knows of its row: no object that would begin a transaction when it is looked at."""

    id: int
    digest: str
    original: str
    media_type: str
    attempts: int
    fault: str


@dataclass(frozen=True, slots=True)
class _Scanned:
    state: ScanState
    at: datetime | None = None

    @property
    def goes_on(self) -> bool:
        """Whether the file may be opened."""
        return self.state is not ScanState.INFECTED

    def columns(self) -> dict[str, object]:
        """Return what the row keeps of it."""
        return {"scan_state": self.state, "scanned_at": self.at}


@dataclass(frozen=True, slots=True)
class _Made:
    columns: dict[str, object]
    pages: list[str]
    hashes: Hashes


def clean(evidence_id: int) -> None:
    """Scan one file and make its clean copies; does nothing when they exist or were given up."""
    row = _begin(evidence_id)
    if row is None:
        return
    try:
        scanned = _scan(row)
        made = _clean(row, _store()) if scanned.goes_on else None
    except ScannerDown as error:
        log.warning("evidence %s waits for the virus scanner (%s)", row.id, error)
        _wait(row)
    except (KeyFileError, NotOurs) as error:
        # Not the file's fault: it waits until the workers have their key again.
        log.error("evidence %s waits for the workers' key (%s)", row.id, error)
        _finish(row, {"attempts": Evidence.attempts - 1})
    except CleaningError as error:
        _fail(row, error.code.value, final=error.code in FINAL)
    except StoreError as error:
        if error.code is StoreFault.UNREACHABLE:
            log.warning("evidence %s waits for its store", row.id)
            _finish(row, {"attempts": Evidence.attempts - 1})  # a try that could not begin does not count
        else:
            _fail(row, error.code.value, final=False)
    else:
        if made is None:
            _fail(row, INFECTED, final=True, **scanned.columns())
        else:
            _finish(row, {**made.columns, **scanned.columns(), "clean_state": CleanState.CLEAN}, made)


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


def _begin(evidence_id: int) -> _File | None:
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
    found = db.session.execute(
        select(
            Evidence.id,
            Evidence.digest,
            Evidence.original,
            Evidence.media_type,
            Evidence.attempts,
            Evidence.fault,
        ).where(Evidence.id == evidence_id)
    ).one_or_none()
    db.session.rollback()
    row = _File(*found) if found is not None else None
    if row is not None and row.attempts > ATTEMPTS:
        _fail(row, row.fault or CleaningFault.CRASHED.value, final=False)
        return None
    return row


def _open(row: _File) -> BinaryIO:
    """Return the original for reading, no transaction open; raises StoreError, NotOurs, KeyFileError."""
    if not row.original:
        return _store().open(row.digest)
    try:
        key = original_keys.open_working(settings().keys_path, row.original)
    except NoKey:
        raise StoreError(StoreFault.DAMAGED) from None
    finally:
        db.session.rollback()
    return _originals().open(row.original, key)


def _scan(row: _File) -> _Scanned:
    """Have the original looked through where there is a scanner; raises ScannerDown."""
    url = settings().clamd_url
    if not url:
        return _Scanned(ScanState.NOT_SCANNED)
    with _open(row) as original:
        verdict = Clamd(url).scan(original)
    if verdict is Verdict.TOO_LARGE:
        log.warning("evidence %s is longer than the virus scanner's StreamMaxLength", row.id)
    return _Scanned(_STATE_OF[verdict], clock.now())


def _clean(row: _File, store: Store) -> _Made:
    """Decode the original in a child process and store what it made; no transaction is open meanwhile."""
    with _open(row) as original:
        copies = clean_stream(MediaType(row.media_type), original)
    try:
        main = store.put(copies.main)
        thumb = store.put(copies.thumb) if copies.thumb is not None else None
        copies.main.seek(0)
        pages = _draw(row, copies, store)
    finally:
        copies.close()
    columns = {
        "clean_digest": main.digest,
        "clean_type": copies.media_type.value,
        "thumb_digest": thumb.digest if thumb else "",
        "fault": "",
        **asdict(copies.measures),
    }
    return _Made(columns, pages, copies.hashes)


def _draw(row: _File, copies: Clean, store: Store) -> list[str]:
    """Store the pages of a document as pictures; without them it can still be downloaded.

    A child that was killed is no fault of the document: it is tried again before it is done without.
    """
    if copies.media_type.kind is not Kind.DOCUMENT:
        return []
    try:
        return [store.put(io.BytesIO(page)).digest for page in draw_pages(copies.main)]
    except CleaningError as error:
        if error.code not in FINAL and row.attempts < ATTEMPTS:
            raise
        log.warning("evidence %s: no pictures of its pages (%s)", row.id, error.code.value)
        return []


def _fail(row: _File, fault: str, *, final: bool, **scanned: object) -> None:
    """Keep the reason; the file is given up when no further try can help, or for now after some tries."""
    state = CleanState.FAILED if final or row.attempts >= ATTEMPTS else CleanState.PENDING
    log.warning("evidence %s: no clean copy (%s)", row.id, fault)
    _finish(row, {**scanned, "clean_state": state, "fault": fault}, final=final)


def _wait(row: _File) -> None:
    """Keep the file in quarantine until the scanner is back; a try that could not begin does not count."""
    _finish(row, {"scan_state": ScanState.WAITING, "attempts": Evidence.attempts - 1})


def _finish(row: _File, values: dict[str, object], made: _Made | None = None, *, final: bool = False) -> None:
    """Write the outcome, unless another run was faster; with the last one the working key is destroyed.

    What was given up for now keeps it: portal.evidence.given_up goes on.
    """
    at: datetime = clock.now()
    is_over = bool(row.original) and (final or made is not None)
    body_digest = original_keys.body_digest_of(row.original) if is_over else ""
    written = db.session.execute(
        update(Evidence)
        .where(Evidence.id == row.id, Evidence.clean_state == CleanState.PENDING)
        .values(**values, cleaned_at=at)
        .execution_options(synchronize_session="fetch")
    )
    is_ours = bool(written.rowcount)  # type: ignore[attr-defined]  # a DML result has it
    if is_over and is_ours:
        original_keys.close(row.original, body_digest)
    if made is not None and is_ours:
        likeness.keep(row.id, made.hashes)
        db.session.add_all(
            EvidencePage(evidence_id=row.id, number=number, digest=digest)
            for number, digest in enumerate(made.pages, start=1)
        )
    db.session.commit()


def _originals() -> Originals:
    return cast(Originals, current_app.extensions["portal_originals"])


def _store() -> Store:
    return cast(Store, current_app.extensions["portal_store"])
