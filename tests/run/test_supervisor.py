"""If these fail, a dead part stays dead, or stopping the portal leaves programs behind that hold its data."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis

from portal.config import Settings
from portal.run.migrate import ROOT
from portal.run.processes import Child
from portal.run.queue import Bell
from portal.run.supervisor import is_ready

SECONDS = 60.0
PARTS = 7
"""Redis, vault, web and its worker process, two workers, schedule."""


def environment(folder: Path, port: int, **more: str) -> dict[str, str]:
    """What a supervisor of this test needs; the demonstration's data would take too long."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "PYTEST"))
    }
    own = {
        "PORTAL_ENV": "development",
        "PORTAL_DATA": str(folder),
        "PORTAL_PORT": str(port),
        "WEB_WORKERS": "1",
    }
    return {**inherited, **own, **more}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(environ: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "portal.run"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def until(fact: Callable[[], object], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not fact():
        assert time.monotonic() < end, f"not within {SECONDS:g} seconds: {what}"
        time.sleep(0.05)


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return list(psutil.Process(process.pid).children(recursive=True))


def words_of(process: psutil.Process) -> str:
    """What a process was started with; nothing of one that has just died."""
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def child_of(process: subprocess.Popen[str], word: str) -> psutil.Process:
    return next(child for child in psutil.Process(process.pid).children() if word in words_of(child))


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings.load(environment(tmp_path_factory.mktemp("portal"), free_port()))


@pytest.fixture(scope="module")
def standing(settings: Settings) -> Iterator[list[subprocess.Popen[str]]]:
    """The portal that runs; whatever is started instead of it is ended with it."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        relatives = family(process) if process.poll() is None else []
        process.kill()
        process.wait()
        psutil.wait_procs(relatives, 60)
        assert process.stdout
        process.stdout.close()


@pytest.fixture
def running(standing: list[subprocess.Popen[str]], settings: Settings) -> subprocess.Popen[str]:
    """The running portal, started again where a test has stopped it."""
    if not standing or standing[-1].poll() is not None:
        process = start(environment(settings.data, settings.port))
        standing.append(process)
        until(lambda: is_ready(settings) or process.poll() is not None, "ready")
        bell = Bell(settings.redis_url)
        until(lambda: bell.worker_lives("notices") and bell.worker_lives("evidence"), "workers")
        # What an earlier start left in Redis says the same: so the programs themselves too.
        until(lambda: len(family(process)) >= PARTS, "all its programs")
    return standing[-1]


def test_whatever_dies_is_started_again(running: subprocess.Popen[str], settings: Settings) -> None:
    for word in (
        "portal.run.web",
        "redis-server",
        "portal.run.worker",
        "portal.run.schedule",
        "portal.vault",
    ):
        old = child_of(running, word)
        old.kill()
        until(lambda old=old, word=word: any(  # type: ignore[misc]  # a lambda with defaults
            child.pid != old.pid and word in words_of(child)
            for child in psutil.Process(running.pid).children()
        ), f"{word} again")  # fmt: skip
    until(lambda: is_ready(settings), "ready again")
    with Redis.from_url(settings.redis_url) as connection:
        until(connection.ping, "redis again")


def test_a_second_start_says_that_it_is_running(running: subprocess.Popen[str], settings: Settings) -> None:
    second = start(environment(settings.data, free_port()))
    said, _ = second.communicate(timeout=SECONDS)
    assert second.returncode == 1
    assert "is running already" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopping_leaves_nothing_behind(
    number: signal.Signals, running: subprocess.Popen[str], settings: Settings
) -> None:
    relatives = family(running)
    assert len(relatives) >= PARTS
    running.send_signal(number)
    running.wait(60)
    _, alive = psutil.wait_procs(relatives, 60)
    assert alive == []
    if number != signal.SIGKILL:
        assert running.returncode == 0


def test_a_port_in_use_is_said_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        process = start(environment(tmp_path, port))
        said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert f"PORTAL_PORT={port + 100}" in said
    assert "Traceback" not in said


def test_bad_settings_stop_the_start_with_one_message(tmp_path: Path) -> None:
    process = start(environment(tmp_path, 80, PORTAL_ENV="production", PORTAL_CHALLENGE="null"))
    said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 78
    for name in ("SECRET_KEY", "PORTAL_ORIGIN", "PORTAL_CHALLENGE", "PORTAL_KEYS"):
        assert name in said
    assert "Traceback" not in said


def test_a_child_that_keeps_dying_is_restarted_more_and_more_slowly() -> None:
    child = Child("false", ["false"])
    pauses = []
    for _ in range(4):
        child.start({})
        assert child.process
        child.process.wait()
        child.watch({})
        pauses.append(child.restart_at - time.monotonic())
    assert [round(pause * 2) / 2 for pause in pauses] == [0.5, 1.0, 2.0, 4.0]


def test_a_child_that_does_not_listen_is_ended_with_its_own_children() -> None:
    child = Child("deaf", ["sh", "-c", "trap '' TERM; sleep 60 & wait; sleep 60"], patience=0.5)
    child.start(dict(os.environ))
    assert child.process
    until(lambda: psutil.Process(child.process.pid).children(), "its child")  # type: ignore[union-attr]
    relatives = psutil.Process(child.process.pid).children(recursive=True)
    child.stop()
    _, alive = psutil.wait_procs(relatives, 60)
    assert alive == []
    assert child.process.returncode == -signal.SIGKILL
