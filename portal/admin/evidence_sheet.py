"""The evidence of a case on paper: blacked-out copies where there are boxes, else clean ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from flask import render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import select

from portal import clock
from portal.admin import evidence_words as words
from portal.admin.blueprint import desk
from portal.admin.evidence import of_case
from portal.admin.evidence_files import PICTURES
from portal.cases import queries
from portal.database import db
from portal.evidence import looks, redaction
from portal.evidence.models import CleanState, Evidence, EvidencePage, Redaction, RedactionState
from portal.people.actor import Actor
from portal.people.permissions import Permission

Drawn = dict[tuple[int, int], Redaction]
GROUP = 8  # digits of a checksum that are read at once


@dataclass(frozen=True, slots=True)
class Picture:
    """What is printed of a file: where the page fetches it, and the checksum of just these bytes.

    ``version`` is that of its boxes; a page whose blacked-out copy is not made yet has no address.
    """

    address: str
    digest: str
    page: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Printed:
    """One file on the sheet; without pictures ``instead`` says why.

    ``bare``: nobody drew boxes on it, or not on all of its pages.
    """

    item: Evidence
    place: int
    copy: str
    pictures: list[Picture] = field(default_factory=list)
    instead: str = ""
    bare: bool = False


@desk.get("/cases/<number>/evidence-sheet")
def evidence_sheet(number: str) -> str:
    """Show the files of a case, or those that were ticked, as they are printed; each counts as looked at."""
    actor: Actor = current_user.actor
    case = queries.find_case(number, actor)
    files = of_case(case)
    ticked = set(request.args.getlist("file"))
    chosen = [item for item in files if item.uuid in ticked] or files
    now, role = clock.now(), actor.role_for(Permission.CASE_READ)
    for item in chosen:
        looks.note(item, case.id, role, actor, now)
    ids = [item.id for item in chosen]
    drawn, pages = redaction.latest_of_pages(ids), _pages(ids)
    place = {item.id: number for number, item in enumerate(files, start=1)}
    return render_template(
        "admin/evidence_sheet.html",
        case=case,
        files=files,
        chosen={item.uuid for item in chosen},
        printed=[_printed(item, place[item.id], drawn, pages[item.id]) for item in chosen],
        words=words,
        grouped=_grouped,
    )


def _printed(item: Evidence, place: int, drawn: Drawn, pages: list[EvidencePage]) -> Printed:
    """Choose what leaves the desk of a file."""
    boxes = drawn.get((item.id, 0))
    if item.clean_state is not CleanState.CLEAN:
        return Printed(item, place, "", instead=words.why_not_shown(item))
    if boxes is not None:
        return _blacked_out(item, place, boxes)
    if item.clean_type in PICTURES:
        picture = Picture(url_for("desk.evidence_clean", uuid=item.uuid), item.clean_digest)
        return Printed(item, place, gettext("clean copy"), [picture], bare=True)
    if item.clean_type.startswith("video/") and item.thumb_digest:
        still = Picture(url_for("desk.evidence_thumb", uuid=item.uuid), item.thumb_digest)
        return Printed(item, place, gettext("a still of the film"), [still], bare=True)
    if pages:
        pictures = [_page(item, page, drawn.get((item.id, page.number))) for page in pages]
        is_bare = not all(picture.version for picture in pictures)
        return Printed(item, place, gettext("pages of the clean copy"), pictures, bare=is_bare)
    return Printed(item, place, "", instead=gettext("This file cannot be printed; it is kept with the case."))


def _page(item: Evidence, page: EvidencePage, boxes: Redaction | None) -> Picture:
    """Return a page as it is printed: once somebody drew boxes on it, only with the last of them."""
    if boxes is None:
        address = url_for("desk.evidence_page", uuid=item.uuid, number=page.number)
        return Picture(address, page.digest, page.number)
    if boxes.state is not RedactionState.MADE:
        return Picture("", "", page.number, boxes.version)
    address = url_for("desk.evidence_redacted", uuid=item.uuid, version=boxes.version)
    return Picture(address, boxes.digest, page.number, boxes.version)


def _blacked_out(item: Evidence, place: int, boxes: Redaction) -> Printed:
    """Once somebody drew boxes, only a copy with the last of them is printed."""
    if boxes.state is not RedactionState.MADE:
        waiting = gettext("Its blacked-out copy is not made yet. Load this page again in a moment.")
        return Printed(item, place, "", instead=waiting)
    address = url_for("desk.evidence_redacted", uuid=item.uuid, version=boxes.version)
    copy = gettext("blacked-out copy, version %(version)s", version=boxes.version)
    return Printed(item, place, copy, [Picture(address, boxes.digest)])


def _pages(ids: list[int]) -> dict[int, list[EvidencePage]]:
    rows = db.session.scalars(
        select(EvidencePage).where(EvidencePage.evidence_id.in_(ids)).order_by(EvidencePage.number)
    )
    found: dict[int, list[EvidencePage]] = defaultdict(list)
    for row in rows:
        found[row.evidence_id].append(row)
    return found


def _grouped(digest: str) -> str:
    """Return a checksum in groups that an eye can follow."""
    return " ".join(digest[start : start + GROUP] for start in range(0, len(digest), GROUP))
