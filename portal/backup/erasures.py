"""`flask erasures`: what reporters erased stays erased after a restore."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from portal import clock
from portal.backup import database, erased
from portal.backup.erased import Erased
from portal.backup.manifest import BackupError
from portal.config import Settings
from portal.database import db
from portal.evidence.store import Store
from portal.reports.models import Report
from portal.retention import erasure
from portal.retention.destroying import Destroyed
from portal.retention.originals import remove_bytes
from portal.retention.run import terms

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("erasures")
def erasures() -> None:
    """What reporters had erased, as ids and times: list it, or erase it again after a restore."""


@erasures.command("list")
@click.argument("file", type=FILE)
def write_list(file: Path) -> None:
    """Write the list to FILE, which is replaced in one step; no name and no text stands in it."""
    settings = Settings.load(os.environ)
    with database.looking(settings.database_url) as connection:
        count = erased.write(file.absolute(), erased.read_from(connection))
    click.echo(f"{count} erasures: {file}")


@erasures.command("again")
@click.argument("files", nargs=-1, required=True, type=FILE)
@with_appcontext
def again(files: tuple[Path, ...]) -> None:
    """Erase again what the lists in FILES name, as far as a restore brought it back; can be run again."""
    try:
        entries = [one for file in files for one in erased.read(file)]
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    done = sum(bool(_again(one).kinds) for one in sorted(entries, key=lambda one: one.at))
    click.echo(f"{len(entries)} erasures known; erased again: {done}. The others were erased already.")


def _again(entry: Erased) -> Destroyed:
    """Erase what was there before, in a transaction of its own."""
    report_id = db.session.scalar(select(Report.id).where(Report.uuid == entry.report))
    if report_id is None:
        return Destroyed()
    gone = erasure.erase_again(report_id, entry.kinds, entry.at, clock.now(), terms())
    db.session.commit()
    remove_bytes(cast(Store, current_app.extensions["portal_store"]), gone.digests)
    db.session.commit()
    return gone
