"""Files before they are evidence: streamed into the store, bound to their submission, swept later."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import IO

from sqlalchemy import bindparam, delete, func, select

from portal.database import db
from portal.evidence import original_keys
from portal.evidence.incoming import Incoming
from portal.evidence.inspection import HEAD_BYTES, MAX_FILES, MAX_REPORT_BYTES, quick_check
from portal.evidence.models import Evidence, EvidencePage, Redaction, StagedFile
from portal.evidence.store import StoreError, StoreFault
from portal.evidence.vaulted import Kept, Originals
from portal.vault.file_keys import Wraps

KEPT = timedelta(hours=72)
# Made once: every report asks it, and making it costs as much as asking.
_TAKEN = (
    select(StagedFile.media_type, StagedFile.size, StagedFile.digest, StagedFile.original)
    .where(StagedFile.submission_id == bindparam("submission_id"))
    .order_by(StagedFile.position, StagedFile.id)
)
_HEXADECIMAL = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies in the store: its type by content, size in bytes and SHA-256.

    ``original`` is the name of its bytes; ``wraps`` is their key as long as no row keeps it.
    """

    media_type: str
    size: int
    digest: str
    original: str = field(default="", compare=False)
    wraps: Wraps | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, media_type: str, kept: Kept) -> Received:
        """Return what came for good just now."""
        return cls(media_type, kept.size, kept.digest, kept.name, kept.wraps)


def receive(stream: IO[bytes], originals: Originals) -> Received:
    """Check a file by its first bytes and store it for good; raises InspectionError, StoreError.

    Nobody opens it before a row keeps its key.
    """
    if isinstance(stream, Incoming) and not stream.has_room():
        raise StoreError(StoreFault.NO_SPACE)
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    media_type = quick_check(stream.read(HEAD_BYTES), size)
    stream.seek(0)
    sealing = stream.take_sealed() if isinstance(stream, Incoming) else None
    kept = originals.put(stream, media_type.max_bytes) if sealing is None else originals.keep(sealing)
    return Received.of(media_type.value, kept)


def staged(submission_id: str) -> list[StagedFile]:
    """Return the files of a submission in the order in which they came."""
    query = (
        select(StagedFile)
        .where(StagedFile.submission_id == submission_id)
        .order_by(StagedFile.position, StagedFile.id)
    )
    return list(db.session.scalars(query))


@dataclass(slots=True)
class Room:
    """How many further files one report may hold, and how many bytes of them."""

    files: int = MAX_FILES
    octets: int = MAX_REPORT_BYTES

    @classmethod
    def beside(cls, sizes: Collection[int]) -> Room:
        """Return what is left beside files of these sizes."""
        return cls(MAX_FILES - len(sizes), MAX_REPORT_BYTES - sum(sizes))

    def take(self, size: int) -> bool:
        """Take a file of so many bytes in; says whether it fits."""
        fits = self.fits(size)
        if fits:
            self.files -= 1
            self.octets -= size
        return fits

    def fits(self, size: int) -> bool:
        """Say whether a file of so many bytes fits."""
        return self.files > 0 and size <= self.octets


def stage(submission_id: str, files: Sequence[Received], at: datetime) -> list[StagedFile]:
    """Bind received files to a submission, each content once, as many as fit; returns all that it has.

    However many posts or uploads they came with, a submission never has more than one report may hold.
    """
    hold(submission_id)
    kept = staged(submission_id)
    known = {file.digest for file in kept}
    room = Room.beside([file.size for file in kept])
    for file in files:
        if file.digest in known or not room.take(file.size):
            continue
        known.add(file.digest)
        row = StagedFile(
            uuid=uuid.uuid4().hex,
            submission_id=submission_id,
            position=len(kept) + 1,
            media_type=file.media_type,
            size=file.size,
            digest=file.digest,
            original=file.original,
            staged_at=at,
        )
        original_keys.keep(file.original, file.digest, file.wraps)
        db.session.add(row)
        kept.append(row)
    return kept


def remove(submission_id: str, uuids: Iterable[str]) -> None:
    """Take files out of a submission; those of another are not touched. Their bytes go with the sweep."""
    wanted = list(uuids)
    if wanted:
        db.session.execute(
            delete(StagedFile).where(StagedFile.submission_id == submission_id, StagedFile.uuid.in_(wanted))
        )


def move(submission_id: str, new_submission_id: str, at: datetime) -> None:
    """Give the files of a form that grew too old to the one that takes its place."""
    for row in staged(submission_id):
        row.submission_id = new_submission_id
        row.staged_at = at


def hold(submission_id: str) -> None:
    """Let nobody else bind files to a submission until this transaction ends; SQLite has one writer anyway.

    Without it a file that is finished in the very moment of sending would stay with a form that is gone.
    """
    if db.session.get_bind().dialect.name == "postgresql":
        number = int(submission_id[:15], 16) if _HEXADECIMAL.fullmatch(submission_id) else 0
        db.session.execute(select(func.pg_advisory_xact_lock(number)))


def take(submission_id: str) -> list[Received]:
    """Return a submission's staged files and forget their rows, in the transaction of the report."""
    hold(submission_id)
    rows = db.session.execute(_TAKEN, {"submission_id": submission_id}).all()
    if rows:
        db.session.execute(delete(StagedFile).where(StagedFile.submission_id == submission_id))
    return [Received(*row) for row in rows]


def sweep(at: datetime, limit: int = 500) -> list[str]:
    """Forget files of forms that were not sent for 72 hours; returns their digests."""
    old = db.session.execute(
        select(StagedFile.id, StagedFile.digest)
        .where(StagedFile.staged_at < at - KEPT)
        .order_by(StagedFile.id)
        .limit(limit)
    ).all()
    if old:
        db.session.execute(delete(StagedFile).where(StagedFile.id.in_([row.id for row in old])))
    return sorted({row.digest for row in old})


def unknown(digests: Sequence[str]) -> list[str]:
    """Return those digests under which no row names a copy, or an original of before: their bytes may go."""
    if not digests:
        return []
    queries = [
        select(column).where(column.in_(digests))
        for column in (Evidence.clean_digest, Evidence.thumb_digest, Redaction.digest, EvidencePage.digest)
    ]
    queries += [
        select(StagedFile.digest).where(StagedFile.digest.in_(digests), StagedFile.original == ""),
        # A destroyed original needs its bytes no more, unless another row does.
        select(Evidence.digest).where(
            Evidence.digest.in_(digests), Evidence.original == "", Evidence.original_destroyed_at.is_(None)
        ),
    ]
    known = {digest for query in queries for digest in db.session.scalars(query)}
    return [digest for digest in digests if digest not in known]
