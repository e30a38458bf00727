"""Removing backups that are older than was promised to people; never the newest whole one."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from portal.backup.manifest import NAME, BackupError

_FOLDER = re.compile(r"woodpecker-([0-9]{8}T[0-9]{6})Z(-[0-9]+)?")


def older_than(into: Path, days: int, at: datetime) -> list[Path]:
    """Return the folders of backups that were begun more than so many days ago, the oldest first.

    An interrupted one counts too: it holds as much of people as a whole one. The newest whole one never does.
    """
    made = {path: begun for path in into.iterdir() if (begun := _begun(path)) is not None}
    newest = max((path for path in made if (path / NAME).is_file()), key=made.__getitem__, default=None)
    old = [path for path, begun in made.items() if begun < at - timedelta(days=days) and path != newest]
    return sorted(old, key=made.__getitem__)


def remove(folder: Path) -> None:
    """Remove a backup, its manifest first: what is left of it is then none any more. Raises BackupError."""
    try:
        (folder / NAME).unlink(missing_ok=True)
        shutil.rmtree(folder)
    except OSError as error:
        raise BackupError(f"{folder} cannot be removed: {error.strerror}.") from None


def _begun(path: Path) -> datetime | None:
    """Return when a backup was begun, as its name says; None for whatever else lies there."""
    name = _FOLDER.fullmatch(path.name)
    if name is None or path.is_symlink() or not path.is_dir():
        return None
    return datetime.strptime(name[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
