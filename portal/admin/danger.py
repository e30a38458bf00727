"""People in danger now: who was called, and the button of whoever undertakes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.admin.blueprint import desk
from portal.cases import alarms, queries
from portal.cases.models import Alarm, AlarmCall, Case
from portal.database import db
from portal.errors import Refusal


@dataclass(frozen=True, slots=True)
class Danger:
    """What a case page shows of an alarm; ``next_at`` is when the next call is due."""

    alarm: Alarm
    is_open: bool
    calls: Sequence[AlarmCall]
    next_at: datetime


def danger_of(case: Case, now: datetime) -> Danger | None:
    """Return how the alarm of a case stands; None when nobody was in danger."""
    alarm = alarms.alarm_of(case)
    if alarm is None:
        return None
    return Danger(alarm, case.urgent, alarms.calls_of(case.id), alarms.next_call_at(alarm, now))


@desk.post("/cases/<number>/danger")
def danger_undertake(number: str) -> Response:
    """Undertake: the calls end, the reporter reads that somebody is on it. Without a version: it hurries."""
    found = queries.find_case(number, current_user.actor)
    try:
        alarms.undertake(found, current_user.actor, clock.now())
        db.session.commit()
    except Refusal as refusal:
        db.session.rollback()
        flash(refusal.sentence(), "message")
    else:
        flash(
            gettext("You have undertaken it. The calls end, and the reporter reads that somebody is on it.")
        )
    return redirect(url_for("desk.case", number=number), 303)
