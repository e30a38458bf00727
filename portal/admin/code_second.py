"""The second person for a lost receipt code: yes or no, in a session of one's own."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal import clock
from portal.admin import seconds
from portal.admin.blueprint import desk
from portal.cases import renewal
from portal.database import db
from portal.errors import Refusal


@desk.post("/openings/codes/<key>")
def code_answer(key: str) -> ResponseReturnValue:
    """Confirm that a lost code is renewed, or do not."""
    agreed = request.form.get("answer") == "yes"
    try:
        renewal.answer(key, agreed, current_user.actor, clock.now())
    except Refusal as refused:
        db.session.rollback()
        return seconds.page(refused.sentence()), refused.status
    db.session.commit()
    told = (
        gettext("You confirmed it. Your colleague can print the sheet within a day.")
        if agreed
        else gettext("You did not confirm it. Your colleague is told; nothing was renewed.")
    )
    flash(told, "message")
    return redirect(url_for("desk.openings"))
