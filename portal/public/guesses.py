"""Wrong receipt codes are counted by network: after ten, a question comes before the next ten."""

from __future__ import annotations

import math

from limits import parse

from portal.public import counts

WRONG = parse("10/10 minutes")
_NAME = "receipt code"


def wait_minutes() -> int:
    """Return 0 while a code may be tried, else the minutes until the next try without a question."""
    if counts.has_room(WRONG, _NAME):
        return 0
    return math.ceil(counts.seconds_left(WRONG, _NAME) / 60)


def count_wrong() -> None:
    """Count a code that opened nothing."""
    counts.hit(WRONG, _NAME)


def begin_anew() -> None:
    """Somebody of this network answered a question: one more set of tries."""
    counts.begin_anew(WRONG, _NAME)
