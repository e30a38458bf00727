"""Serving clean copies of a case within reach, also in parts; every file is data that can run nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, cast

from flask import Response, current_app, request
from flask_login import current_user
from sqlalchemy import select

from portal.admin.blueprint import desk
from portal.cases.models import Case
from portal.cases.scope import within
from portal.database import db
from portal.errors import NotFound
from portal.evidence.models import CleanState, Evidence, EvidencePage, Redaction, RedactionState
from portal.evidence.store import Store, StoreError
from portal.people.permissions import Permission
from portal.reports.models import Report

PIECE = 64 * 1024
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
PLAYED = frozenset({"video/mp4", "video/quicktime", "audio/mp4", "audio/mpeg"})
INLINE = PICTURES | PLAYED
ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "application/pdf": "pdf",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
}
HEADERS = {
    # A file is data: even if a clean copy were a page, it could run and load nothing.
    "Content-Security-Policy": (
        "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}


@desk.get("/evidence/<uuid>/copy")
def evidence_clean(uuid: str) -> Response:
    """Serve the clean copy: what can be seen or heard here is, anything else is to be saved."""
    item = _clean(uuid)
    return _serve(item.clean_digest, item.clean_type, f"{item.position}")


@desk.get("/evidence/<uuid>/thumb")
def evidence_thumb(uuid: str) -> Response:
    """Serve the thumbnail."""
    item = _clean(uuid)
    if not item.thumb_digest:
        raise NotFound
    return _serve(item.thumb_digest, "image/jpeg", f"{item.position}-small")


@desk.get("/evidence/<uuid>/pages/<int:number>")
def evidence_page(uuid: str, number: int) -> Response:
    """Serve a page of a document as a picture."""
    item = _clean(uuid)
    digest = db.session.scalar(
        select(EvidencePage.digest).where(EvidencePage.evidence_id == item.id, EvidencePage.number == number)
    )
    if digest is None:
        raise NotFound
    return _serve(digest, "image/jpeg", f"{item.position}-page-{number}")


@desk.get("/evidence/<uuid>/redacted/<int:version>")
def evidence_redacted(uuid: str, version: int) -> Response:
    """Serve a copy with its boxes blacked out."""
    item = _clean(uuid)
    digest = db.session.scalar(
        select(Redaction.digest).where(
            Redaction.evidence_id == item.id,
            Redaction.version == version,
            Redaction.state == RedactionState.MADE,
        )
    )
    if not digest:
        raise NotFound
    return _serve(digest, "image/jpeg", f"{item.position}-redacted-{version}")


def within_reach(uuid: str, permission: Permission = Permission.CASE_READ) -> tuple[Evidence, Case]:
    """Return a file and its case when the case may be reached; otherwise it does not exist."""
    found = db.session.execute(
        select(Evidence, Case)
        .join(Report, Report.id == Evidence.report_id)
        .join(Case, Case.id == Report.case_id)
        .where(Evidence.uuid == uuid, within(current_user.actor, permission))
    ).one_or_none()
    if found is None:
        raise NotFound
    item, case = found
    return item, case


def the_store() -> Store:
    """Return the evidence store."""
    return cast(Store, current_app.extensions["portal_store"])


def saved(file: BinaryIO, media_type: str, name: str) -> Response:
    """Return a file that a browser saves and never shows; its name says nothing about the case."""
    return _answer(file, "application/octet-stream", f'attachment; filename="{name}.{_ending(media_type)}"')


def _clean(uuid: str) -> Evidence:
    item, _case = within_reach(uuid)
    if item.clean_state is not CleanState.CLEAN:
        raise NotFound
    return item


def _serve(digest: str, media_type: str, name: str) -> Response:
    """Serve a stored file, or the part that the browser asks for."""
    shown = "inline" if media_type in INLINE else "attachment"
    disposition = f'{shown}; filename="{name}.{_ending(media_type)}"'
    try:
        if media_type in PICTURES:
            return _answer(the_store().open(digest), media_type, disposition)
        return _in_parts(digest, media_type, disposition)
    except StoreError:
        raise NotFound from None


def _in_parts(digest: str, media_type: str, disposition: str) -> Response:
    """Answer a request for one range with that part; several at once are refused with the file's size."""
    size = the_store().size(digest)
    etag = f'"{digest}"'
    wanted = _wanted(etag)
    if wanted is None:
        response = _answer(the_store().open(digest), media_type, disposition)
        response.content_length = size
    else:
        part = None if "," in wanted else _part(size)
        if part is None:
            return Response(
                status=416, headers={**HEADERS, "Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"}
            )
        start, stop = part
        response = _answer(the_store().open_range(digest, start, stop - start), media_type, disposition)
        response.status_code = 206
        response.content_length = stop - start
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = etag
    return response


def _wanted(etag: str) -> str | None:
    """Return the ranges asked for; None for the whole file: none asked, or another file meant."""
    asked = request.headers.get("Range", "")
    condition = request.headers.get("If-Range")
    if not asked.startswith("bytes=") or (condition is not None and condition != etag):
        return None
    return asked if "," in asked or request.range is not None else None


def _part(size: int) -> tuple[int, int] | None:
    """Return where the one range asked for begins and ends; None beyond the end of the file."""
    if request.range is None:
        return None
    start, stop = request.range.ranges[0]
    if start < 0:  # so many bytes from the end; more than there are mean all
        start, stop = max(0, size + start), size
    stop = size if stop is None else min(stop, size)
    return (start, stop) if start < stop else None


def _answer(file: BinaryIO, media_type: str, disposition: str) -> Response:
    response = Response(_pieces(file), mimetype=media_type, headers=HEADERS)
    response.headers["Content-Disposition"] = disposition
    response.call_on_close(file.close)  # also when nothing of it was read
    return response


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def _ending(media_type: str) -> str:
    return ENDINGS.get(media_type, "bin")
