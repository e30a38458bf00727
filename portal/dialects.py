"""What each connection is told, and the type of an instant; knows neither Flask nor models."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

BUSY_MS = 15_000


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the database; a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the value back aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# A page that only reads must not queue behind a writer: SQLite takes its write lock at BEGIN
# unless the code says that it will not write.
_read_only: ContextVar[bool] = ContextVar("read_only", default=False)


@contextmanager
def reading() -> Iterator[None]:
    """Begin transactions inside as readers (SQLite: plain BEGIN)."""
    token = _read_only.set(True)
    try:
        yield
    finally:
        _read_only.reset(token)


@contextmanager
def writing() -> Iterator[None]:
    """Begin transactions inside as writers (SQLite: BEGIN IMMEDIATE)."""
    token = _read_only.set(False)
    try:
        yield
    finally:
        _read_only.reset(token)


def is_read_only() -> bool:
    """Say whether the current transaction only reads."""
    return _read_only.get()


def set_read_only(value: bool) -> None:
    """Say for the rest of this request whether its transactions only read."""
    _read_only.set(value)


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401  (DBAPI)
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # SQLAlchemy's begin event writes BEGIN itself
    for pragma in (
        "foreign_keys=ON",
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_MS}",
        "trusted_schema=OFF",
        # INSERT OR REPLACE deletes rows; without this the triggers that keep them are not asked.
        "recursive_triggers=ON",
        # What is destroyed shall not stay in the file; some systems build SQLite with it, some without.
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    if not isinstance(driver, sqlite3.Connection):
        return
    if _read_only.get():
        driver.execute("BEGIN")
    else:
        _begin_writing(driver)


def _begin_writing(driver: sqlite3.Connection) -> None:
    """Take the write lock, asking again every millisecond or two.

    SQLite's own waiting grows to a tenth of a second between two looks, so of several writers one is
    always unlucky: that made the slowest reports ten times slower than the others.
    """
    end = time.monotonic() + BUSY_MS / 1000
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(random.uniform(0.0005, 0.002))  # noqa: S311 - jitter is no secret
            else:
                return
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_MS}")


event.listen(Engine, "connect", _prepare_sqlite)
event.listen(Engine, "begin", _begin_sqlite)
