"""Opening what is wrapped to a pair: identities and originals, for whoever holds the private half."""

from __future__ import annotations

import json
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.vault import hpke
from portal.vault.envelope import (
    DATA_KEY,
    HPKE_X25519_SHA256_AES256,
    IDENTITY,
    NONCE_BYTES,
    TAG_BYTES,
    VERSION,
    VERSION_WRAPPED,
    associated_data,
)
from portal.vault.keyfiles import Key
from portal.vault.opening import SealError, SealFault, key_id_of, open_with
from portal.vault.pairs import VaultKeys, private_key
from portal.vault.sealing import WRAPPED_HEAD

_FIXED_HEAD = 3


class Pairs(Protocol):
    """The vault's pairs, or the workers'."""

    def pair(self, key_id: str) -> Key | None:
        """Return a pair by its id."""


def open_fields(keys: VaultKeys, blob: bytes, wrap: bytes | None, context: tuple[str, ...]) -> dict[str, str]:
    """Return the fields of a sealed group; raises SealError. Without a wrap only an earlier form opens."""
    document = json.loads(_plaintext(keys, blob, wrap, context))
    return {str(name): str(value) for name, value in document.items()}


def unwrap_key(keys: Pairs, wrap: bytes, context: tuple[str, ...], purpose: str = DATA_KEY) -> bytes:
    """Return a data key; raises SealError."""
    head, key_id = _split_wrap(wrap)
    pair = keys.pair(key_id)
    if pair is None:
        raise SealError(SealFault.UNKNOWN_KEY)
    try:
        return hpke.unwrap(private_key(pair), wrap[len(head) :], associated_data(head, purpose, context))
    except hpke.NotOpened:
        raise SealError(SealFault.NOT_AUTHENTIC) from None


def _plaintext(keys: VaultKeys, blob: bytes, wrap: bytes | None, context: tuple[str, ...]) -> bytes:
    if blob[:1] == bytes((VERSION,)):
        return _former(keys, blob, context)
    if wrap is None or len(blob) < len(WRAPPED_HEAD) + NONCE_BYTES + TAG_BYTES:
        raise SealError(SealFault.MALFORMED)
    head, rest = blob[: len(WRAPPED_HEAD)], blob[len(WRAPPED_HEAD) :]
    if head != WRAPPED_HEAD:
        raise SealError(SealFault.UNKNOWN_VERSION)
    data_key = unwrap_key(keys, wrap, context)
    try:
        return AESGCM(data_key).decrypt(
            rest[:NONCE_BYTES], rest[NONCE_BYTES:], associated_data(head, IDENTITY, context)
        )
    except InvalidTag:
        raise SealError(SealFault.NOT_AUTHENTIC) from None


def _former(keys: VaultKeys, blob: bytes, context: tuple[str, ...]) -> bytes:
    """Open what an earlier version sealed under a symmetric key."""
    key_id = key_id_of(blob)
    secret = next((key.secret for key in keys.former if key.id == key_id), None)
    if secret is None:
        raise SealError(SealFault.UNKNOWN_KEY)
    return open_with(secret, IDENTITY, blob, context)


def _split_wrap(wrap: bytes) -> tuple[bytes, str]:
    if len(wrap) < _FIXED_HEAD:
        raise SealError(SealFault.MALFORMED)
    if wrap[0] != VERSION_WRAPPED:
        raise SealError(SealFault.UNKNOWN_VERSION)
    if wrap[1] != HPKE_X25519_SHA256_AES256:
        raise SealError(SealFault.UNKNOWN_ALGORITHM)
    head = wrap[: _FIXED_HEAD + wrap[2]]
    try:
        return head, head[_FIXED_HEAD:].decode("ascii")
    except UnicodeDecodeError:
        raise SealError(SealFault.MALFORMED) from None
