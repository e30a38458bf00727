"""Taking a backup while the portal runs: the database first, then the files that its rows name."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from portal.backup import database, erased, manifest
from portal.backup.facts import Facts, digests, gather, names
from portal.backup.manifest import BUCKET_LIST, BackupError, Entry, Manifest
from portal.config import Settings
from portal.evidence.chunks import StoreError, head_key_id
from portal.evidence.store import make_store
from portal.evidence.vaulted import FOLDER, folder_of, make_originals
from portal.vault.keys import Holder, Keyring, Purpose

# A link costs nothing on the same disk: the store never writes into a file, it only puts new ones.
NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES}


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that is complete in itself; whether its keys are kept elsewhere is another question."""

    folder: Path
    manifest: Manifest
    facts: Facts


@dataclass(slots=True)
class _Files:
    """What became of the evidence."""

    entries: list[Entry]
    samples: dict[str, str]
    missing: list[str]


def take(settings: Settings, into: Path, at: datetime) -> Taken:
    """Write a new dated folder; the manifest comes last. Raises BackupError."""
    folder = _new_folder(into, at)
    with database.snapshot(settings.database_url, folder) as connection:
        facts = gather(connection)
        erased.write(folder / erased.NAME, erased.read_from(connection))
    if not facts.migration:
        raise BackupError("The database is empty: there is nothing to back up.")
    if settings.evidence_s3 is None:
        files = _local(settings, folder, facts)
    else:
        files = _listed(settings, folder, facts)
    name = database.kind_of(settings.database_url)
    made = Manifest(
        made_at=at,
        database=name,
        migration=facts.migration,
        files=(*(manifest.entry_of(folder, one) for one in (name, erased.NAME)), *files.entries),
        counts=facts.counts,
        needs={**facts.needs, "evidence": sorted(files.samples)},
        samples=files.samples,
        missing=tuple(files.missing),
    )
    manifest.write(folder, made)
    return Taken(folder, made, facts)


def _new_folder(into: Path, at: datetime) -> Path:
    """Make the folder of this backup, for its owner alone."""
    name = f"woodpecker-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    try:
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in count(1):
            folder = into / (name if number == 1 else f"{name}-{number}")
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                break
    except OSError as error:
        raise BackupError(f"No folder can be made in {into}: {error.strerror}.") from None
    return folder


def _local(settings: Settings, folder: Path, facts: Facts) -> _Files:
    """Link or copy every file that a row names."""
    files = _Files([], {}, [])
    directories: set[Path] = set()
    originals = [(name, folder_of(settings), f"evidence/{FOLDER}") for name in sorted(facts.names)]
    copies = [(digest, settings.evidence_dir, "evidence") for digest in sorted(facts.digests)]
    for name, root, below in (*copies, *originals):
        path = f"{below}/{name[:2]}/{name}"
        source, target = root / name[:2] / name, folder / path
        if target.parent not in directories:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            directories |= {target.parent, target.parent.parent}
        try:
            _link(source, target)
        except FileNotFoundError:
            files.missing.append(name)
            continue
        files.entries.append(manifest.entry_of(folder, path))
        if root == settings.evidence_dir:
            _note_key(files, target, name)
    for directory in directories:
        manifest.sync(directory)
    files.missing = _still_named(settings, files.missing)
    return files


def _note_key(files: _Files, path: Path, digest: str) -> None:
    """Remember which key the file needs, and one file for each key."""
    with path.open("rb") as file:
        try:
            files.samples.setdefault(head_key_id(file), digest)
        except StoreError:  # rotten on the disk already: the daily scrub says so
            files.missing.append(digest)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
        shutil.copyfile(source, target)
        target.chmod(0o600)
        manifest.sync(target)


def _still_named(settings: Settings, absent: list[str]) -> list[str]:
    """Leave out what was let go since the snapshot, such as a file that was staged and never sent."""
    if not absent:
        return []
    with database.looking(settings.database_url) as connection:
        now = digests(connection) | names(connection)
    return [digest for digest in absent if digest in now]


def _listed(settings: Settings, folder: Path, facts: Facts) -> _Files:
    """Write down what the bucket must hold; the bucket has its own backup."""
    ring = Keyring.load(settings.keys_path, {Holder.FILES})
    store, named = make_store(settings, ring), facts.digests | facts.names
    stored = {*store.digests(), *make_originals(settings, ring).names()}
    here = sorted(named & stored)
    (folder / BUCKET_LIST).write_text("".join(f"{digest}\n" for digest in here), encoding="ascii")
    manifest.sync(folder / BUCKET_LIST)
    # Which key a file needs stands in the file: every key that the portal holds may be needed.
    copies = sorted(facts.digests & stored)
    samples = {key_id: copies[0] if copies else "" for key_id, _ in ring.all(Purpose.EVIDENCE)}
    missing = _still_named(settings, sorted(named - stored))
    return _Files([manifest.entry_of(folder, BUCKET_LIST)], samples, missing)
