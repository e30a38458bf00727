"""Counting what comes from one network: in Redis, in this process while Redis is down. Never off."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, RateLimiter
from redis.exceptions import RedisError

from portal.extensions import limiter
from portal.visitor import visitor_key

Found = TypeVar("Found")

_in_process = FixedWindowRateLimiter(MemoryStorage())


def hit(limit: RateLimitItem, name: str, cost: int = 1, who: str = "") -> bool:
    """Count one more of the visitor's network, or of ``who``; say whether it is within the limit."""
    return not limiter.enabled or _counted(
        lambda rates: rates.hit(limit, name, who or visitor_key(), cost=cost)
    )


def has_room(limit: RateLimitItem, name: str, who: str = "") -> bool:
    """Say whether one more would be within the limit, without counting it."""
    return not limiter.enabled or _counted(lambda rates: rates.test(limit, name, who or visitor_key()))


def take_back(limit: RateLimitItem, name: str) -> None:
    """Count one less of the visitor's network: what was counted was no fault."""
    hit(limit, name, cost=-1)


def seconds_left(limit: RateLimitItem, name: str, who: str = "") -> int:
    """Return the seconds until the count begins anew, at least one."""
    reset = _counted(lambda rates: rates.get_window_stats(limit, name, who or visitor_key()).reset_time)
    return max(1, round(reset - time.time()))


def begin_anew(limit: RateLimitItem, name: str) -> None:
    """Forget the count."""
    if limiter.enabled:
        _counted(lambda rates: rates.clear(limit, name, visitor_key()))


def _counted(ask: Callable[[RateLimiter], Found]) -> Found:
    try:
        return ask(limiter.limiter)
    except (RedisError, OSError):
        return ask(_in_process)
