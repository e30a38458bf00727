"""The shipped lists of holidays: a wrong day moves every promise around it."""

from __future__ import annotations

from datetime import date

import pytest

from portal.calendars.official import read_calendar, shipped_calendar
from portal.calendars.workdays import CalendarError


@pytest.mark.parametrize(("year", "off", "worked"), [(2024, 28, 8), (2025, 28, 5), (2026, 33, 6)])
def test_a_year_has_the_days_of_its_notice(year: int, off: int, worked: int) -> None:
    """Else a day was lost while typing the notice."""
    calendar = shipped_calendar()
    assert sum(day.year == year for day in calendar.holidays) == off
    moved = [day for day in calendar.workdays if day.year == year]
    assert len(moved) == worked
    # Only weekends are ever moved to.
    assert all(day.weekday() >= 5 for day in moved)


def test_a_year_without_a_notice_is_known_as_such() -> None:
    """Else the operator is not warned that only weekends are off."""
    calendar = shipped_calendar()
    assert [year for year in range(2020, 2031) if calendar.covers(year)] == [2024, 2025, 2026]
    assert calendar.is_working(date(2027, 10, 1))
    assert not calendar.is_working(date(2027, 10, 2))


def test_a_notice_may_begin_in_december_before_its_year() -> None:
    """Else a true notice (2023 began on 31 December 2022) is refused."""
    text = '{"2023": {"source": "x", "holidays": [["2022-12-31", "2023-01-02"]], "workdays": []}}'
    assert date(2022, 12, 31) in read_calendar(text).holidays


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"2026": {}}',
        '{"2026": {"source": " ", "holidays": [], "workdays": []}}',
        '{"2026": {"source": "x", "holidays": [["2026-01-03", "2026-01-01"]], "workdays": []}}',
        '{"2026": {"source": "x", "holidays": [["2026-01-32", "2026-02-01"]], "workdays": []}}',
        '{"2026": {"source": "x", "holidays": ["2026-01-01"], "workdays": []}}',
        '{"2026": {"source": "x", "holidays": [], "workdays": ["2027-01-02"]}}',
        '{"2026": {"source": "x", "holidays": [["2026-01-03", "2026-01-03"]], "workdays": ["2026-01-03"]}}',
        '{"soon": {"source": "x", "holidays": [], "workdays": []}}',
    ],
)
def test_a_bad_list_is_refused(text: str) -> None:
    """Else a damaged list makes every day a working day."""
    with pytest.raises(CalendarError):
        read_calendar(text)
