"""An application with a database of its own, for tests in which several threads really commit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.fixtures.app import make_settings, migrated


@pytest.fixture(params=["sqlite", "postgresql"])
def own_app(request: pytest.FixtureRequest, tmp_path: Path, redis_url: str) -> Iterator[Flask]:
    """The application on a fresh database of its own; nothing is rolled back."""
    if request.param == "sqlite":
        with migrated(make_settings(tmp_path, REDIS_URL=redis_url)) as app:
            yield app
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"woodpecker_own_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    url = make_url(server).set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    try:
        with migrated(make_settings(tmp_path, REDIS_URL=redis_url, DATABASE_URL=url)) as app:
            yield app
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
