"""If this fails, whatever was typed since the last restart lies in the memory of the web processes."""

from __future__ import annotations

from pathlib import Path

from portal.run.web import make_server
from tests.fixtures.app import make_settings


def test_worker_processes_are_replaced_within_six_hours(tmp_path: Path) -> None:
    """What the replacing is good for is measured in tests/seizure."""
    server = make_server(make_settings(tmp_path))
    assert server.workers_lifetime is not None
    assert 60 <= server.workers_lifetime <= 6 * 3600
