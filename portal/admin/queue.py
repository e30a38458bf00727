"""The queue: danger first, then what is due first; filters in the address, the case beside the list."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from flask import render_template, request, url_for
from flask_login import current_user

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.case import summary
from portal.admin.words import OFFICERS
from portal.badges import BADGES
from portal.cases import queries
from portal.cases.queries import Filter, Mark, Officer, Row, View
from portal.cases.steps import OPEN_STATUSES, CaseStatus
from portal.database import row_key
from portal.extensions import settings
from portal.people.actor import Actor
from portal.people.permissions import Permission, Scope
from portal.reports import wording
from portal.reports.sectors import SECTORS, sector

Choice = TypeVar("Choice", bound=StrEnum)
Default = TypeVar("Default")

NUMBER_DIGITS = 6
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ASKED = ("view", "status", "sector", "district", "officer", "q")


@desk.get("/cases")
def queue() -> str:
    """Show one page of the queue and, where a case is chosen, its summary."""
    actor: Actor = current_user.actor
    now = clock.now()
    chosen, here = request.args.get("case", ""), request.args.get("at", "")
    wanted = _wanted(actor, now)
    page = queries.queue(actor, wanted, now, _mark(here))
    asked: dict[str, Any] = {name: value for name in ASKED if (value := request.args.get(name, ""))}
    return render_template(
        "admin/queue.html",
        page=page,
        wanted=wanted,
        counts=queries.view_counts(actor, now),
        query=request.args.get("q", ""),
        previous_url=_turn(asked, page.previous),
        next_url=_turn(asked, page.next),
        chosen=summary(chosen, actor, now) if chosen else None,
        choices=_choices(actor),
        # Addresses end with the number of a case: building each of a hundred costs more than the list.
        beside=url_for("desk.queue", **asked, at=here or None, case=""),
        alone=url_for("desk.case", number=""),
        states=_states(page.rows),
    )


def _states(rows: Sequence[Row]) -> dict[int, str]:
    """Return what stands as the status of each line, by the case's key."""
    # While nobody has accepted it, that matters more than the waiting.
    return {
        row.id: "waiting_reporter"
        if row.waiting_since and row.status is not CaseStatus.RECEIVED
        else row.status.value
        for row in rows
    }


def _wanted(actor: Actor, now: datetime) -> Filter:
    """Read the filter; what is not known counts as not given."""
    query = wording.line(unicodedata.normalize("NFKC", request.args.get("q", "")))[:60]
    default = View.MINE if actor.scope(Permission.CASE_READ) is Scope.UNIT else View.ALL
    if query:
        return Filter(View.ALL, prefixes=_prefixes(query, now), firm=query)
    code = request.args.get("sector", "")
    return Filter(
        view=_one_of(View, request.args.get("view", ""), default),
        status=_one_of(CaseStatus, request.args.get("status", ""), None),
        sector=code if code and sector(code).code == code else "",
        district_id=request.args.get("district", type=row_key),
        officer=_one_of(Officer, request.args.get("officer", ""), Officer.ANY),
    )


def _one_of(values: type[Choice], text: str, default: Default) -> Choice | Default:
    return values(text) if text in set(values) else default


def _prefixes(query: str, now: datetime) -> tuple[str, ...]:
    """Return the beginnings of numbers that a query may mean: its digits alone are enough."""
    if query.isdigit() and len(query) <= NUMBER_DIGITS:
        year = now.astimezone(settings().zone).year
        return tuple(f"{settings().city_code}-{past}-{query}" for past in (year, year - 1))
    return (query.upper(),) if query.isascii() else ()


def _mark(text: str) -> Mark | None:
    """Read a place in the queue: direction, microseconds and row; anything else is the beginning.

    The direction is n or p, with a u behind it when the place is among the urgent cases.
    """
    direction, _, key = text.partition(".")
    at, _, row = key.partition(".")
    if direction not in {"n", "p", "nu", "pu"} or not row.isdecimal() or not (at.isdecimal() or at == ""):
        return None
    if len(at) > 17 or len(row) > 15:
        return None
    due_at = EPOCH + timedelta(microseconds=int(at)) if at else None
    return Mark(due_at, int(row), backwards=direction[0] == "p", urgent=direction[1:] == "u")


def _turn(asked: dict[str, Any], mark: Mark | None) -> str:
    """Return the address of a neighbouring page; empty when there is none."""
    if mark is None:
        return ""
    at = "" if mark.due_at is None else str(_microseconds(mark.due_at))
    direction = f"{'p' if mark.backwards else 'n'}{'u' if mark.urgent else ''}"
    return url_for("desk.queue", **asked, at=f"{direction}.{at}.{mark.id}")


def _microseconds(at: datetime) -> int:
    # In whole numbers: a float would lose the last digit, and a row with it.
    return (at - EPOCH) // timedelta(microseconds=1)


def _choices(actor: Actor) -> dict[str, Any]:
    """Return what the filters offer; a district only to whom more than one is open."""
    return {
        "statuses": [
            (status.value, BADGES["case"][status.value].label)
            for status in CaseStatus
            if status in OPEN_STATUSES
        ],
        "sectors": SECTORS,
        "districts": queries.districts() if actor.district_id is None else [],
        "officers": OFFICERS,
    }
