"""If these fail a reporter's name can be read from a stolen database, or shown in the place of another's."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from portal.vault.groups import FieldGroup, context_of
from portal.vault.keys import Keyring
from portal.vault.opening import SealError, SealFault
from portal.vault.pairs import VaultKeys
from portal.vault.sealing import SIZES, Sealed, seal_fields
from portal.vault.unsealing import open_fields

CANARY = "CANARY-张三-13800138000"
UUIDS = ("0" * 31 + "1", "0" * 31 + "2")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "keys"


@pytest.fixture(scope="module")
def ring(path: Path) -> Keyring:
    return Keyring.create(path)


@pytest.fixture(scope="module")
def keys(ring: Keyring, path: Path) -> VaultKeys:
    return VaultKeys.load(path / "vault.json")


def fault_of(keys: VaultKeys, blob: bytes, wrap: bytes | None, context: tuple[str, ...]) -> SealFault:
    with pytest.raises(SealError) as caught:
        open_fields(keys, blob, wrap, context)
    return caught.value.code


def test_no_part_moved_to_another_report_group_or_version_opens(ring: Keyring, keys: VaultKeys) -> None:
    contexts = [
        context_of(group, uuid, version)
        for group, uuid, version in itertools.product((FieldGroup.LEGAL, FieldGroup.PAYEE), UUIDS, (1, 2))
    ]
    sealed = {
        context: seal_fields(ring.vault_key(), {"name": f"{CANARY} {context}"}, context)
        for context in contexts
    }
    opened = 0
    for here, blob_of, wrap_of in itertools.product(contexts, repeat=3):
        if here == blob_of == wrap_of:
            assert open_fields(keys, sealed[here].blob, sealed[here].wrap, here)["name"].endswith(str(here))
            opened += 1
        else:
            fault = fault_of(keys, sealed[blob_of].blob, sealed[wrap_of].wrap, here)
            assert fault is SealFault.NOT_AUTHENTIC
    assert opened == len(contexts) == 8


def test_without_the_wrap_nothing_opens(ring: Keyring, keys: VaultKeys) -> None:
    """Destroying the wraps destroys the identities, whatever backups of the other table there are."""
    context = context_of(FieldGroup.LEGAL, UUIDS[0], 1)
    sealed = seal_fields(ring.vault_key(), {"name": CANARY}, context)
    assert fault_of(keys, sealed.blob, None, context) is SealFault.MALFORMED
    again = seal_fields(ring.vault_key(), {"name": CANARY}, context)
    assert fault_of(keys, sealed.blob, again.wrap, context) is SealFault.NOT_AUTHENTIC


def test_every_flipped_bit_and_every_truncation_is_refused(ring: Keyring, keys: VaultKeys) -> None:
    context = context_of(FieldGroup.CONTACT, UUIDS[0], 1)
    sealed = seal_fields(ring.vault_key(), {"telephone": CANARY}, context)
    for place in range(len(sealed.blob)):
        flipped = bytearray(sealed.blob)
        flipped[place] ^= 0x80
        fault_of(keys, bytes(flipped), sealed.wrap, context)
        fault_of(keys, sealed.blob[:place], sealed.wrap, context)
    for place in range(len(sealed.wrap)):
        flipped = bytearray(sealed.wrap)
        flipped[place] ^= 0x01
        fault_of(keys, sealed.blob, bytes(flipped), context)
        fault_of(keys, sealed.blob, sealed.wrap[:place], context)


def test_nothing_of_the_fields_is_seen_and_their_length_does_not_tell(ring: Keyring) -> None:
    context = context_of(FieldGroup.LEGAL, UUIDS[0], 1)
    sealed = [
        seal_fields(ring.vault_key(), {"name": name, "works_there": "no"}, context)
        for name in ("王一", "欧阳修远", CANARY)
    ]
    assert {len(one.blob) for one in sealed} == {SIZES[0] + 2 + 12 + 16}
    assert {len(one.wrap) for one in sealed} == {len(sealed[0].wrap)}
    for one in sealed:
        assert b"CANARY" not in one.blob + one.wrap
        assert b"name" not in one.blob + one.wrap


@pytest.mark.parametrize("length", [0, 100, 300, 600, 1500, 5000])
def test_long_and_short_text_comes_back(ring: Keyring, keys: VaultKeys, length: int) -> None:
    context = context_of(FieldGroup.TOLD, UUIDS[0], 3)
    fields = {"1": "电" * length, "2": ""}
    sealed = seal_fields(ring.vault_key(), fields, context)
    assert open_fields(keys, sealed.blob, sealed.wrap, context) == fields
    assert (len(sealed.blob) - 30) in SIZES or (len(sealed.blob) - 30) % SIZES[-1] == 0


def test_another_vault_does_not_open_it(ring: Keyring, tmp_path: Path) -> None:
    context = context_of(FieldGroup.LEGAL, UUIDS[0], 1)
    sealed = seal_fields(ring.vault_key(), {"name": CANARY}, context)
    assert fault_of(VaultKeys.fresh(None), sealed.blob, sealed.wrap, context) is SealFault.UNKNOWN_KEY


def unique(ring: Keyring, count: int) -> None:
    """Nonces and encapsulated keys never repeat."""
    context = context_of(FieldGroup.LEGAL, UUIDS[0], 1)
    nonces, encapsulated = set(), set()
    public = ring.vault_key()
    for _ in range(count):
        one: Sealed = seal_fields(public, {}, context)
        nonces.add(one.blob[2:14])
        encapsulated.add(one.wrap[-80:-48])
    assert len(nonces) == len(encapsulated) == count


def test_no_nonce_and_no_encapsulated_key_comes_twice(ring: Keyring) -> None:
    unique(ring, 2000)


@pytest.mark.assure
@pytest.mark.timeout(1800)
def test_a_million_nonces_and_encapsulated_keys_are_all_different(ring: Keyring) -> None:
    count = int(os.environ.get("ASSURE_SEALS", "1000000"))
    unique(ring, count)
    print(f"{count} seals: every nonce and every encapsulated key once")
