"""If these fail the wraps are not what RFC 9180 says, and no other program could save the identities."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.vault import hpke
from tests.vault.rfc9180 import AES_128_GCM, AES_256_GCM, CHACHA, open_base

INFO = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
PLAINTEXT = bytes.fromhex("4265617574792069732074727574682c20747275746820626561757479")
# RFC 9180, A.1.1.1 and A.2.1.1: sequence number 0.
VECTORS = [
    (
        AES_128_GCM,
        "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
        "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
    ),
    (
        CHACHA,
        "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
        "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
        "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
    ),
]


@pytest.mark.parametrize(("aead", "private", "enc", "ciphertext"), VECTORS)
def test_the_written_out_form_gives_the_rfcs_known_answers(
    aead: int, private: str, enc: str, ciphertext: str
) -> None:
    key = X25519PrivateKey.from_private_bytes(bytes.fromhex(private))
    found = open_base(aead, key, bytes.fromhex(enc), INFO, b"Count-0", bytes.fromhex(ciphertext))
    assert found == PLAINTEXT


def test_what_the_library_wraps_opens_with_the_written_out_form() -> None:
    key = X25519PrivateKey.generate()
    for size in (0, 1, 32, 1000):
        secret = bytes(range(256)) * 4
        wrapped = hpke.wrap(key.public_key(), secret[:size], b"what for")
        enc, ciphertext = wrapped[: hpke.ENCAPSULATED_BYTES], wrapped[hpke.ENCAPSULATED_BYTES :]
        assert open_base(AES_256_GCM, key, enc, b"what for", b"", ciphertext) == secret[:size]


def test_a_wrap_opens_for_its_key_and_purpose_alone() -> None:
    key, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    wrapped = hpke.wrap(key.public_key(), b"x" * 32, b"what for")
    assert hpke.unwrap(key, wrapped, b"what for") == b"x" * 32
    for private, info in ((other, b"what for"), (key, b"something else"), (key, b"")):
        with pytest.raises(hpke.NotOpened):
            hpke.unwrap(private, wrapped, info)


def test_any_rubbish_is_refused_with_one_error() -> None:
    key = X25519PrivateKey.generate()
    wrapped = hpke.wrap(key.public_key(), b"x" * 32, b"what for")
    for length in range(len(wrapped)):
        with pytest.raises(hpke.NotOpened):
            hpke.unwrap(key, wrapped[:length], b"what for")
    for place in range(len(wrapped)):
        flipped = bytearray(wrapped)
        flipped[place] ^= 1
        with pytest.raises(hpke.NotOpened):
            hpke.unwrap(key, bytes(flipped), b"what for")
    with pytest.raises(hpke.NotOpened):
        hpke.unwrap(key, bytes(80), b"what for")  # a point of small order
