"""Opening a sealed telephone number: a reason first, then the event, then once the number."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from flask_login import current_user

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.forms import OpeningForm
from portal.cases import dossier, queries
from portal.cases.models import Case
from portal.database import db
from portal.errors import NotFound, Refusal
from portal.people.permissions import Permission
from portal.reports import contact, damage, reasons
from portal.reports.models import Report
from portal.reports.second_person import ask_second
from portal.vault import seconds
from portal.vault.groups import FieldGroup

FIELDS = {"telephone": lazy_gettext("Telephone"), "email": lazy_gettext("E-mail")}


@desk.route("/cases/<number>/contact/<report>", methods=["GET", "POST"])
def case_contact(number: str, report: str) -> ResponseReturnValue:
    """Ask for a reason; after the event is kept, show what was sealed, on this page only."""
    case = queries.find_case(number, current_user.actor, Permission.CONTACT_OPEN)
    found = _report(case, report)
    form = OpeningForm().offering(reasons.FOR_CONTACT)
    if not form.is_submitted():
        return _asked(case, form)
    if not form.validate():
        return _asked(case, form), 422
    try:
        reason = reasons.reason_of(form.because.data or "", form.reason.data or "", reasons.FOR_CONTACT)
        return _open(case, found, form, reason)
    except Refusal as refused:
        db.session.rollback()
        return _asked(case, form, refused), refused.status


def _open(case: Case, report: Report, form: OpeningForm, reason: str) -> ResponseReturnValue:
    try:
        opening = contact.record_opening(report, current_user.actor, reason, clock.now())
    except seconds.NeedsSecond as refused:
        db.session.rollback()
        wish = seconds.Wish(FieldGroup.CONTACT, report.id, reason)
        ask_second(wish, current_user.actor, clock.now())
        db.session.commit()
        return _asked(case, form, refused), refused.status
    # Whoever sees the number is in the log already, whatever happens to this page.
    db.session.commit()
    fields = damage.reveal(opening, current_user.actor, clock.now()).fields
    return render_template(
        "admin/contact_open.html",
        case=case,
        report=report,
        fields=fields,
        labels=FIELDS,
        opening=opening,
        reason=reasons.in_words(reason),
    )


def _report(case: Case, number: str) -> Report:
    told = next((one for one in dossier.reports_of(case) if one.report.number == number), None)
    if told is None or not told.has_contact:
        raise NotFound
    return told.report


def _asked(case: Case, form: OpeningForm, refused: Refusal | None = None) -> str:
    refusal = form.take(refused) if refused else ""
    return render_template("admin/contact.html", case=case, form=form, refusal=refusal)
