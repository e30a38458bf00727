"""What a worker takes from the queue: jobs that the portal itself can have written, and nothing else.

Whoever can write to Redis could make a worker run any function, because RQ imports the names that a job
holds. So a job here holds a short name from the allow-list and ids; callbacks, webhooks, methods, repeats
and everything else that RQ would follow is refused, counted and never run.
"""

import logging
from collections.abc import Callable
from typing import Any

from rq.exceptions import NoSuchJobError
from rq.job import Job

from portal.run.dotted import resolve
from portal.run.jobs import ALLOWED
from portal.run.queue import FORGED_KEY, is_id, rung_key

log = logging.getLogger("portal.queue")

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


class ForgedJob(Exception):
    """A job in Redis that the portal cannot have written; it is not run."""


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
