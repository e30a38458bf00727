"""Erasing what says who somebody is, at the reporter's word, with the receipt code asked for again."""

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
from portal.evidence.store import Store
from portal.extensions import csrf, settings
from portal.public import own_hand
from portal.public.blueprint import public
from portal.public.visit import Opened, ask_again, opened_for_step
from portal.retention import erasure
from portal.retention.erasure import Kept
from portal.retention.kinds import ERASABLE, Kind
from portal.retention.originals import remove_bytes
from portal.retention.run import terms
from portal.retention.words import TITLES

MEANS = {
    Kind.CONTACT: lazy_gettext("Nobody can call or mail you any more. The office asks on your page."),
    Kind.ALERT: lazy_gettext("You get no alerts any more. Look at your page now and then."),
    Kind.NAME: lazy_gettext("Without a name no reward can be paid where the rule asks for one."),
    Kind.TOLD: lazy_gettext("Numbers and addresses that stood in your text cannot be read any more."),
    Kind.PAYEE: lazy_gettext("No reward can be paid to it any more."),
    Kind.ORIGINALS: lazy_gettext(
        "The cleaned copies stay with the case, because the danger is judged by them. Nobody can compare them"
        " with the files as they came any more."
    ),
}
WHY = {
    Kept.UNDER_WAY: lazy_gettext("The money is on its way. It can be erased once the bank has answered."),
    Kept.PAID: lazy_gettext("Money was paid to it. Vouchers of public money have to be kept until %(day)s."),
    Kept.HELD: lazy_gettext("A procedure still needs them. They can be erased when it is over."),
    Kept.PENDING: lazy_gettext("The cleaned copies are still being made. Please come back in some minutes."),
}


@dataclass
class Form:
    """What was chosen, and what is wrong."""

    chosen: tuple[Kind, ...] = ()
    faults: dict[str, str] = field(default_factory=dict)
    notice: str = ""


@public.route("/track/erase", methods=["GET", "POST"])
@csrf.exempt  # checked below, so that what was chosen is kept
def track_erase() -> Response:
    """Say what erasing means for each kind; do it when it is chosen and the code proved."""
    at = clock.now()
    current = opened_for_step(at)
    if current is None:
        return ask_again()
    if request.method == "GET":
        return own_hand.led_away(current.report, at) or _page(current, Form())
    posted = set(request.form.getlist("kinds"))
    return _erase(current, Form(tuple(kind for kind in ERASABLE if kind.value in posted)), at)


def _erase(current: Opened, form: Form, at: datetime) -> Response:
    def again(notice: str, fault: str, status: int) -> Response:
        form.notice = notice
        form.faults |= {"code": fault} if fault else {}
        return _page(current, form, status)

    unproved = own_hand.not_proved(current, again)
    if unproved is not None:
        return unproved
    try:
        gone = erasure.erase(current.report, form.chosen, at, terms())
    except erasure.NothingChosen as refused:
        db.session.rollback()
        form.faults["kinds"] = refused.sentence()
        return _page(current, form, refused.status)
    except Refusal as refused:
        db.session.rollback()
        return again(refused.sentence(), "", refused.status)
    db.session.commit()
    remove_bytes(cast(Store, current_app.extensions["portal_store"]), gone.digests)
    flash(gettext("Erased: what you chose is gone for ever. The conversation stays open."), "message")
    return redirect(url_for("public.track_kept"), 303)


def _page(current: Opened, form: Form, status: int = 200) -> Response:
    page = render_template(
        "public/erase.html",
        form=form,
        offers=erasure.offers(current.report, terms()),
        gives_up=erasure.gives_up(current.report),
        titles=TITLES,
        means=MEANS,
        why=WHY,
        backup_days=settings().retention.backup_days,
        nav="public.track",
    )
    return make_response(page, status)
