"""Wrapping a data key to the vault's public key: HPKE of RFC 9180, base mode.

The suite is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. What the key is for goes into ``info``,
from which both ends derive the keys: a wrap that is moved to another row does not open.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
ENCAPSULATED_BYTES = 32


class NotOpened(Exception):
    """The wrap is not for this key or this purpose; says no more."""


def wrap(public: X25519PublicKey, secret: bytes | bytearray, info: bytes) -> bytes:
    """Return the encapsulated key and the ciphertext; every call makes a new key pair of its own."""
    return SUITE.encrypt(secret, public, info)


def unwrap(private: X25519PrivateKey, wrapped: bytes, info: bytes) -> bytes:
    """Return what was wrapped; raises NotOpened."""
    try:
        return SUITE.decrypt(wrapped, private, info)
    except (InvalidTag, ValueError):
        raise NotOpened from None
