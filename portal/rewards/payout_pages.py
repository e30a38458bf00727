"""The cashier's pages: what is claimed, the payee for one payment, and what the bank did."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal import clock
from portal.database import db, row_key
from portal.errors import Refusal
from portal.reports import damage
from portal.reports.models import Report
from portal.reports.second_person import ask_second
from portal.rewards import hands, payouts, queries
from portal.rewards.blueprint import finance
from portal.rewards.forms import PaymentForm
from portal.rewards.models import Act, Payout, PayoutState, Share
from portal.rewards.payouts import OpenedPayee
from portal.rewards.shares import payable
from portal.rewards.steps import ShareStatus
from portal.rewards.words import ACTS
from portal.vault import seconds
from portal.vault.groups import FieldGroup

PAYABLE = frozenset({ShareStatus.CLAIMED, ShareStatus.UNKNOWN})


@finance.get("/payouts", endpoint="payouts")
def payouts_list() -> str:
    """List claimed shares by key, the oldest first; payees stay sealed."""
    person_id, after = current_user.actor.person_id, request.args.get("after", type=row_key)
    done = request.args.get("view") == "done"
    page = (queries.shares_done if done else queries.shares_to_pay)(after, person_id)
    view = "done" if done else "open"
    return render_template(
        "rewards/payouts.html",
        page=page,
        view=view,
        next_url=url_for("finance.payouts", view=view, after=page.after) if page.after else "",
        first_url=url_for("finance.payouts", view=view) if after else "",
    )


@finance.get("/payouts/<number>")
def payout(number: str) -> str:
    """Show one payment; the payee stays sealed until it is opened."""
    return _page(queries.share_of_award(number), PaymentForm())


@finance.post("/payouts/<number>/payee")
def payout_payee(number: str) -> ResponseReturnValue:
    """Open the payee once: the event first, committed; then the account, on this page only."""
    share = queries.share_of_award(number)
    try:
        opening = payouts.record_opening(share, current_user.actor, clock.now())
    except seconds.NeedsSecond as refused:
        db.session.rollback()
        wish = seconds.Wish(FieldGroup.PAYEE, share.report_id, payouts.TO_PAY)
        ask_second(wish, current_user.actor, clock.now())
        db.session.commit()
        return _page(queries.share_of_award(number), PaymentForm(), refused.sentence()), refused.status
    except Refusal as refused:
        db.session.rollback()
        return _page(queries.share_of_award(number), PaymentForm(), refused.sentence()), refused.status
    # Whoever sees the account is in the log already, whatever happens to this page.
    db.session.commit()
    try:
        payee = OpenedPayee.of(damage.reveal(opening, current_user.actor, clock.now()))
    except Refusal as refused:
        return _page(share, PaymentForm(), refused.sentence()), refused.status
    return _page(share, PaymentForm(), payee=payee)  # what was typed before it was opened again stays


@finance.post("/payouts/<number>")
def payout_record(number: str) -> ResponseReturnValue:
    """Record what the bank did."""
    share = queries.share_of_award(number)
    form = PaymentForm()
    try:
        recorded = payouts.record_answer(form.answer(share.id), current_user.actor, clock.now())
    except Refusal as refused:
        db.session.rollback()
        return _page(queries.share_of_award(number), form, refused.sentence()), refused.status
    db.session.commit()
    flash(_told(recorded), "message")
    return redirect(url_for("finance.payouts"))


def _told(recorded: Payout) -> str:
    if recorded.state is PayoutState.PAID:
        return str(gettext("Recorded as paid. The reporter is told."))
    if recorded.state is PayoutState.RETURNED:
        return str(gettext("Recorded. The money stays reserved; the reporter is asked for another account."))
    return str(gettext("Recorded as not known. Ask the bank, then record what it did. Do not pay again."))


def _page(share: Share, form: PaymentForm, refusal: str = "", payee: OpenedPayee | None = None) -> str:
    held = hands.held_by(share.award_id, current_user.actor.person_id)
    report = db.session.get_one(Report, share.report_id)
    form.version.data = str(share.version)
    form.key.data = form.key.data or str(uuid.uuid4())
    return render_template(
        "rewards/payout.html",
        share=share,
        form=form,
        refusal=refusal,
        payee=payee,
        open=share.status in PAYABLE,
        name_confirmed=payable(report),
        code_known=report.code_known_to_staff,
        apart=_apart(share, held),
        hands=[(ACTS[hand.act], person.name) for hand, person in hands.hands_of(share.award_id)],
    )


def _apart(share: Share, held: Act | None) -> str:
    """Return why this person cannot pay, and who can; empty when nothing keeps them apart."""
    if held in (None, Act.PAY) or share.status not in PAYABLE:
        return ""
    return hands.HandTaken(held, Act.PAY, hands.free_people(share.award_id, Act.PAY)).sentence()
