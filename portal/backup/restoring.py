"""Bringing a backup back into an empty place, and showing by opening that all of it came."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from portal.backup import database, manifest
from portal.backup.facts import gather
from portal.backup.kept import KeptKeys
from portal.backup.manifest import BUCKET_LIST, BackupError, Manifest
from portal.config import Settings
from portal.evidence.store import StoreError, make_store
from portal.evidence.vaulted import make_originals
from portal.vault import keyfiles
from portal.vault.keyfiles import KeyFileError
from portal.vault.keys import FORMAT, VERSION, WORKING_FILES, Holder, file_of
from portal.vault.pairs import PUBLIC_FILE

DIGEST_LENGTH = 64  # of a copy's name in the list of a bucket; an original's is shorter
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything goes."""

    settings: Settings
    vault_keys: Path


def restore(place: Place, folder: Path, keys: KeptKeys) -> Iterator[str]:
    """Check first, then write, then prove; yields what was proved. Raises BackupError."""
    made = manifest.read(folder)
    _check(place, folder, made, keys)
    _check_empty(place)
    _place_keys(place, keys)
    if not made.in_bucket:
        _bring_evidence(place.settings, folder, made)
    # The database comes last: without it nothing here can be taken for a portal.
    try:
        database.bring_back(place.settings.database_url, folder)
        yield from _proved(place, folder, made, keys)
    except (SQLAlchemyError, OSError) as error:
        raise BackupError(f"The database cannot be brought back ({type(error).__name__}).") from None


def _check(place: Place, folder: Path, made: Manifest, keys: KeptKeys) -> None:
    """Everything that can be known before the first byte is written."""
    faults = list(manifest.faults(folder, made))
    if faults:
        raise BackupError("The backup is not whole, nothing was written: " + " ".join(faults[:20]))
    if not is_known(made.migration):
        raise BackupError(
            f"The backup stands at migration {made.migration}, which this version of the portal does not"
            " know: restore with the version that made it, or a newer one."
        )
    if made.database != database.kind_of(place.settings.database_url):
        raise BackupError(f"The backup holds a {made.database}, but DATABASE_URL names another kind.")
    if made.in_bucket != (place.settings.evidence_s3 is not None):
        where = "in a bucket (EVIDENCE_S3_URL)" if made.in_bucket else "in a directory (EVIDENCE_DIR)"
        raise BackupError(f"The evidence of this backup lay {where}, but the settings say otherwise.")
    lacking = keys.lacking(made.needs)
    if lacking:
        raise BackupError(f"The keys in {keys.folder} are not enough; lacking: {', '.join(lacking)}.")


def _check_empty(place: Place) -> None:
    """Refuse to write over anything; raises BackupError."""
    settings = place.settings
    try:
        empty = database.is_empty(settings.database_url)
    except SQLAlchemyError as error:
        raise BackupError(f"The database does not answer ({type(error).__name__}).") from None
    if not empty:
        raise BackupError("The database is not empty. A backup is restored into an empty one only.")
    if settings.evidence_s3 is None and any(path.is_file() for path in settings.evidence_dir.rglob("*")):
        raise BackupError(
            f"{settings.evidence_dir} is not empty. A backup is restored into an empty one only."
        )


def _bring_evidence(settings: Settings, folder: Path, made: Manifest) -> None:
    root = settings.evidence_dir
    directories = {root}
    for entry in made.evidence:
        target = root / entry.path.removeprefix("evidence/")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        directories.add(target.parent)
        # A copy, never a link: the backup must not share its bytes with what lives.
        shutil.copyfile(folder / entry.path, target)
        target.chmod(0o600)
        manifest.sync(target)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for directory in directories:
        manifest.sync(directory)


def _place_keys(place: Place, keys: KeptKeys) -> None:
    """Put the key files in place; those that are there already must be the same."""
    directory = place.settings.keys_path
    public = keys.vault.public_document()
    wanted: list[tuple[Path, dict[str, Any], int]] = [(directory / PUBLIC_FILE, public, 0o644)]
    wanted.append((place.vault_keys, keys.vault.document(), 0o600))
    for holder in Holder:
        source = file_of(keys.folder, holder)
        # An earlier version had no files.json: the first start makes it of web.json.
        if source.exists() or holder is not Holder.FILES:
            wanted.append(
                (file_of(directory, holder), keyfiles.read_document(source, FORMAT, VERSION), 0o600)
            )
    if keys.workers is not None:
        private, public_half = (directory / name for name in WORKING_FILES)
        wanted.append((private, keys.workers.document(), 0o600))
        wanted.append((public_half, keys.workers.public_document(), 0o644))
    for path, document, _mode in wanted:
        if path.exists():
            _check_same(path, document, public=path.suffix == ".pub")
    for path, document, mode in wanted:
        if not path.exists():
            try:
                keyfiles.write_new(path, document, mode)
            except (KeyFileError, OSError):
                raise BackupError(f"The key file {path} cannot be written by this user.") from None


def _check_same(path: Path, document: dict[str, Any], *, public: bool) -> None:
    try:
        same = (
            keyfiles.read_document(path, document["format"], document["version"], public=public) == document
        )
    except KeyFileError as error:
        raise BackupError(str(error)) from None
    if not same:
        raise BackupError(
            f"Other keys are at {path} already. Put them away first; they are never overwritten."
        )


def _proved(place: Place, folder: Path, made: Manifest, keys: KeptKeys) -> Iterator[str]:
    with database.looking(place.settings.database_url) as connection:
        facts = gather(connection)
    if facts.counts != made.counts or facts.migration != made.migration:
        raise BackupError("The restored database does not hold as many rows as the backup says.")
    yield "rows: " + ", ".join(f"{count} {table}" for table, count in facts.counts.items())
    yield from keys.prove(facts)
    yield from keys.prove_originals(facts, make_originals(place.settings, keys.ring))
    if made.in_bucket:
        yield from _proved_in_bucket(place.settings, folder, keys)
        return
    root = place.settings.evidence_dir
    samples = [(digest, root / digest[:2] / digest) for digest in made.samples.values()]
    yield from keys.prove_files(samples)
    named = len(facts.digests) + len(facts.names)
    yield f"{len(made.evidence)} files of evidence are there, of {named} that are named"


def _proved_in_bucket(settings: Settings, folder: Path, keys: KeptKeys) -> Iterator[str]:
    listed = (folder / BUCKET_LIST).read_text(encoding="ascii").split()
    store, originals = make_store(settings, keys.ring), make_originals(settings, keys.ring)
    try:
        absent = set(listed) - set(store.digests()) - set(originals.names())
        if absent:
            raise BackupError(f"{len(absent)} of {len(listed)} files are not in the bucket: bring it back.")
        for digest in [one for one in listed if len(one) == DIGEST_LENGTH][:1]:
            with store.open(digest) as file:
                while file.read(manifest.PIECE):
                    pass
            yield f"evidence {digest[:12]} decrypted from the bucket"
    except StoreError as error:
        raise BackupError(f"The bucket does not give its files ({error}).") from None
    yield f"{len(listed)} files of evidence are in the bucket"


def is_known(number: str) -> bool:
    """Say whether this version of the portal has the migration."""
    try:
        return ScriptDirectory(str(MIGRATIONS)).get_revision(number) is not None
    except CommandError:
        return False
