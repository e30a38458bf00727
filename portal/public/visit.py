"""The visit of this browser: what pages behind the receipt code ask for, and what they say when it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from portal.extensions import csrf
from portal.public import arriving
from portal.public.questions import Question
from portal.reports import visits
from portal.reports.models import Report, Visit

COOKIE = "visit"


@dataclass(frozen=True, slots=True)
class Opened:
    """An open visit and the report it opens."""

    visit: Visit
    report: Report


def opened(at: datetime) -> Opened | None:
    """Return the visit that this browser's cookie holds, None when there is none any more."""
    visit = visits.current(session.get(COOKIE, ""), at)
    return None if visit is None else Opened(visit, visits.report_of(visit))


def opened_for_step(at: datetime) -> Opened | None:
    """The same; for a POST its report is held: who replaces the code at this moment comes before or after."""
    found = opened(at)
    if found is None or (request.method == "POST" and visits.hold(found.visit) is None):
        return None
    return found


def has_token() -> bool:
    """Say whether the form came with its anti-forgery token; a missing one must not cost what was typed."""
    try:
        csrf.protect()
    except CSRFError:
        return False
    return True


def ask_again(*, message: str = "") -> Response:
    """Ask for the code again: the visit ended. What was typed is shown, and comes along with the code."""
    had_one = session.pop(COOKIE, None) is not None
    session.pop(arriving.COOKIE, None)
    if request.method == "GET":
        if had_one:
            flash(_ended(), "warn")
        return redirect(url_for("public.track"))
    return code_page(notice=_ended(), message=message, status=403)


def code_page(
    *,
    typed: str = "",
    fault: str = "",
    notice: str = "",
    message: str = "",
    question: Question | None = None,
    wrong_answer: str = "",
    status: int = 200,
) -> Response:
    """The code entry; with a question that comes first where too many wrong codes were tried."""
    page = render_template(
        "public/track.html",
        typed=typed,
        fault=fault,
        notice=notice,
        message=message,
        question=question,
        wrong_answer=wrong_answer,
        nav="public.track",
    )
    return make_response(page, status)


def pause(minutes: int) -> str:
    """Say for how long no code is looked at."""
    return str(
        gettext(
            "Too many wrong codes came from your network. Please try again in %(minutes)s minutes. Your code"
            " stays valid.",
            minutes=minutes,
        )
    )


def _ended() -> str:
    return str(
        gettext(
            "For your safety the page was closed: it stays open for 15 minutes without a click, and for an"
            " hour at most. Please enter the code again."
        )
    )
