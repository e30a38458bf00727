"""The manifest of a backup: what belongs to it, with digests. Without it there is no backup."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FORMAT = "woodpecker-backup"
VERSION = 1
NAME = "manifest.json"
SQLITE_FILE, DUMP_FILE = "database.sqlite", "database.dump"
BUCKET_LIST = "evidence.list"
PIECE = 1024 * 1024

# A manifest never leads outside its folder.
_PATH = re.compile(
    r"database\.sqlite|database\.dump|erased\.json|evidence\.list|evidence/[0-9a-f]{2}/[0-9a-f]{64}"
    r"|evidence/originals/[0-9a-f]{2}/[0-9a-f]{32}"
)


class BackupError(Exception):
    """A backup cannot be made, read or brought back; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path within the folder, its size in bytes and its SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup consists of. ``needs``: ids of the keys by purpose. ``samples``: a digest for each id."""

    made_at: datetime
    database: str
    migration: str
    files: tuple[Entry, ...]
    counts: dict[str, int]
    needs: dict[str, list[str]]
    samples: dict[str, str]
    missing: tuple[str, ...]

    @property
    def in_bucket(self) -> bool:
        """Whether the evidence lies in a bucket and only its list is here."""
        return any(entry.path == BUCKET_LIST for entry in self.files)

    @property
    def evidence(self) -> tuple[Entry, ...]:
        """The files of evidence."""
        return tuple(entry for entry in self.files if entry.path.startswith("evidence/"))


def write(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in its place in one step, for good."""
    document = {"format": FORMAT, "version": VERSION, **asdict(manifest)}
    document["made_at"] = manifest.made_at.astimezone(UTC).isoformat()
    draft = folder / f"{NAME}.draft"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(descriptor)
    draft.replace(folder / NAME)
    sync(folder)
    sync(folder.parent)


def read(folder: Path) -> Manifest:
    """Return the manifest of a folder; raises BackupError."""
    try:
        document = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BackupError(f"{folder} is no backup, or one that was interrupted: it has no {NAME}.") from None
    except (OSError, ValueError):
        raise BackupError(f"{folder / NAME} cannot be read.") from None
    if not isinstance(document, dict) or document.pop("format", "") != FORMAT:
        raise BackupError(f"{folder / NAME} is not the manifest of a backup.")
    if document.pop("version", 0) != VERSION:
        raise BackupError(f"{folder} was made in a form that this version of the portal does not know.")
    try:
        return _parsed(document)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BackupError(f"{folder / NAME} is not complete.") from None


def faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield a sentence for each file that is missing or not as it was."""
    for entry in manifest.files:
        path = folder / entry.path
        if not path.is_file():
            yield f"{entry.path} is missing."
        elif path.stat().st_size != entry.size or sha256_of(path) != entry.sha256:
            yield f"{entry.path} is damaged."


def entry_of(folder: Path, path: str) -> Entry:
    """Return a file as the manifest names it."""
    return Entry(path, (folder / path).stat().st_size, sha256_of(folder / path))


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Make a file, or the names in a directory, last."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parsed(document: dict[str, Any]) -> Manifest:
    files = tuple(Entry(str(one["path"]), int(one["size"]), str(one["sha256"])) for one in document["files"])
    if not all(_PATH.fullmatch(entry.path) for entry in files) or document["database"] not in {
        entry.path for entry in files
    }:
        raise ValueError("a path that no backup has")
    return Manifest(
        made_at=datetime.fromisoformat(document["made_at"]),
        database=str(document["database"]),
        migration=str(document["migration"]),
        files=files,
        counts={str(table): int(count) for table, count in document["counts"].items()},
        needs={str(purpose): [str(one) for one in ids] for purpose, ids in document["needs"].items()},
        samples={str(key_id): str(digest) for key_id, digest in document["samples"].items()},
        missing=tuple(str(digest) for digest in document["missing"]),
    )
