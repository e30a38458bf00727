"""Resumable uploads: the tus protocol 1.0.0 with creation, expiration, checksum and termination.

Every request but OPTIONS carries an upload token, which a page of the form or of the report gave. It is in a
header, never in an address; the address of an upload is random and opens nothing by itself. No cookie is
asked for, so no foreign page can make a browser do anything here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from typing import NoReturn

from flask import Response, current_app, jsonify, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import ClientDisconnected

from portal import clock
from portal.cases.additions import NoRoom, TooMuch
from portal.cases.arrivals import arrive, check_room
from portal.database import db, reading
from portal.errors import Refusal
from portal.evidence import uploads as service
from portal.evidence.inspection import MAX_FILE_BYTES, MAX_FILES, InspectionError
from portal.evidence.store import StoreError
from portal.evidence.uploads import Place, Standing, UploadError, UploadFault
from portal.extensions import csrf, settings
from portal.public import crowd
from portal.public.blueprint import public
from portal.reports.faults import SENTENCES, FaultCode
from portal.reports.file_faults import fault_of

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination"
CHECKSUMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
CONTENT_TYPE = "application/offset+octet-stream"
READ_BYTES = 64 * 1024
PIECE_BYTES = 1024 * 1024  # written, synced and acknowledged in the database at once; held in memory
CHECKED_BYTES = 4 * 1024 * 1024  # a piece with a checksum counts only as a whole, so it is held in memory
WAIT_SECONDS = 2
CROWDED_SECONDS = 600
MISMATCH = 460  # the protocol's own status for a wrong checksum

_NUMBER = re.compile(r"[0-9]{1,18}")
_MARK = re.compile(r"[0-9a-f]{64}")


class _Refused(Exception):
    """An answer that is no success: status, the code for programs, the sentence for people."""

    def __init__(self, status: int, code: str, sentence: str = "", retry_after: int = 0) -> None:
        super().__init__(code)
        self.http_status = status
        self.code = code
        self.sentence = sentence
        self.retry_after = retry_after


@public.route("/uploads", methods=["POST", "OPTIONS"], provide_automatic_options=False)
@csrf.exempt  # a header with a sealed token stands for the form's token
def uploads() -> Response:
    """Open an upload."""
    if _method() == "OPTIONS":
        return _abilities()
    return _answered(_create)


@public.route(
    "/uploads/<name>", methods=["HEAD", "PATCH", "DELETE", "POST", "OPTIONS"], provide_automatic_options=False
)
@csrf.exempt  # a header with a sealed token stands for the form's token
def upload(name: str) -> Response:
    """Say how far an upload has come, go on with it, take it back."""
    acts: dict[str, Callable[[Standing, Place, datetime], Response]] = {
        "HEAD": _head,
        "PATCH": _patch,
        "DELETE": _delete,
    }
    method = _method()
    if method == "OPTIONS":
        return _abilities()
    if method not in acts:
        return _answered(lambda _at: _refuse(405, "method"))
    return _answered(lambda at: acts[method](*_find(name, at), at))


def _method() -> str:
    """The method that is meant: some firewalls let only POST through."""
    return request.headers.get("X-HTTP-Method-Override", request.method).upper()


def _abilities() -> Response:
    """What this server speaks."""
    response = Response(status=204)
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = EXTENSIONS
    response.headers["Tus-Max-Size"] = str(MAX_FILE_BYTES)
    response.headers["Tus-Checksum-Algorithm"] = ",".join(CHECKSUMS)
    return response


def _answered(act: Callable[[datetime], Response]) -> Response:
    """Do it and answer as the protocol wants; whatever is refused is said in the page's language."""
    try:
        if request.headers.get("Tus-Resumable") != VERSION:
            _refuse(412, "version")
        response = act(clock.now())
    except _Refused as refused:
        response = _refusal(refused)
    except UploadError as error:
        response = _refusal(_of_upload(error.code))
    db.session.rollback()
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Cache-Control"] = "no-store"
    return response


def _create(at: datetime) -> Response:
    submission_id, place = _allowed(at)
    length = _length()
    mark = _metadata().get("mark", "")
    if not crowd.takes_file():
        _refuse(429, "crowded", FaultCode.FILES_CROWDED, CROWDED_SECONDS)
    try:
        check_room(submission_id, length, at)
    except Refusal as refusal:
        raise _of_refusal(refusal) from None
    made = service.begin(place, submission_id, length, mark if _MARK.fullmatch(mark) else "", at)
    db.session.commit()
    response = Response(status=201)
    response.headers["Location"] = url_for("public.upload", name=made.uuid)
    response.headers["Upload-Expires"] = format_datetime(made.expires_at, usegmt=True)
    return response


def _head(found: Standing, place: Place, _at: datetime) -> Response:
    service.check_key(place, found)
    response = Response(status=200)
    response.headers["Upload-Length"] = str(found.length)
    return _standing(response, found)


def _delete(found: Standing, place: Place, _at: datetime) -> Response:
    service.terminate(place.partials, found)
    return Response(status=204)


def _patch(found: Standing, place: Place, at: datetime) -> Response:
    service.check_key(place, found)
    if request.mimetype != CONTENT_TYPE:
        _refuse(415, "content_type")
    offset = request.headers.get("Upload-Offset", "")
    if not _NUMBER.fullmatch(offset):
        _refuse(400, "offset")
    if int(offset) != found.received:
        _refuse(409, "offset")
    size = request.content_length or 0
    if found.received + size > found.length:
        _refuse(413, "beyond")
    request.max_content_length = found.length
    checksum = _checksum(size)
    if not crowd.takes_bytes(size):
        _refuse(429, "crowded", FaultCode.FILES_CROWDED, CROWDED_SECONDS)
    slots = current_app.extensions["portal_upload_slots"]
    if not slots.acquire(blocking=False):
        _refuse(503, "busy", retry_after=WAIT_SECONDS)
    try:
        return _standing(Response(status=204), _take(found, place, checksum, at))
    finally:
        slots.release()


def _take(found: Standing, place: Place, checksum: tuple[str, bytes] | None, at: datetime) -> Standing:
    """Take the body piece by piece, never more of it in memory than one piece."""
    most = CHECKED_BYTES if checksum else PIECE_BYTES
    ended = False
    while not ended and found.received < found.length:
        content, ended, is_whole = _gather(min(most, found.length - found.received))
        if checksum:
            if not is_whole or CHECKSUMS[checksum[0]](content).digest() != checksum[1]:
                _refuse(MISMATCH, "checksum")
            ended = True
        if content:
            found = _append(found, place, content, at)
    return found


def _append(found: Standing, place: Place, content: bytes, at: datetime) -> Standing:
    """Keep a piece; a file that cannot be taken goes at once."""
    try:
        found, _ = service.append(place, found, content, arrive, at)
    except InspectionError as error:
        _forget(found, place)
        _refuse(422, error.code.value, fault_of(error))
    except Refusal as refusal:
        _forget(found, place)
        raise _of_refusal(refusal) from None
    except StoreError:
        db.session.rollback()
        raise UploadError(UploadFault.NO_SPACE) from None
    return found


def _forget(found: Standing, place: Place) -> None:
    db.session.rollback()
    service.drop(place.partials, found)


def _gather(most: int) -> tuple[bytes, bool, bool]:
    """Read up to so many bytes: what came, whether the body ended, and whether it ended as announced."""
    pieces: list[bytes] = []
    left = most
    try:
        while left and (piece := request.stream.read(min(READ_BYTES, left))):
            pieces.append(piece)
            left -= len(piece)
    except (ClientDisconnected, OSError):
        return b"".join(pieces), True, False  # what came counts: it need not be sent again
    return b"".join(pieces), bool(left), True


def _checksum(size: int) -> tuple[str, bytes] | None:
    """The announced checksum of this body, as algorithm and digest."""
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, encoded = text.partition(" ")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        digest = b""
    if algorithm not in CHECKSUMS or not digest:
        _refuse(400, "checksum_algorithm")
    if size > CHECKED_BYTES:
        _refuse(413, "checked_piece")
    return algorithm, digest


def _length() -> int:
    """The announced length of the whole file in bytes."""
    text = request.headers.get("Upload-Length", "")
    if not _NUMBER.fullmatch(text):
        _refuse(400, "length")
    if int(text) == 0:
        _refuse(400, "empty", FaultCode.FILE_EMPTY)
    if int(text) > MAX_FILE_BYTES:
        _refuse(413, "too_large", FaultCode.FILE_TOO_LARGE)
    return int(text)


def _metadata() -> dict[str, str]:
    """The pairs of Upload-Metadata; other clients' file names are read over and never kept."""
    pairs: dict[str, str] = {}
    for pair in filter(
        None, (part.strip() for part in request.headers.get("Upload-Metadata", "").split(","))
    ):
        key, _, encoded = pair.partition(" ")
        try:
            pairs[key] = base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
        except binascii.Error:
            _refuse(400, "metadata")
    return pairs


def _allowed(at: datetime) -> tuple[str, Place]:
    """The submission that the token opens, and where its files go."""
    known = current_app.extensions
    token = request.headers.get("Upload-Token", "")
    submission_id, secret = service.open_token(known["portal_keyring"], token, at)
    floor = settings().upload_free_space_floor
    return submission_id, Place(known["portal_partials"], known["portal_originals"], secret, floor)


def _find(name: str, at: datetime) -> tuple[Standing, Place]:
    """The upload, read in a transaction that is over when its body begins to come."""
    submission_id, place = _allowed(at)
    with reading():
        found = service.find(name, submission_id, at)
        db.session.rollback()
    return found, place


def _standing(response: Response, found: Standing) -> Response:
    response.headers["Upload-Offset"] = str(found.received)
    response.headers["Upload-Expires"] = format_datetime(found.expires_at, usegmt=True)
    return response


def _refuse(status: int, code: str, sentence: FaultCode | None = None, retry_after: int = 0) -> NoReturn:
    raise _Refused(status, code, _sentence(sentence) if sentence else "", retry_after)


def _refusal(refused: _Refused) -> Response:
    response = jsonify(code=refused.code, sentence=refused.sentence)
    response.status_code = refused.http_status
    if refused.retry_after:
        response.headers["Retry-After"] = str(refused.retry_after)
    if refused.code == "version":
        response.headers["Tus-Version"] = VERSION
    return response


def _of_upload(code: UploadFault) -> _Refused:
    """The protocol's status for each fault of an upload."""
    if code is UploadFault.TOKEN:
        return _Refused(403, code.value, _closed())
    if code is UploadFault.GONE:
        return _Refused(404, code.value, _again())
    if code is UploadFault.NO_SPACE:
        return _Refused(507, code.value, _sentence(FaultCode.NO_SPACE))
    if code is UploadFault.KEPT:
        return _Refused(403, code.value)
    if code is UploadFault.HELD:
        return _Refused(423, code.value, retry_after=WAIT_SECONDS)
    return _Refused(409, code.value)


def _of_refusal(refusal: Refusal) -> _Refused:
    if isinstance(refusal, NoRoom):
        return _Refused(413, "too_many", _sentence(FaultCode.FILES_TOO_MANY))
    return _Refused(413 if isinstance(refusal, TooMuch) else 403, "refused", refusal.sentence())


def _sentence(code: FaultCode) -> str:
    """The form's own sentence; the page knows the file's name, we do not."""
    return str(SENTENCES[code]) % {"name": "{name}", "limit": MAX_FILES}


def _closed() -> str:
    return str(
        gettext(
            "Not uploaded: {name}. The page was open for too long. Send the report without it; files can"
            " follow with your receipt code."
        )
    )


def _again() -> str:
    return str(
        gettext("Not uploaded: {name}. An upload is kept for 72 hours. Please choose this file once more.")
    )
