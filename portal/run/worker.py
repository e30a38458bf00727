"""A worker: `python -m portal.run.worker QUEUE`. It builds the application once and runs one queue's jobs."""

import logging
import os
import sys
from typing import Any

from flask import Flask
from redis import Redis
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from portal import logs
from portal.config import Settings, SettingsError
from portal.factory import create_app
from portal.run.allowed_job import AllowedJob
from portal.run.dotted import PathError, resolve
from portal.run.jobs import ALLOWED, QUEUE_OF, QUEUES
from portal.run.parent import die_with_parent, leave_no_core
from portal.run.queue import seen_key

log = logging.getLogger("portal.worker")

IDLE_SECONDS = 5  # how long one wait for a job lasts; the sign of life follows this beat
ALIVE_SECONDS = 20
RQ_MARGIN = 15  # RQ waits this much less than its worker_ttl


class PortalWorker(SimpleWorker):
    """Runs jobs in this process, six times as fast as forking; each has an application context of its own.

    Dangerous work (reading uploaded files) starts a limited child process itself.
    """

    job_class = AllowedJob
    max_connection_wait_time = 5.0  # seconds between attempts when Redis is away
    app: Flask
    queue_name: str

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run one job; while it runs the worker counts as alive for as long as the job may take."""
        self._sign_of_life(int(job.timeout or queue.DEFAULT_TIMEOUT) + ALIVE_SECONDS)
        with self.app.app_context():
            super().execute_job(job, queue)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:  # noqa: ANN401 - RQ's own type
        """RQ's heartbeat, and ours, which /healthz reads."""
        super().heartbeat(timeout, pipeline=pipeline)
        self._sign_of_life(ALIVE_SECONDS)

    def subscribe(self) -> None:
        """Not at all: orders by way of Redis (stop, kill) are not taken."""

    def _sign_of_life(self, seconds: int) -> None:
        """Say that a worker of this queue lives."""
        self.connection.set(seen_key(self.queue_name), os.getpid(), ex=seconds)


def make_worker(app: Flask, connection: Redis, queue: str) -> PortalWorker:
    """A worker for exactly one queue."""
    worker = PortalWorker(
        [Queue(queue, connection=connection, job_class=AllowedJob, serializer=JSONSerializer)],
        connection=connection,
        serializer=JSONSerializer,
        default_result_ttl=0,
        worker_ttl=IDLE_SECONDS + RQ_MARGIN,
        log_job_description=False,
    )
    worker.app = app
    worker.queue_name = queue
    worker.log_result_lifespan = False
    return worker


def warn_of_wrong_paths(queue: str) -> None:
    """Name the registered jobs that lead nowhere; the others shall run all the same."""
    for name, path in ALLOWED.items():
        if QUEUE_OF[name] == queue:
            try:
                resolve(path)
            except PathError as error:
                log.error("The job %s cannot run: %s", name, error)


def main(arguments: list[str]) -> int:
    """Run until told to stop."""
    if len(arguments) != 1 or arguments[0] not in QUEUES:
        print(f"usage: python -m portal.run.worker {'|'.join(QUEUES)}", file=sys.stderr)
        return 2
    die_with_parent()
    leave_no_core()
    logs.configure()
    try:
        settings = Settings.load(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 78
    queue = arguments[0]
    logging.getLogger("rq.worker").setLevel(logging.WARNING)
    app = create_app(settings, faces=frozenset())
    warn_of_wrong_paths(queue)
    connection = Redis.from_url(settings.redis_url)
    make_worker(app, connection, queue).work(logging_level="WARNING")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
