"""The administrator's page of departments and districts."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.admin.blueprint import desk
from portal.database import db
from portal.errors import Refusal
from portal.people import units as service
from portal.people.units import UnitKind, UnitNames, all_units

KINDS = "<any(departments,districts):kind>"


@desk.get("/units")
def units() -> str:
    """List departments and districts."""
    return _page()


def _page(refused: str = "", row: str = "") -> str:
    """Show both lists; after a refusal what was typed stays in its row."""
    return render_template(
        "admin/units.html",
        kinds={kind: all_units(kind) for kind in UnitKind},
        refused=refused,
        refused_row=row,
        typed=request.form if refused else {},
    )


def _names() -> UnitNames:
    return UnitNames(request.form.get("name_zh", ""), request.form.get("name_en", ""))


@desk.post(f"/units/{KINDS}")
def unit_add(kind: str) -> Response | tuple[str, int]:
    """Add a unit."""
    code = request.form.get("code", "")
    try:
        service.add(UnitKind(kind), code, _names(), actor=current_user.actor, at=clock.now())
    except Refusal as refusal:
        db.session.rollback()
        return _page(refusal.sentence(), f"{kind}-new"), refusal.status
    db.session.commit()
    return _done()


@desk.post(f"/units/{KINDS}/<int:unit_id>")
def unit_change(kind: str, unit_id: int) -> Response | tuple[str, int]:
    """Rename a unit, take it out of use or back."""
    active = request.form.get("active") == "yes"
    try:
        service.change(UnitKind(kind), unit_id, _names(), active, actor=current_user.actor, at=clock.now())
    except service.UnitNameMissing as refusal:
        db.session.rollback()
        return _page(refusal.sentence(), f"{kind}-{unit_id}"), refusal.status
    db.session.commit()
    return _done()


def _done() -> Response:
    flash(gettext("Saved."), "message")
    return redirect(url_for("desk.units"))
