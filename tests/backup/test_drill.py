"""If this fails, the drill that every office should hold shows a loss larger than it was told."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.backup.commands import restore
from portal.database import db
from portal.evidence.models import Evidence
from portal.factory import create_app
from portal.reports import visits
from portal.reports.models import Report
from portal.vault.groups import FieldGroup
from tests.backup.conftest import Portal
from tests.fixtures.app import make_settings
from tests.fixtures.evidence import read_original
from tests.fixtures.services import own_database
from tests.fixtures.vault import ROOT, opened

BEFORE, SINCE = 30, 200
PATIENCE = 600.0


@contextmanager
def writing(portal: Portal, notes: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Reports come in, from a process of its own."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with notes.open("wb") as lines:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.backup.writer"],
            cwd=ROOT,
            env={**inherited, **portal.environ},
            stdout=lines,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def written(notes: Path) -> list[dict[str, Any]]:
    """Every report whose receipt was shown."""
    return [json.loads(line) for line in notes.read_text().splitlines(keepends=True) if line.endswith("\n")]


def wait_for(notes: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while len(written(notes)) < count:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)


def came_back(app: Flask, shown: dict[str, Any]) -> bool:
    """Whether a report is there; if it is, then whole."""
    report = visits.find_report(shown["code"])
    if report is None:
        return False
    assert report.number == shown["number"]
    assert opened(report, FieldGroup.LEGAL)["name"] == shown["name"]
    assert opened(report, FieldGroup.TOLD)
    items = db.session.scalars(select(Evidence).where(Evidence.report_id == report.id)).all()
    assert shown["photo"] in {item.digest for item in items}
    for item in items:
        assert hashlib.sha256(read_original(app, item.original)).hexdigest() == item.digest
    return True


@pytest.mark.assure
@pytest.mark.timeout(1800)
def test_a_restored_portal_lacks_only_what_was_written_since(
    portal: Portal, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A backup under load, 200 more reports, kill -9, and everything again in an empty place."""
    with ExitStack() as stack:
        notes, environ = tmp_path / "notes", {}
        process = stack.enter_context(writing(portal, notes))
        wait_for(notes, BEFORE, process)
        before = len(written(notes))
        folder = portal.takes_a_backup(tmp_path / "backups")
        during = len(written(notes))
        wait_for(notes, during + SINCE, process)
        process.kill()
        process.wait()
        if "DATABASE_URL" in portal.environ:
            server = request.getfixturevalue("postgres_server")
            environ["DATABASE_URL"] = stack.enter_context(own_database(server))
        there = portal.in_a_new_place(tmp_path / "new", **environ)
        done = there.calls(restore, folder, "--keys", portal.kept)
        assert done.exit_code == 0, done.output
        app = create_app(
            make_settings(tmp_path / "new", **{**environ, "REDIS_URL": portal.environ["REDIS_URL"]})
        )
        with app.app_context():
            back = [came_back(app, shown) for shown in written(notes)]
            reports = len(db.session.scalars(select(Report.id)).all())
            stack.callback(db.engine.dispose)
        assert all(back[:before])
        assert not any(back[during + 1 :])  # one may have been committed and not shown yet
        assert reports - 1 in (sum(back), sum(back) + 1)  # besides the portal's own first one
        print(f"{len(back)} reports shown, {sum(back)} of them back, {before} before the backup began")
