"""If this fails, every web process grows by what only workers need, and a decoder's faults come closer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OF_WORKERS = ("PIL", "captcha", "pikepdf", "av", "openpyxl", "alembic", "boto3", "rq", "portal.evidence.jobs")
OF_FACTORS = ("segno", "webauthn", "OpenSSL", "cbor2", "pyasn1", "pyasn1_modules")


VISITS = """
import sys, app
from portal.database import db
with app.app.app_context():
    db.create_all()
client = app.app.test_client()
told = [client.get(path).status_code for path in ("/", "/report", "/track", "/desk/login")]
print(told, sorted(set(sys.argv[1:]) & set(sys.modules)))
"""


def _loaded(program: str, folder: Path, names: tuple[str, ...]) -> str:
    return subprocess.run(
        [sys.executable, "-c", program, *names],
        cwd=ROOT,
        env={**os.environ, "PORTAL_ENV": "development", "PORTAL_DATA": str(folder), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_a_web_process_loads_no_decoder(tmp_path: Path) -> None:
    program = "import sys, app; print(sorted(set(sys.argv[1:]) & set(sys.modules)))"
    assert _loaded(program, tmp_path, OF_WORKERS) == "[]"


def test_what_second_factors_need_is_loaded_by_no_page_without_them(tmp_path: Path) -> None:
    assert _loaded(VISITS, tmp_path, OF_FACTORS) == "[200, 200, 200, 200] []"
