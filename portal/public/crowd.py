"""How many reports come from one network: beyond the limit one more picture is asked for, never a wall."""

from __future__ import annotations

import time
from datetime import timedelta

from limits import parse
from redis.exceptions import RedisError

from portal.extensions import limiter
from portal.visitor import visitor_key

REPORTS = parse("30/10 minutes")
# No picture is asked for before files are staged, so that nobody loses them by misreading one.
FILES = parse("180/10 minutes")
SOLVED_WHEN_CROWDED = 2
_NAME = "report"


def takes_file() -> bool:
    """Count a file; say whether this network may still stage one."""
    if not limiter.enabled:
        return True
    try:
        return bool(limiter.limiter.hit(FILES, "file", visitor_key()))
    except (RedisError, OSError):
        return True


def wait_seconds() -> int:
    """Count this sending; return 0 within the limit, else the seconds until the count begins anew."""
    if not limiter.enabled:
        return 0
    key = visitor_key()
    try:
        if limiter.limiter.hit(REPORTS, _NAME, key):
            return 0
        reset = limiter.limiter.get_window_stats(REPORTS, _NAME, key).reset_time
    except (RedisError, OSError):  # a report is worth more than its count
        return 0
    left = timedelta(seconds=reset - time.time())
    return max(1, round(left.total_seconds()))
