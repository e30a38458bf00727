"""Opening: the other half of sealing, kept apart so that it can move to a process of its own."""

from __future__ import annotations

import json
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.vault.envelope import AES_256_GCM, NONCE_BYTES, TAG_BYTES, VERSION, associated_data
from portal.vault.keys import Keyring, Purpose

_FIXED_HEAD = 3


class SealFault(StrEnum):
    """Why sealed bytes do not open."""

    MALFORMED = "malformed"
    UNKNOWN_VERSION = "unknown_version"
    UNKNOWN_ALGORITHM = "unknown_algorithm"
    UNKNOWN_KEY = "unknown_key"
    NOT_AUTHENTIC = "not_authentic"


class SealError(Exception):
    """Sealed bytes do not open here; carries the fault, never any content."""

    def __init__(self, code: SealFault) -> None:
        super().__init__(code.value)
        self.code = code


def open_sealed(ring: Keyring, purpose: str, blob: bytes, context: tuple[str, ...]) -> bytes:
    """Return the plaintext of what was sealed for this purpose and context; raises SealError."""
    head, key_id = _split_head(blob)
    body = len(head) + NONCE_BYTES
    if len(blob) < body + TAG_BYTES:
        raise SealError(SealFault.MALFORMED)
    try:
        secret = ring.by_id(purpose, key_id)
    except KeyError:
        raise SealError(SealFault.UNKNOWN_KEY) from None
    bound = associated_data(head, purpose, context)
    try:
        return AESGCM(secret).decrypt(blob[len(head) : body], blob[body:], bound)
    except InvalidTag:
        raise SealError(SealFault.NOT_AUTHENTIC) from None


def open_fields(ring: Keyring, blob: bytes, context: tuple[str, ...]) -> dict[str, str]:
    """Return the fields that seal_fields sealed for this context; raises SealError."""
    document = json.loads(open_sealed(ring, Purpose.VAULT, blob, context))
    return {str(name): str(value) for name, value in document.items()}


def key_id_of(blob: bytes) -> str:
    """Return the id of the key that sealed these bytes, to find what a rotation has still to do."""
    return _split_head(blob)[1]


def _split_head(blob: bytes) -> tuple[bytes, str]:
    if len(blob) < _FIXED_HEAD:
        raise SealError(SealFault.MALFORMED)
    if blob[0] != VERSION:
        raise SealError(SealFault.UNKNOWN_VERSION)
    if blob[1] != AES_256_GCM:
        raise SealError(SealFault.UNKNOWN_ALGORITHM)
    head = blob[: _FIXED_HEAD + blob[2]]
    try:
        return head, head[_FIXED_HEAD:].decode("ascii")
    except UnicodeDecodeError:
        raise SealError(SealFault.MALFORMED) from None
