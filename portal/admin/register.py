"""The administrator's page of the register of firms: look, read a list, see what it would do, put it in."""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.admin.blueprint import desk
from portal.cases.queries import districts
from portal.database import db
from portal.errors import Refusal
from portal.subjects import register as service
from portal.subjects import sheets
from portal.subjects.register import LineFault

FAULTS = {
    LineFault.NAME.value: lazy_gettext("the name is missing or has more than 120 characters"),
    LineFault.CREDIT_CODE.value: lazy_gettext(
        "the unified social credit code is not right: 18 signs, the last one checks the others"
    ),
    LineFault.DISTRICT.value: lazy_gettext(
        "this district is not known; write it as under “Units”, or leave it empty"
    ),
    LineFault.ADDRESS.value: lazy_gettext("the address has more than 200 characters"),
    LineFault.TWICE.value: lazy_gettext("this credit code stood on an earlier line already"),
}
SHOWN_FAULTS = 200
SHOWN_ROWS = 10


@desk.get("/register")
def register() -> str:
    """Show the register, or the firms whose name holds what was typed."""
    return _page()


def _page(refused: str = "") -> str:
    typed = request.args.get("firm", "")[:60]
    firms, total = service.page(typed)
    return render_template(
        "admin/register.html",
        firms=firms,
        total=total,
        typed=typed,
        refused=refused,
        district_of={one.id: one for one in districts()},
    )


@desk.post("/register/read")
def register_read() -> Response | tuple[str, int]:
    """Read a list and show what it would do; nothing is put in yet."""
    upload = request.files.get("list")
    content = upload.stream.read(sheets.MAX_BYTES + 1) if upload else b""
    try:
        kept = service.keep(service.preview(content), actor=current_user.actor, at=clock.now())
    except Refusal as refusal:
        db.session.rollback()
        return _page(refusal.sentence()), refusal.status
    db.session.commit()
    return redirect(url_for("desk.register_import", token=kept.uuid))


@desk.get("/register/read/<token>")
def register_import(token: str) -> str:
    """Show what a list would do: new, changed, the same, and faults line by line."""
    kept = service.kept_import(token, current_user.actor, clock.now())
    return render_template(
        "admin/register_import.html",
        kept=kept,
        counts=service.compare(kept.rows),
        faults=[(number, FAULTS[fault]) for number, fault in kept.faults[:SHOWN_FAULTS]],
        rows=kept.rows[:SHOWN_ROWS],
        district_of={one.id: one for one in districts()},
    )


@desk.post("/register/read/<token>")
def register_put(token: str) -> Response | tuple[str, int]:
    """Put in what was shown, once."""
    try:
        counts = service.finish(token, actor=current_user.actor, at=clock.now())
    except Refusal as refusal:
        db.session.rollback()
        return _page(refusal.sentence()), refusal.status
    db.session.commit()
    flash(
        gettext(
            "The register is up to date: %(new)s new, %(changed)s changed.",
            new=counts.new,
            changed=counts.changed,
        ),
        "message",
    )
    return redirect(url_for("desk.register"))


@desk.get("/register/export")
def register_export() -> FlaskResponse:
    """Give the whole register as CSV, in the columns in which it is read."""
    response = make_response(service.exported())
    response.mimetype = "text/csv"
    response.headers["Content-Disposition"] = 'attachment; filename="firms.csv"'
    return response
