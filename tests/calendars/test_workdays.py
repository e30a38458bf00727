"""Promised dates: a wrong one tells a reporter to wait too long, or calls an officer late who is not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.calendars.official import shipped_calendar
from portal.calendars.workdays import CalendarError, WorkCalendar, add_days, add_working_days

CITY = ZoneInfo("Asia/Shanghai")
WEEKENDS_ONLY = WorkCalendar()
starts = st.datetimes(datetime(2024, 1, 1), datetime(2026, 11, 30), timezones=st.just(UTC))  # noqa: DTZ001 -- bounds


def noon(year: int, month: int, day: int) -> datetime:
    """Noon in the city."""
    return datetime(year, month, day, 12, tzinfo=CITY)


def close(year: int, month: int, day: int) -> datetime:
    """The close of office in the city."""
    return datetime(year, month, day, 17, 30, tzinfo=CITY)


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        # An ordinary week, over a weekend, and from a weekend.
        (noon(2026, 11, 16), 1, close(2026, 11, 17)),
        (noon(2026, 11, 16), 5, close(2026, 11, 23)),
        (noon(2026, 11, 20), 1, close(2026, 11, 23)),
        (noon(2026, 11, 21), 1, close(2026, 11, 23)),
        (noon(2026, 11, 22), 5, close(2026, 11, 27)),
        # Spring Festival 2026: off 15 to 23 February, worked on Saturdays 14 and 28.
        (noon(2026, 2, 13), 1, close(2026, 2, 14)),
        (noon(2026, 2, 13), 2, close(2026, 2, 24)),
        (noon(2026, 2, 14), 5, close(2026, 2, 28)),
        (noon(2026, 2, 28), 1, close(2026, 3, 2)),
        # National Day 2026: off 1 to 7 October, worked on Sunday 20 September and Saturday 10 October.
        (noon(2026, 9, 18), 1, close(2026, 9, 20)),
        (noon(2026, 9, 30), 1, close(2026, 10, 8)),
        (noon(2026, 9, 30), 3, close(2026, 10, 10)),
        (noon(2026, 9, 30), 4, close(2026, 10, 12)),
        # New Year, Qingming, Labour Day, Dragon Boat.
        (noon(2025, 12, 31), 1, close(2026, 1, 4)),
        (noon(2026, 4, 3), 1, close(2026, 4, 7)),
        (noon(2026, 4, 30), 1, close(2026, 5, 6)),
        (noon(2026, 6, 18), 1, close(2026, 6, 22)),
        # 2025: Spring Festival 28 January to 4 February, worked on 26 January and 8 February.
        (noon(2025, 1, 24), 1, close(2025, 1, 26)),
        (noon(2025, 1, 27), 1, close(2025, 2, 5)),
        (noon(2025, 2, 7), 1, close(2025, 2, 8)),
        (noon(2025, 9, 30), 1, close(2025, 10, 9)),
        # 2024: National Day, worked on 29 September and 12 October.
        (noon(2024, 9, 27), 1, close(2024, 9, 29)),
        (noon(2024, 9, 30), 4, close(2024, 10, 11)),
        (noon(2024, 9, 30), 5, close(2024, 10, 12)),
    ],
)
def test_working_days_follow_the_official_calendar(start: datetime, n: int, due: datetime) -> None:
    """Else the promise ignores the holiday, or the weekend that is worked for it."""
    assert add_working_days(start, n, shipped_calendar(), CITY) == due


def test_the_day_of_the_start_is_the_citys_day() -> None:
    """Else a report of one in the morning is promised a day too early."""
    late_on_monday_in_london = datetime(2026, 11, 16, 17, tzinfo=UTC)
    assert add_working_days(late_on_monday_in_london, 1, WEEKENDS_ONLY, CITY) == close(2026, 11, 18)


def test_results_are_in_utc() -> None:
    """Else stored times compare wrongly."""
    assert add_working_days(noon(2026, 11, 16), 1, WEEKENDS_ONLY, CITY).tzinfo is UTC
    assert add_days(noon(2026, 11, 16), 1, CITY).tzinfo is UTC


def test_days_run_to_the_end_of_the_last_one() -> None:
    """Else a claim made in the evening of the sixtieth day is too late."""
    assert add_days(noon(2026, 8, 2), 60, CITY) == datetime(2026, 10, 1, 23, 59, 59, tzinfo=CITY)
    moved = datetime(2026, 10, 8, 23, 59, 59, tzinfo=CITY)
    assert add_days(noon(2026, 8, 2), 60, CITY, shipped_calendar()) == moved


@given(starts, st.integers(1, 40))
def test_exactly_n_working_days_lie_in_the_period(start: datetime, n: int) -> None:
    """Else a period is a day short or long somewhere in the year."""
    calendar = shipped_calendar()
    first = start.astimezone(CITY).date()
    last = add_working_days(start, n, calendar, CITY).astimezone(CITY).date()
    span = [first + timedelta(days=1 + number) for number in range((last - first).days)]
    assert sum(calendar.is_working(day) for day in span) == n
    assert calendar.is_working(last)


@pytest.mark.parametrize("n", [0, -1])
def test_a_period_has_at_least_one_day(n: int) -> None:
    """Else a due date lies before its start."""
    with pytest.raises(CalendarError, match="at least 1 day"):
        add_working_days(noon(2026, 11, 16), n, WEEKENDS_ONLY, CITY)
    with pytest.raises(CalendarError, match="at least 1 day"):
        add_days(noon(2026, 11, 16), n, CITY)


def test_a_time_without_a_zone_is_refused() -> None:
    """Else the machine's zone decides a promise."""
    with pytest.raises(CalendarError, match="zone"):
        add_working_days(noon(2026, 11, 16).replace(tzinfo=None), 1, WEEKENDS_ONLY, CITY)


def test_a_day_cannot_be_off_and_worked() -> None:
    """Else a slip in a list goes unnoticed."""
    day = date(2026, 5, 9)
    with pytest.raises(CalendarError, match="2026-05-09"):
        WorkCalendar(frozenset({day}), frozenset({day}))
