"""Two steps at a file: opening its original with a reason, and blacking out faces and plates."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from math import ceil, floor
from typing import cast

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.evidence_files import saved, the_store, within_reach
from portal.admin.forms import OpeningForm
from portal.cases.models import Case
from portal.database import db
from portal.errors import NotFound, Refusal, Stale, gettext_noop
from portal.evidence import originals, redaction
from portal.evidence.models import Evidence
from portal.evidence.redaction import Box
from portal.evidence.store import StoreError
from portal.evidence.vaulted import Originals
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.reports import reasons
from portal.reports.second_person import ask_second
from portal.run.queue import enqueue
from portal.vault import seconds
from portal.vault.asking import vault

SIDES = ("left", "top", "width", "height")
EMPTY_ROWS = 4
Row = tuple[str, str, str, str]


class OriginalUnreadable(Refusal):
    """The store does not give it."""

    message = gettext_noop(
        "The original cannot be read: it is missing, damaged, or its store does not answer."
        " That you asked for it stays in the log."
    )
    status = 503


class NoNumbers(Refusal):
    """A row that is not four numbers."""

    message = gettext_noop("Box %(number)d: please give four numbers from 0 to 100.")
    status = 422


@desk.route("/evidence/<uuid>/original", methods=["GET", "POST"])
def evidence_original(uuid: str) -> ResponseReturnValue:
    """Ask for a reason; after the event is kept, give the original to be saved."""
    item, case = within_reach(uuid, Permission.EVIDENCE_ORIGINAL)
    form = OpeningForm().offering(reasons.FOR_ORIGINAL)
    if not form.is_submitted():
        return _asked(item, case, form)
    if not form.validate():
        return _asked(item, case, form), 422
    try:
        reason = reasons.reason_of(form.because.data or "", form.reason.data or "", reasons.FOR_ORIGINAL)
        event = originals.record_opening(item, case.id, reason, actor=current_user.actor, at=clock.now())
        asked = originals.ask(item, event, actor=current_user.actor, at=clock.now())
        # Whoever gets the original is in the log already, whatever happens to this answer.
        db.session.commit()
        file = originals.open_original(_places(), item, asked)
    except seconds.NeedsSecond as refused:
        return _second_wanted(uuid, form, reason, refused)
    except StoreError:
        return _asked(item, case, form, OriginalUnreadable()), OriginalUnreadable.status
    except Refusal as refused:
        db.session.rollback()
        item, case = within_reach(uuid, Permission.EVIDENCE_ORIGINAL)
        return _asked(item, case, form, refused), refused.status
    return saved(file, item.media_type, f"original-{item.position}")


@desk.route("/evidence/<uuid>/redact", methods=["GET", "POST"])
@desk.route("/evidence/<uuid>/pages/<int:page>/redact", methods=["GET", "POST"])
def evidence_redact(uuid: str, page: int = 0) -> ResponseReturnValue:
    """Draw boxes on a clean picture or a document's page; they are kept as data and a job makes the copy."""
    item, case = within_reach(uuid, Permission.EVIDENCE_REDACT)
    if not redaction.can_be_redacted(item, page):
        raise NotFound
    form = FlaskForm()
    if not form.is_submitted():
        return _drawing(item, case, page, form, _rows_of(item, page))
    rows = _typed()
    try:
        if not form.validate():
            raise Stale
        drawn = redaction.draw(
            item, _boxes(rows), case.id, page=page, actor=current_user.actor, at=clock.now()
        )
        db.session.commit()
    except (Refusal, IntegrityError) as refused:
        db.session.rollback()
        refusal = refused if isinstance(refused, Refusal) else Stale()
        item, case = within_reach(uuid, Permission.EVIDENCE_REDACT)
        return _drawing(item, case, page, form, rows, refusal.sentence()), refusal.status
    enqueue("redact_evidence", drawn.id)
    flash(gettext("Kept. The blacked-out copy is being made; it appears here in a moment."))
    return redirect(url_for("desk.evidence", uuid=uuid, _anchor=f"page-{page}" if page else None))


def _second_wanted(uuid: str, form: OpeningForm, reason: str, refused: Refusal) -> ResponseReturnValue:
    """Put the request up for a second person; nothing is in the log of openings yet."""
    db.session.rollback()
    item, case = within_reach(uuid, Permission.EVIDENCE_ORIGINAL)
    actor: Actor = current_user.actor
    role = actor.role_for(Permission.EVIDENCE_ORIGINAL)
    wish = seconds.OriginalWish(item.id, item.report_id, role, reason)
    ask_second(wish, actor, clock.now())
    db.session.commit()
    return _asked(item, case, form, refused), refused.status


def _places() -> originals.Places:
    return originals.Places(cast(Originals, current_app.extensions["portal_originals"]), the_store(), vault())


def _asked(item: Evidence, case: Case, form: OpeningForm, refused: Refusal | None = None) -> str:
    refusal = form.take(refused) if refused else ""
    return render_template("admin/evidence_original.html", case=case, item=item, form=form, refusal=refusal)


def _drawing(
    item: Evidence, case: Case, page: int, form: FlaskForm, rows: list[Row], refusal: str = ""
) -> str:
    empty: Row = ("", "", "", "")
    return render_template(
        "admin/evidence_redact.html",
        case=case,
        item=item,
        page=page,
        form=form,
        rows=[*rows, *[empty] * EMPTY_ROWS],
        sides=SIDES,
        most=redaction.MOST_BOXES,
        refusal=refusal,
    )


def _rows_of(item: Evidence, page: int) -> list[Row]:
    """Return the boxes of the last version in percent, to go on from."""
    last = redaction.latest_of_pages([item.id]).get((item.id, page))
    return [_row(box) for box in last.boxes] if last else []


def _row(box: list[int]) -> Row:
    left, top, width, height = (f"{side / 10:g}" for side in box)
    return left, top, width, height


def _typed() -> list[Row]:
    """Return the rows that hold anything, as typed."""
    columns = [[text.strip()[:12] for text in request.form.getlist(side)] for side in SIDES]
    return [row for row in zip(*columns, strict=False) if any(row)]


def _boxes(rows: list[Row]) -> list[Box]:
    return [_box(number, row) for number, row in enumerate(rows, start=1)]


def _box(number: int, row: Row) -> Box:
    """Return percent as thousandths, rounded outwards."""
    try:
        left, top, width, height = (Decimal(text) for text in row)
        if not all(0 <= side <= 100 for side in (left, top, width, height)):
            raise NoNumbers(number=number)
    except InvalidOperation:
        raise NoNumbers(number=number) from None
    first, upper = floor(left * 10), floor(top * 10)
    right, lower = ceil((left + width) * 10), ceil((top + height) * 10)
    return first, upper, right - first, lower - upper
