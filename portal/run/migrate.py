"""Bringing the database to the newest shape at start.

Alembic, which takes a while to load, is started only when there is something to do.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import Connection

from portal.people import role_filling

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = ROOT / "migrations"
NUMBER = re.compile(r"""^revision(?:\s*:[^=]+)?\s*=\s*["'](\w+)["']""", re.M)
FOLLOWS = re.compile(r"^down_revision(?:\s*:[^=]+)?\s*=(.*)$", re.M)
QUOTED = re.compile(r"""["'](\w+)["']""")
LOCK = 0x776F6F64  # any fixed number: PostgreSQL's advisory lock for "somebody is migrating"


class MigrationError(Exception):
    """The database could not be brought to the newest shape; the message holds the reason."""


def newest(directory: Path = MIGRATIONS) -> str:
    """The number of the newest migration. Raises MigrationError if there is none or more than one."""
    texts = [path.read_text(encoding="utf-8") for path in (directory / "versions").glob("*.py")]
    numbers: set[str] = {number for text in texts for number in NUMBER.findall(text)}
    followed = {number for text in texts for line in FOLLOWS.findall(text) for number in QUOTED.findall(line)}
    heads = sorted(numbers - followed)
    if len(heads) != 1:
        raise MigrationError(f"There must be one newest migration, but there are {len(heads)}: {heads}.")
    return heads[0]


def present(connection: Connection) -> str:
    """The number of the migration that the database stands at; empty for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def migrate(database_url: str, environ: Mapping[str, str]) -> bool:
    """Bring the database to the newest shape; True if it was empty before. Raises MigrationError."""
    goal = newest()
    engine = create_engine(database_url, hide_parameters=True)
    try:
        with engine.connect() as connection, _alone(connection):
            before = present(connection)
            connection.rollback()
            if before != goal:
                _upgrade(environ)
            elif inspect(connection).has_table(role_filling.ROLES.name):
                # A release may bring a role and no migration.
                role_filling.fill(connection)
                connection.commit()
    finally:
        engine.dispose()
    return not before


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Hold PostgreSQL's lock, so that of several machines one migrates and the others wait."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": LOCK})
    connection.commit()
    try:
        yield
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": LOCK})
        connection.commit()


def _upgrade(environ: Mapping[str, str]) -> None:
    """Run `flask db upgrade` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", str(ROOT / "app.py"), "db", "upgrade"],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise MigrationError(done.stderr.strip()[-2000:] or "flask db upgrade failed without a word.")
