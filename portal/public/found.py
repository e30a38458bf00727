"""Asking what becomes of telephone numbers and the like that were found in a text."""

from __future__ import annotations

from flask import Response, current_app, make_response, render_template

from portal.evidence.models import StagedFile
from portal.public.filing_form import Form
from portal.public.filing_pages import located
from portal.reports.cutting import MESSAGE, Found, spots
from portal.reports.draft import seal_draft
from portal.reports.found_words import named

# Only ever in the sealed draft: no form can bring it.
_PASSED = "passed"


def passed(answers: dict[str, str]) -> dict[str, str]:
    """Note that the question that keeps robots away was answered, so that it is not asked twice."""
    return {**answers, _PASSED: "yes"}


def is_passed(form: Form) -> bool:
    """Whether it was answered before this page; a form that grew too old is another submission."""
    return _PASSED in form.answers and form.from_review and not form.succeeds


def found_page(form: Form, files: list[StagedFile], found: Found) -> Response:
    """What was found in a report; its answers travel in the sealed draft."""
    ring = current_app.extensions["portal_keyring"]
    page = render_template(
        "public/found.html",
        found=named(spots(form.answers, found)),
        action="public.report",
        hidden={"draft": seal_draft(ring, form.draft.with_answers(form.answers))},
        files=len(files),
        nav="public.report",
    )
    return located(make_response(page, form.status))


def message_page(text: str, once: str, found: Found) -> Response:
    """What was found in a later message, which travels with the page."""
    page = render_template(
        "public/found.html",
        found=named(spots({MESSAGE: text}, found)),
        action="public.track_report",
        hidden={MESSAGE: text, "once": once},
        files=0,
        nav="public.track",
    )
    return make_response(page)
