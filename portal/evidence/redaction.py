"""Blacking out faces and plates: boxes are data with a version; the copy that shows them is made in a job.

The original and the clean copy stay as they are. Of several versions the last one counts: until its copy is
made there is none that may leave the desk.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from flask import current_app
from sqlalchemy import func, select, update

from portal import clock
from portal.audit.events import record
from portal.database import db
from portal.errors import NotAllowed, NotInThisState, Refusal, gettext_noop
from portal.evidence.inspection import THOUSAND
from portal.evidence.models import CleanState, Evidence, EvidencePage, Redaction, RedactionState
from portal.evidence.store import Store, Stored, StoreError, StoreFault
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.run.queue import enqueue

log = logging.getLogger("portal.evidence")

ACTION = "evidence_redacted"
MOST_BOXES = 40
LEAST_SIDE = 5  # thousandths: a slip of the finger hides nothing
ATTEMPTS = 3
TIMEOUT_SECONDS = 15
IN_HAND = timedelta(seconds=30)
_ROOT = Path(__file__).resolve().parents[2]
_PIECE = 256 * 1024

Box = tuple[int, int, int, int]


class NoBox(Refusal):
    """Nothing was drawn."""

    message = gettext_noop("Draw at least one box over what must not be seen.")
    status = 422


class BadBox(Refusal):
    """A box outside the picture, or too small to hide anything."""

    message = gettext_noop(
        "Box %(number)d does not lie within the picture, or is smaller than half a percent of its side."
    )
    status = 422


class TooManyBoxes(Refusal):
    """More than a hand draws."""

    message = gettext_noop("At most %(most)d boxes on one picture.")
    status = 422


def can_be_redacted(item: Evidence, page: int = 0) -> bool:
    """Say whether boxes can be drawn on it: a clean picture, or a page that was drawn of a document."""
    if item.clean_state is not CleanState.CLEAN:
        return False
    if page:
        return db.session.get(EvidencePage, (item.id, page)) is not None
    return item.clean_type.startswith("image/")


def draw(
    item: Evidence, boxes: Sequence[Box], case_id: int, *, page: int = 0, actor: Actor, at: datetime
) -> Redaction:
    """Keep boxes in thousandths of the sides as a new version; its copy is made by a job.

    Raises NotAllowed or NotInThisState.
    """
    if not actor.may(Permission.EVIDENCE_REDACT):
        raise NotAllowed
    if not can_be_redacted(item, page):
        raise NotInThisState
    _check(boxes)
    last = db.session.scalar(select(func.max(Redaction.version)).where(Redaction.evidence_id == item.id))
    row = Redaction(
        evidence_id=item.id,
        version=(last or 0) + 1,
        page=page,
        boxes=[list(box) for box in boxes],
        account_id=cast(int, actor.account_id),
        drawn_at=at,
        state=RedactionState.PENDING,
    )
    db.session.add(row)
    record(
        ACTION,
        at=at,
        actor=actor,
        role=actor.role_for(Permission.EVIDENCE_REDACT),
        case_id=case_id,
        report_id=item.report_id,
        facts={
            "evidence": item.id,
            "file": item.position,
            "version": row.version,
            "boxes": len(boxes),
            **({"page": page} if page else {}),
        },
    )
    db.session.flush()
    return row


def latest(evidence_ids: Sequence[int]) -> dict[int, Redaction]:
    """Return the last version of each picture that has one."""
    return {file: row for (file, page), row in latest_of_pages(evidence_ids).items() if not page}


def latest_of_pages(evidence_ids: Sequence[int]) -> dict[tuple[int, int], Redaction]:
    """Return the last version by file and page; page 0 is a picture itself."""
    rows = db.session.scalars(
        select(Redaction).where(Redaction.evidence_id.in_(evidence_ids)).order_by(Redaction.version)
    )
    return {(row.evidence_id, row.page): row for row in rows}


def make(redaction_id: int) -> None:
    """Make the copy of one version; does nothing when it exists or was given up."""
    begun = db.session.execute(
        update(Redaction)
        .where(Redaction.id == redaction_id, Redaction.state == RedactionState.PENDING)
        .values(attempts=Redaction.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    # Committed before the work: a picture that kills its worker each time is given up all the same.
    db.session.commit()
    if not begun.rowcount:  # type: ignore[attr-defined]  # a DML result has it
        return
    boxes, attempts, clean_digest = db.session.execute(
        select(Redaction.boxes, Redaction.attempts, func.coalesce(EvidencePage.digest, Evidence.clean_digest))
        .join(Evidence, Evidence.id == Redaction.evidence_id)
        .outerjoin(
            EvidencePage,
            (EvidencePage.evidence_id == Redaction.evidence_id) & (EvidencePage.number == Redaction.page),
        )
        .where(Redaction.id == redaction_id)
    ).one()
    db.session.rollback()  # no transaction is open while the picture is made
    try:
        if attempts > ATTEMPTS:
            raise subprocess.SubprocessError
        digest = _copy(clean_digest, boxes, cast(Store, current_app.extensions["portal_store"])).digest
    except (StoreError, subprocess.SubprocessError) as error:
        log.warning("redaction %s: no copy (%s)", redaction_id, type(error).__name__)
        if isinstance(error, StoreError) and error.code is StoreFault.UNREACHABLE:
            attempts -= 1  # a try that could not begin does not count
        state = RedactionState.FAILED if attempts >= ATTEMPTS else RedactionState.PENDING
        _finish(redaction_id, state, "", attempts)
    else:
        _finish(redaction_id, RedactionState.MADE, digest, attempts)


def pending(limit: int = 20) -> None:
    """Ring again for versions that still wait; without Redis make one here."""
    query = (
        select(Redaction.id)
        .where(Redaction.state == RedactionState.PENDING, Redaction.drawn_at < clock.now() - IN_HAND)
        .order_by(Redaction.id)
        .limit(limit)
    )
    ids = list(db.session.scalars(query))
    db.session.rollback()
    unheard = [redaction_id for redaction_id in ids if not enqueue("redact_evidence", redaction_id)]
    for redaction_id in unheard[:1]:
        make(redaction_id)


def _check(boxes: Sequence[Box]) -> None:
    if not boxes:
        raise NoBox
    if len(boxes) > MOST_BOXES:
        raise TooManyBoxes(most=MOST_BOXES)
    for number, (left, top, width, height) in enumerate(boxes, start=1):
        inside = left >= 0 and top >= 0 and left + width <= THOUSAND and top + height <= THOUSAND
        if not inside or min(width, height) < LEAST_SIDE:
            raise BadBox(number=number)


def _copy(clean_digest: str, boxes: list[list[int]], store: Store) -> Stored:
    """Have a child draw the boxes and store what it made; nothing readable touches the disk."""
    with _memory_file() as source, _memory_file() as result:
        with store.open(clean_digest) as clean:
            while piece := clean.read(_PIECE):
                source.write(piece)
        source.seek(0)
        subprocess.run(  # noqa: S603 - the command is this program's own; boxes are checked numbers
            [sys.executable, "-m", "portal.evidence.blackout", json.dumps(boxes), str(result.fileno())],
            stdin=source,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[result.fileno()],
            cwd=_ROOT,
            env={"PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "1"},
            start_new_session=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
        result.seek(0)
        return store.put(result)


def _finish(redaction_id: int, state: RedactionState, digest: str, attempts: int) -> None:
    """Write the outcome, unless another run was faster."""
    db.session.execute(
        update(Redaction)
        .where(Redaction.id == redaction_id, Redaction.state == RedactionState.PENDING)
        .values(state=state, digest=digest, attempts=attempts)
        .execution_options(synchronize_session="fetch")
    )
    db.session.commit()


def _memory_file() -> BinaryIO:
    """Return a file that is never on a disk; elsewhere than on Linux, one without a name."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("redaction"), "w+b")
    return tempfile.TemporaryFile("w+b")  # type: ignore[return-value, unused-ignore]  # typed as its wrapper
