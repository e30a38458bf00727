"""The receipt code before anything is written, for whoever wants to have it on paper first."""

from __future__ import annotations

from typing import cast

from flask import current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal import clock
from portal.public.blueprint import public
from portal.reports import receipt
from portal.reports.draft import LIFETIME, DraftError, open_draft
from portal.vault.keys import Keyring


@public.route("/report/code", methods=["GET", "POST"])
def report_code() -> Response:
    """Show the code of a form that is not sent yet; the form itself stays open beside this page."""
    if request.method == "GET":
        return redirect(url_for("public.report"), 303)
    ring = cast(Keyring, current_app.extensions["portal_keyring"])
    code, until = [], None
    try:
        draft = open_draft(ring, request.form.get("draft", ""))
        if not draft.is_stale(clock.now()):
            code, until = receipt.groups(draft.receipt_code), draft.opened_at + LIFETIME
    except DraftError:
        pass  # said on the page like a form that is too old
    page = render_template("public/code_first.html", code=code, until=until, nav="public.report")
    return make_response(page, 200 if code else 410)
