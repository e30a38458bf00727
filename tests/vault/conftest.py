"""A vault process beside a portal whose rows are committed, on each database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy.engine import make_url

from portal.config import Settings
from portal.vault.client import VaultClient
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.services import plain
from tests.fixtures.vault import running_vault


@dataclass
class Beside:
    """A portal and what its vault process was started with."""

    app: Flask
    settings: Settings
    environ: dict[str, str]
    client: VaultClient
    log: Path
    pid: int = 0


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def standing(request: pytest.FixtureRequest, redis_url: str) -> Iterator[Beside]:
    """A portal with a database of its own, whose rows stay; the vault is not started."""
    with ExitStack() as stack:
        # Short on purpose: the name of a unix socket may have about a hundred bytes.
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wp-vault-")))
        environ = {"REDIS_URL": redis_url}
        if request.param == "postgresql":
            environ["DATABASE_URL"] = stack.enter_context(
                _own_database(request.getfixturevalue("postgres_url"))
            )
        settings = make_settings(data, **environ)
        app = stack.enter_context(migrated(settings))
        own = {"PORTAL_ENV": "test", "PORTAL_DATA": str(data), **environ}
        app.extensions["portal_vault"] = VaultClient(settings.vault_socket)
        yield Beside(app, settings, own, VaultClient(settings.vault_socket), data / "vault.log")


@pytest.fixture(scope="module")
def beside(standing: Beside) -> Iterator[Beside]:
    """The same with its vault process."""
    with running_vault(standing.environ, standing.settings.vault_socket, standing.log) as process:
        standing.pid = process.pid
        yield standing


class _own_database:
    """A database beside the one of the test process."""

    def __init__(self, url: str) -> None:
        self._admin, self._name = plain(url), f"vault_{make_url(url).database}"
        self._url = make_url(url).set(database=self._name).render_as_string(hide_password=False)

    def __enter__(self) -> str:
        self._run("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0")
        return self._url

    def __exit__(self, *_: object) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._admin, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self._name)))  # type: ignore[arg-type]
