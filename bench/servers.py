"""Starting what is measured: the limit application and the portal, each as its own processes."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psutil
from redis import Redis

from portal.challenge.answers import answer_mac
from portal.challenge.drawing import draw
from portal.challenge.stores import POOL_KEY
from portal.config import Settings
from portal.vault.keys import Keyring, Purpose

ROOT = Path(__file__).resolve().parent.parent
WORKERS = "2"
ANSWER = "ACDEF"


@dataclass
class Server:
    """Something that runs: its port and every process whose CPU counts."""

    name: str
    port: int
    processes: list[psutil.Process]
    settings: Settings | None = None

    def cpu_seconds(self) -> float:
        """Return user and system time of web, database and Redis, in seconds.

        Workers are left out: what they do after the answer is measured by itself.
        """
        return sum(cpu_of(process) for process in self._tree() if not is_behind(process))

    def largest_rss(self) -> float:
        """Return the resident memory of the largest web process, in MB."""
        webs = [p for p in self.processes[0].children(recursive=True) if "portal.run.web" in words_of(p)]
        return max((p.memory_info().rss for web in webs for p in web.children()), default=0) / 1e6

    def _tree(self) -> list[psutil.Process]:
        return [child for p in self.processes for child in (p, *p.children(recursive=True))]


def words_of(process: psutil.Process) -> str:
    """Return what a process was started with; nothing of one that has gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def is_behind(process: psutil.Process) -> bool:
    """Say whether a process works behind the pages: workers and their children, the schedule."""
    behind = ("portal.run.worker", "portal.run.schedule", "portal.evidence")
    return any(name in words_of(process) for name in behind)


def cpu_of(process: psutil.Process) -> float:
    """Return user and system time of one process, in seconds."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, path: str) -> None:
    """Wait until the page can be had."""
    end = time.monotonic() + 180  # a crowded machine migrates a database for a minute
    while time.monotonic() < end:
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", path)
            if connection.getresponse().status < 500:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise TimeoutError(f"nothing answers on port {port}")


@contextmanager
def limit(folder: Path) -> Iterator[Server]:
    """Run the limit application under the same web server as the portal."""
    port = free_port()
    environ = {**os.environ, "LIMIT_SECRET": secrets.token_hex(), "LIMIT_DATA": str(folder)}
    program = (
        "from granian.server.mp import MPServer; from granian.constants import Interfaces;"
        f"MPServer('bench.limit_app:app', address='127.0.0.1', port={port}, interface=Interfaces.WSGI,"
        f"workers={WORKERS}, websockets=False, log_enabled=False).serve()"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environ)
    try:
        wait_for(port, "/hello")
        yield Server("limit", port, [psutil.Process(process.pid)])
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def portal(folder: Path, database_url: str = "", extra: tuple[int, ...] = ()) -> Iterator[Server]:
    """Run the portal's web processes with a private Redis; ``extra`` are the database's processes."""
    port = free_port()
    environ = {
        **os.environ,
        "PORTAL_ENV": "development",
        "PORTAL_DATA": str(folder),
        "PORTAL_PORT": str(port),
        "WEB_WORKERS": WORKERS,
        "PROXY_HOPS": "1",
        "DATABASE_URL": database_url,
    }
    settings = Settings.load(environ)
    log = (folder / "portal.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.run"], cwd=ROOT, env=environ, stdout=log, stderr=log
    )
    try:
        wait_for(port, "/readyz")
        servers = [psutil.Process(process.pid), *(psutil.Process(pid) for pid in extra)]
        name = "portal on PostgreSQL" if database_url else "portal on SQLite"
        yield Server(name, port, servers, settings)
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def fill_pool(settings: Settings, count: int) -> None:
    """Put so many captcha pictures with a known answer into the pool, as the worker draws them ahead."""
    key = Keyring.load(settings.keys_path).derive(Purpose.FORM, "challenge answers")
    picture = draw().picture
    with Redis.from_url(settings.redis_url) as redis, redis.pipeline(transaction=False) as pipe:
        pipe.delete(POOL_KEY)
        for _ in range(count):
            challenge_id = secrets.token_hex(16)
            # In front: what the worker draws at its own start waits behind these.
            pipe.lpush(
                POOL_KEY, bytes.fromhex(challenge_id) + answer_mac(key, challenge_id, ANSWER) + picture
            )
        pipe.execute()


@contextmanager
def folder() -> Iterator[Path]:
    """Return a directory for one server."""
    with tempfile.TemporaryDirectory(prefix="wp-bench-") as name:
        yield Path(name)
