"""If these fail, what is taken for a backup is none, or tells a thief who reported."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from portal.backup.commands import backup
from portal.vault.keys import Keyring
from tests.backup.conftest import PLANTED, Portal

# Dies at the so-many-th time that something is made to last on the disk, as by a power cut.
DYING = """
import os, signal, sys
real, left = os.fsync, [int(sys.argv[1])]
def fsync(descriptor):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    real(descriptor)
os.fsync = fsync
from portal.backup.commands import backup
backup([sys.argv[2], "--keys-kept", sys.argv[3]])
"""
ROOT = Path(__file__).parents[2]
DEATHS = 6  # database, evidence directories, manifest


def said(portal: Portal, *words: object) -> str:
    done = portal.calls(backup, *words)
    assert done.exit_code == 1, done.output
    return done.output


def test_a_backup_without_its_keys_is_whole_and_not_green(small: Portal, tmp_path: Path) -> None:
    output = said(small, tmp_path / "backups")
    assert "NOT GREEN. Without its keys this backup opens no identity" in output
    for name in ("web.json", "desk.json", "vault.json"):
        assert str(small.settings.keys_path / name) in output
    (folder,) = (tmp_path / "backups").iterdir()
    assert small.calls(backup, "check", folder).exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "database.sqlite",
        "erased.json",
        "evidence",
        "manifest.json",
    ]


def test_keys_count_only_where_they_are_kept_apart(small: Portal, tmp_path: Path) -> None:
    output = said(small, tmp_path / "one", "--keys-kept", small.settings.keys_path)
    assert "NOT GREEN" in output
    inside = tmp_path / "two" / "keys"
    shutil.copytree(small.kept, inside)
    assert "NOT GREEN" in said(small, tmp_path / "two", "--keys-kept", inside)


def test_keys_of_another_portal_are_not_taken_for_its_own(small: Portal, tmp_path: Path) -> None:
    Keyring.create(tmp_path / "others")
    output = said(small, tmp_path / "backups", "--keys-kept", tmp_path / "others")
    assert "NOT GREEN" in output
    assert "are not enough, copy them anew; lacking: evidence " in output


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("web.json", "Other keys than the portal's own"),
        ("desk.json", "Other keys than the portal's own"),
        ("vault.json", "does not open the canary"),
    ],
)
def test_the_right_id_with_another_secret_is_not_green(
    small: Portal, tmp_path: Path, name: str, sentence: str
) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(small.kept, kept)
    text = (kept / name).read_text()
    for secret in {piece.split('"')[0] for piece in text.split('"secret": "')[1:]}:
        text = text.replace(secret, base64.b64encode(os.urandom(32)).decode())
    (kept / name).write_text(text)
    output = said(small, tmp_path / "backups", "--keys-kept", kept)
    assert "NOT GREEN" in output
    assert sentence in output or "does not open what" in output


def test_evidence_that_is_missing_is_said(small: Portal, tmp_path: Path) -> None:
    digest = sorted(small.digests, key=len)[0]
    path = small.place_of(digest)
    path.rename(tmp_path / "away")
    try:
        output = said(small, tmp_path / "backups", "--keys-kept", small.kept)
    finally:
        (tmp_path / "away").rename(path)
    assert f"1 files of evidence are missing or damaged: {digest}" in output


def test_kill_9_leaves_nothing_that_is_taken_for_a_backup(small: Portal, tmp_path: Path) -> None:
    deaths = 0
    for point in range(1, DEATHS + 1):
        into = tmp_path / str(point)
        done = subprocess.run(
            [sys.executable, "-c", DYING, str(point), str(into), str(small.kept)],
            env={"PATH": small.path, "PYTHONPATH": str(ROOT), **small.environ},
            capture_output=True,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
        (folder,) = into.iterdir()
        if not (folder / "manifest.json").exists():
            deaths += 1
            assert "interrupted" in said(small, "check", folder)
        else:  # it died after the manifest had its name: whole
            assert small.calls(backup, "check", folder).exit_code == 0
    assert deaths >= 4
    print(f"killed {DEATHS} times, {deaths} of them before the manifest")
    after = small.calls(backup, tmp_path / "1", "--keys-kept", small.kept)
    assert after.exit_code == 0, after.output
    assert "Interrupted, no backup, can be removed" in after.output


def test_a_backup_tells_nobody_who_reported(portal: Portal, tmp_path: Path) -> None:
    folder = portal.takes_a_backup(tmp_path / "backups")
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    if (folder / "database.dump").exists():
        program = shutil.which("pg_restore", path=portal.path)
        assert program
        plain = subprocess.run(
            [program, "-f", "-", folder / "database.dump"], capture_output=True, check=True
        )
        contents.append(plain.stdout)
    everything = b"\0".join(contents)
    # That the search finds what is there in clear:
    assert portal.number.encode() in everything
    secrets = [
        *PLANTED,
        portal.code,
        *(
            secret.hex()
            for purpose in ("receipt", "evidence", "totp")
            for _, secret in Keyring.load(portal.kept).all(purpose)
        ),
    ]
    lowered = everything.lower()
    for secret in secrets:
        raw = secret.encode()
        for form in (raw, raw.hex().encode(), base64.b64encode(raw)[:-4], secret.encode("utf-16-le")):
            assert form.lower() not in lowered, secret


def test_what_was_deleted_is_not_in_the_backup(small: Portal, tmp_path: Path) -> None:
    canary = "a data key that was destroyed " * 40
    with sqlite3.connect(small.settings.data / "portal.db") as connection:
        connection.execute("PRAGMA secure_delete=OFF")  # as other builds of SQLite have it
        connection.execute("CREATE TABLE gone (words TEXT)")
        connection.executemany("INSERT INTO gone VALUES (?)", [(canary,)] * 50)
        connection.commit()
        connection.execute("DROP TABLE gone")
    connection.close()
    folder = small.takes_a_backup(tmp_path / "backups")
    assert canary.encode() not in (folder / "database.sqlite").read_bytes()
