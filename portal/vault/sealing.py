"""Sealing: what a process that takes reports may do with identities. It never opens what it sealed."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.vault import hpke
from portal.vault.envelope import (
    AES_256_GCM,
    DATA_KEY,
    IDENTITY,
    NONCE_BYTES,
    VERSION_WRAPPED,
    associated_data,
    header,
    wrap_header,
)
from portal.vault.keyfiles import SECRET_BYTES
from portal.vault.keys import Keyring
from portal.vault.pairs import PublicKey

# Bytes: a sealed group's length tells nothing about a name's or a number's.
SIZES = (256, 512, 1024, 2048)
WRAPPED_HEAD = bytes((VERSION_WRAPPED, AES_256_GCM))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed group: what it says, and apart from it the wrapped data key that alone opens it."""

    blob: bytes
    wrap: bytes
    key_id: str


def seal(ring: Keyring, purpose: str, plaintext: bytes, context: tuple[str, ...]) -> bytes:
    """Encrypt under the purpose's current key, bound to a context such as (use, id, version)."""
    key_id, secret = ring.current(purpose)
    return _seal_with(key_id, secret, secrets.token_bytes(NONCE_BYTES), purpose, plaintext, context)


def seal_fields(public: PublicKey, fields: dict[str, str], context: tuple[str, ...]) -> Sealed:
    """Encrypt a group of identity fields for the vault under a data key of its own."""
    data_key, nonce = secrets.token_bytes(SECRET_BYTES), secrets.token_bytes(NONCE_BYTES)
    bound = associated_data(WRAPPED_HEAD, IDENTITY, context)
    blob = WRAPPED_HEAD + nonce + AESGCM(data_key).encrypt(nonce, padded(fields), bound)
    return Sealed(blob, wrap_key(public, data_key, context), public.id)


def wrap_key(
    public: PublicKey, data_key: bytes | bytearray, context: tuple[str, ...], purpose: str = DATA_KEY
) -> bytes:
    """Wrap a data key to a public key, bound to its purpose and to what it opens."""
    head = wrap_header(public.id)
    return head + hpke.wrap(public.key, data_key, associated_data(head, purpose, context))


def padded(fields: dict[str, str]) -> bytes:
    """Return the fields as one JSON document, filled with spaces to the next of few sizes."""
    document = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    largest = SIZES[-1]
    size = next((size for size in SIZES if len(document) <= size), -(-len(document) // largest) * largest)
    return document.ljust(size)


def _seal_with(
    key_id: str, secret: bytes, nonce: bytes, purpose: str, plaintext: bytes, context: tuple[str, ...]
) -> bytes:
    # The nonce comes from outside so that a known answer can be tested.
    head = header(key_id)
    bound = associated_data(head, purpose, context)
    return head + nonce + AESGCM(secret).encrypt(nonce, plaintext, bound)
