"""Serving clean copies and thumbnails of a case within reach; the originals are never served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, cast

from flask import Response, current_app
from flask_login import current_user
from sqlalchemy import select

from portal.admin.blueprint import desk
from portal.cases.models import Case
from portal.cases.scope import within
from portal.database import db
from portal.errors import NotFound
from portal.evidence.models import CleanState, Evidence
from portal.evidence.store import Store, StoreError
from portal.people.permissions import Permission
from portal.reports.models import Report

PIECE = 64 * 1024
INLINE = frozenset({"image/jpeg", "image/png", "image/webp"})
HEADERS = {
    # A file is data: even if a clean copy were a page, it could run and load nothing.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}


@desk.get("/evidence/<uuid>")
def evidence_clean(uuid: str) -> Response:
    """Serve the clean copy: a picture to be seen, anything else to be saved."""
    item = _within_reach(uuid)
    return _serve(item, item.clean_digest, item.clean_type)


@desk.get("/evidence/<uuid>/thumb")
def evidence_thumb(uuid: str) -> Response:
    """Serve the thumbnail."""
    item = _within_reach(uuid)
    if not item.thumb_digest:
        raise NotFound
    return _serve(item, item.thumb_digest, "image/jpeg")


def _within_reach(uuid: str) -> Evidence:
    """Return the evidence of a case that may be read; otherwise it does not exist."""
    found = db.session.scalar(
        select(Evidence)
        .join(Report, Report.id == Evidence.report_id)
        .join(Case, Case.id == Report.case_id)
        .where(Evidence.uuid == uuid, within(current_user.actor, Permission.CASE_READ))
    )
    if found is None or found.clean_state is not CleanState.CLEAN:
        raise NotFound
    return found


def _serve(item: Evidence, digest: str, media_type: str) -> Response:
    try:
        file = cast(Store, current_app.extensions["portal_store"]).open(digest)
    except StoreError:
        raise NotFound from None
    response = Response(_pieces(file), mimetype=media_type)
    response.headers.update(HEADERS)
    shown = "inline" if media_type in INLINE else "attachment"
    # The name says nothing about the case: a saved file may end anywhere.
    response.headers["Content-Disposition"] = f'{shown}; filename="{item.position}.{_ending(media_type)}"'
    return response


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _ending(media_type: str) -> str:
    return {"image/jpeg": "jpg", "application/pdf": "pdf"}.get(media_type, media_type.rpartition("/")[2])
