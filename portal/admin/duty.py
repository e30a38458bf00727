"""The duty roster: a page for each week, with those who are missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.admin.blueprint import desk
from portal.database import db, row_key
from portal.errors import Refusal
from portal.extensions import settings
from portal.people import duty as rosters
from portal.people.duty import WEEK, Pair, Place
from portal.people.models import Account
from portal.people.permissions import Role

WEEKS_BACK, WEEKS_AHEAD = 8, 26
SHOWN_WEEKS = 6


@dataclass(frozen=True, slots=True)
class Line:
    """A place with what can be chosen for it; nothing can where somebody else decides."""

    place: Place
    officers: list[Account]
    supervisors: list[Account]
    is_open: bool
    chosen: Pair


@desk.route("/duty", methods=["GET", "POST"])
def duty() -> str | Response | tuple[str, int]:
    """Show a week of the roster; write who is on duty."""
    at = clock.now()
    today = clock.city_date(at, settings().zone)
    week = _week(request.args.get("week", ""), today)
    if request.method == "GET":
        return _page(week, today)
    chosen = _chosen(week, today)
    try:
        changed = rosters.enter(week, chosen, actor=current_user.actor, at=at, today=today)
    except Refusal as refusal:
        db.session.rollback()
        return _page(week, today, chosen, refusal.sentence()), refusal.status
    db.session.commit()
    return _done(week, changed)


@desk.post("/duty/copy")
def duty_copy() -> Response | tuple[str, int]:
    """Take over the week before, where nobody is entered yet."""
    at = clock.now()
    today = clock.city_date(at, settings().zone)
    week = _week(request.args.get("week", ""), today)
    try:
        changed = rosters.copy_last(week, actor=current_user.actor, at=at, today=today)
    except Refusal as refusal:
        db.session.rollback()
        return _page(week, today, refused=refusal.sentence()), refusal.status
    db.session.commit()
    return _done(week, changed)


def _week(text: str, today: date) -> date:
    """Read a week; what is no day, or too far away, is this week."""
    this = rosters.week_of(today)
    try:
        week = rosters.week_of(date.fromisoformat(text))
    except (ValueError, OverflowError):
        return this
    return week if -WEEKS_BACK <= (week - this) // WEEK <= WEEKS_AHEAD else this


def _chosen(week: date, today: date) -> dict[int | None, Pair]:
    """Read what was chosen, for the places that were on the form."""
    return {
        line.place.key or None: Pair(
            request.form.get(f"officer-{line.place.key}", type=row_key),
            request.form.get(f"supervisor-{line.place.key}", type=row_key),
        )
        for line in _lines(week, today, {})
        if line.is_open and f"officer-{line.place.key}" in request.form
    }


def _page(week: date, today: date, chosen: dict[int | None, Pair] | None = None, refused: str = "") -> str:
    this = rosters.week_of(today)
    lines = _lines(week, today, chosen or {})
    return render_template(
        "admin/duty.html",
        week=week,
        last_day=week + WEEK - date.resolution,
        this=this,
        before=week - WEEK if week > this - WEEK * WEEKS_BACK else None,
        after=week + WEEK if week < this + WEEK * WEEKS_AHEAD else None,
        lines=lines,
        is_open=any(line.is_open for line in lines),
        missing=[line.place for line in lines if line.place.called.officer is None],
        ahead=[(start, len(rosters.gaps(start))) for start in _ahead(this)],
        refused=refused,
    )


def _ahead(this: date) -> list[date]:
    return [this + WEEK * number for number in range(SHOWN_WEEKS)]


def _lines(week: date, today: date, chosen: dict[int | None, Pair]) -> list[Line]:
    accounts = rosters.candidates()
    leads = [account for account in accounts if Role.SUPERVISOR in account.roles]
    editable = week >= rosters.week_of(today)
    lines = []
    for place in rosters.roster(week):
        district_id = place.key or None
        lines.append(
            Line(
                place,
                [account for account in accounts if rosters.fits(account, district_id)],
                [account for account in leads if rosters.fits(account, district_id)],
                editable and rosters.may_change(current_user.actor, district_id),
                chosen.get(district_id, place.entered),
            )
        )
    return lines


def _done(week: date, changed: int) -> Response:
    said = ngettext("%(num)s line of the roster changed.", "%(num)s lines of the roster changed.", changed)
    flash(said if changed else gettext("Nothing was changed."), "message")
    return redirect(url_for("desk.duty", week=week.isoformat()), 303)
