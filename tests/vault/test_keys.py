"""If these fail a key file that anybody can read opens every identity, a key file is overwritten and
no identity opens ever again, or the public face holds keys that it has no use for."""

from __future__ import annotations

import base64
import json
import os
import pickle
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from portal.vault.keyfiles import KeyFileError, KeyFileFault, entries_of, new_key
from portal.vault.keys import Holder, Keyring, Purpose, legacy_file
from portal.vault.pairs import VaultKeys
from portal.vault.sealing import _seal_with, seal_fields
from portal.vault.unsealing import open_fields

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
FILES = (
    "desk.json",
    "files.json",
    "vault.json",
    "vault.pub",
    "web.json",
    "worker.json",
    "worker.pub",
)
CONTEXT = ("legal", "0123", "1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def fault_of(call: Callable[[], object], path: Path) -> KeyFileFault:
    with pytest.raises(KeyFileError) as caught:
        call()
    assert str(path) in str(caught.value)
    return caught.value.code


def test_new_files_are_the_owners_alone_and_hold_a_key_for_every_purpose(path: Path) -> None:
    made = Keyring.create(path, AT)
    assert sorted(entry.name for entry in path.iterdir()) == list(FILES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for name in FILES:
        assert stat.S_IMODE((path / name).stat().st_mode) == (0o644 if name.endswith(".pub") else 0o600)
    read = Keyring.load(path)
    for purpose in Purpose:
        assert read.all(purpose) == made.all(purpose)
        key_id, secret = read.current(purpose)
        assert len(secret) == 32
        assert read.by_id(purpose, key_id) == secret
    assert len({made.current(purpose)[1] for purpose in Purpose}) == len(Purpose)


def test_the_public_half_is_that_of_the_private_one(path: Path) -> None:
    ring = Keyring.create(path)
    keys = VaultKeys.load(path / "vault.json")
    sealed = seal_fields(ring.vault_key(), {"name": "张三"}, CONTEXT)
    assert ring.vault_key().id == keys.current().id == sealed.key_id
    assert open_fields(keys, sealed.blob, sealed.wrap, CONTEXT) == {"name": "张三"}


def test_key_files_are_never_overwritten(path: Path) -> None:
    Keyring.create(path)
    before = {name: (path / name).read_bytes() for name in FILES}
    assert fault_of(lambda: Keyring.create(path), path) is KeyFileFault.EXISTS
    assert {name: (path / name).read_bytes() for name in FILES} == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["web.json", "desk.json", "vault.pub"])
def test_a_missing_file_and_a_directory_in_its_place_are_said_plainly(path: Path, name: str) -> None:
    Keyring.create(path)
    (path / name).unlink()
    assert fault_of(lambda: Keyring.load(path), path / name) is KeyFileFault.MISSING
    (path / name).mkdir()
    assert fault_of(lambda: Keyring.load(path), path / name) is KeyFileFault.UNREADABLE


def test_a_process_loads_only_the_files_that_it_holds(path: Path) -> None:
    Keyring.create(path)
    (path / "desk.json").unlink()
    (path / "vault.json").unlink()
    ring = Keyring.load(path, {Holder.WEB})
    assert ring.current(Purpose.RECEIPT)
    assert ring.vault_key().id
    assert fault_of(lambda: ring.current(Purpose.TOTP), path / "desk.json") is KeyFileFault.NOT_HELD


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o620, 0o601])
def test_a_file_open_to_group_or_world_is_refused(path: Path, mode: int) -> None:
    Keyring.create(path)
    for name, load in (("web.json", lambda: Keyring.load(path)), ("vault.json", load_vault(path))):
        (path / name).chmod(mode)
        assert fault_of(load, path / name) is KeyFileFault.EXPOSED
        (path / name).chmod(0o600)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_public_file_that_others_can_change_is_refused(path: Path, mode: int) -> None:
    """Whoever could put a key of his own there would read every identity that comes from then on."""
    Keyring.create(path)
    (path / "vault.pub").chmod(mode)
    assert fault_of(lambda: Keyring.load(path), path / "vault.pub") is KeyFileFault.EXPOSED


def test_a_stricter_file_is_accepted(path: Path) -> None:
    Keyring.create(path)
    (path / "web.json").chmod(0o400)
    assert Keyring.load(path).current("form")


def load_vault(path: Path) -> Callable[[], object]:
    return lambda: VaultKeys.load(path / "vault.json")


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
        lambda d: d["keys"].pop("form"),
        lambda d: d["keys"].update(form=[]),
        lambda d: d["keys"].update(form="x"),
        lambda d: d["keys"].update(form=[{}]),
        lambda d: d["keys"].update(form=["x"]),
        lambda d: d["keys"]["form"][0].update(secret=base64.b64encode(b"short").decode()),
        lambda d: d["keys"]["form"][0].update(secret="not base64 !"),
        lambda d: d["keys"]["form"][0].update(secret=7),
        lambda d: d["keys"]["form"][0].update(id="../x"),
        lambda d: d["keys"]["form"][0].update(created="yesterday"),
        lambda d: d["keys"]["form"][0].update(created="2026-11-21T08:00:00"),
        lambda d: d["keys"]["form"].append(d["keys"]["form"][0]),
    ],
)
def test_a_malformed_file_is_refused_without_showing_what_it_holds(path: Path, change: Any) -> None:
    secret = base64.b64encode(Keyring.create(path).current("form")[1]).decode()
    damage(path / "web.json", change)
    with pytest.raises(KeyFileError) as caught:
        Keyring.load(path)
    assert caught.value.code is KeyFileFault.MALFORMED
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("content", [b"", b"\x00", b"[]", b"{", b'{"format":', b"\xff\xfe"])
@pytest.mark.parametrize("name", ["web.json", "vault.pub", "vault.json"])
def test_what_is_no_json_document_is_refused(path: Path, content: bytes, name: str) -> None:
    Keyring.create(path)
    (path / name).write_bytes(content)
    load = load_vault(path) if name == "vault.json" else lambda: Keyring.load(path)
    assert fault_of(load, path / name) is KeyFileFault.MALFORMED


def test_a_rotation_puts_the_new_key_first_and_keeps_the_earlier_one(path: Path) -> None:
    first = Keyring.create(path, AT)
    second = Keyring.rotate(path, "form")
    assert second.all("form")[1:] == first.all("form")
    assert second.current("form") != first.current("form")
    assert second.all("receipt") == first.all("receipt")
    assert Keyring.load(path).all("form") == second.all("form")
    assert stat.S_IMODE((path / "web.json").stat().st_mode) == 0o600
    with pytest.raises(KeyError):
        first.by_id("form", second.current("form")[0])


def test_derived_keys_differ_by_label_and_purpose_and_stay_the_same(path: Path) -> None:
    ring = Keyring.create(path)
    made = [ring.derive("form", "cookie"), ring.derive("form", "captcha"), ring.derive("totp", "cookie")]
    assert len({*made, ring.current("form")[1]}) == 4
    assert Keyring.load(path).derive("form", "cookie") == made[0]


def test_no_secret_is_seen_in_text_or_pickle(path: Path) -> None:
    ring = Keyring.create(path)
    keys = VaultKeys.load(path / "vault.json")
    shown = repr(ring) + str(ring) + repr(vars(type(ring))) + repr(keys) + repr(keys.pairs)
    secrets = [ring.current(purpose)[1] for purpose in Purpose]
    for secret in (*secrets, keys.current().secret, keys.index[0].secret):
        for form in (secret.hex(), base64.b64encode(secret).decode(), repr(secret)):
            assert form not in shown
    assert ring.current("form")[0] in repr(ring)
    for held in (ring, keys):
        with pytest.raises(TypeError):
            pickle.dumps(held)


def test_an_unknown_purpose_is_an_error(path: Path) -> None:
    with pytest.raises(ValueError, match="other"):
        Keyring.create(path).current("other")


def test_a_file_that_belongs_to_another_user_is_refused(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    Keyring.create(path)
    os.chown(path / "web.json", 65534, 65534)
    assert fault_of(lambda: Keyring.load(path), path / "web.json") is KeyFileFault.EXPOSED


def test_the_one_file_of_earlier_versions_is_split_once_and_what_it_sealed_still_opens(path: Path) -> None:
    """Who upgrades keeps every receipt, every second factor, and every identity."""
    old = {purpose: (new_key(AT),) for purpose in ("receipt", "form", "evidence", "totp", "vault")}
    listed = {purpose: entries_of(keys) for purpose, keys in old.items()}
    single = legacy_file(path)
    single.write_text(json.dumps({"format": "woodpecker-keys", "version": 1, "keys": listed}))
    single.chmod(0o600)
    ring = Keyring.load(path)
    for purpose in Purpose:
        held = ring.all(purpose)
        if purpose is Purpose.EVIDENCE:  # every web process held the old one: it only reads from now on
            held = held[1:]
        assert held == [(key.id, key.secret) for key in old[purpose.value]]
    assert not single.exists()
    assert single.with_name("keys.json.split").exists()
    [key] = old["vault"]
    blob = _seal_with(key.id, key.secret, bytes(12), "vault", b'{"name":"x"}  ', CONTEXT)
    assert open_fields(VaultKeys.load(path / "vault.json"), blob, None, CONTEXT) == {"name": "x"}
    assert Keyring.load(path).all("form") == ring.all("form")


def test_after_a_rotation_of_the_vault_a_running_process_seals_to_the_new_key(path: Path) -> None:
    """Whoever went on sealing to a retired key would seal for nobody."""
    ring = Keyring.create(path)
    other = VaultKeys.fresh(AT)
    (path / "vault.pub").unlink()
    (path / "vault.json").unlink()
    other.write(path / "vault.json", path / "vault.pub")
    assert ring.vault_key().id == other.current().id


def test_of_two_processes_that_split_at_once_both_load_the_same_keys(path: Path) -> None:
    listed = {purpose: entries_of((new_key(AT),)) for purpose in (*Purpose, "vault")}
    single = legacy_file(path)
    single.write_text(json.dumps({"format": "woodpecker-keys", "version": 1, "keys": listed}))
    single.chmod(0o600)
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: Keyring.load(path), range(8)))
    assert len({ring.current("form") for ring in rings}) == 1
    assert len({ring.vault_key().id for ring in rings}) == 1
    assert [entry.name for entry in path.parent.iterdir() if entry.name.startswith(".")] == []
