"""`python -m portal.run.reset`: throw the demonstration's data away."""

import fcntl
import os
import shutil
import sys
from pathlib import Path

from portal.config import Settings, SettingsError

FILES = ("portal.db", "portal.db-wal", "portal.db-shm", "demo-accounts.json", "keys.json", "keys.json.split")
FOLDERS = ("evidence", "redis", "mail", "sms", "keys")


def reason_against(settings: Settings) -> str:
    """Why nothing may be removed; empty if it may."""
    if not settings.is_demo:
        return "Only the data of the demonstration can be reset (PORTAL_ENV=demo)."
    if not settings.database_url.startswith("sqlite"):
        return "The demonstration stands in a database of yours (DATABASE_URL): empty that one yourself."
    with (settings.data / "supervisor.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return "The portal is running on this data directory: stop it first (Ctrl-C)."
    return ""


def remove(data: Path) -> None:
    """Remove what the demonstration wrote, by name; nothing else in the directory is touched."""
    for name in FILES:
        (data / name).unlink(missing_ok=True)
    for name in FOLDERS:
        shutil.rmtree(data / name, ignore_errors=True)


def main() -> int:
    """Remove, or say why not."""
    try:
        settings = Settings.load(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 78
    reason = reason_against(settings)
    if reason:
        print(reason, file=sys.stderr)
        return 1
    remove(settings.data)
    print("The demonstration is gone; `make run` makes a new one.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
