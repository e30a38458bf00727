"""Drawing pictures ahead, so that nobody waits for one."""

from __future__ import annotations

import logging

from flask import current_app
from redis.exceptions import RedisError

from portal.challenge.setup import redis_store
from portal.extensions import settings

log = logging.getLogger("portal.challenge")

POOL_LEVEL = 200


def fill() -> int:
    """Fill the pool up; returns how many were drawn. Without Redis, or without captcha, none."""
    if settings().challenge == "null":
        return 0
    try:
        return redis_store(current_app).fill(POOL_LEVEL)
    except RedisError as error:
        log.warning("no pictures drawn ahead: Redis does not answer (%s)", type(error).__name__)
        return 0
