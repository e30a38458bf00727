"""Claiming a reward: an account in the reporter's own name, sealed; the receipt code is asked for again."""

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
from portal.public.visit import Opened, ask_again, has_token, opened_for_step
from portal.reports import codes
from portal.rewards import shares
from portal.rewards.payee import PayeeFault, masked, typed_payee
from portal.rewards.public_view import Reward, reward_of
from portal.vault.keys import Keyring

SENTENCES = {
    PayeeFault.HOLDER: lazy_gettext("Please write the holder's name as it stands on the card."),
    PayeeFault.BANK: lazy_gettext("Please write the name of the bank, such as 中国工商银行."),
    PayeeFault.ACCOUNT_EMPTY: lazy_gettext("Please type the account number."),
    PayeeFault.ACCOUNT_CHARACTERS: lazy_gettext("The account number has digits only. Spaces do not matter."),
    PayeeFault.ACCOUNT_LENGTH: lazy_gettext("The account number has 12 to 19 digits. Please compare it."),
    PayeeFault.ACCOUNT_CHECK: lazy_gettext("One digit of the card number is not right. Please compare it."),
    PayeeFault.TELEPHONE: lazy_gettext("This is no telephone number. You can also leave it empty."),
}


@dataclass
class Form:
    """What was typed; the account number never comes back to the page but for its last four digits."""

    holder: str = ""
    bank: str = ""
    telephone: str = ""
    account_mask: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    notice: str = ""


@public.route("/track/claim", methods=["GET", "POST"])
@csrf.exempt  # checked below, so that what was typed is kept
def claim() -> Response:
    """The claim of this visit's report, or another account while the money has not left."""
    at = clock.now()
    current = opened_for_step(at)
    if current is None:
        return ask_again()
    reward = reward_of(current.report)
    if reward is None or not reward.can_claim:
        return redirect(url_for("public.track_report"), 303)
    if request.method == "GET":
        return _led_away(current, at) or _page(reward, Form())
    form = _typed()
    if not has_token():
        form.notice = str(
            gettext("Not sent yet. What you wrote is still here: type number and code once more, please.")
        )
        return _page(reward, form, 400)
    return _claim(current, reward, form)


def _led_away(current: Opened, at: datetime) -> Response | None:
    """Lead to where the code is replaced, or back to the report while nothing can be claimed."""
    try:
        codes.check_claimable(current.report, at)
    except codes.CodeKnownToStaff:
        return redirect(url_for("public.track_code"), 303)  # which says why
    except codes.ClaimOnHold as refused:
        flash(refused.sentence(), "warn")
        return redirect(url_for("public.track_report"), 303)
    return None


def _claim(current: Opened, reward: Reward, form: Form) -> Response:
    """Check the code first, then take the account."""

    def again(notice: str, fault: str, status: int) -> Response:
        form.notice = notice
        form.faults |= {"code": fault} if fault else {}
        return _page(reward, form, status)

    unproved = own_hand.wrong_code(current, again)
    if unproved is not None:
        return unproved
    if not request.form.get("consent"):
        form.faults["consent"] = str(gettext("Please tick that we may keep and use these details."))
        return _page(reward, form, 422)
    payee = typed_payee(form.holder, form.bank, own_hand.field("account"), form.telephone)
    ring = cast(Keyring, current_app.extensions["portal_keyring"])
    try:
        shares.claim(current.report, payee, clock.now(), ring)
    except shares.PayeeNotTaken as refused:
        db.session.rollback()
        form.faults |= {name: str(SENTENCES[fault]) for name, fault in refused.faults.items()}
        return _page(reward, form, refused.status)
    except Refusal as refused:
        db.session.rollback()
        form.notice = refused.sentence()
        return _page(reward, form, refused.status)
    db.session.commit()
    flash(gettext("Your account is kept, sealed. This page tells you when the money has left."), "message")
    return redirect(url_for("public.track_report"), 303)


def _typed() -> Form:
    """Return what was typed, as the page may show it again."""
    account = typed_payee("", "", own_hand.field("account")).account
    return Form(
        own_hand.field("holder"),
        own_hand.field("bank"),
        own_hand.field("telephone"),
        account_mask=masked(account) if account else "",
    )


def _page(reward: Reward, form: Form, status: int = 200) -> Response:
    page = render_template("public/claim.html", reward=reward, form=form, nav="public.track")
    return make_response(page, status)
