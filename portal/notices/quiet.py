"""When an alert may go out: not at once, and not at night (pure)."""

from __future__ import annotations

import secrets
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

EVENING, MORNING = time(21), time(8)


def alert_time(at: datetime, zone: ZoneInfo, delay: tuple[int, int]) -> datetime:
    """Return when to send: a random time later, so that who watches both sides cannot pair them; by day."""
    least, most = (minutes * 60 for minutes in delay)
    if not most:  # a demonstration, where somebody waits for the message
        return at
    wait = timedelta(seconds=least + secrets.randbelow(most - least + 1))
    return by_day(at + wait, zone, timedelta(seconds=secrets.randbelow(most - least + 1)))


def by_day(at: datetime, zone: ZoneInfo, spread: timedelta = timedelta()) -> datetime:
    """Return the same instant by day, and in the quiet hours the morning with a spread."""
    local = at.astimezone(zone)
    if MORNING <= local.time() < EVENING:
        return at
    day = local.date() + timedelta(days=1) if local.time() >= EVENING else local.date()
    return datetime.combine(day, MORNING, tzinfo=zone).astimezone(at.tzinfo) + spread
