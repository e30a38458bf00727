"""If these fail a form, a second factor or a file that the portal sealed can be read or swapped."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.vault.envelope import associated_data
from portal.vault.keys import Keyring
from portal.vault.opening import SealError, SealFault, key_id_of, open_sealed
from portal.vault.sealing import _seal_with, seal

CONTEXT = ("contact", "5f0c7a52-9d6e-4f0b-8a55-0a3c1b2d4e6f", "1")
CANARY = "CANARY-张三-13800138000"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "keys.json"


@pytest.fixture(scope="module")
def ring(path: Path) -> Keyring:
    return Keyring.create(path)


def fault_of(ring: Keyring, purpose: str, blob: bytes, context: tuple[str, ...]) -> SealFault:
    with pytest.raises(SealError) as caught:
        open_sealed(ring, purpose, blob, context)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    return caught.value.code


@given(st.binary(max_size=500))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_sealed_opens_and_is_not_seen(ring: Keyring, plaintext: bytes) -> None:
    blob = seal(ring, "form", plaintext, CONTEXT)
    assert open_sealed(ring, "form", blob, CONTEXT) == plaintext
    assert len(plaintext) < 4 or plaintext not in blob


def test_the_same_value_sealed_twice_differs(ring: Keyring) -> None:
    nonces = {seal(ring, "form", b"x", CONTEXT)[11:23] for _ in range(2000)}
    assert len(nonces) == 2000


@pytest.mark.parametrize(
    "other",
    [
        ("payee", *CONTEXT[1:]),
        (CONTEXT[0], "00000000-9d6e-4f0b-8a55-0a3c1b2d4e6f", "1"),
        (*CONTEXT[:2], "2"),
        CONTEXT[:2],
        (*CONTEXT, "1"),
        (CONTEXT[0] + CONTEXT[1], CONTEXT[2]),
        tuple(reversed(CONTEXT)),
    ],
)
def test_sealed_bytes_moved_to_another_field_report_or_version_do_not_open(
    ring: Keyring, other: tuple[str, ...]
) -> None:
    blob = seal(ring, "form", CANARY.encode(), CONTEXT)
    assert fault_of(ring, "form", blob, other) is SealFault.NOT_AUTHENTIC


@given(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=4))
def test_no_two_contexts_are_bound_as_the_same_bytes(parts: list[str]) -> None:
    whole = associated_data(b"h", "vault", tuple(parts))
    assert whole != associated_data(b"h", "vault", ("".join(parts), "x"))
    if len(parts) > 1:
        assert whole != associated_data(b"h", "vault", (parts[0] + parts[1], *parts[2:]))


def test_every_flipped_bit_is_refused(ring: Keyring) -> None:
    blob = seal(ring, "form", CANARY.encode(), CONTEXT)
    for place in range(len(blob)):
        for bit in (0x01, 0x80):
            flipped = bytearray(blob)
            flipped[place] ^= bit
            fault_of(ring, "form", bytes(flipped), CONTEXT)


def test_every_truncation_and_any_rubbish_is_refused(ring: Keyring) -> None:
    blob = seal(ring, "form", b"x", CONTEXT)
    for length in range(len(blob)):
        fault_of(ring, "form", blob[:length], CONTEXT)
    fault_of(ring, "form", blob + b"\x00", CONTEXT)
    assert fault_of(ring, "form", b"\x02" + blob[1:], CONTEXT) is SealFault.UNKNOWN_VERSION
    assert fault_of(ring, "form", b"\x01\x09" + blob[2:], CONTEXT) is SealFault.UNKNOWN_ALGORITHM
    assert fault_of(ring, "form", b"\x01\x01\x02\xff\xff" + bytes(40), CONTEXT) is SealFault.MALFORMED


def test_another_ring_or_purpose_does_not_open_it(ring: Keyring, tmp_path: Path) -> None:
    blob = seal(ring, "form", CANARY.encode(), CONTEXT)
    assert fault_of(Keyring.create(tmp_path / "other.json"), "form", blob, CONTEXT) is SealFault.UNKNOWN_KEY
    assert fault_of(ring, "evidence", blob, CONTEXT) is SealFault.UNKNOWN_KEY


def test_a_key_with_the_right_id_and_the_wrong_secret_does_not_open_it(ring: Keyring) -> None:
    key_id, _ = ring.current("form")
    blob = _seal_with(key_id, bytes(32), bytes(12), "form", CANARY.encode(), CONTEXT)
    assert fault_of(ring, "form", blob, CONTEXT) is SealFault.NOT_AUTHENTIC


def test_what_an_earlier_key_sealed_still_opens_and_new_things_use_the_new_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = Keyring.create(path)
    blob = seal(first, "form", CANARY.encode(), CONTEXT)
    second = Keyring.rotate(path, "form")
    assert open_sealed(second, "form", blob, CONTEXT) == CANARY.encode()
    assert key_id_of(blob) == first.current("form")[0]
    assert key_id_of(seal(second, "form", b"x", CONTEXT)) == second.current("form")[0]


@pytest.mark.parametrize("context", [(), ("",), ("contact", "", "1")])
def test_a_value_without_a_full_context_is_not_sealed(ring: Keyring, context: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="context"):
        seal(ring, "form", b"x", context)


def test_the_known_answer_still_holds() -> None:
    blob = _seal_with(
        "k1", bytes(range(32)), bytes(range(12)), "vault", "张三".encode(), ("contact", "r", "1")
    )
    assert blob.hex() == ("0101026b31000102030405060708090a0ba2be76ff7d6cecd4533671484436e5cce3f074dfe1ad")
