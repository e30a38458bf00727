"""The first page after log-in: what this person can do, and what was told to him."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.navigation import open_items
from portal.database import db, row_key
from portal.notices import inbox
from portal.notices.texts import in_desk

ELSEWHERE = ("desk.home", "desk.account")


@desk.get("/")
def home() -> str:
    """Show the ways into the desk and the latest notices."""
    items = [item for item in open_items() if item.endpoint not in ELSEWHERE]
    notices = inbox.latest_of(current_user.account.id)
    return render_template(
        "admin/home.html",
        items=items,
        notices=notices,
        in_desk=in_desk,
        unread=sum(notice.read_at is None for notice in notices),
    )


@desk.post("/notices/read")
def notices_read() -> Response:
    """Mark the notices that were on the page as read; later ones stay new."""
    up_to = request.form.get("up_to", 0, type=row_key)
    inbox.mark_read(current_user.account.id, up_to, clock.now())
    db.session.commit()
    return redirect(url_for("desk.home"))
