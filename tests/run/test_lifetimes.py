"""How long a process lives: if these fail, what people typed days ago still lies in a worker's memory."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from portal.config import Settings
from portal.run import supervisor
from portal.run.processes import REPLACED_AFTER, Child
from portal.run.supervisor import Supervisor
from tests.fixtures.app import make_settings

WAIT = 60.0


def test_a_child_is_asked_to_end_after_its_time_and_started_again_without_a_word() -> None:
    # It ends by itself when asked, as a worker does after its job.
    child = Child("worker", ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"], lifetime=0.3)
    child.start(os.environ)
    assert child.process is not None
    first, said, end = child.process.pid, "", time.monotonic() + WAIT
    try:
        time.sleep(0.1)  # until the shell has set its trap
        while child.process.pid == first and time.monotonic() < end:
            said += child.watch(os.environ)
            time.sleep(0.02)
        assert child.alive
        assert child.process.pid != first
        assert said == ""
    finally:
        child.stop()


def test_workers_and_schedule_live_six_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: Settings = make_settings(tmp_path, PORTAL_ENV="development")
    begun = Supervisor(settings)
    monkeypatch.setattr(Child, "start", lambda self, environ: None)
    monkeypatch.setattr(Supervisor, "_migrate", lambda self: False)
    monkeypatch.setattr(Supervisor, "_start_redis", lambda self: None)
    monkeypatch.setattr(Supervisor, "_wait_for", lambda *_: None)
    monkeypatch.setattr(supervisor, "find_program", lambda: "redis-server")
    begun._start_all()
    lives = {child.name.split()[0]: child.lifetime for child in begun.children}
    assert lives["worker"] == lives["schedule"] == REPLACED_AFTER == 6 * 3600
    # The web server replaces its own processes; the vault would forget what it has served.
    assert lives["vault"] > REPLACED_AFTER
