"""More files for a report that was sent already: each content once, nine at most with the first ones."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.audit.events import record
from portal.cases.models import Case
from portal.cases.telling import tell_officer
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.evidence import original_keys
from portal.evidence.inspection import MAX_FILES, MAX_REPORT_BYTES
from portal.evidence.models import Evidence
from portal.evidence.staging import Received, Room
from portal.notices.outbox import NoticeKind
from portal.people.actor import REPORTER
from portal.reports.conversation import ConversationOver
from portal.reports.models import Report

MOST_MEGABYTES = MAX_REPORT_BYTES // (1024 * 1024)


class NoRoom(Refusal):
    """The report has as many files as it may have."""

    message = gettext_noop("A report holds %(most)d files at most. These were not added.")
    status = 422


class TooMuch(Refusal):
    """The files of one report are too large together."""

    message = gettext_noop("The files of one report may have %(most)d MB together. This one was not added.")
    status = 413


def add_files(report: Report, files: Sequence[Received], at: datetime) -> list[Evidence]:
    """Add files as evidence; the same file again is nothing new. The caller rings for their cleaning.

    Raises ConversationOver, NoRoom, TooMuch: then none was added.
    """
    if report.withdrawn_at is not None:
        raise ConversationOver
    kept = list(
        db.session.execute(
            select(Evidence.digest, Evidence.position, Evidence.size).where(Evidence.report_id == report.id)
        )
    )
    known = {row.digest for row in kept}
    fresh = list({file.digest: file for file in files if file.digest not in known}.values())
    room = Room.beside([row.size for row in kept])
    if len(fresh) > room.files:
        raise NoRoom(most=MAX_FILES)
    if not all(room.take(file.size) for file in fresh):
        raise TooMuch(most=MOST_MEGABYTES)
    if not fresh:
        return []
    last = max((row.position for row in kept), default=0)
    rows = [_row(report, file, last + place, at) for place, file in enumerate(fresh, start=1)]
    for file in fresh:
        original_keys.keep(file.original, file.digest, file.wraps)
    db.session.add_all(rows)
    record(
        "report_supplemented",
        at=at,
        actor=REPORTER,
        case_id=report.case_id,
        report_id=report.id,
        facts={"files": len(rows), "text": False},
    )
    tell_officer(db.session.get_one(Case, report.case_id), NoticeKind.REPORTER_WROTE, at)
    db.session.flush()
    return rows


def digests_of(report_id: int) -> set[str]:
    """Return the digests of a report's files: how many it has, and which would be nothing new."""
    return set(db.session.scalars(select(Evidence.digest).where(Evidence.report_id == report_id)))


def _row(report: Report, file: Received, position: int, at: datetime) -> Evidence:
    return Evidence(
        uuid=uuid.uuid4().hex,
        report_id=report.id,
        position=position,
        media_type=file.media_type,
        size=file.size,
        digest=file.digest,
        original=file.original,
        received_at=at,
    )
