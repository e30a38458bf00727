"""If this fails, every web process grows by what only workers need, and a decoder's faults come closer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OF_WORKERS = ("PIL", "captcha", "pikepdf", "av", "openpyxl", "alembic", "boto3")


def test_a_web_process_loads_no_decoder(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", f"import sys, app; print(sorted(set({OF_WORKERS!r}) & set(sys.modules)))"],
        cwd=ROOT,
        env={**os.environ, "PORTAL_ENV": "development", "PORTAL_DATA": str(tmp_path), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "[]"
