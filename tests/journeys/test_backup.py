"""The machine burns down: if this fails, whoever reported before cannot come back with the code."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal.config import Settings
from portal.database import db
from portal.factory import create_app
from tests.fixtures.portal_process import ROOT
from tests.fixtures.visitors import enter
from tests.journeys.journey import PHONE, journey
from tests.journeys.photos import photo
from tests.journeys.steps_citizen import Citizen, Identity, Told

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

TOLD = Told(
    category="fire",
    situation="exit_blocked",
    narrative="喷漆车间的东侧安全出口一直用木料堵着。",
    subject_name="恒利钢铁",
    district="文峰区",
    address="平原路北段",
)
WHO = Identity(name="欧阳晓燕", telephone="13937200417", email="ouyang@example.com")


def test_an_old_receipt_opens_after_everything_was_destroyed(tmp_path: Path) -> None:
    with journey(viewport=PHONE, locale="zh-CN") as begun:
        begun.names |= {"jpg", "door", "ouy", "ouyang", "example", "com"}
        citizen = Citizen(begun.tab())
        number = citizen.files_a_report(TOLD, WHO, [photo(tmp_path, "door", "#8a8f98")])
        kept = tmp_path / "safe"
        shutil.copytree(begun.portal.settings.keys_path, kept)
        # While the portal runs, and its worker cleans the photo.
        said = _flask(begun.portal.settings.data, "backup", tmp_path / "backups", "--keys-kept", kept)
        assert "GREEN: the backup is whole" in said
        assert "1 reports" in said
    assert not begun.portal.settings.data.exists()

    (folder,) = (tmp_path / "backups").iterdir()
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    plain_code = citizen.code.replace("-", "")
    for secret in (WHO.name, WHO.telephone, WHO.email, citizen.code, plain_code):
        assert secret.encode() not in content
    data = tmp_path / "new"
    data.mkdir()
    said = _flask(data, "restore", folder, "--keys", kept)
    for proof in ("vault canaries opened: 1", "sealed identities opened: 1", "its checksum is right"):
        assert proof in said
    assert stat.S_IMODE((data / "keys" / "vault.json").stat().st_mode) == 0o600

    app = create_app(Settings.load({"PORTAL_ENV": "test", "PORTAL_DATA": str(data)}))
    client = app.test_client()
    assert enter(client, plain_code).status_code == 303
    assert number in client.get("/track/report").text
    with app.app_context():
        db.engine.dispose()


def _flask(data: Path, *words: object) -> str:
    """Call a command as an operator would; it succeeds."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", str(ROOT / "app.py"), *map(str, words)],
        env={**keep, "PORTAL_ENV": "development", "PORTAL_DATA": str(data)},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
