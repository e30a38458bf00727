"""The identity officer opens what was cut out of the texts of a report, once for each reason."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.forms import OpeningForm
from portal.database import db
from portal.errors import NotFound, Refusal
from portal.reports import cut_out as service
from portal.reports import damage, reasons
from portal.reports.models import Report
from portal.reports.second_person import ask_second
from portal.vault import seconds
from portal.vault.groups import FieldGroup


@desk.get("/cut-out")
def cut_out() -> ResponseReturnValue:
    """Ask for the number of a report, then for the reason."""
    number = _number(request.args.get("number", ""))
    if not number:
        return _page("", None)
    try:
        return _page(number, service.find(number, current_user.actor))
    except NotFound:
        told = gettext("Nothing was cut out of a report with this number. Look at the number again.")
        return _page(number, None, told), 404


@desk.post("/cut-out")
def cut_out_open() -> ResponseReturnValue:
    """Open it: the event first, committed; then the text, on this page only."""
    number = _number(request.form.get("number", ""))
    report = service.find(number, current_user.actor)
    form = OpeningForm()
    try:
        reason = reasons.reason_of(form.because.data or "", form.reason.data or "", reasons.FOR_TOLD)
        opening = service.record_opening(report, current_user.actor, reason, clock.now())
        db.session.commit()
        pieces = sorted(damage.reveal(opening, current_user.actor, clock.now()).fields.values())
    except seconds.NeedsSecond as refused:
        db.session.rollback()
        ask_second(seconds.Wish(FieldGroup.TOLD, report.id, reason), current_user.actor, clock.now())
        db.session.commit()
        return _page(number, report, form=form, refused=refused), refused.status
    except Refusal as refused:
        db.session.rollback()
        return _page(
            number, service.find(number, current_user.actor), form=form, refused=refused
        ), refused.status
    return _page(number, report, pieces=pieces)


def _number(typed: str) -> str:
    return typed.strip().upper()[:24]


def _page(
    number: str,
    report: Report | None,
    told: str = "",
    *,
    form: OpeningForm | None = None,
    refused: Refusal | None = None,
    pieces: list[str] | None = None,
) -> str:
    form = (form or OpeningForm(formdata=None)).offering(reasons.FOR_TOLD)
    return render_template(
        "admin/cut_out.html",
        number=number,
        report=report,
        form=form,
        refusal=form.take(refused) if refused else told,
        pieces=pieces,
    )
