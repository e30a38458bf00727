"""The page of the second person: what colleagues want to open beyond their day, and the yes to it."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from flask_login import current_user
from sqlalchemy import select

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.words import SHOWN
from portal.cases import renewal
from portal.database import db
from portal.errors import Refusal
from portal.people.models import Account
from portal.reports.models import Report
from portal.reports.reasons import in_words
from portal.vault import seconds
from portal.vault.groups import FieldGroup

GROUPS: dict[str, LazyString] = {
    FieldGroup.CONTACT: lazy_gettext("Telephone and e-mail"),
    FieldGroup.LEGAL: lazy_gettext("Name and employment"),
    FieldGroup.PAYEE: lazy_gettext("Bank account"),
    FieldGroup.TOLD: lazy_gettext("Cut out of the text"),
    seconds.ORIGINAL: lazy_gettext("The original of a file"),
}


@desk.get("/openings", endpoint="openings")
def openings_list() -> str:
    """List what colleagues ask a second person for."""
    return page()


@desk.post("/openings/<key>")
def opening_agree(key: str) -> ResponseReturnValue:
    """Agree to one request; opening it stays the colleague's own step."""
    try:
        seconds.agree(key, current_user.actor, clock.now())
    except Refusal as refused:
        db.session.rollback()
        return page(refused.sentence()), refused.status
    db.session.commit()
    flash(gettext("You agreed. Your colleague can open it once, within an hour."), "message")
    return redirect(url_for("desk.openings"))


def page(refusal: str = "") -> str:
    """Show what colleagues want to open, and which lost codes they ask to renew."""
    at = clock.now()
    lost = renewal.waiting_for(current_user.actor, at)
    waiting = seconds.waiting_for(current_user.actor, at)
    wanted = select(Report).where(Report.id.in_([one.report_id for one in waiting]))
    reports = {row.id: row for row in db.session.scalars(wanted)}
    ids = [one.account_id for one in waiting] + [one.asked_account_id for one, _ in lost]
    asking = select(Account).where(Account.id.in_(ids))
    accounts = {row.id: row for row in db.session.scalars(asking)}
    rows = [(one, accounts[one.account_id].person.name, reports[one.report_id].number) for one in waiting]
    return render_template(
        "admin/openings.html",
        rows=rows,
        lost=[(one, accounts[one.asked_account_id].person.name, report.number) for one, report in lost],
        documents=SHOWN,
        lapses_at=renewal.lapses_at,
        groups=GROUPS,
        in_words=in_words,
        refusal=refusal,
    )
