"""The receipt page: how the report stands, the conversation, the past and what is promised."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from flask import current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from portal import clock
from portal.cases.additions import digests_of
from portal.cases.asking import hear
from portal.cases.models import Case
from portal.cases.renewal import lapses_at
from portal.cases.terms import Terms
from portal.cases.withdrawal import withdraw_report
from portal.database import db
from portal.errors import Refusal
from portal.evidence import given_up
from portal.extensions import csrf, settings
from portal.notices import texts
from portal.notices.models import Notice
from portal.notices.outbox import NoticeKind
from portal.public.arriving import arriving, remembered
from portal.public.blueprint import public
from portal.public.filing_pages import locale
from portal.public.found import message_page
from portal.public.standing import standing_of
from portal.public.visit import Opened, ask_again, has_token, opened, opened_for_step
from portal.reports import codes, conversation, cutting, news, timeline, visits, wording
from portal.reports.models import Report
from portal.rewards import late_name
from portal.rewards.awards import reporter_withdrew
from portal.rewards.public_view import reward_of, reward_title
from portal.vault.fields import add_told

SHOWN_TEXT = 20_000  # what comes back of a message that is far too long


@public.route("/track/report", methods=["GET", "POST"])
@csrf.exempt  # checked below, so that what was typed is kept
def track_report() -> Response:
    """The report of this visit; posting writes to the office."""
    at = clock.now()
    typed = request.form.get("message", "")[:SHOWN_TEXT]
    current = opened(at)
    if current is None:
        return ask_again(message=typed)
    if request.method == "GET":
        return show(current, at)
    if not has_token():
        notice = gettext(
            "Not sent yet. Everything you wrote is still here: please press the button once more."
        )
        return show(current, at, typed=typed, fault=str(notice), status=400)
    if request.form.get("action") == "edit":
        return show(current, at, typed=typed)
    if visits.hold(current.visit) is None:
        return ask_again(message=typed)
    try:
        asked = _say(current.report, typed, at)
    except Refusal as refusal:
        db.session.rollback()
        return show(current, at, typed=typed, fault=refusal.sentence(), status=refusal.status)
    if asked is not None:
        return asked
    flash(gettext("Sent. The answer will be on this page."), "message")
    return redirect(url_for("public.track_report"), 303)


@public.route("/track/withdraw", methods=["GET", "POST"])
def track_withdraw() -> Response:
    """Say what withdrawing means; do it when it is confirmed."""
    at = clock.now()
    current = opened_for_step(at)
    if current is None:
        return ask_again()
    if current.report.withdrawn_at is not None:
        return redirect(url_for("public.track_report"), 303)
    if request.method == "GET":
        return make_response(render_template("public/withdraw.html", nav="public.track"))
    withdraw_report(current.report, at)
    reporter_withdrew(current.report, at)
    db.session.commit()
    flash(gettext("You withdrew your report."), "message")
    return redirect(url_for("public.track_report"), 303)


def show(current: Opened, at: datetime, *, typed: str = "", fault: str = "", status: int = 200) -> Response:
    """The receipt page of an open visit, with what was typed and why it was not sent."""
    report = current.report
    case = db.session.get_one(Case, report.case_id)
    messages = conversation.messages_of([report.id])[report.id]
    unread = news.unread(report.id)
    reward = reward_of(report)
    asked = codes.open_renewal(report.id)
    standing = standing_of(report, case, messages, Terms.of(settings()), at)
    page = render_template(
        "public/tracking.html",
        report=report,
        case=case,
        standing=standing,
        messages=messages,
        files=len(digests_of(report.id)),
        unreadable=given_up.unreadable(report.id),
        arriving=arriving(report.submission_id, remembered(report.submission_id), at),
        news=_sentences(unread),
        reward=reward,
        reward_title=reward_title(reward),
        can_name=late_name.is_open(report),
        held_until=codes.held_until(report.id, at),
        code_asked=asked if asked is not None and at < lapses_at(asked) else None,
        timeline_items=[*standing.promises, *timeline.past(report)],
        typed=typed,
        fault=fault,
        once=secrets.token_hex(16),
        longest=conversation.LONGEST,
        nav="public.track",
    )
    news.mark_read(report.id, unread, messages, at)
    return make_response(page, status)


def _sentences(notices: list[Notice]) -> list[str]:
    """Return what is new, each sentence once; that the report arrived is no news to whoever sent it."""
    kinds = dict.fromkeys(notice.kind for notice in notices)
    kinds.pop(NoticeKind.REPORT_RECEIVED, None)
    return [texts.on_page(kind) for kind in kinds]


def _say(report: Report, typed: str, at: datetime) -> Response | None:
    """Send the message; the same text of the same form is one message, however often it is sent.

    Returns the page that asks about a number or an address in it; then nothing was sent.
    """
    said = wording.lines(typed)
    form, chosen = (request.form.get(name, "")[:64] for name in ("once", "found"))
    # Of the words as typed: with marks in them, two different messages may look alike.
    once = hashlib.sha256(f"{form}|{chosen}|{said}".encode()).hexdigest()[:32] if form else None
    told: dict[str, str] = {}
    if len(said) <= conversation.LONGEST:
        visits.check_no_code(report, said)
        found = cutting.look({cutting.MESSAGE: said})
        decision = cutting.decision_of(chosen)
        if found and decision is None:
            return message_page(said, form, found)
        if decision is cutting.Decision.CUT:
            chinese = locale().startswith("zh")
            texts, told = cutting.cut({cutting.MESSAGE: said}, found, chinese=chinese)
            said = texts[cutting.MESSAGE]
    try:
        message = hear(report, said, at, once)
        if told and message.sent_at == at:
            add_told(current_app.extensions["portal_keyring"], report.id, report.uuid, told, at)
        db.session.commit()
    except IntegrityError:  # the same form, sent twice at the same moment: the other one wrote it
        db.session.rollback()
    return None
