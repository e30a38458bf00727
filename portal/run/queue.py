"""The queue: a doorbell for workers. Tables and their sweepers, not the queue, promise that nothing is lost.

Whoever can write to Redis could make a worker run any function, because RQ imports the names that a job
holds. So a job here holds a short name from the allow-list and ids; callbacks, webhooks, methods, repeats
and everything else that RQ would follow is refused, counted and never run.
"""

import logging
import re
import time
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from portal.extensions import settings
from portal.run.dotted import resolve
from portal.run.jobs import ALLOWED, QUEUE_OF, TIME_LIMIT

log = logging.getLogger("portal.queue")

RING_SECONDS = 0.2  # what a citizen may wait for the doorbell at most
QUIET_SECONDS = 2.0  # after a failure the bell is left alone, or each request would wait again
RUNG_SECONDS = 60  # a bell rung twice within this time rings once
FAILED_SECONDS = 24 * 3600
FORGED_KEY = "portal:forged"
SCHEDULE_SEEN_KEY = "schedule:seen"
FORBIDDEN_FIELDS = (
    "success_callback_name",
    "failure_callback_name",
    "stopped_callback_name",
    "webhooks",
    "dependency_id",
    "dependency_ids",
    "repeats_left",
    "repeat_intervals",
    "retries_left",
    "retry_intervals",
    "group_id",
    "rate_limit_key",
    "meta",
)
EMPTY_VALUES = (b"", b"[]", b"{}")
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class ForgedJob(Exception):
    """A job in Redis that the portal cannot have written; it is not run."""


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


class AllowedJob(Job):
    """A job that can only be one of ours: all that Redis says is checked before anything is followed."""

    forgery: str = ""

    def restore(self, raw_data: Any) -> None:  # noqa: ANN401 - RQ's own type
        """Load the hash from Redis; what is wrong with it is remembered and refused when it is to be run."""
        fields = {as_name(key): value for key, value in raw_data.items()}
        followed = [name for name in FORBIDDEN_FIELDS if fields.get(name, b"") not in EMPTY_VALUES]
        harmless = {name: value for name, value in fields.items() if name not in FORBIDDEN_FIELDS}
        harmless.pop("result", None)
        try:
            super().restore(harmless)
            self.forgery = f"carries {', '.join(followed)}" if followed else self._fault_of_call()
        except NoSuchJobError:
            raise
        except Exception as error:  # a hash made to break the reader must not stop the worker
            self.forgery = f"cannot be read: {type(error).__name__}"
        self.description = None
        if self.forgery:  # what the forger wrote shall not even reach a log
            self.data = self.serializer.dumps(("forged", None, [], {}))
            self.timeout = None

    def _fault_of_call(self) -> str:
        """What is wrong with the function and its arguments; empty if nothing."""
        call = self.serializer.loads(self.data)
        if not (isinstance(call, list) and len(call) == 4):
            return "has no readable call"
        name, instance, args, kwargs = call
        if not isinstance(name, str) or name not in ALLOWED:
            return "names a function that is not allowed"
        if instance is not None or kwargs != {}:
            return "carries an object or named arguments"
        if not isinstance(args, list) or not all(is_id(value) for value in args):
            return "carries arguments that are no ids"
        return ""

    @property
    def func(self) -> Callable[..., Any]:
        """The allowed function. Raises ForgedJob for every other name."""
        name = self.func_name
        if self.forgery or name not in ALLOWED:
            raise ForgedJob(self.forgery or "names a function that is not allowed")
        return resolve(ALLOWED[name])

    @property
    def success_callback(self) -> None:
        """No job of ours has one."""
        return

    @property
    def failure_callback(self) -> None:
        """No job of ours has one."""
        return

    @property
    def stopped_callback(self) -> None:
        """No job of ours has one."""
        return

    def send_webhooks(self, *_args: object, **_named: object) -> None:
        """Never: a web address in Redis would make the worker call it."""

    def _execute(self) -> None:
        """Run the function; its result is thrown away, because results would lie in Redis."""
        if self.forgery:
            log.error("A forged job was refused: it %s.", self.forgery, extra={"job": self.id})
            self.connection.incr(FORGED_KEY)
            raise ForgedJob(self.forgery)
        self.connection.delete(rung_key(self.id))
        self.func(*self.args)


def as_name(key: bytes | str) -> str:
    """A field's name as text."""
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else key


class Bell:
    """Rings for a worker, best effort: it never raises for Redis' sake and never waits long."""

    def __init__(self, redis_url: str) -> None:
        retry = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
        self.connection = Redis.from_url(
            redis_url, socket_timeout=RING_SECONDS, socket_connect_timeout=RING_SECONDS, retry=retry
        )
        self.missed = 0
        self._quiet_until = 0.0

    def queue(self, name: str) -> Queue:
        """The RQ queue of that name, with our job class."""
        return Queue(name, connection=self.connection, job_class=AllowedJob, serializer=JSONSerializer)

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
        if not self.connection.set(rung_key(job_id), 1, nx=True, ex=RUNG_SECONDS):
            return
        self.queue(QUEUE_OF[name]).enqueue_call(
            name,
            args=args,
            job_id=job_id,
            timeout=TIME_LIMIT[name],
            result_ttl=0,
            failure_ttl=FAILED_SECONDS,
            description=name,
        )

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
