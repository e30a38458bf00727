"""The page of a reporter's alerts: on or off, another address, one test line; never where they go."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from portal import clock
from portal.database import db
from portal.errors import Refusal
from portal.extensions import csrf
from portal.public import own_hand
from portal.public.blueprint import public
from portal.public.filing_pages import locale
from portal.public.visit import Opened, ask_again, has_token, opened_for_step
from portal.reports import alerts
from portal.vault.keys import Keyring
from portal.vault.neutral import TEST, text_of

LONGEST_TYPED = 200
CHANNELS = {"sms": lazy_gettext("Text message"), "email": lazy_gettext("E-mail")}


@dataclass
class Form:
    """What was chosen and what is wrong; number, address and code never come back to the page."""

    channel: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    notice: str = ""
    lost: bool = False


@public.route("/track/alerts", methods=["GET", "POST"])
@csrf.exempt  # checked below: a sentence, not an error page
def track_alerts() -> Response:
    """Show how the alerts of this visit's report stand; change them."""
    at = clock.now()
    current = opened_for_step(at)
    if current is None:
        return ask_again()
    if current.report.withdrawn_at is not None:
        return redirect(url_for("public.track_report"), 303)
    if request.method == "GET":
        return _page(current, Form(), at)
    form = Form(channel=_field("alert_channel"))
    if not has_token():
        form.notice = str(gettext("Nothing was changed yet. Please press the button once more."))
        return _page(current, form, at, 400)
    try:
        return _act(current, form, at)
    except Refusal as refused:
        db.session.rollback()
        name = getattr(refused, "field", "")
        if name:
            form.faults[name] = refused.sentence()
        else:
            form.notice = refused.sentence()
        return _page(current, form, at, refused.status)


def _act(current: Opened, form: Form, at: datetime) -> Response:
    report, action = current.report, request.form.get("action", "")
    if action == "set":
        return _set(current, form, at)
    if action == "lost":
        form.lost = True
        alerts.answered(report, at)
        db.session.commit()
        return _page(current, form, at)
    if action == "stop":
        alerts.stop(report, at)
        said = gettext("Alerts are off, and the number or address is destroyed.")
    elif action == "came":
        alerts.answered(report, at)
        said = gettext("Good. News will reach you there.")
    else:
        alerts.send_test(report, at)
        said = gettext("A test line is on its way.")
    return _done(said)


def _set(current: Opened, form: Form, at: datetime) -> Response:
    """Check the code first: whoever finds this page open must not send the alerts elsewhere."""

    def again(notice: str, fault: str, status: int) -> Response:
        form.notice = notice
        form.faults |= {"code": fault} if fault else {}
        return _page(current, form, at, status)

    wrong = own_hand.wrong_code(current, again)
    if wrong is not None:
        return wrong
    ring = cast(Keyring, current_app.extensions["portal_keyring"])
    alerts.set_address(current.report, form.channel, _field("alert_address"), at, ring)
    return _done(gettext("Kept, sealed. Send yourself a test line to see that it comes."))


def _done(said: str) -> Response:
    db.session.commit()
    flash(said, "message")
    return redirect(url_for("public.track_alerts"), 303)


def _field(name: str) -> str:
    return request.form.get(name, "")[:LONGEST_TYPED]


def _page(current: Opened, form: Form, at: datetime, status: int = 200) -> Response:
    page = render_template(
        "public/alerts.html",
        standing=alerts.standing_of(current.report, at),
        channels=CHANNELS,
        form=form,
        line=text_of(TEST, locale())[1],
        nav="public.track",
    )
    return make_response(page, status)
