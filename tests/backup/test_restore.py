"""If these fail, a city that loses its machine loses its reports, or finds its backup cannot be opened."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from portal import clock
from portal.backup.commands import backup, restore
from portal.backup.erasures import erasures
from portal.database import db
from portal.factory import create_app
from portal.reports.models import Report
from portal.retention import erasure
from portal.retention.kinds import Kind
from portal.retention.run import terms
from portal.vault import recovery
from portal.vault.groups import FieldGroup
from portal.vault.keys import Keyring
from portal.vault.models import SealedField
from portal.vault.pairs import VaultKeys
from tests.backup.conftest import Portal
from tests.fixtures.app import make_settings
from tests.fixtures.records import WHEN
from tests.fixtures.services import own_database
from tests.fixtures.visitors import enter


@pytest.fixture
def elsewhere(portal: Portal, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Portal]:
    """An empty place with a database of the same kind."""
    with ExitStack() as stack:
        environ = {}
        if "DATABASE_URL" in portal.environ:
            server = request.getfixturevalue("postgres_server")
            environ["DATABASE_URL"] = stack.enter_context(own_database(server))
        yield portal.in_a_new_place(tmp_path / "new", **environ)


@pytest.fixture(scope="module")
def folder(small: Portal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup that nothing writes into."""
    return small.takes_a_backup(tmp_path_factory.mktemp("backups") / "all")


def test_the_receipt_code_opens_the_report_after_everything_was_lost(
    portal: Portal, elsewhere: Portal, tmp_path: Path
) -> None:
    folder = portal.takes_a_backup(tmp_path / "backups")
    done = elsewhere.calls(restore, folder, "--keys", portal.kept)
    assert done.exit_code == 0, done.output
    for proof in (
        "vault canaries opened: 1",
        "sealed identities opened: 1",
        "receipt keys held: ",
        "second factors opened: 1",
        "opened with the vault's key, its checksum is right",
        "decrypted, its checksum is right",
        "2 files of evidence are there, of 2 that are named",
    ):
        assert proof in done.output
    data = Path(elsewhere.environ["PORTAL_DATA"])
    for name in ("web.json", "desk.json", "files.json", "worker.json", "vault.json"):
        assert stat.S_IMODE((data / "keys" / name).stat().st_mode) == 0o600
    values = {
        name: elsewhere.environ[name] for name in ("REDIS_URL", "DATABASE_URL") if name in portal.environ
    }
    app = create_app(make_settings(data, **values))
    store = app.extensions["portal_store"]
    assert {*store.digests(), *app.extensions["portal_originals"].names()} == portal.digests
    client = app.test_client()
    assert enter(client, portal.code).status_code == 303
    assert portal.number in client.get("/track/report").text
    with app.app_context():
        db.engine.dispose()
    again = elsewhere.calls(restore, folder, "--keys", portal.kept)
    assert again.exit_code == 1
    assert "The database is not empty" in again.output


def test_what_a_reporter_erased_since_is_erased_again_after_a_restore(
    portal: Portal, elsewhere: Portal, tmp_path: Path
) -> None:
    """Somebody took back a number, was told that it is gone for ever, and it would come back."""
    older = portal.takes_a_backup(tmp_path / "backups")
    with portal.app.app_context():
        report = db.session.scalars(select(Report)).one()
        erasure.erase(report, [Kind.CONTACT], clock.now(), terms())
        db.session.commit()
        db.session.remove()
    (tmp_path / "backups" / "woodpecker-20200101T000000Z").mkdir()
    (tmp_path / "backups" / "notes").mkdir()
    done = portal.calls(backup, tmp_path / "backups", "--keys-kept", portal.kept, "--keep-days", "35")
    assert "Removed, older than 35 days" in done.output
    left = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert len(left) == 3
    assert left[0] == "notes"
    newer = tmp_path / "backups" / left[-1]
    done = elsewhere.calls(restore, older, "--keys", portal.kept)
    assert f"flask erasures again {newer / 'erased.json'}" in done.output
    values = {
        name: elsewhere.environ[name] for name in ("REDIS_URL", "DATABASE_URL") if name in portal.environ
    }
    app = create_app(make_settings(Path(elsewhere.environ["PORTAL_DATA"]), **values))
    again = app.test_cli_runner()
    for count in (1, 0):
        told = again.invoke(erasures, ["again", str(newer / "erased.json")])
        assert f"1 erasures known; erased again: {count}." in told.output, told.output
    with app.app_context():
        groups = set(db.session.scalars(select(SealedField.field_group)))
        assert groups == {FieldGroup.LEGAL, FieldGroup.PAYEE}
        db.session.remove()
        db.engine.dispose()


def nothing_came(there: Portal) -> bool:
    data = Path(there.environ["PORTAL_DATA"])
    return not [path for path in data.rglob("*") if path.name in {"portal.db", "web.json", "vault.json"}]


def test_the_recovery_file_and_a_passphrase_do_for_the_private_key(
    small: Portal, folder: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(small.kept, kept)
    keys = VaultKeys.load(kept / "vault.json")
    made = recovery.write(keys, kept / "vault-recovery-x.json", WHEN)
    (kept / "vault.json").unlink()
    there = small.in_a_new_place(tmp_path / "new")
    words = (restore, folder, "--keys", kept, "--passphrase-stdin")
    wrong = there.calls(*words, text=recovery.new_passphrase())
    assert wrong.exit_code == 1
    assert "Neither lock" in wrong.output
    assert nothing_came(there)
    done = there.calls(*words, text=made.passphrases[1])
    assert done.exit_code == 0, done.output
    assert VaultKeys.load(tmp_path / "new" / "keys" / "vault.json") == keys


def test_every_night_a_recovery_file_counts_by_the_pairs_that_it_names(small: Portal, tmp_path: Path) -> None:
    """Else the passphrase would lie on the machine of the web processes, and the vault's own user with it."""
    kept = tmp_path / "kept"
    shutil.copytree(small.kept, kept)
    keys = VaultKeys.load(kept / "vault.json")
    (kept / "vault.json").unlink()
    words = (backup, tmp_path / "backups", "--keys-kept", kept)
    recovery.write(keys, kept / "vault-recovery-x.json", WHEN)
    # Copied later, but made earlier: of the pair before a rotation.
    recovery.write(VaultKeys.fresh(WHEN), kept / "vault-recovery-a.json", WHEN - timedelta(days=9))
    unattended = small.calls(*words)
    assert unattended.exit_code == 1
    assert "Nobody is there to type the passphrase" in unattended.output
    done = small.calls(*words, "--recovery-closed")
    assert done.exit_code == 0, done.output
    assert "NOT opened: rehearse that by hand" in done.output
    (kept / "vault-recovery-x.json").unlink()
    recovery.write(VaultKeys.fresh(WHEN), kept / "vault-recovery-y.json", WHEN)
    foreign = small.calls(*words, "--recovery-closed")
    assert foreign.exit_code == 1
    assert "are not enough" in foreign.output


def test_the_keys_of_another_portal_restore_nothing(small: Portal, folder: Path, tmp_path: Path) -> None:
    Keyring.create(tmp_path / "others")
    there = small.in_a_new_place(tmp_path / "new")
    done = there.calls(restore, folder, "--keys", tmp_path / "others")
    assert done.exit_code == 1
    assert "are not enough; lacking: evidence " in done.output
    assert nothing_came(there)


def test_a_damaged_backup_restores_nothing_and_the_check_names_the_file(
    small: Portal, folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (one,), (other,) = copy.glob("evidence/??/*"), copy.glob("evidence/originals/??/*")
    content = one.read_bytes()
    one.write_bytes(content[:-1] + bytes((content[-1] ^ 1,)))
    other.unlink()
    there = small.in_a_new_place(tmp_path / "new")
    done = there.calls(restore, copy, "--keys", small.kept)
    assert done.exit_code == 1
    assert "not whole, nothing was written" in done.output
    assert nothing_came(there)
    checked = small.calls(backup, "check", copy)
    assert checked.exit_code == 1
    assert f"{one.relative_to(copy)} is damaged." in checked.output
    assert f"{other.relative_to(copy)} is missing." in checked.output


def test_what_lies_in_the_new_place_is_not_written_over(small: Portal, folder: Path, tmp_path: Path) -> None:
    there = small.in_a_new_place(tmp_path / "new")
    stray = tmp_path / "new" / "evidence" / "00" / "something"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"of somebody")
    done = there.calls(restore, folder, "--keys", small.kept)
    assert done.exit_code == 1
    assert "is not empty" in done.output
    assert stray.read_bytes() == b"of somebody"
    assert nothing_came(there)


def test_other_keys_in_the_new_place_are_not_written_over(
    small: Portal, folder: Path, tmp_path: Path
) -> None:
    own = Keyring.create(tmp_path / "new" / "keys")
    there = small.in_a_new_place(tmp_path / "new")
    done = there.calls(restore, folder, "--keys", small.kept)
    assert done.exit_code == 1
    assert "Other keys are at" in done.output
    assert Keyring.load(tmp_path / "new" / "keys").all("receipt") == own.all("receipt")
    assert not (tmp_path / "new" / "portal.db").exists()


def test_a_manifest_does_not_lead_out_of_its_folder(small: Portal, folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    text = (copy / "manifest.json").read_text()
    (copy / "manifest.json").write_text(text.replace('"path": "evidence/', '"path": "evidence/../../', 1))
    done = small.in_a_new_place(tmp_path / "new").calls(restore, copy, "--keys", small.kept)
    assert done.exit_code == 1
    assert "is not complete" in done.output


def test_the_password_of_the_database_stands_on_no_command_line(portal: Portal, tmp_path: Path) -> None:
    if "DATABASE_URL" not in portal.environ:
        return
    programs = tmp_path / "programs"
    programs.mkdir()
    seen, fake, real = programs / "seen", programs / "pg_dump", shutil.which("pg_dump", path=portal.path)
    fake.write_text(f'#!/bin/sh\necho "$@" >> {seen}\nexec {real} "$@"\n')
    fake.chmod(0o755)
    url = make_url(portal.environ["DATABASE_URL"]).set(password="horse-battery")
    there = portal.in_a_new_place(
        Path(portal.environ["PORTAL_DATA"]), DATABASE_URL=url.render_as_string(hide_password=False)
    )
    there.path = f"{programs}:{portal.path}"
    there.takes_a_backup(tmp_path / "backups")
    assert "--format=custom" in seen.read_text()
    assert "horse-battery" not in seen.read_text()


@pytest.mark.parametrize(
    ("version", "sentence"), [("9.6.1", "older than the server's"), ("", "There is no pg_dump")]
)
def test_a_missing_or_old_pg_dump_is_said(
    portal: Portal, tmp_path: Path, version: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "DATABASE_URL" not in portal.environ:
        return
    monkeypatch.setattr("portal.backup.database.SYSTEM_PROGRAMS", tmp_path)
    if version:
        (tmp_path / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n")
        (tmp_path / "pg_dump").chmod(0o755)
    there = portal.in_a_new_place(Path(portal.environ["PORTAL_DATA"]))
    there.path = str(tmp_path)
    done = there.calls(backup, tmp_path / "backups", "--keys-kept", portal.kept)
    assert done.exit_code == 1
    assert sentence in done.output
    assert not list(tmp_path.glob("backups/*/manifest.json"))
