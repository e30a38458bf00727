"""The one clock: aware UTC times, which tests can hold still, and conversions to the city's zone."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Shanghai")
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)

_held: ContextVar[datetime | None] = ContextVar("held_time", default=None)


def now() -> datetime:
    """The time in UTC, aware; the held one inside `frozen`."""
    return _held.get() or datetime.now(UTC)


@contextmanager
def frozen(at: datetime) -> Iterator[datetime]:
    """Hold the clock still at an aware time, for tests and made-up histories. ValueError if naive."""
    if at.tzinfo is None:
        raise ValueError("The clock can only be held at a time with a zone.")
    mark = _held.set(at.astimezone(UTC))
    try:
        yield at.astimezone(UTC)
    finally:
        _held.reset(mark)


def in_city(at: datetime, zone: ZoneInfo = CITY) -> datetime:
    """The same moment as the city's clocks show it."""
    return at.astimezone(zone)


def city_date(at: datetime, zone: ZoneInfo = CITY) -> date:
    """The date in the city at that moment; a UTC date is wrong there for eight hours of each day."""
    return in_city(at, zone).date()


def is_real(day: date) -> bool:
    """Whether a typed day is one; at the ends of the calendar, one day or one zone further is an error."""
    return _FIRST_DAY <= day <= _LAST_DAY


def city_midnight(day: date, zone: ZoneInfo = CITY) -> datetime:
    """The moment, in UTC, at which that day begins in the city."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def end_of_city_day(day: date, zone: ZoneInfo = CITY) -> datetime:
    """The last second of that day in the city, in UTC: what "until that day" means."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=zone).astimezone(UTC)
