"""A vault process beside a portal whose rows are committed, on each database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from portal.config import Settings
from portal.vault.client import VaultClient
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.services import own_database
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
                own_database(request.getfixturevalue("postgres_server"))
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
