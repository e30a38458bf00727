"""If these fail, `make demo-reset` removes real data, or leaves the old city standing."""

import fcntl
from pathlib import Path

import pytest

from portal.config import Settings
from portal.run import reset


def demo(folder: Path, **more: str) -> Settings:
    return Settings.load({"PORTAL_ENV": "demo", "PORTAL_DATA": str(folder), **more})


def test_the_demonstrations_files_go_and_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("portal.db", "demo-accounts.json", "mine.txt"):
        (tmp_path / name).touch()
    (tmp_path / "evidence" / "ab").mkdir(parents=True)
    monkeypatch.setenv("PORTAL_ENV", "demo")
    monkeypatch.setenv("PORTAL_DATA", str(tmp_path))
    assert reset.main() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "secret_key", "supervisor.lock"]


def test_only_a_demonstration_can_be_reset(tmp_path: Path) -> None:
    assert "demonstration" in reset.reason_against(demo(tmp_path, PORTAL_ENV="development"))


def test_a_database_elsewhere_is_left_alone(tmp_path: Path) -> None:
    assert "DATABASE_URL" in reset.reason_against(demo(tmp_path, DATABASE_URL="postgresql://u:p@h/x"))


def test_a_running_portal_is_not_reset(tmp_path: Path) -> None:
    settings = demo(tmp_path)
    with (tmp_path / "supervisor.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "running" in reset.reason_against(settings)
    assert reset.reason_against(settings) == ""
