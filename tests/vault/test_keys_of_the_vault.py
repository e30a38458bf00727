"""If these fail a lost machine loses every identity for ever, or a rotation that was broken off does."""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select, update

from portal import clock
from portal.config_vault import VaultSettings
from portal.database import db
from portal.evidence import original_keys
from portal.evidence.models import OriginalKey
from portal.reports.models import Report
from portal.vault import keyfiles, recovery, rotation
from portal.vault.commands import vault
from portal.vault.file_keys import unwrap_lasting, wrap_original
from portal.vault.groups import FieldGroup, context_of
from portal.vault.keyfiles import KeyFileError, KeyFileFault, new_key
from portal.vault.models import SealedField, SealedKey
from portal.vault.pairs import VaultKeys, first_public
from portal.vault.process import CannotOpen, check_canary, connect
from portal.vault.sealing import _seal_with, padded
from portal.vault.unsealing import open_fields
from tests.fixtures.vault import ROOT, running_vault
from tests.vault.asked import FIELDS, asked, reader_of, sealed_report
from tests.vault.conftest import Beside

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@dataclass
class Told:
    """What a command printed, and whether it went well."""

    returncode: int
    stdout: str
    stderr: str


def flask_vault(environ: dict[str, str], *words: str, typed: str = "") -> Told:
    """Run a command in this process: the whole flask program takes seconds to load."""
    done = CliRunner().invoke(vault, list(words), input=typed, env=environ)
    return Told(done.exit_code, done.stdout, done.stderr)


def test_the_flask_program_has_the_commands(standing: Beside) -> None:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", str(ROOT / "app.py"), "vault", "check"],
        cwd=ROOT,
        env={**inherited, **standing.environ},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1
    assert "No vault answers" in done.stderr


def test_either_passphrase_opens_the_recovery_file_and_nothing_else_does(tmp_path: Path) -> None:
    keys = VaultKeys.fresh(AT, former=(new_key(AT),))
    made = recovery.write(keys, tmp_path / "recovery.json", AT)
    for phrase in made.passphrases:
        assert recovery.read(made.path, phrase) == keys
        spoken = phrase.lower().replace("0", "o").replace("1", "l").replace("-", " ")
        assert recovery.read(made.path, spoken) == keys
        with pytest.raises(recovery.WrongPassphrase):
            recovery.read(made.path, phrase[:-1] + ("2" if phrase[-1] != "2" else "3"))
    with pytest.raises(recovery.WrongPassphrase):
        recovery.read(made.path, "")
    said = made.path.read_text() + repr(made)
    assert not any(phrase in said for phrase in made.passphrases)
    assert keys.document()["pairs"][0]["secret"] not in said
    with pytest.raises(KeyFileError):
        recovery.write(keys, made.path, AT)


def test_a_recovery_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    made = recovery.write(VaultKeys.fresh(AT), tmp_path / "recovery.json", AT)
    document = keyfiles.read_document(made.path, recovery.FORMAT, recovery.VERSION)
    for change in (
        {"content": document["content"][:-8] + "AAAAAAA="},
        {"locks": [{**document["locks"][0], "n": 2}]},
    ):
        keyfiles.replace(made.path, {**document, **change})
        with pytest.raises(KeyFileError) as caught:
            recovery.read(made.path, made.passphrases[0])
        assert caught.value.code is KeyFileFault.MALFORMED


def test_a_lost_key_file_comes_back_and_opens_what_was_sealed_before(standing: Beside) -> None:
    """The rehearsal: init, lose the file, refuse to go on without it, restore, open an old identity."""
    with standing.app.app_context():
        report, account = sealed_report(), reader_of(FieldGroup.LEGAL)
        made = flask_vault(standing.environ, "init")
        assert made.returncode == 0, made.stderr
        phrases = [line.split(". ")[1] for line in made.stdout.splitlines() if line.startswith("  ")]
        assert len(phrases) == 2
        settings = VaultSettings.load(standing.environ)
        file = settings.keys.parent / f"vault-recovery-{VaultKeys.load(settings.keys).current().id}.json"
        assert (
            flask_vault(standing.environ, "init").returncode != 0
        )  # never a second set of passphrases over it
        lost = settings.keys.rename(settings.keys.with_name("lost"))
        assert "without its private one" in flask_vault(standing.environ, "init").stderr
        wrong = flask_vault(standing.environ, "restore-key", str(file), "--passphrase-stdin", typed="x\n")
        assert "Neither lock" in wrong.stderr
        back = flask_vault(
            standing.environ, "restore-key", str(file), "--passphrase-stdin", typed=phrases[1] + "\n"
        )
        assert back.returncode == 0, back.stderr
        assert VaultKeys.load(settings.keys) == VaultKeys.load(lost)
        lost.unlink()
        with running_vault(standing.environ, standing.settings.vault_socket, standing.log):
            opening = asked(report, FieldGroup.LEGAL, account)
            assert standing.client.reveal(opening.id).fields == FIELDS[FieldGroup.LEGAL]
            checked = flask_vault(standing.environ, "check")
            assert checked.returncode == 0, checked.stdout + checked.stderr
        assert flask_vault(standing.environ, "check").returncode != 0  # nobody answers


@pytest.fixture
def engine(standing: Beside) -> Iterator[Engine]:
    engine = connect(VaultSettings.load(standing.environ))
    yield engine
    engine.dispose()


def all_open(standing: Beside, keys: VaultKeys) -> int:
    """How many sealed groups there are; each opens."""
    with standing.app.app_context():
        rows = db.session.execute(
            select(SealedField, SealedKey.wrap, Report.uuid)
            .join(Report, Report.id == SealedField.report_id)
            .outerjoin(SealedKey, SealedKey.field_id == SealedField.id)
        ).all()
        for field, wrap, uuid in rows:
            context = context_of(field.field_group, uuid, field.version)
            assert open_fields(keys, field.blob, wrap, context) == FIELDS[field.field_group]
        for one in db.session.scalars(select(OriginalKey)):
            assert unwrap_lasting(keys, one.name, one.digest, one.vault_wrap) == one.name.encode()
        db.session.rollback()
    return len(rows)


def sealed_originals(standing: Beside, count: int) -> None:
    """Keys of so many originals, each with its file's name as data key."""
    ring = standing.app.extensions["portal_keyring"]
    with standing.app.app_context():
        for _ in range(count):
            name, digest = secrets.token_hex(16), secrets.token_hex(32)
            original_keys.keep(name, digest, wrap_original(ring, name, digest, name.encode()))
        db.session.commit()


def test_a_rotation_rewraps_everything_and_the_old_pair_goes_a_day_later(
    standing: Beside, engine: Engine
) -> None:
    settings = VaultSettings.load(standing.environ)
    old = VaultKeys.load(settings.keys)
    with standing.app.app_context():
        report, account = sealed_report(), reader_of(FieldGroup.LEGAL)
    sealed_originals(standing, 3)
    with running_vault(standing.environ, standing.settings.vault_socket, standing.log):
        turned = flask_vault(standing.environ, "rotate")
        assert turned.returncode == 0, turned.stderr
        keys = VaultKeys.load(settings.keys)
        assert keys.current() != old.current()
        assert first_public(settings.public).id == keys.current().id
        with standing.app.app_context():
            opening = asked(report, FieldGroup.LEGAL, account)
            assert standing.client.reveal(opening.id).fields == FIELDS[FieldGroup.LEGAL]
            with_new = sealed_report()
            opening = asked(with_new, FieldGroup.LEGAL, account)
            assert standing.client.reveal(opening.id).fields == FIELDS[FieldGroup.LEGAL]
            assert set(db.session.scalars(select(SealedKey.key_id))) == {keys.current().id}
            assert set(db.session.scalars(select(OriginalKey.vault_key_id))) == {keys.current().id}
            db.session.rollback()
    assert old.current() in keys.pairs
    later = clock.now() + timedelta(days=1, minutes=1)
    assert rotation.retire(engine, settings.keys, settings.public, later) == ()
    left = VaultKeys.load(settings.keys)
    assert left.pairs == (keys.current(),)
    assert all_open(standing, left) >= 10


def test_the_vault_does_not_start_without_a_pair_that_an_original_needs(
    standing: Beside, engine: Engine
) -> None:
    """Otherwise originals are lost with a wrong key file, and nobody notices before one is needed."""
    sealed_originals(standing, 1)
    with engine.connect() as connection:
        keys = VaultKeys.load(VaultSettings.load(standing.environ).keys)
        check_canary(connection, keys)
        connection.execute(update(OriginalKey).values(vault_key_id="stranger"))
        with pytest.raises(CannotOpen, match="needs the key stranger"):
            check_canary(connection, keys)
        connection.rollback()


def test_a_pair_that_something_still_uses_is_not_retired(standing: Beside, engine: Engine) -> None:
    settings = VaultSettings.load(standing.environ)
    with standing.app.app_context():
        sealed_report()
    sealed_originals(standing, 1)
    before = VaultKeys.load(settings.keys).current().id
    rotation.begin(settings.keys, settings.public, clock.now() - timedelta(days=3))
    assert rotation.retire(engine, settings.keys, settings.public, clock.now()) == (before,)
    keys = VaultKeys.load(settings.keys)
    rotation.rewrap(engine, keys)
    assert rotation.retire(engine, settings.keys, settings.public, clock.now()) == (before,)  # an original
    rotation.rewrap_originals(engine, keys)
    assert rotation.retire(engine, settings.keys, settings.public, clock.now()) == ()
    all_open(standing, VaultKeys.load(settings.keys))


def test_no_pair_is_retired_while_a_machine_still_seals_to_it(standing: Beside) -> None:
    """Whoever forgot to copy vault.pub to one machine would lose every name that is given there."""
    settings = VaultSettings.load(standing.environ)
    with standing.app.app_context():
        sealed_report()
    rotation.begin(settings.keys, settings.public, clock.now() - timedelta(days=3))
    rotate = CliRunner(env={**standing.environ}).invoke
    told = rotate(vault, ["rotate"]).output
    assert "Some machine sealed to it lately" in told
    assert len(VaultKeys.load(settings.keys).pairs) == 2
    assert "No earlier key is left" in rotate(vault, ["rotate"]).output
    all_open(standing, VaultKeys.load(settings.keys))


def test_what_an_earlier_version_sealed_gets_a_data_key(standing: Beside, engine: Engine) -> None:
    settings = VaultSettings.load(standing.environ)
    former = new_key(AT)
    keys = VaultKeys.load(settings.keys)
    keyfiles.replace(settings.keys, VaultKeys(keys.pairs, keys.index, (former,)).document())
    with standing.app.app_context():
        report = sealed_report(FieldGroup.LEGAL)
        row = db.session.query(SealedField).filter_by(report_id=report.id).one()
        context = context_of(FieldGroup.LEGAL, report.uuid, row.version)
        row.blob = _seal_with(
            former.id, former.secret, bytes(12), "vault", padded(FIELDS[FieldGroup.LEGAL]), context
        )
        row.key = None
        db.session.commit()
        keys = rotation.begin(settings.keys, settings.public, clock.now() - timedelta(days=3))
        assert rotation.rewrap(engine, keys)[1] == 0
        db.session.expire_all()
        assert row.key is not None
        db.session.rollback()
    rotation.retire(engine, settings.keys, settings.public, clock.now())
    left = VaultKeys.load(settings.keys)
    assert left.former == ()
    all_open(standing, left)


def killed_rotations(standing: Beside, kills: int, seed: int) -> tuple[int, int]:
    """Kill `flask vault rotate` at random moments; after each kill every group opens."""
    settings = VaultSettings.load(standing.environ)
    dice = random.Random(seed)
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    groups = broken_off = 0
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED],
            cwd=ROOT,
            env={**inherited, **standing.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()  # imported and ready: only the work itself is left
        time.sleep(dice.uniform(0, 0.25))
        process.send_signal(signal.SIGKILL)
        broken_off += process.wait() == -signal.SIGKILL
        process.communicate()
        groups = all_open(standing, VaultKeys.load(settings.keys))
        assert first_public(settings.public).id in {pair.id for pair in VaultKeys.load(settings.keys).pairs}
    return groups, broken_off


# What the command does, without the second and a half that Python and its imports take.
KILLED = """
import datetime, os
from portal.config_vault import VaultSettings
from portal.vault import rotation
from portal.vault.process import connect, check_canary
settings = VaultSettings.load(os.environ)
engine = connect(settings)
print("ready", flush=True)
at = datetime.datetime.now(datetime.UTC)
while True:
    keys = rotation.begin(settings.keys, settings.public, at - datetime.timedelta(days=3))
    with engine.begin() as connection:
        check_canary(connection, keys)
    rotation.rewrap(engine, keys)
    rotation.rewrap_originals(engine, keys)
    rotation.retire(engine, settings.keys, settings.public, at)
"""


def test_a_rotation_killed_at_any_moment_leaves_everything_readable(standing: Beside) -> None:
    with standing.app.app_context():
        for _ in range(20):
            sealed_report()
    sealed_originals(standing, 20)
    _, broken_off = killed_rotations(standing, 6, seed=6)
    assert broken_off >= 5


@pytest.mark.assure
@pytest.mark.timeout(3600)
def test_two_hundred_killed_rotations_leave_everything_readable(standing: Beside) -> None:
    kills = int(os.environ.get("ASSURE_KILLS", "200"))
    with standing.app.app_context():
        for _ in range(60):
            sealed_report()
    sealed_originals(standing, 60)
    groups, broken_off = killed_rotations(standing, kills, seed=60)
    print(f"{kills} rotations, {broken_off} killed: {groups} sealed groups, each opened after each kill")
