"""Opening what the portal seals for itself: forms, evidence, second factors. Identities: ``unsealing``."""

from __future__ import annotations

from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.vault.envelope import AES_256_GCM, NONCE_BYTES, TAG_BYTES, VERSION, associated_data
from portal.vault.keys import Keyring

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
    try:
        secret = ring.by_id(purpose, key_id_of(blob))
    except KeyError:
        raise SealError(SealFault.UNKNOWN_KEY) from None
    return open_with(secret, purpose, blob, context)


def open_with(secret: bytes, purpose: str, blob: bytes, context: tuple[str, ...]) -> bytes:
    """Return the plaintext of sealed bytes of version 1 under this key; raises SealError."""
    head, _ = _split_head(blob)
    body = len(head) + NONCE_BYTES
    if len(blob) < body + TAG_BYTES:
        raise SealError(SealFault.MALFORMED)
    try:
        return AESGCM(secret).decrypt(
            blob[len(head) : body], blob[body:], associated_data(head, purpose, context)
        )
    except InvalidTag:
        raise SealError(SealFault.NOT_AUTHENTIC) from None


def key_id_of(blob: bytes) -> str:
    """Return the id of the key that sealed these bytes of version 1."""
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
