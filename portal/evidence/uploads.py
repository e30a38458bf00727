"""Uploads that come in pieces: how far each has come, bound to the submission of a form or of a sent report.

What a row calls received lies on the disk, encrypted: the piece is written and synced first and its row
committed after it, both while this request alone holds the file. A process that dies in between leaves a tail
that nobody was told of; the next piece overwrites it. The last piece is acknowledged only together with the
row of the finished file, so an upload is never complete without its file.

The key of what has arrived so far is kept sealed under a secret of the visitor, which follows from the
receipt code and travels in the token: between two requests nobody but the visitor's browser has it.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import uuid as uuids
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
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
from portal.evidence.vaulted import Originals
from portal.vault.envelope import NONCE_BYTES, associated_data
from portal.vault.keys import Keyring, Purpose
from portal.vault.opening import SealError, open_sealed
from portal.vault.sealing import seal

ORPHAN_AGE = timedelta(hours=1)  # of a partial file without a row: its request ended long before
SWEPT_AT_ONCE = 200
LONGEST_TOKEN = 1000
SECRET_BYTES = 32
_TOKEN_CONTEXT = ("upload token", "2")


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
    """Where uploads grow, where finished files go, and the visitor's secret.

    ``floor`` is the room in bytes that must stay free.
    """

    partials: Partials
    originals: Originals
    secret: bytes = field(repr=False)
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


def seal_token(ring: Keyring, submission_id: str, secret: bytes, at: datetime) -> str:
    """Return what lets a browser upload to one submission for 72 hours; ``secret`` opens what it uploads."""
    plain = json.dumps([submission_id, int((at + KEPT).timestamp()), secret.hex()]).encode()
    return base64.urlsafe_b64encode(seal(ring, Purpose.FORM, plain, _TOKEN_CONTEXT)).decode("ascii")


def open_token(ring: Keyring, text: str, at: datetime) -> tuple[str, bytes]:
    """Return the submission of a token and the visitor's secret; raises UploadError token."""
    if not text or len(text) > LONGEST_TOKEN:
        raise UploadError(UploadFault.TOKEN)
    try:
        blob = base64.urlsafe_b64decode(text.encode("ascii"))
        submission_id, until, secret = json.loads(open_sealed(ring, Purpose.FORM, blob, _TOKEN_CONTEXT))
    except (ValueError, binascii.Error, SealError):
        raise UploadError(UploadFault.TOKEN) from None
    if at > datetime.fromtimestamp(until, UTC):
        raise UploadError(UploadFault.TOKEN)
    return str(submission_id), bytes.fromhex(secret)


def begin(place: Place, submission_id: str, length: int, mark: str, at: datetime) -> Upload:
    """Open an upload of so many bytes; raises UploadError no_space."""
    # Twice: the partial file and, for a moment, the finished one beside it.
    if place.partials.free_bytes() - _outstanding() - 2 * length < place.floor:
        raise UploadError(UploadFault.NO_SPACE)
    name = uuids.UUID(bytes=secrets.token_bytes(16)).hex
    _create(place.partials, name)
    key = _sealed_key(place.secret, name)
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


def check_key(place: Place, upload: Standing) -> None:
    """Refuse to go on with what this visitor cannot open, as after the receipt code was replaced.

    Raises UploadError gone: the client begins anew.
    """
    if upload.finished_at is None:
        _key(place.secret, upload)


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
    key = _key(place.secret, upload)
    stored = partial.append(key, content, begins=upload.received, stored=upload.stored)
    if received < upload.length:
        _advance(upload, received=received, stored=stored, media_type=media_type)
        db.session.commit()
        return find(upload.uuid, upload.submission_id, at), ()
    finished = _into_store(place.originals, partial.content(key), upload.length)
    _advance(
        upload,
        received=received,
        stored=stored,
        media_type=finished.media_type,
        digest=finished.digest,
        finished_at=at,
        sealed_key=b"",  # nothing is left to open with it
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


def _into_store(originals: Originals, original: Original, length: int) -> Received:
    """Check the whole file by its beginning and put it into the store; no transaction is open meanwhile."""
    head = b""
    while len(head) < HEAD_BYTES and (piece := original.read(HEAD_BYTES - len(head))):
        head += piece
    media_type: MediaType = quick_check(head, length)
    kept = originals.put(_Joined(head, original), length)
    if kept.size != length:
        raise PartialError(PartialFault.DAMAGED)
    return Received.of(media_type.value, kept)


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


def _sealed_key(secret: bytes, name: str) -> bytes:
    """Return a fresh key of what arrives, sealed under the visitor's secret."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(secret).encrypt(nonce, secrets.token_bytes(KEY_BYTES), _bound(name))


def _key(secret: bytes, upload: Standing) -> bytes:
    sealed = upload.sealed_key
    try:
        return AESGCM(secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(upload.uuid))
    except (InvalidTag, ValueError):
        raise UploadError(UploadFault.GONE) from None


def _bound(name: str) -> bytes:
    return associated_data(b"\x01", "upload key", (name,))
