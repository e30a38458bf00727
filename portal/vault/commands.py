"""`flask vault ...`: what the operator does with the vault's keys, as the user who may read them."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.config import SettingsError
from portal.config_vault import VaultSettings
from portal.errors import Refusal
from portal.vault import keyfiles, recovery, rotation
from portal.vault import tables as t
from portal.vault.client import VaultClient
from portal.vault.keyfiles import KeyFileError
from portal.vault.pairs import VaultKeys, first_public
from portal.vault.process import CannotOpen, check_canary, connect


@click.group("vault")
def vault() -> None:
    """The vault: the keys that open identities."""


@vault.command("init")
@click.option("--recovery", "target", type=click.Path(path_type=Path), help="Where the recovery file goes.")
def init(target: Path | None) -> None:
    """Make the keys where there are none, and the recovery file with two passphrases."""
    with _at_work() as settings:
        keys = VaultKeys.load(settings.keys) if settings.keys.exists() else _first_keys(settings)
        _write_recovery(keys, target or _recovery_path(settings, keys))
        click.echo(f"Private keys, for the user of the vault alone: {settings.keys}")
        click.echo(f"Public key, for who takes reports: {settings.public}")
        try:
            with _database(settings) as engine, engine.begin() as connection:
                check_canary(connection, keys)
        except (SQLAlchemyError, sqlite3.Error):
            click.echo("The database is not ready; the vault seals its canary at its first start.")


@vault.command("check")
def check() -> None:
    """Compare keys, database and the running process; fails when something does not fit."""
    with _at_work() as settings:
        keys = VaultKeys.load(settings.keys)
        current = keys.current().id
        public = first_public(settings.public)
        if public.id not in {pair.id for pair in keys.pairs}:
            raise click.ClickException(
                f"What is sealed now goes to {public.id}, which the vault does not hold."
            )
        with _database(settings) as engine, engine.begin() as connection:
            check_canary(connection, keys)
            k = t.sealed_keys.c
            counts = connection.execute(select(k.key_id, func.count()).group_by(k.key_id)).all()
            o = t.original_keys.c
            files = connection.execute(select(o.vault_key_id, func.count()).group_by(o.vault_key_id)).all()
        click.echo(f"The keys fit the database. Current: {current}.")
        for key_id, count in counts:
            click.echo(f"  sealed to {key_id}: {count}")
        for key_id, count in files:
            click.echo(f"  originals sealed to {key_id}: {count}")
        if public.id != current or len(keys.pairs) > 1:
            click.echo("A rotation is under way: run `flask vault rotate` again.")
        try:
            held = VaultClient(settings.socket).health()["keys"]
        except Refusal:
            raise click.ClickException(f"No vault answers at {settings.socket}.") from None
        click.echo(f"The vault answers and holds {', '.join(held)}.")


@vault.command("restore-key")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--passphrase-stdin", is_flag=True, help="Read the passphrase from standard input.")
def restore_key(file: Path, passphrase_stdin: bool) -> None:
    """Bring the private keys back from a recovery FILE with one of its two passphrases."""
    with _at_work() as settings:
        if settings.keys.exists():
            raise KeyFileError(keyfiles.KeyFileFault.EXISTS, settings.keys)
        hidden = not passphrase_stdin
        phrase = click.prompt("Passphrase", hide_input=True) if hidden else sys.stdin.readline()
        try:
            keys = recovery.read(file, phrase)
        except recovery.WrongPassphrase:
            raise click.ClickException("Neither lock of this file opens with that passphrase.") from None
        keyfiles.write_new(settings.keys, keys.document())
        keyfiles.replace(settings.public, keys.public_document(), 0o644)
        click.echo(f"The keys are back: {settings.keys}. Start the vault, then: flask vault check")


@vault.command("rotate")
def rotate() -> None:
    """Make a new pair, wrap every data key to it, retire the old one a day later. Can be run again."""
    with _at_work() as settings:
        keys = rotation.begin(settings.keys, settings.public, clock.now())
        with _database(settings) as engine:
            with engine.begin() as connection:
                check_canary(connection, keys)
            target = _recovery_path(settings, keys)
            if not target.exists():
                _write_recovery(keys, target)
            done, unreadable = rotation.rewrap(engine, keys)
            files, closed = rotation.rewrap_originals(engine, keys)
            late = rotation.somebody_is_late(keys, done + files, clock.now())
            if late:
                kept = tuple(pair.id for pair in keys.pairs[1:])
            else:
                kept = rotation.retire(engine, settings.keys, settings.public, clock.now())
        click.echo(f"Wrapped to {keys.current().id}: {done}, and the keys of {files} originals.")
        if unreadable or closed:
            click.echo(f"Do not open with any key: {unreadable + closed}. They stay as they are.", err=True)
        if late:
            click.echo(
                f"Still kept: {', '.join(kept)}. Some machine sealed to it lately: copy {settings.public} to"
                " every machine that takes reports, then run this again."
            )
        elif kept:
            click.echo(
                f"Still kept: {', '.join(kept)}. Run this again after a day to retire what nothing uses."
            )
        else:
            click.echo("No earlier key is left.")


@contextmanager
def _database(settings: VaultSettings) -> Iterator[Engine]:
    """The database, left without an open connection afterwards."""
    engine = connect(settings)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _at_work() -> Iterator[VaultSettings]:
    """Load the settings, let one command work on the keys at a time, and say faults as sentences."""
    try:
        settings = VaultSettings.load(os.environ)
        settings.keys.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (settings.keys.parent / ".vault.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield settings
    except (SettingsError, KeyFileError, CannotOpen) as error:
        raise click.ClickException(str(error)) from None
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise click.ClickException(f"The database does not answer ({type(error).__name__}).") from None
    except OSError as error:
        raise click.ClickException(
            f"{error.strerror}: {error.filename}. Run this as the user of the vault, with its environment."
        ) from None


def _first_keys(settings: VaultSettings) -> VaultKeys:
    """Make the first pair, unless a public file says that there was one."""
    if settings.public.exists():
        raise click.ClickException(
            f"There is a public key at {settings.public} without its private one: what was sealed to it would"
            " be lost. Bring vault.json back, or: flask vault restore-key RECOVERY_FILE"
        )
    keys = VaultKeys.fresh(clock.now())
    keys.write(settings.keys, settings.public)
    return keys


def _recovery_path(settings: VaultSettings, keys: VaultKeys) -> Path:
    return settings.keys.parent / f"vault-recovery-{keys.current().id}.json"


def _write_recovery(keys: VaultKeys, target: Path) -> None:
    made = recovery.write(keys, target, clock.now())
    click.echo(f"Recovery file: {made.path}. Keep copies away from this machine.")
    click.echo("Two passphrases, shown once. Either opens the file: print them, give each to another person.")
    for number, phrase in enumerate(made.passphrases, start=1):
        click.echo(f"  {number}. {phrase}")
