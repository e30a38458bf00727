"""The queue: a doorbell for workers. Tables and their sweepers, not the queue, promise that nothing is lost.

This is the end that rings. It writes what RQ reads in one question to Redis, and web processes do without
RQ's weight. The end that answers is portal.run.allowed_job.
"""

import json
import logging
import re
import time
import zlib
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from portal.extensions import settings
from portal.run.jobs import ALLOWED, QUEUE_OF, TIME_LIMIT

log = logging.getLogger("portal.queue")

RING_SECONDS = 0.2  # what a citizen may wait for the doorbell at most
QUIET_SECONDS = 2.0  # after a failure the bell is left alone, or each request would wait again
RUNG_SECONDS = 60  # a bell rung twice within this time rings once
FAILED_SECONDS = 24 * 3600
FORGED_KEY = "portal:forged"
SCHEDULE_SEEN_KEY = "schedule:seen"
# A job as RQ 3 reads it, unless the same one waits already.
_PUSH = """
if not redis.call('set', KEYS[1], 1, 'NX', 'EX', ARGV[1]) then return 0 end
redis.call('hset', KEYS[2], unpack(ARGV, 3))
redis.call('sadd', 'rq:queues', KEYS[3])
return redis.call('rpush', KEYS[3], ARGV[2])
"""
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_id(value: object) -> bool:
    """Whether a job argument is a whole number or the text of a UUID; nothing else goes to Redis."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, str) and UUID_TEXT.fullmatch(value) is not None)


def seen_key(queue: str) -> str:
    """The key that exists while a worker of the queue is alive."""
    return f"worker:{queue}:seen"


def rung_key(job_id: str) -> str:
    """The key that exists while a job waits; it keeps a sweeper from filling the queue with copies."""
    return f"rung:{job_id}"


class Bell:
    """Rings for a worker, best effort: it never raises for Redis' sake and never waits long."""

    def __init__(self, redis_url: str) -> None:
        retry = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
        self.connection = Redis.from_url(
            redis_url, socket_timeout=RING_SECONDS, socket_connect_timeout=RING_SECONDS, retry=retry
        )
        self.missed = 0
        self._quiet_until = 0.0

    def ring(self, name: str, *ids: int | str | UUID) -> bool:
        """Ask for a job by its short name; False if Redis did not answer. ValueError for a wrong call."""
        args = [str(value) if isinstance(value, UUID) else value for value in ids]
        if name not in ALLOWED or not all(is_id(value) for value in args):
            raise ValueError(f"the job {name} is not allowed, or its arguments are no ids")
        if time.monotonic() < self._quiet_until:
            self.missed += 1
            return False
        try:
            self._push(name, args)
        except (RedisError, OSError) as error:
            self.missed += 1
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            log.warning("The doorbell did not ring (%s); a sweeper will find the row.", type(error).__name__)
            return False
        return True

    def _push(self, name: str, args: list[int | str]) -> None:
        """Write the job, unless the same one waits already."""
        job_id = "-".join([name, *map(str, args)])
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        fields: dict[str, bytes | str | int] = {
            "data": zlib.compress(json.dumps([name, None, args, {}]).encode(), 1),
            "description": name,
            "origin": QUEUE_OF[name],
            "status": "queued",
            "created_at": at,
            "enqueued_at": at,
            "timeout": TIME_LIMIT[name],
            "result_ttl": 0,
            "failure_ttl": FAILED_SECONDS,
        }
        told = [value for pair in fields.items() for value in pair]
        keys = rung_key(job_id), f"rq:job:{job_id}", f"rq:queue:{QUEUE_OF[name]}"
        self.connection.eval(_PUSH, len(keys), *keys, RUNG_SECONDS, job_id, *told)

    def forged(self) -> int:
        """How many forged jobs workers have refused. Raises RedisError."""
        count = self.connection.get(FORGED_KEY)
        return int(count) if isinstance(count, bytes) else 0

    def worker_lives(self, queue: str) -> bool:
        """Whether a worker of the queue was heard of lately. Raises RedisError."""
        return bool(self.connection.exists(seen_key(queue)))


def bell() -> Bell:
    """The current application's bell, made at its first use; nothing is connected before the first ring."""
    extensions = current_app.extensions
    if "portal_bell" not in extensions:
        extensions["portal_bell"] = Bell(settings().redis_url)
    return cast(Bell, extensions["portal_bell"])


def enqueue(name: str, *ids: int | str | UUID) -> bool:
    """Ring for a job after the commit; best effort, within 200 ms, never raises for Redis' sake."""
    return bell().ring(name, *ids)
