"""The database's part of a backup: one moment of it in one file, while the portal goes on."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import URL, Connection, make_url

from portal.backup.manifest import DUMP_FILE, SQLITE_FILE, BackupError, sync
from portal.dialects import reading

SYSTEM_PROGRAMS = Path("/usr/lib/postgresql")


def kind_of(database_url: str) -> str:
    """Return the name that the database's file has in a backup."""
    return SQLITE_FILE if make_url(database_url).get_backend_name() == "sqlite" else DUMP_FILE


@contextmanager
def snapshot(database_url: str, folder: Path) -> Iterator[Connection]:
    """Write the database's file into the folder; the connection sees exactly what stands in it."""
    url = make_url(database_url)
    make = _of_sqlite if kind_of(database_url) == SQLITE_FILE else _of_postgresql
    with make(url, folder) as connection:
        yield connection
    sync(folder / kind_of(database_url))


@contextmanager
def looking(database_url: str) -> Iterator[Connection]:
    """Give a connection that only reads."""
    engine = create_engine(database_url, hide_parameters=True)
    try:
        with reading(), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def is_empty(database_url: str) -> bool:
    """Say whether there is no table at all; makes no file."""
    url = make_url(database_url)
    if kind_of(database_url) == SQLITE_FILE and not Path(str(url.database)).exists():
        return True
    with looking(database_url) as connection:
        return not inspect(connection).get_table_names()


def bring_back(database_url: str, folder: Path) -> None:
    """Put a backup's database where the settings say; the place is empty. Raises BackupError."""
    url = make_url(database_url)
    if kind_of(database_url) == SQLITE_FILE:
        _to_sqlite(Path(str(url.database)), folder / SQLITE_FILE)
    else:
        _to_postgresql(url, folder / DUMP_FILE)


@contextmanager
def _of_sqlite(url: URL, folder: Path) -> Iterator[Connection]:
    source, target = Path(str(url.database)).absolute(), folder / SQLITE_FILE
    if not source.is_file():
        raise BackupError(f"There is no database at {source}.")
    target.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
        with looking(f"sqlite:///{target}") as connection:
            yield connection
        with closing(sqlite3.connect(target)) as copy:
            _close(copy)
    except sqlite3.Error as error:
        raise BackupError(f"The database cannot be copied ({type(error).__name__}: {error}).") from None


def _close(copy: sqlite3.Connection) -> None:
    """Leave one file without what was deleted: destroyed data keys would live on in its free pages."""
    found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise BackupError(f"The database is damaged: {found}")
    copy.execute("VACUUM")
    copy.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def _of_postgresql(url: URL, folder: Path) -> Iterator[Connection]:
    target = folder / DUMP_FILE
    engine = create_engine(url, hide_parameters=True)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            program = _program("pg_dump", connection)
            moment = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            target.touch(mode=0o600)
            words = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={moment}")
            _run([program, *words, f"--file={target}"], url)
            yield connection
    finally:
        engine.dispose()


def _to_sqlite(target: Path, source: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.restoring")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    shutil.copyfile(source, draft)
    sync(draft)
    for leaving in ("-wal", "-shm"):  # of an empty database
        target.with_name(target.name + leaving).unlink(missing_ok=True)
    draft.replace(target)
    sync(target.parent)


def _to_postgresql(url: URL, source: Path) -> None:
    with looking(url.render_as_string(hide_password=False)) as connection:
        program = _program("pg_restore", connection)
    words = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _run([program, *words, str(source)], url)


def _program(name: str, connection: Connection) -> str:
    """Return a program that is not older than the server; raises BackupError."""
    server = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    places = [shutil.which(name), *map(str, SYSTEM_PROGRAMS.glob(f"*/bin/{name}"))]
    found = {_major(place): place for place in reversed(places) if place}
    fitting = [major for major in sorted(found) if major >= server]
    if fitting:
        return found[fitting[0]]
    if not found:
        raise BackupError(
            f"There is no {name} on this machine: install PostgreSQL's client programs, version {server}."
        )
    raise BackupError(
        f"{name} is version {max(found)}, older than the server's {server}: install version {server}."
    )


def _major(program: str) -> int:
    words = [program, "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - found by us
    version = re.search(r"(\d+)(?:\.\d+)*", done.stdout)
    return int(version[1]) if version else 0


def _run(words: list[str], url: URL) -> None:
    """Run one of PostgreSQL's programs; the password goes by its environment, which others cannot read."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    parts = {name: str(value) for name, value in conninfo_to_dict(address).items()}
    password = parts.pop("password", "")
    environ = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    name = Path(words[0]).name
    command = [words[0], "--no-password", f"--dbname={make_conninfo(**parts)}", *words[1:]]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise BackupError(f"{name} failed: {lines[0] if lines else done.returncode}")
