"""`flask backup DIR`, `flask backup check FOLDER`, `flask restore FOLDER --keys PATH`."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.backup import erased, manifest, pruning
from portal.backup.kept import AskPhrase, KeptKeys
from portal.backup.manifest import NAME, BackupError
from portal.backup.restoring import Place
from portal.backup.restoring import restore as bring_all_back
from portal.backup.taking import Taken, take
from portal.config import Settings, SettingsError
from portal.config_vault import private_file
from portal.environment import Environment
from portal.evidence.store import StoreError
from portal.evidence.vaulted import originals_in
from portal.vault.keyfiles import KeyFileError
from portal.vault.keys import WORKING_FILES, Holder, file_of

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


class DirectoryOrCommand(click.Group):
    """`backup DIR` takes a backup; `backup check FOLDER` is a command of its own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the word that may be left out."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["take", *args]
        return super().parse_args(ctx, args)


@click.group("backup", cls=DirectoryOrCommand)
def backup() -> None:
    """Back up database and evidence: `flask backup DIR`; check one: `flask backup check FOLDER`."""


@backup.command("take")
@click.argument("into", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--keys-kept", type=FOLDER, help="Where the copies of the keys are kept, away from the data.")
@click.option("--passphrase-stdin", is_flag=True, help="Read the recovery file's passphrase from stdin.")
@click.option(
    "--recovery-closed", is_flag=True, help="Take a recovery file by the pairs it names; for every night."
)
@click.option(
    "--keep-days", type=click.IntRange(min=1), help="Once it is green, remove backups in DIR older than this."
)
def take_backup(
    into: Path,
    keys_kept: Path | None,
    passphrase_stdin: bool,
    recovery_closed: bool,
    keep_days: int | None,
) -> None:
    """Write a new dated folder in DIR; ends with 1 unless its keys are found where they are kept."""
    with _sentences():
        settings = Settings.load(os.environ)
        taken = take(settings, into.absolute(), clock.now())
        _tell(taken)
        _tell_keys(settings)
        if taken.manifest.missing:
            names = ", ".join(taken.manifest.missing[:5])
            raise BackupError(
                f"NOT GREEN. {len(taken.manifest.missing)} files of evidence are missing or damaged: {names}."
            )
        if keys_kept is None:
            raise BackupError(
                "NOT GREEN. Without its keys this backup opens no identity, no receipt and no evidence."
                " Say where copies of them are kept: --keys-kept PATH"
            )
        ask = None if recovery_closed else _asking(passphrase_stdin)
        for proof in _prove_kept(settings, taken, keys_kept.absolute(), ask):
            click.echo(f"  {proof}")
        click.echo("GREEN: the backup is whole, and its keys are kept.")
        _remove_old(into.absolute(), keep_days, settings.retention.backup_days)


@backup.command("check")
@click.argument("folder", type=FOLDER)
def check(folder: Path) -> None:
    """Compare every file of a backup with its digest."""
    with _sentences():
        made = manifest.read(folder)
        faults = list(manifest.faults(folder, made))
        for fault in faults:
            click.echo(fault)
        if faults:
            raise BackupError(f"{len(faults)} of {len(made.files)} files are not as they were.")
        click.echo(f"All {len(made.files)} files are as they were on {made.made_at:%Y-%m-%d %H:%M} UTC.")
        if made.missing:
            click.echo(f"Evidence that was missing already when it was made: {len(made.missing)} files.")
        if made.in_bucket:
            click.echo("The evidence lies in a bucket: look there after its own backup.")
        click.echo(f"Keys needed: {_said(made.needs)}.")


@click.command("restore")
@click.argument("folder", type=FOLDER)
@click.option("--keys", "kept", type=FOLDER, required=True, help="Where the copies of the keys are kept.")
@click.option("--passphrase-stdin", is_flag=True, help="Read the recovery file's passphrase from stdin.")
def restore(folder: Path, kept: Path, passphrase_stdin: bool) -> None:
    """Bring the backup in FOLDER back into an empty place, and show by opening that it came."""
    with _sentences():
        settings = Settings.load(os.environ)
        source = Environment(os.environ)
        place = Place(settings, private_file(source, settings.data))
        keys = KeptKeys.load(kept.absolute(), _asking(passphrase_stdin))
        for proof in bring_all_back(place, folder.absolute(), keys):
            click.echo(f"proved: {proof}")
        _tell_erased(folder.absolute())
        click.echo(f"Keys, mode 0600: {settings.keys_path} and {place.vault_keys}.")
        click.echo(
            "Give database, evidence and keys to the users that run the portal and the vault, then:"
            " flask db upgrade, start, and open an old receipt with its code."
        )


@contextmanager
def _sentences() -> Iterator[None]:
    """Say faults as sentences; the command fails."""
    try:
        yield
    except (BackupError, SettingsError, KeyFileError) as error:
        raise click.ClickException(str(error)) from None
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise click.ClickException(f"The database does not answer ({type(error).__name__}).") from None
    except StoreError as error:
        raise click.ClickException(f"The evidence store does not answer ({error}).") from None
    except OSError as error:
        raise click.ClickException(f"{error.strerror}: {error.filename}") from None


def _tell(taken: Taken) -> None:
    made = taken.manifest
    click.echo(f"Backup: {taken.folder}")
    size = sum(entry.size for entry in made.files)
    rows = ", ".join(f"{count} {table}" for table, count in made.counts.items())
    click.echo(f"  {len(made.files)} files, {size} bytes, migration {made.migration}; {rows}")
    if made.in_bucket:
        click.echo("  The evidence lies in a bucket, which needs a backup of its own; the backup lists it.")
    for other in sorted(taken.folder.parent.glob("woodpecker-*")):
        if other.is_dir() and not (other / NAME).exists():
            click.echo(f"  Interrupted, no backup, can be removed: {other}")


def _remove_old(into: Path, keep_days: int | None, promised: int) -> None:
    """Remove what is older than wanted, or name what is older than the pages say."""
    for folder in pruning.older_than(into, keep_days or promised, clock.now()):
        if keep_days is None:
            click.echo(f"  Older than the {promised} days that the pages promise: {folder}")
        else:
            pruning.remove(folder)
            click.echo(f"  Removed, older than {keep_days} days: {folder}")


def _tell_erased(folder: Path) -> None:
    """Say how what reporters erased since that backup stays erased."""
    made = manifest.read(folder).made_at
    click.echo(
        f"What reporters had erased after {made:%Y-%m-%d %H:%M} UTC is back. Erase it again before the"
    )
    click.echo("portal serves, after flask db upgrade, with every list that is newer than this backup:")
    others = [other for other in folder.parent.glob(f"woodpecker-*/{erased.NAME}") if other.parent != folder]
    newer = [other for other in sorted(others) if other.parent.name > folder.name]
    click.echo(f"  flask erasures again {newer[-1] if newer else 'FILE'}")
    if not newer:
        click.echo(
            "  FILE: of `flask erasures list`, or erased.json of a newer backup; none lies beside this one."
        )


def _tell_keys(settings: Settings) -> None:
    """Say where the keys lie now; none of them is in the backup."""
    click.echo("No key is in the backup. They lie here now:")
    vault = private_file(Environment(os.environ), settings.data)
    files = [file_of(settings.keys_path, holder) for holder in Holder]
    for path in (*files, settings.keys_path / WORKING_FILES[0], vault):
        there = "" if os.access(path, os.R_OK) else " (not there, or not readable by this user)"
        click.echo(f"  {path}{there}")


def _prove_kept(settings: Settings, taken: Taken, kept: Path, ask: AskPhrase | None) -> Iterator[str]:
    """Show that the kept keys are those of this backup, and kept apart; raises BackupError."""
    _check_apart(settings, taken, kept)
    try:
        keys = KeptKeys.load(kept, ask)
        if lacking := ", ".join(keys.lacking(taken.manifest.needs)):
            raise BackupError(f"The keys in {kept} are not enough, copy them anew; lacking: {lacking}.")
        if differing := ", ".join(keys.differing(settings.keys_path)):
            raise BackupError(f"Other keys than the portal's own are in {kept}: {differing}.")
        yield from keys.prove(taken.facts)
        if not taken.manifest.in_bucket:
            samples = taken.manifest.samples.values()
            originals = originals_in(taken.folder / "evidence", keys.ring)
            yield from keys.prove_originals(taken.facts, originals)
            yield from keys.prove_files(
                (digest, taken.folder / "evidence" / digest[:2] / digest) for digest in samples
            )
    except BackupError as error:
        raise BackupError(f"NOT GREEN. {error}") from None


def _check_apart(settings: Settings, taken: Taken, kept: Path) -> None:
    """Keys beside the data or in the backup are lost, or taken, with it; raises BackupError."""
    real = kept.resolve()
    for place, what in (
        (settings.keys_path, "the place from which the portal itself uses them"),
        (settings.data, "the portal's data directory"),
        (taken.folder.parent, "the directory of the backups"),
    ):
        if real.is_relative_to(place.resolve()):
            raise BackupError(f"NOT GREEN. {kept} lies in {what}. Keep copies of the keys somewhere else.")


def _asking(from_stdin: bool) -> AskPhrase:
    def ask(path: Path) -> str:
        if from_stdin:
            return sys.stdin.readline()
        try:
            return str(click.prompt(f"Passphrase of {path.name}", hide_input=True))
        except click.Abort:
            raise BackupError(
                f"Nobody is there to type the passphrase of {path}: keep a copy of vault.json there, or give"
                " the passphrase with --passphrase-stdin."
            ) from None

    return ask


def _said(needs: dict[str, list[str]]) -> str:
    return "; ".join(f"{purpose} {', '.join(ids)}" for purpose, ids in needs.items() if ids) or "none"
