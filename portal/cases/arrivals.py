"""Files that come in pieces: whether there is room for one, and where a finished one belongs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select, union_all

from portal.cases.additions import MOST_MEGABYTES, NoRoom, TooMuch, add_files
from portal.cases.filing import find_filed
from portal.database import db
from portal.evidence import staging, uploads
from portal.evidence.inspection import MAX_FILES
from portal.evidence.models import Evidence, StagedFile
from portal.evidence.staging import Received, Room
from portal.reports.conversation import ConversationOver
from portal.reports.models import Report

# Made once: every form with files asks it, and making it costs more than asking.
_SIZES = union_all(
    select(StagedFile.size).where(
        StagedFile.submission_id == bindparam("submission_id"),
        StagedFile.uuid.not_in(bindparam("without", expanding=True)),
    ),
    select(Evidence.size)
    .join(Report, Report.id == Evidence.report_id)
    .where(Report.submission_id == bindparam("submission_id")),
)


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
    _check(Room.beside(sizes), length)


def room_for(submission_id: str, without: Collection[str] = ()) -> Room:
    """Return what more comes with a form itself; what is on its way in pieces is counted when it arrives."""
    known = {"submission_id": submission_id, "without": list(without)}
    return Room.beside(list(db.session.scalars(_SIZES, known)))


def arrive(submission_id: str, file: Received, at: datetime) -> tuple[int, ...]:
    """Bind a finished file to its form, or to its report once that was sent; returns evidence to clean."""
    staging.hold(submission_id)
    report = find_filed(submission_id)
    if report is not None:
        return tuple(row.id for row in add_files(report, [file], at))
    kept = staging.staged(submission_id)
    if file.digest not in {row.digest for row in kept}:
        _check(Room.beside([row.size for row in kept]), file.size)
    staging.stage(submission_id, [file], at)
    return ()


def _check(room: Room, size: int) -> None:
    if room.files <= 0:
        raise NoRoom(most=MAX_FILES)
    if not room.take(size):
        raise TooMuch(most=MOST_MEGABYTES)
