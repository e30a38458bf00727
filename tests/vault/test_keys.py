"""If these fail a key file that anybody on the machine can read opens every reporter's identity, or a key
file is overwritten and no identity opens ever again."""

from __future__ import annotations

import base64
import json
import os
import pickle
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from portal.vault.keys import KeyFileError, KeyFileFault, Keyring, Purpose

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "vault.json"


def fault_of(path: Path) -> KeyFileFault:
    with pytest.raises(KeyFileError) as caught:
        Keyring.load(path)
    assert str(path) in str(caught.value)
    return caught.value.code


def test_a_new_file_is_the_owners_alone_and_holds_a_key_for_every_purpose(path: Path) -> None:
    made = Keyring.create(path, AT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    read = Keyring.load(path)
    for purpose in Purpose:
        assert read.all(purpose) == made.all(purpose)
        key_id, secret = read.current(purpose)
        assert len(secret) == 32
        assert read.by_id(purpose, key_id) == secret
    assert len({made.current(purpose)[1] for purpose in Purpose}) == len(Purpose)


def test_a_key_file_is_never_overwritten(path: Path) -> None:
    Keyring.create(path)
    before = path.read_bytes()
    with pytest.raises(KeyFileError) as caught:
        Keyring.create(path)
    assert caught.value.code is KeyFileFault.EXISTS
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_missing_file_and_a_directory_are_said_plainly(path: Path) -> None:
    assert fault_of(path) is KeyFileFault.MISSING
    path.mkdir(parents=True)
    assert fault_of(path) is KeyFileFault.UNREADABLE


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o620, 0o601])
def test_a_file_open_to_group_or_world_is_refused(path: Path, mode: int) -> None:
    Keyring.create(path)
    path.chmod(mode)
    assert fault_of(path) is KeyFileFault.EXPOSED


def test_a_stricter_file_is_accepted(path: Path) -> None:
    Keyring.create(path)
    path.chmod(0o400)
    assert Keyring.load(path).current("vault")


def damage(path: Path, change: Any) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(format="other"),
        lambda d: d.update(version=2),
        lambda d: d.update(keys=[]),
        lambda d: d["keys"].pop("totp"),
        lambda d: d["keys"].update(vault=[]),
        lambda d: d["keys"].update(vault="x"),
        lambda d: d["keys"].update(vault=[{}]),
        lambda d: d["keys"].update(vault=["x"]),
        lambda d: d["keys"]["vault"][0].update(secret=base64.b64encode(b"short").decode()),
        lambda d: d["keys"]["vault"][0].update(secret="not base64 !"),
        lambda d: d["keys"]["vault"][0].update(secret=7),
        lambda d: d["keys"]["vault"][0].update(id="../x"),
        lambda d: d["keys"]["vault"][0].update(created="yesterday"),
        lambda d: d["keys"]["vault"][0].update(created="2026-11-21T08:00:00"),
        lambda d: d["keys"]["vault"].append(d["keys"]["vault"][0]),
    ],
)
def test_a_malformed_file_is_refused_without_showing_what_it_holds(path: Path, change: Any) -> None:
    ring = Keyring.create(path)
    secret = base64.b64encode(ring.current("vault")[1]).decode()
    damage(path, change)
    with pytest.raises(KeyFileError) as caught:
        Keyring.load(path)
    assert caught.value.code is KeyFileFault.MALFORMED
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("content", [b"", b"\x00", b"[]", b"{", b'{"format":', b"\xff\xfe"])
def test_what_is_no_json_document_is_refused(path: Path, content: bytes) -> None:
    Keyring.create(path)
    path.write_bytes(content)
    assert fault_of(path) is KeyFileFault.MALFORMED


def test_a_rotation_puts_the_new_key_first_and_keeps_the_earlier_one(path: Path) -> None:
    first = Keyring.create(path, AT)
    second = Keyring.rotate(path, "vault")
    assert second.all("vault")[1:] == first.all("vault")
    assert second.current("vault") != first.current("vault")
    assert second.all("receipt") == first.all("receipt")
    assert Keyring.load(path).all("vault") == second.all("vault")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(KeyError):
        first.by_id("vault", second.current("vault")[0])


def test_derived_keys_differ_by_label_and_purpose_and_stay_the_same(path: Path) -> None:
    ring = Keyring.create(path)
    made = [ring.derive("form", "cookie"), ring.derive("form", "captcha"), ring.derive("totp", "cookie")]
    assert len({*made, ring.current("form")[1]}) == 4
    assert Keyring.load(path).derive("form", "cookie") == made[0]


def test_no_secret_is_seen_in_text_or_pickle(path: Path) -> None:
    ring = Keyring.create(path)
    shown = repr(ring) + str(ring) + repr(vars(type(ring)))
    for purpose in Purpose:
        secret = ring.current(purpose)[1]
        for form in (secret.hex(), base64.b64encode(secret).decode(), repr(secret)):
            assert form not in shown
    assert ring.current("vault")[0] in repr(ring)
    with pytest.raises(TypeError):
        pickle.dumps(ring)


def test_an_unknown_purpose_is_an_error(path: Path) -> None:
    with pytest.raises(ValueError, match="other"):
        Keyring.create(path).current("other")


def test_a_file_that_belongs_to_another_user_is_refused(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    Keyring.create(path)
    os.chown(path, 65534, 65534)
    assert fault_of(path) is KeyFileFault.EXPOSED
