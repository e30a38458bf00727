"""Public numbers: random, so that one says nothing about how many reports there are, or when they came."""

from __future__ import annotations

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from portal import clock

DIGITS = 6


def new_number(prefix: str, at: datetime, zone: ZoneInfo) -> str:
    """Return a number such as AY-2026-048213; retry on a collision. The year is the city's."""
    return f"{prefix}-{clock.in_city(at, zone).year}-{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
