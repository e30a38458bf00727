"""Reading official lists of holidays: the shipped one, or one that the operator keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from portal.calendars.workdays import CalendarError, WorkCalendar

SHIPPED = Path(__file__).with_name("cn.json")
"""The State Council's notices for the years that were published; each year names its notice."""


@cache
def shipped_calendar() -> WorkCalendar:
    """Return the calendar of the official notices that ship."""
    return read_calendar(SHIPPED.read_text(encoding="utf-8"))


def read_calendar(text: str) -> WorkCalendar:
    """Return the calendar of a JSON text: year -> source, holidays, workdays; raises CalendarError."""
    holidays: set[date] = set()
    workdays: set[date] = set()
    years: set[int] = set()
    try:
        for year, entry in json.loads(text).items():
            if not str(entry["source"]).strip():
                raise CalendarError(f"{year} names no source")
            years.add(int(year))
            holidays |= {day for first, last in entry["holidays"] for day in _span(first, last)}
            workdays |= {date.fromisoformat(day) for day in entry["workdays"]}
    except CalendarError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise CalendarError(f"not a list of holidays: {type(fault).__name__}") from fault
    # A year's notice may begin in the last days of December before it.
    stray = [day for day in holidays | workdays if not {day.year, (day + timedelta(days=31)).year} & years]
    if stray:
        raise CalendarError(f"{min(stray).isoformat()} is of a year that is not listed")
    return WorkCalendar(frozenset(holidays), frozenset(workdays), frozenset(years))


def _span(first: str, last: str) -> Iterator[date]:
    """Yield the days from first to last, both included."""
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    if end < day:
        raise CalendarError(f"{first} is after {last}")
    while day <= end:
        yield day
        day += timedelta(days=1)
