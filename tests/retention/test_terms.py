"""Periods as the operator sets them, and the days that follow. If these fail, a promised day is not kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.config_retention import RetentionPeriods, retention_periods
from portal.environment import Environment
from portal.retention.kinds import PERSONAL, Kind
from portal.retention.life import Life
from portal.retention.terms import Terms, years_after

CITY = ZoneInfo("Asia/Shanghai")
T0 = datetime(2026, 11, 10, 2, 0, tzinfo=UTC)
moments = st.none() | st.integers(0, 2000).map(lambda days: T0 + timedelta(days=days))


def test_without_settings_the_defaults_hold() -> None:
    source = Environment({})
    assert retention_periods(source) == RetentionPeriods()
    assert source.faults == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RETENTION_CONTACT_DAYS", "0", "RETENTION_CONTACT_DAYS"),
        ("RETENTION_NAME_DAYS", "two years", "RETENTION_NAME_DAYS"),
        ("RETENTION_PAYEE_YEARS", "101", "RETENTION_PAYEE_YEARS"),
        ("RETENTION_NOTICE_DAYS", "7", "RETENTION_NOTICE_DAYS"),
        ("RETENTION_TEXT_YEAR", "3", "RETENTION_TEXT_YEAR is not a setting"),
        ("RETENTION_ORIGINAL_DAYS", "4000", "RETENTION_TEXT_YEARS is shorter than RETENTION_ORIGINAL_DAYS"),
    ],
)
def test_a_period_that_cannot_be_is_named_at_the_start(name: str, value: str, said: str) -> None:
    source = Environment({name: value})
    retention_periods(source)
    assert len(source.faults) == 1
    assert said in source.faults[0]


def test_a_year_after_the_leap_day_is_the_first_of_march() -> None:
    leap = datetime(2028, 2, 29, 4, 0, tzinfo=UTC)
    assert years_after(leap, 1, CITY) == datetime(2029, 3, 1, tzinfo=CITY)


@given(
    kind=st.sampled_from(list(Kind)),
    closed=moments,
    withdrawn=moments,
    settled=moments,
    own=st.booleans(),
    other=st.booleans(),
    waits=st.booleans(),
    held=st.booleans(),
    paid=st.booleans(),
    since=st.integers(0, 3000),
    days=st.integers(1, 4000),
    years=st.integers(1, 40),
)
def test_nothing_is_due_while_anything_is_open_and_never_before_its_period(
    kind: Kind,
    closed: datetime | None,
    withdrawn: datetime | None,
    settled: datetime | None,
    own: bool,
    other: bool,
    waits: bool,
    held: bool,
    paid: bool,
    since: int,
    days: int,
    years: int,
) -> None:
    """The one rule for every kind, whatever stands in the rows."""
    periods = RetentionPeriods(days, days, days, years, days, years)
    life = Life(
        1,
        1,
        withdrawn,
        closed,
        own,
        other,
        settled,
        settled,
        date(2026, 11, 10) if paid else None,
        waits,
        held,
    )
    came = T0 + timedelta(days=since)
    until = Terms(periods, CITY).until(kind, life, came)
    gone = withdrawn is not None and kind in PERSONAL
    if held or own or (not gone and (closed is None or other)):
        assert until is None
        return
    assert until is not None
    if kind is Kind.PAYEE and paid:
        assert until == datetime(2027 + years, 1, 1, tzinfo=CITY)
        return
    ends = [one for one in (withdrawn if gone else closed, settled, came) if one is not None]
    period = timedelta(days=365 * years - 1 if kind is Kind.TEXT else days)
    assert until >= max(ends) + period
    assert until <= max(ends) + period + timedelta(days=760 + years // 4 + 2)
    seen = Terms(periods, CITY).until(kind, life.own_view, came)
    assert seen is not None
    assert seen <= until, "the page promises no later day than the pass keeps"
