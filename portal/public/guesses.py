"""Wrong receipt codes are counted by network: after ten in ten minutes nothing is looked up for a while."""

from __future__ import annotations

import math
import time

from limits import parse
from redis.exceptions import RedisError

from portal.extensions import limiter
from portal.visitor import visitor_key

WRONG = parse("10/10 minutes")
_NAME = "receipt code"


def wait_minutes() -> int:
    """Return 0 while a code may be tried, else the minutes until the next try."""
    if not limiter.enabled:
        return 0
    try:
        if limiter.limiter.test(WRONG, _NAME, visitor_key()):
            return 0
        reset = limiter.limiter.get_window_stats(WRONG, _NAME, visitor_key()).reset_time
    except (
        RedisError,
        OSError,
    ):  # 120 random bits need no counting; somebody who waits for an answer matters more
        return 0
    return max(1, math.ceil((reset - time.time()) / 60))


def count_wrong() -> None:
    """Count a code that opened nothing."""
    if not limiter.enabled:
        return
    try:
        limiter.limiter.hit(WRONG, _NAME, visitor_key())
    except (RedisError, OSError):
        return
