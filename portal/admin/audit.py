"""The auditor's search: who did what, on what, when and why; no identity, no report's text."""

from __future__ import annotations

from datetime import date, timedelta

from flask import render_template, request
from flask_babel import gettext

from portal import clock
from portal.admin import event_log
from portal.admin.blueprint import desk
from portal.admin.event_log import Sought
from portal.admin.event_words import ACTIONS, lines_of
from portal.extensions import settings


@desk.get("/events")
def events() -> str:
    """Search the event log, newest first, by key."""
    faults: list[str] = []
    action = request.args.get("action", "")
    sought = Sought(
        person=request.args.get("person", "").strip()[:60],
        number=request.args.get("number", "").strip().upper()[:24],
        action=action if action in ACTIONS else "",
        since=_day("since", faults),
        until=_day("until", faults),
        before=request.args.get("before", type=int),
    )
    zone = settings().zone
    found = event_log.search(
        sought,
        since=clock.city_midnight(sought.since, zone) if sought.since else None,
        until=clock.city_midnight(sought.until + timedelta(days=1), zone) if sought.until else None,
    )
    lines = lines_of(found.rows)
    return render_template(
        "admin/events.html",
        sought=sought,
        lines=lines,
        more=found.next_before,
        actions=ACTIONS,
        faults=faults,
    )


def _day(name: str, faults: list[str]) -> date | None:
    """Return the day in a field; an unreadable one is left out and named."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.append(gettext("“%(text)s” is no date. Write it like 2026-11-03.", text=text[:20]))
        return None
