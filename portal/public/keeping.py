"""Saving the form while it is written, and finding it again: the key stays in the session cookie."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from flask import current_app, redirect, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from portal import clock, presentation
from portal.cases.filing import find_filed
from portal.database import db
from portal.evidence import staging
from portal.extensions import limiter
from portal.public.blueprint import public
from portal.reports import kept_drafts
from portal.reports.draft import DraftError, open_draft
from portal.reports.filing import tidy
from portal.reports.kept_drafts import Kept
from portal.vault.keys import Keyring

COOKIE = "draft"


@public.post("/report/keep")
@limiter.limit("240/minute")
def report_keep() -> dict[str, str]:
    """Save what is written so far; answers with the sentence to show, empty when it was not saved."""
    at = clock.now()
    try:
        draft = open_draft(_ring(), request.form.get("draft", ""))
    except DraftError:
        return {"said": ""}
    token = session.get(COOKIE) or kept_drafts.new_token()
    written = draft.with_answers(tidy(request.form))
    if find_filed(draft.submission_id) or not kept_drafts.keep(token, written, at=at, ring=_ring()):
        return {"said": ""}
    session[COOKIE] = token
    db.session.commit()
    return {"said": gettext("Saved at %(time)s.", time=presentation.clock(at))}


@public.post("/report/forget")
def report_forget() -> Response:
    """Delete what was saved, with its files, and begin with an empty form."""
    found = resumed(clock.now())
    if found is not None:
        uploaded = staging.staged(found.draft.submission_id)
        staging.remove(found.draft.submission_id, [file.uuid for file in uploaded])
    forget()
    db.session.commit()
    return redirect(url_for("public.report"), 303)


def resumed(at: datetime) -> Kept | None:
    """Return the form that this browser was writing."""
    return kept_drafts.find(session.get(COOKIE, ""), at=at, ring=_ring())


def forget() -> None:
    """Delete what this browser kept, lock and key; the caller commits."""
    token = session.pop(COOKIE, "")
    if token:
        kept_drafts.forget(token)


def _ring() -> Keyring:
    return cast(Keyring, current_app.extensions["portal_keyring"])
