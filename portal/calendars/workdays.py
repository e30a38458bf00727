"""Working days with their moved workdays (调休): pure arithmetic on dates and aware times."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

CLOSE_OF_OFFICE: Final = time(17, 30)
"""When an office day ends, in the city's zone: a period of working days runs until then."""

END_OF_DAY: Final = time(23, 59, 59)
"""When a period of calendar days ends, in the city's zone: citizens act until midnight."""

_SATURDAY: Final = 5


class CalendarError(ValueError):
    """A calendar contradicts itself, or a period is not one; the message names the day or the number."""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The days off besides weekends, the weekend days worked instead, and the years a list is known for."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    years: frozenset[int] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        """Refuse a day that is both off and worked; raises CalendarError."""
        both = self.holidays & self.workdays
        if both:
            raise CalendarError(f"{min(both).isoformat()} is both a holiday and a workday")

    def is_working(self, day: date) -> bool:
        """Tell whether offices work on this day."""
        if day in self.workdays:
            return True
        return day not in self.holidays and day.weekday() < _SATURDAY

    def covers(self, year: int) -> bool:
        """Tell whether this year's official list is loaded; else only weekends are off in it."""
        return year in self.years

    def next_working(self, day: date) -> date:
        """Return the day itself if offices work on it, else the first day after on which they do."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day


def add_working_days(start: datetime, n: int, calendar: WorkCalendar, zone: tzinfo) -> datetime:
    """Return, in UTC, the close of office (17:30 local) n working days after the day of start."""
    day = _local_day(start, n, zone)
    for _ in range(n):
        day = calendar.next_working(day + timedelta(days=1))
    return datetime.combine(day, CLOSE_OF_OFFICE, tzinfo=zone).astimezone(UTC)


def add_days(start: datetime, n: int, zone: tzinfo, calendar: WorkCalendar | None = None) -> datetime:
    """Return, in UTC, the end (23:59:59 local) of the n-th day after start, moved on if the calendar says."""
    day = _local_day(start, n, zone) + timedelta(days=n)
    # With a calendar a last day that is off moves to the next working day (民法典 article 203).
    last = calendar.next_working(day) if calendar else day
    return datetime.combine(last, END_OF_DAY, tzinfo=zone).astimezone(UTC)


def _local_day(start: datetime, n: int, zone: tzinfo) -> date:
    """Return the local day of an aware time; raises CalendarError for a naive one or n below 1."""
    if start.tzinfo is None:
        raise CalendarError("the start of a period needs a zone")
    if n < 1:
        raise CalendarError(f"a period has at least 1 day, not {n}")
    return start.astimezone(zone).date()
