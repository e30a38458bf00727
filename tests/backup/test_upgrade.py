"""`make upgrade`: if these fail, a migration runs without a backup to go back to."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Writes down how it was called, and fails when it is called for what is named.
PROGRAM = """#!/bin/sh
echo "$(basename $0) $*" >> "{log}"
case "$*" in *list-units*) echo woodpecker-web.service loaded active;; esac
case "$*" in *"{failing}"*) exit 1;; esac
"""
WHERE = ("BACKUP=/srv/backup", "KEYS_KEPT=/mnt/keys")
BACKED_UP = "python -m flask --app app backup /srv/backup --keys-kept /mnt/keys"


def upgrade(folder: Path, *words: str, failing: str = "nothing fails") -> tuple[int, str, list[str]]:
    """Run it with programs that do nothing; returns the code, what it said and what it called."""
    log, programs = folder / "log", folder / "venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "systemctl"):
        (programs / name).write_text(PROGRAM.format(log=log, failing=failing))
        (programs / name).chmod(0o755)
    done = subprocess.run(
        ["make", "--no-print-directory", "upgrade", f"VENV={folder / 'venv'}", "SYSTEMCTL=systemctl", *words],
        cwd=ROOT,
        env={"PATH": f"{programs}:{os.environ['PATH']}", "PORTAL_DATA": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    called = log.read_text().splitlines() if log.exists() else []
    steps = [line for line in called if " flask " in line or " pip " in line or "systemctl st" in line]
    return done.returncode, done.stdout + done.stderr, steps


def test_it_backs_up_installs_stops_migrates_recomputes_and_starts(tmp_path: Path) -> None:
    code, said, steps = upgrade(tmp_path, *WHERE)
    assert code == 0, said
    assert steps[0] == BACKED_UP
    assert " pip install " in steps[1]
    assert steps[2:] == [
        "systemctl stop woodpecker-web.service",
        "python -m flask --app app db upgrade",
        "python -m flask --app app rules recompute",
        "systemctl start woodpecker-web.service",
    ]


def test_without_a_green_backup_nothing_is_changed(tmp_path: Path) -> None:
    code, said, steps = upgrade(tmp_path, *WHERE, failing="backup")
    assert code != 0
    assert "the backup is not green" in said
    assert steps == [BACKED_UP]


@pytest.mark.parametrize("failing", ["db upgrade", "recompute"])
def test_what_did_not_migrate_is_not_started(tmp_path: Path, failing: str) -> None:
    code, said, steps = upgrade(tmp_path, *WHERE, failing=failing)
    assert code != 0
    assert "Nothing was started" in said
    assert "systemctl start woodpecker-web.service" not in steps


def test_it_asks_where_the_keys_are_kept(tmp_path: Path) -> None:
    code, said, steps = upgrade(tmp_path, "BACKUP=/srv/backup")
    assert code != 0
    assert "KEYS_KEPT=/mnt/keys" in said
    assert not steps
