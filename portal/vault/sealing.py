"""Sealing: what a process that takes reports may do with identities. It never opens what it sealed."""

from __future__ import annotations

import json
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.vault.envelope import NONCE_BYTES, associated_data, header
from portal.vault.keys import Keyring, Purpose

PADDING = 128  # bytes: a sealed group's length tells nothing about a name's or a number's


def seal(ring: Keyring, purpose: str, plaintext: bytes, context: tuple[str, ...]) -> bytes:
    """Encrypt under the purpose's current key, bound to a context such as (group, report uuid, version)."""
    key_id, secret = ring.current(purpose)
    return _seal_with(key_id, secret, secrets.token_bytes(NONCE_BYTES), purpose, plaintext, context)


def seal_fields(ring: Keyring, fields: dict[str, str], context: tuple[str, ...]) -> bytes:
    """Encrypt a group of identity fields as one JSON document, padded with spaces to whole 128 bytes."""
    document = json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()
    padded = document.ljust(-(-len(document) // PADDING) * PADDING)
    return seal(ring, Purpose.VAULT, padded, context)


def _seal_with(
    key_id: str, secret: bytes, nonce: bytes, purpose: str, plaintext: bytes, context: tuple[str, ...]
) -> bytes:
    # The nonce comes from outside so that a known answer can be tested.
    head = header(key_id)
    bound = associated_data(head, purpose, context)
    return head + nonce + AESGCM(secret).encrypt(nonce, plaintext, bound)
