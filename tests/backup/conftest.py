"""A portal with rows and files that stay, on each database, and how an operator calls its commands."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from portal.backup.commands import backup
from portal.config import Settings
from portal.database import db
from portal.people import accounts
from portal.people.accounts import NewAccount
from portal.people.permissions import Role
from portal.reports import receipt
from portal.vault.groups import FieldGroup, context_of
from portal.vault.models import SealedField, SealedKey
from portal.vault.pairs import VaultKeys
from portal.vault.process import check_canary
from portal.vault.sealing import seal_fields
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.evidence import make_evidence, picture
from tests.fixtures.records import WHEN, make_report
from tests.fixtures.services import own_database, postgres_programs
from tests.fixtures.stores import kept_in_bucket, s3_url  # noqa: F401

NAME, TELEPHONE, ACCOUNT = "欧阳晓燕", "13937200417", "6222021708001234567"
FIELDS = {
    FieldGroup.LEGAL: {"name": NAME, "id_number": "41050219850312452X"},
    FieldGroup.CONTACT: {"telephone": TELEPHONE, "email": "ouyang@example.com"},
    FieldGroup.PAYEE: {"holder": NAME, "bank": "工商银行", "account": ACCOUNT},
}
PLANTED = (NAME, TELEPHONE, ACCOUNT, "41050219850312452X", "ouyang@example.com")


@dataclass
class Portal:
    """A portal with one report: a name, a photo, an account of the staff."""

    app: Flask
    settings: Settings
    environ: dict[str, str]
    code: str
    number: str
    digests: set[str]
    """Under what the files lie: an original under its name, a copy under its digest."""
    kept: Path
    path: str = field(default_factory=lambda: os.environ.get("PATH", ""))

    def calls(self, command: click.Command, *words: object, text: str = "") -> Result:
        """Call a command with the portal's environment."""
        environ: dict[str, str | None] = dict.fromkeys(name for name in os.environ if "PORTAL" in name)
        environ |= {**self.environ, "PATH": self.path}
        return CliRunner(env=environ).invoke(command, [str(word) for word in words], input=text)

    def place_of(self, name: str) -> Path:
        """Where a file lies."""
        root = self.settings.evidence_dir
        return (root / "originals" if len(name) == 32 else root) / name[:2] / name

    def takes_a_backup(self, into: Path) -> Path:
        """A green one; returns its folder."""
        done = self.calls(backup, into, "--keys-kept", self.kept)
        assert done.exit_code == 0, done.output
        assert "GREEN: the backup is whole" in done.output
        (folder,) = into.iterdir()
        return folder

    def in_a_new_place(self, data: Path, **environ: str) -> Portal:
        """The settings of another machine, where nothing is yet."""
        return replace(self, environ={**self.environ, "PORTAL_DATA": str(data), **environ})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def portal(
    request: pytest.FixtureRequest, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    """The portal on each database."""
    with ExitStack() as stack:
        environ = {"REDIS_URL": redis_url}
        if request.param == "postgresql":
            need_dump_program()
            server = request.getfixturevalue("postgres_server")
            environ["DATABASE_URL"] = stack.enter_context(own_database(server))
        yield stack.enter_context(_filled(tmp_path_factory.mktemp("portal"), environ))


@pytest.fixture(scope="module")
def small(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The portal on SQLite alone."""
    with ExitStack() as stack:
        yield stack.enter_context(_filled(tmp_path_factory.mktemp("small"), {"REDIS_URL": redis_url}))


def need_dump_program() -> None:
    """Skip where this machine has no pg_dump at all."""
    programs = postgres_programs()
    if not (programs and (programs / "pg_dump").exists()) and shutil.which("pg_dump") is None:
        pytest.skip("There is no pg_dump on this machine.")


class _filled:
    """A migrated portal with its rows and files."""

    def __init__(self, base: Path, environ: dict[str, str]) -> None:
        self._base, self._environ, self._stack = base, environ, ExitStack()

    def __enter__(self) -> Portal:
        data = self._base / "data"
        settings = make_settings(data, **self._environ)
        app = self._stack.enter_context(migrated(settings))
        own = {"PORTAL_ENV": "test", "PORTAL_DATA": str(data), "PORTAL_CHALLENGE": "null", **self._environ}
        with app.app_context():
            code, number, digests = _fill(app, settings)
        kept = self._base / "safe"
        shutil.copytree(settings.keys_path, kept)
        programs = postgres_programs()
        path = f"{programs}:{os.environ.get('PATH', '')}" if programs else os.environ.get("PATH", "")
        return Portal(app, settings, own, code, number, digests, kept, path)

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _fill(app: Flask, settings: Settings) -> tuple[str, str, set[str]]:
    ring, code = app.extensions["portal_keyring"], receipt.mint()
    key_id, secret = ring.current("receipt")
    report = make_report(receipt_digest=receipt.digest(code, secret))
    report.receipt_key_id = key_id
    for group, fields in FIELDS.items():
        sealed = seal_fields(ring.vault_key(), fields, context_of(group, report.uuid, 1))
        row = SealedField(report_id=report.id, field_group=group, version=1, blob=sealed.blob, sealed_at=WHEN)
        row.key = SealedKey(key_id=sealed.key_id, wrap=sealed.wrap)
        db.session.add(row)
    item = make_evidence(app, report, picture(), original=b"as the telephone took it" * 20_000)
    accounts.create(
        ring, NewAccount("李娜", "li.na", frozenset({Role.ADMINISTRATOR})), "nine herons stand", WHEN
    )
    digests = {item.original, item.clean_digest}
    number = report.number
    db.session.commit()
    with db.engine.begin() as connection:
        check_canary(connection, VaultKeys.load(settings.keys_path / "vault.json"))
    return code, number, digests
