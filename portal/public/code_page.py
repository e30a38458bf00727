"""Replacing the receipt code: the present one is asked for, the new one shown, and valid once it was kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app, make_response, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from portal import clock
from portal.database import db
from portal.errors import Refusal
from portal.extensions import csrf
from portal.public import guesses
from portal.public.blueprint import public
from portal.public.visit import Opened, ask_again, has_token, opened, pause
from portal.reports import receipt, replacement, visits
from portal.reports.replacement import Offer, OfferError, Place
from portal.rewards.public_view import reward_of
from portal.vault.keys import Keyring

LONGEST_TYPED = 200


@dataclass
class Page:
    """Which of the three pages is shown, and what is wrong with what was typed."""

    offer: Offer = field(repr=False)
    valid: bool = False
    fault: str = ""
    notice: str = ""
    status: int = 200


@public.route("/track/code", methods=["GET", "POST"])
@csrf.exempt  # checked below, so that the page stays where it was
def track_code() -> Response:
    """Replace the code of this visit's report."""
    at = clock.now()
    current = opened(at)
    if current is None:
        return ask_again()
    if request.method == "GET":
        return _show(current, Page(Offer.mint(current.report)))
    if visits.hold(current.visit) is None:
        return ask_again()
    try:
        offer = replacement.open_offer(_ring(), request.form.get("offer", ""), current.visit, current.report)
    except OfferError:
        return _anew(current, str(gettext("This page was too old, so a new code is offered here.")), 400)
    if not has_token():
        notice = gettext("Nothing was changed yet: please press the button once more.")
        return _show(current, Page(offer, notice=str(notice), status=400))
    return _keep(current, offer, at) if offer.proved else _prove(current, offer)


def _prove(current: Opened, offer: Offer) -> Response:
    """Look at the present code; only who has it sees the new one."""
    wait = guesses.begin_try()
    if wait:
        return _show(current, Page(offer, notice=pause(wait), status=429))
    proved = replacement.prove(offer, request.form.get("code", "")[:LONGEST_TYPED], _ring())
    if proved is None:
        fault = gettext("This is not the code of this report. Please type it once more.")
        return _show(current, Page(offer, fault=str(fault), status=422))
    guesses.was_right()
    place = replacement.place_of(proved, current.report, _ring())
    if place is Place.GONE:
        return _anew(current, replacement.ReplacedElsewhere().sentence(), 409)
    return _show(current, Page(proved, valid=place is Place.VALID))


def _keep(current: Opened, offer: Offer, at: datetime) -> Response:
    """Let the new code take the old one's place once its end was typed."""
    if not replacement.is_end(offer, request.form.get("end", "")):
        fault = gettext("These are not the last five characters of the new code. Your old code still works.")
        return _show(current, Page(offer, fault=str(fault), status=422))
    try:
        replacement.put_in_place(offer, current.visit, at, _ring())
    except Refusal as refused:
        db.session.rollback()
        return _anew(current, refused.sentence(), refused.status)
    db.session.commit()
    return _show(current, Page(offer, valid=True))


def _anew(current: Opened, notice: str, status: int) -> Response:
    return _show(current, Page(Offer.mint(current.report), notice=notice, status=status))


def _show(current: Opened, page: Page) -> Response:
    offer = page.offer
    reward = reward_of(current.report) if page.valid else None
    drawn = render_template(
        "public/code.html",
        page=page,
        sealed=replacement.seal_offer(_ring(), offer, current.visit, current.report),
        code=receipt.groups(offer.code) if offer.proved else [],
        known=current.report.code_known_to_staff,
        can_claim=reward is not None and reward.can_claim,
        nav="public.track",
    )
    return make_response(drawn, page.status)


def _ring() -> Keyring:
    return cast(Keyring, current_app.extensions["portal_keyring"])
