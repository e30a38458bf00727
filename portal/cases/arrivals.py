"""Files that come in pieces: whether there is room for one, and where a finished one belongs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.cases.additions import NoRoom, add_files
from portal.cases.filing import find_filed
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.evidence import staging, uploads
from portal.evidence.inspection import MAX_FILES, MAX_REPORT_BYTES
from portal.evidence.models import Evidence
from portal.evidence.staging import Received
from portal.reports.conversation import ConversationOver

_MIB = 1024 * 1024


class TooMuch(Refusal):
    """The files of one report are too large together."""

    message = gettext_noop("The files of one report may have %(most)d MB together. This one was not added.")
    status = 413


def check_room(submission_id: str, length: int, at: datetime) -> None:
    """Refuse a further file of so many bytes when the report is full; others wait until the caller commits.

    Raises NoRoom, TooMuch, ConversationOver.
    """
    staging.hold(submission_id)
    report = find_filed(submission_id)
    if report is not None and report.withdrawn_at is not None:
        raise ConversationOver
    sizes = [file.size for file in staging.staged(submission_id)]
    sizes += [upload.length for upload in uploads.unfinished(submission_id, at)]
    if report is not None:
        sizes += db.session.scalars(select(Evidence.size).where(Evidence.report_id == report.id))
    if len(sizes) >= MAX_FILES:
        raise NoRoom(most=MAX_FILES)
    if sum(sizes) + length > MAX_REPORT_BYTES:
        raise TooMuch(most=MAX_REPORT_BYTES // _MIB)


def arrive(submission_id: str, file: Received, at: datetime) -> tuple[int, ...]:
    """Bind a finished file to its form, or to its report once that was sent; returns evidence to clean."""
    staging.hold(submission_id)
    report = find_filed(submission_id)
    if report is not None:
        return tuple(row.id for row in add_files(report, [file], at))
    kept = staging.staged(submission_id)
    if len(kept) >= MAX_FILES and file.digest not in {row.digest for row in kept}:
        raise NoRoom(most=MAX_FILES)
    staging.stage(submission_id, [file], at)
    return ()
