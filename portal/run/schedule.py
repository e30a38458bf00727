"""The schedule: `python -m portal.run.schedule` runs the periodic tasks one by one until told to stop."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from flask import Flask
from redis import Redis
from redis.exceptions import RedisError

from portal import logs
from portal.config import Settings, SettingsError
from portal.factory import create_app
from portal.run.dotted import PathError, resolve
from portal.run.parent import die_with_parent, leave_no_core
from portal.run.queue import SCHEDULE_SEEN_KEY, Bell
from portal.run.tasks import TASKS, Task

log = logging.getLogger("portal.schedule")

ALIVE_SECONDS = 30
LONGEST_NAP = 5.0
LEASE_SHARE = 0.8  # of the interval; shorter than it, or a punctual second run would find its own lease


class Schedule:
    """Runs tasks when they are due. A failing task is logged and tried again at its next time."""

    def __init__(self, app: Flask, tasks: Sequence[Task], connection: Redis) -> None:
        self.app = app
        self.tasks = runnable(tasks)
        self.connection = connection
        self.due = dict.fromkeys(self.tasks, 0.0)
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until `stop`."""
        while not self.stopping.is_set():
            self.run_due(time.monotonic())
            self._sign_of_life()
            wait = min(self.due.values(), default=time.monotonic() + LONGEST_NAP) - time.monotonic()
            self.stopping.wait(max(0.05, min(wait, LONGEST_NAP)))

    def stop(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """End after the running task; fits as a signal handler."""
        self.stopping.set()

    def run_due(self, now: float) -> None:
        """Run each task whose time has come; `now` in seconds of the monotonic clock."""
        for task, function in self.tasks.items():
            if self.due[task] <= now and not self.stopping.is_set():
                self.due[task] = now + task.seconds
                if self._leased(task):
                    self._run_one(task, function)

    def _run_one(self, task: Task, function: Callable[[], Any]) -> None:
        """Run a task in an application context; whatever it raises is logged."""
        try:
            with self.app.app_context():
                function()
        except Exception:
            log.exception("The task %s failed; it is tried again in %s seconds.", task.name, task.seconds)

    def _leased(self, task: Task) -> bool:
        """Whether this machine may run the task now. Without Redis every machine may: tasks bear it."""
        try:
            lease = int(task.seconds * LEASE_SHARE * 1000)
            return bool(self.connection.set(f"lease:{task.name}", os.getpid(), nx=True, px=lease))
        except (RedisError, OSError):
            return True

    def _sign_of_life(self) -> None:
        """Say that a schedule lives, best effort."""
        try:
            self.connection.set(SCHEDULE_SEEN_KEY, os.getpid(), ex=ALIVE_SECONDS)
        except (RedisError, OSError) as error:
            log.debug("Redis did not answer: %s", type(error).__name__)


def runnable(tasks: Sequence[Task]) -> dict[Task, Callable[[], Any]]:
    """The tasks with their functions; one whose path leads nowhere is named in the log and left out."""
    found: dict[Task, Callable[[], Any]] = {}
    for task in tasks:
        try:
            found[task] = resolve(task.path)
        except PathError as error:
            log.error("The task %s cannot run: %s", task.name, error)
    return found


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    die_with_parent()
    leave_no_core()
    logs.configure()
    try:
        settings = Settings.load(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 78
    app = create_app(settings, faces=frozenset())
    schedule = Schedule(app, TASKS, Bell(settings.redis_url).connection)
    signal.signal(signal.SIGTERM, schedule.stop)
    signal.signal(signal.SIGINT, schedule.stop)
    schedule.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
