"""When each step of a case is due: computed from the time it began, by the city's days (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from portal.calendars.official import shipped_calendar
from portal.calendars.workdays import WorkCalendar, add_days, add_working_days
from portal.cases.steps import DueStep
from portal.config import Deadlines

OBJECTION_DAYS = 10
"""An objection is possible within 10 days of the answer (应急〔2023〕106号); then the case is closed."""


def due_at(
    step: DueStep,
    since: datetime,
    deadlines: Deadlines,
    zone: ZoneInfo,
    *,
    extended_days: int = 0,
    paused: timedelta = timedelta(0),
    calendar: WorkCalendar | None = None,
) -> datetime:
    """Return when a step that began at ``since`` is due, in UTC.

    ``accept`` counts working days from receipt, ``verify`` days from acceptance plus an approved
    extension, ``answer`` days from the end of the verification, ``close`` days from the answer.
    ``paused`` is how long the case waited for the reporter. A last day off moves to the next working day.
    """
    calendar = calendar or shipped_calendar()
    start = since + paused
    if step is DueStep.ACCEPT:
        return add_working_days(start, deadlines.accept_working_days, calendar, zone)
    days = {
        DueStep.VERIFY: deadlines.verify_days + extended_days,
        DueStep.ANSWER: deadlines.answer_days,
        DueStep.CLOSE: OBJECTION_DAYS,
    }[step]
    return add_days(start, days, zone, calendar)
