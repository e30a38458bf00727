"""Giving a name later than with the report: sealed at once, with the receipt code asked for again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from portal import clock
from portal.database import db
from portal.errors import Refusal
from portal.extensions import csrf, settings
from portal.public import own_hand
from portal.public.blueprint import public
from portal.public.visit import Opened, ask_again, opened_for_step
from portal.reports.models import RealName
from portal.retention.kinds import Kind
from portal.retention.words import period_of
from portal.rewards import late_name
from portal.rewards.late_name import GivenName, NameFault, NameNotTaken
from portal.vault.keys import Keyring

SENTENCES = {
    NameFault.NAME: lazy_gettext("Please write your name, with at least two letters and at most 60."),
    NameFault.TELEPHONE: lazy_gettext("This is no telephone number. You can also leave it empty."),
}
GIVEN = lazy_gettext("Your name is sealed. Only the identity officer can open it, and this page shows when.")


@dataclass
class Form:
    """What was typed, and what is wrong with it; name and number come back to this page alone."""

    once: str
    name: str = field(default="", repr=False)
    telephone: str = field(default="", repr=False)
    works_there: bool = False
    consent: bool = False
    faults: dict[str, str] = field(default_factory=dict)
    notice: str = ""


@public.route("/track/name", methods=["GET", "POST"])
@csrf.exempt  # checked below, so that what was typed is kept
def track_name() -> Response:
    """The name of this visit's report, given or corrected before it is confirmed."""
    at = clock.now()
    current = opened_for_step(at)
    if current is None:
        return ask_again()
    try:
        late_name.check_open(current.report)
    except Refusal as refused:
        flash(refused.sentence(), "warn")
        return redirect(url_for("public.track_report"), 303)
    if request.method == "GET":
        return own_hand.led_away(current.report, at) or _page(current, Form(secrets.token_hex(16)))
    return _take(current, _typed(), at)


def _take(current: Opened, form: Form, at: datetime) -> Response:
    def again(notice: str, fault: str, status: int) -> Response:
        form.notice = notice
        form.faults |= {"code": fault} if fault else {}
        return _page(current, form, status)

    unproved = own_hand.not_proved(current, again)
    if unproved is not None:
        return unproved
    if not form.consent:
        form.faults["consent"] = str(gettext("Please tick that we may keep and use these details."))
        return _page(current, form, 422)
    given = GivenName(form.name, form.telephone, form.works_there, form.once)
    try:
        late_name.give_name(
            current.report, given, at, cast(Keyring, current_app.extensions["portal_keyring"])
        )
    except NameNotTaken as refused:
        db.session.rollback()
        form.faults |= {name: str(SENTENCES[fault]) for name, fault in refused.faults.items()}
        return _page(current, form, refused.status)
    except Refusal as refused:
        db.session.rollback()
        form.notice = refused.sentence()
        return _page(current, form, refused.status)
    db.session.commit()
    flash(str(GIVEN), "message")
    return redirect(url_for("public.track_report"), 303)


def _typed() -> Form:
    return Form(
        own_hand.field("once")[:32],
        own_hand.field("name"),
        own_hand.field("telephone"),
        bool(request.form.get("works_there")),
        bool(request.form.get("consent")),
    )


def _page(current: Opened, form: Form, status: int = 200) -> Response:
    given = current.report.real_name is not RealName.NONE
    period = period_of(Kind.NAME, settings().retention)
    page = render_template("public/name.html", form=form, given=given, period=period, nav="public.track")
    return make_response(page, status)
