"""What pages that give or erase personal details ask for: the visit, the token, and the code once more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from portal.errors import Refusal
from portal.public import guesses
from portal.public.visit import Opened, has_token, pause
from portal.reports import codes, visits
from portal.reports.models import Report
from portal.reports.naming import check_owner

LONGEST_TYPED = 200
# Shows the page again with a notice or a sentence beside the code field.
Again = Callable[[str, str, int], Response]


def led_away(report: Report, at: datetime) -> Response | None:
    """Lead to where the code is replaced, or back to the report, while somebody else may have the code."""
    try:
        check_owner(report, at)
    except codes.CodeKnownToStaff as refused:
        flash(refused.sentence(), "warn")
        return redirect(url_for("public.track_code"), 303)
    except Refusal as refused:
        flash(refused.sentence(), "warn")
        return redirect(url_for("public.track_report"), 303)
    return None


def not_proved(current: Opened, again: Again) -> Response | None:
    """Return the page again while token or code are not right; None once they are."""
    if not has_token():
        return again(
            str(gettext("Nothing was done yet. Please type the code and press the button again.")), "", 400
        )
    return wrong_code(current, again)


def wrong_code(current: Opened, again: Again) -> Response | None:
    """Return the page again while the code is not right; None once it is."""
    wait = guesses.begin_try()
    if wait:
        return again(pause(wait), "", 429)
    if not visits.confirm_code(current.visit, field("code")):
        fault = gettext("This is not the code of this report. Please type it once more.")
        return again("", str(fault), 422)
    guesses.was_right()
    return None


def field(name: str) -> str:
    """Return what was typed, cut where nothing sensible is as long."""
    return request.form.get(name, "")[:LONGEST_TYPED]
