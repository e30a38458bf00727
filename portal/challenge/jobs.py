"""Making pictures and sounds ahead, so that nobody waits for one."""

from __future__ import annotations

import logging

from flask import current_app
from redis.exceptions import RedisError

from portal.challenge.kinds import Kind
from portal.challenge.setup import redis_store
from portal.extensions import settings

log = logging.getLogger("portal.challenge")

POOL_LEVEL = 200
SOUND_LEVEL = 24  # of each language: 7 MB of Redis in all


def fill() -> int:
    """Fill the pools up; returns how many were made. Without Redis, or without captcha, none."""
    if settings().challenge == "null":
        return 0
    try:
        store = redis_store(current_app)
        return sum(store.fill(SOUND_LEVEL if kind.is_spoken else POOL_LEVEL, kind) for kind in Kind)
    except RedisError as error:
        log.warning("no challenges made ahead: Redis does not answer (%s)", type(error).__name__)
        return 0
