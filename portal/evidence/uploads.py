"""Uploads that come in pieces: how far each has come, bound to the submission of a form or of a sent report.

What a row calls received lies on the disk, encrypted: the piece is written and synced first and its row
committed after it, both while this request alone holds the file. A process that dies in between leaves a tail
that nobody was told of; the next piece overwrites it. The last piece is acknowledged only together with the
row of the finished file, so an upload is never complete without its file.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import uuid as uuids
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    LargeBinary,
    String,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, Instant, Key, MaybeInstant, db, reading
from portal.evidence.inspection import HEAD_BYTES, MediaType, quick_check
from portal.evidence.models import StagedFile
from portal.evidence.partials import KEY_BYTES, Original, Partial, PartialError, PartialFault, Partials
from portal.evidence.staging import KEPT, Received
from portal.evidence.store import Store
from portal.vault.keys import Keyring, Purpose
from portal.vault.opening import SealError, open_sealed
from portal.vault.sealing import seal

ORPHAN_AGE = timedelta(hours=1)  # of a partial file without a row: its request ended long before
SWEPT_AT_ONCE = 200
LONGEST_TOKEN = 1000
_TOKEN_CONTEXT = ("upload token", "1")


class Upload(Base):
    """One file on its way; a finished one is kept for a client that lost the last answer."""

    __tablename__ = "uploads"
    __table_args__ = (
        Index("ix_uploads_submission", "submission_id"),
        Index("ix_uploads_expires", "expires_at"),
        CheckConstraint("length > 0", name="length_positive"),
        CheckConstraint("received >= 0 AND received <= length", name="received_within"),
    )

    id: Mapped[Key]
    uuid: Mapped[str] = mapped_column(String(32), unique=True)
    submission_id: Mapped[str] = mapped_column(String(32))
    length: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    stored: Mapped[int] = mapped_column(BigInteger, default=0)
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    mark: Mapped[str] = mapped_column(String(64), default="")
    media_type: Mapped[str] = mapped_column(String(40), default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    begun_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    finished_at: Mapped[MaybeInstant]


class UploadFault(StrEnum):
    """Why a request to an upload is refused."""

    TOKEN = "token"  # noqa: S105  (a code, not a secret)
    GONE = "gone"
    OFFSET = "offset"
    HELD = "held"
    NO_SPACE = "no_space"
    KEPT = "kept"


class UploadError(Exception):
    """A request to an upload is refused; what was acknowledged stays."""

    def __init__(self, code: UploadFault) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True)
class Standing:
    """How an upload stands at one moment; no object of the session, which ends between two pieces."""

    uuid: str
    submission_id: str
    length: int
    received: int
    stored: int
    sealed_key: bytes
    mark: str
    media_type: str
    digest: str
    expires_at: datetime
    finished_at: datetime | None

    @property
    def percent(self) -> int:
        """How much of it is here, rounded down."""
        return self.received * 100 // self.length


@dataclass(frozen=True, slots=True)
class Place:
    """Where uploads grow and where finished files go; ``floor`` is the room in bytes that must stay free."""

    partials: Partials
    store: Store
    ring: Keyring
    floor: int


Attach = Callable[[str, Received, datetime], tuple[int, ...]]
_COLUMNS = [getattr(Upload, name) for name in Standing.__dataclass_fields__]
# Made once: every report asks it, and making it costs as much as asking.
_UNFINISHED = (
    select(*_COLUMNS)
    .where(
        Upload.submission_id == bindparam("submission_id"),
        Upload.finished_at.is_(None),
        Upload.expires_at > bindparam("at"),
    )
    .order_by(Upload.id)
)


def seal_token(ring: Keyring, submission_id: str, at: datetime) -> str:
    """Return what lets a browser upload to one submission for 72 hours."""
    plain = json.dumps([submission_id, int((at + KEPT).timestamp())]).encode()
    return base64.urlsafe_b64encode(seal(ring, Purpose.FORM, plain, _TOKEN_CONTEXT)).decode("ascii")


def open_token(ring: Keyring, text: str, at: datetime) -> str:
    """Return the submission of a token; raises UploadError token."""
    if not text or len(text) > LONGEST_TOKEN:
        raise UploadError(UploadFault.TOKEN)
    try:
        blob = base64.urlsafe_b64decode(text.encode("ascii"))
        submission_id, until = json.loads(open_sealed(ring, Purpose.FORM, blob, _TOKEN_CONTEXT))
    except (ValueError, binascii.Error, SealError):
        raise UploadError(UploadFault.TOKEN) from None
    if at > datetime.fromtimestamp(until, UTC):
        raise UploadError(UploadFault.TOKEN)
    return str(submission_id)


def begin(place: Place, submission_id: str, length: int, mark: str, at: datetime) -> Upload:
    """Open an upload of so many bytes; raises UploadError no_space."""
    # Twice: the partial file and, for a moment, the finished one beside it.
    if place.partials.free_bytes() - _outstanding() - 2 * length < place.floor:
        raise UploadError(UploadFault.NO_SPACE)
    name = uuids.UUID(bytes=secrets.token_bytes(16)).hex
    _create(place.partials, name)
    key = seal(place.ring, Purpose.EVIDENCE, secrets.token_bytes(KEY_BYTES), _key_context(name))
    upload = Upload(
        uuid=name,
        submission_id=submission_id,
        length=length,
        sealed_key=key,
        mark=mark,
        begun_at=at,
        expires_at=(at + KEPT).replace(microsecond=0),
    )
    db.session.add(upload)
    return upload


def find(name: str, submission_id: str, at: datetime) -> Standing:
    """Return an upload of this submission; raises UploadError gone for any other, and for an expired one."""
    row = db.session.execute(select(*_COLUMNS).where(Upload.uuid == name)).one_or_none()
    if row is None or row.submission_id != submission_id or row.expires_at <= at:
        raise UploadError(UploadFault.GONE)
    return Standing(*row)


def unfinished(submission_id: str, at: datetime) -> list[Standing]:
    """Return what is still on its way to a submission, in the order in which it began."""
    rows = db.session.execute(_UNFINISHED, {"submission_id": submission_id, "at": at})
    return [Standing(*row) for row in rows]


def counts(submission_ids: Iterable[str]) -> dict[str, int]:
    """Return how many files are still on their way to each of these submissions, in one query."""
    rows = db.session.execute(
        select(Upload.submission_id, func.count())
        .where(Upload.submission_id.in_(list(submission_ids)), Upload.finished_at.is_(None))
        .group_by(Upload.submission_id)
    )
    return {submission_id: count for submission_id, count in rows}


def append(
    place: Place, upload: Standing, content: bytes, attach: Attach, at: datetime
) -> tuple[Standing, tuple[int, ...]]:
    """Add a piece where the upload stands; with the last one ``attach`` binds the finished file.

    Commits itself: an acknowledged byte is a committed one, and the hold on the file must outlast the commit.
    Raises UploadError, InspectionError, StoreError and what ``attach`` raises.
    """
    if place.partials.free_bytes() - len(content) < place.floor:
        raise UploadError(UploadFault.NO_SPACE)
    try:
        with place.partials.held(upload.uuid) as partial:
            _check_unmoved(upload, at)
            return _append(place, partial, upload, content, attach, at)
    except PartialError as error:
        raise UploadError(_FROM_PARTIAL[error.code]) from None


def drop(partials: Partials, upload: Standing) -> None:
    """Forget an upload and what came of it; commits itself, since the bytes go after their row."""
    db.session.execute(delete(Upload).where(Upload.uuid == upload.uuid))
    db.session.commit()
    partials.remove(upload.uuid)


def terminate(partials: Partials, upload: Standing) -> None:
    """Take an upload back, also a finished one of a form that is not sent; raises UploadError kept."""
    if upload.finished_at is not None:
        taken = db.session.execute(
            delete(StagedFile).where(
                StagedFile.submission_id == upload.submission_id, StagedFile.digest == upload.digest
            )
        )
        if not taken.rowcount:  # type: ignore[attr-defined]  # a DML result has it
            raise UploadError(UploadFault.KEPT)
    drop(partials, upload)


def move(submission_id: str, new_submission_id: str) -> None:
    """Give the uploads of a form that grew too old to the one that takes its place."""
    db.session.execute(
        update(Upload).where(Upload.submission_id == submission_id).values(submission_id=new_submission_id)
    )


def sweep(partials: Partials, at: datetime) -> int:
    """Forget what nobody went on with for 72 hours, and partial files without a row; returns how many."""
    while names := list(
        db.session.scalars(select(Upload.uuid).where(Upload.expires_at <= at).limit(SWEPT_AT_ONCE))
    ):
        db.session.execute(delete(Upload).where(Upload.uuid.in_(names)))
        db.session.commit()
    growing = set(db.session.scalars(select(Upload.uuid).where(Upload.finished_at.is_(None))))
    db.session.rollback()
    return sum(partials.remove(name) for name in partials.names(at - ORPHAN_AGE) if name not in growing)


_FROM_PARTIAL = {
    PartialFault.ABSENT: UploadFault.GONE,
    PartialFault.DAMAGED: UploadFault.GONE,
    PartialFault.HELD: UploadFault.HELD,
    PartialFault.NO_SPACE: UploadFault.NO_SPACE,
}


def _create(partials: Partials, name: str) -> None:
    try:
        partials.create(name)
    except PartialError as error:
        raise UploadError(_FROM_PARTIAL[error.code]) from None


def _outstanding() -> int:
    """How many bytes other uploads were promised room for."""
    left = func.coalesce(func.sum(Upload.length - Upload.received), 0)
    return int(db.session.scalar(select(left).where(Upload.finished_at.is_(None))) or 0)


def _check_unmoved(upload: Standing, at: datetime) -> None:
    """Raise UploadError offset when another request went on with this upload meanwhile."""
    with reading():
        now = find(upload.uuid, upload.submission_id, at)
        db.session.rollback()
    if now.received != upload.received or now.finished_at is not None:
        raise UploadError(UploadFault.OFFSET)


def _append(
    place: Place, partial: Partial, upload: Standing, content: bytes, attach: Attach, at: datetime
) -> tuple[Standing, tuple[int, ...]]:
    received = upload.received + len(content)
    media_type = upload.media_type
    if not upload.received and (len(content) >= HEAD_BYTES or received == upload.length):
        # Said at once, before somebody pays for two hundred megabytes that are not taken.
        media_type = quick_check(content[:HEAD_BYTES], upload.length).value
    key = open_sealed(place.ring, Purpose.EVIDENCE, upload.sealed_key, _key_context(upload.uuid))
    stored = partial.append(key, content, begins=upload.received, stored=upload.stored)
    if received < upload.length:
        _advance(upload, received=received, stored=stored, media_type=media_type)
        db.session.commit()
        return find(upload.uuid, upload.submission_id, at), ()
    finished = _into_store(place.store, partial.content(key), upload.length)
    _advance(
        upload,
        received=received,
        stored=stored,
        media_type=finished.media_type,
        digest=finished.digest,
        finished_at=at,
    )
    evidence_ids = attach(upload.submission_id, finished, at)
    db.session.commit()
    place.partials.remove(upload.uuid)
    return find(upload.uuid, upload.submission_id, at), evidence_ids


def _advance(upload: Standing, **values: object) -> None:
    """Write how far it came, unless somebody else did; raises UploadError offset."""
    changed = db.session.execute(
        update(Upload)
        .where(Upload.uuid == upload.uuid, Upload.received == upload.received, Upload.finished_at.is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]  # a DML result has it
        db.session.rollback()
        raise UploadError(UploadFault.OFFSET)


def _into_store(store: Store, original: Original, length: int) -> Received:
    """Check the whole file by its beginning and put it into the store; no transaction is open meanwhile."""
    head = b""
    while len(head) < HEAD_BYTES and (piece := original.read(HEAD_BYTES - len(head))):
        head += piece
    media_type: MediaType = quick_check(head, length)
    stored = store.put(_Joined(head, original), length)
    if stored.size != length:
        raise PartialError(PartialFault.DAMAGED)
    return Received(media_type.value, stored.size, stored.digest)


class _Joined:
    """The beginning that was looked at, then the rest."""

    def __init__(self, head: bytes, rest: Original) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes."""
        if self._head:
            taken, self._head = self._head[:size], self._head[size:]
            return taken
        return self._rest.read(size)


def _key_context(name: str) -> tuple[str, ...]:
    return ("upload key", name)
