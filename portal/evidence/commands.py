"""`flask evidence ...`: what the operator does with the keys of files."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import cast

import click
from flask import current_app
from flask.cli import with_appcontext

from portal import clock
from portal.database import db
from portal.evidence import original_keys, resealing
from portal.evidence.store import Store, StoreError
from portal.evidence.vaulted import Originals
from portal.extensions import settings
from portal.vault import keyfiles, keys
from portal.vault.keyfiles import KeyFileError
from portal.vault.working import WorkingKeys

# Web processes notice a new public file at the next original; a day is for machines that are off.
RETIRE_AFTER = timedelta(days=1)


@click.group("evidence")
def evidence() -> None:
    """The files of evidence and their keys."""


@evidence.command("reseal")
@with_appcontext
def reseal() -> None:
    """Bring the files of earlier versions under the keys of today. Can be broken off and run again."""
    known = current_app.extensions
    store, originals = cast(Store, known["portal_store"]), cast(Originals, known["portal_originals"])
    with _alone() as directory:
        done = resealing.reseal(store, originals, known["portal_keyring"])
        click.echo(f"Sealed to the vault: {done.originals} originals.")
        click.echo(f"Under the new key: {done.copies} copies.")
        if done.failed:
            names = ", ".join(one[:12] for one in done.failed[:10])
            raise click.ClickException(
                f"{len(done.failed)} files do not open and stay as they are: {names}. Bring them back from a"
                " backup, then run this again; until then web.json keeps its old key."
            )
        if resealing.left():
            raise click.ClickException("More files came in the old form meanwhile. Run this again.")
        if keys.take_from_web(directory):
            click.echo("web.json no longer holds a key of files. Put copies of the old one away.")


@evidence.command("rotate")
@with_appcontext
def rotate() -> None:
    """Make a new pair for originals that are not cleaned yet; run again after a day to retire the old one."""
    at = clock.now()
    with _alone() as directory:
        private, public = (directory / name for name in keys.WORKING_FILES)
        held = WorkingKeys.load(private)
        if len(held.pairs) == 1:
            held = held.with_new(at)
            keyfiles.replace(private, held.document())
        keyfiles.replace(public, held.public_document(), 0o644)
        needed = original_keys.working_ids()
        db.session.rollback()
        if at - held.current().created >= RETIRE_AFTER:
            kept = tuple(pair for pair in held.pairs if pair == held.current() or pair.id in needed)
            if kept != held.pairs:
                held = WorkingKeys(kept)
                keyfiles.replace(public, held.public_document(), 0o644)
                keyfiles.replace(private, held.document())
    click.echo(f"Originals that come now are sealed to {held.current().id} until they are cleaned.")
    earlier = ", ".join(pair.id for pair in held.pairs[1:])
    if earlier:
        click.echo(f"Still kept: {earlier}. Run this again after a day, when its files are cleaned.")


@contextmanager
def _alone() -> Iterator[Path]:
    """Let one command work on the keys at a time; say faults as sentences."""
    directory = settings().keys_path
    try:
        with (directory / ".files.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield directory
    except (KeyFileError, OSError) as error:
        raise click.ClickException(str(error)) from None
    except StoreError as error:
        raise click.ClickException(f"The evidence store does not answer ({error}).") from None
