"""The forms of sealed bytes. Version and algorithm come first, one byte each, so that others can take over.

1 (forms, files, second factors): 1 | AES-256-GCM | length | key id | nonce | ciphertext and tag.
2 (identities): 2 | AES-256-GCM | nonce | ciphertext and tag, under its own data key, which lies apart as
  2 | HPKE | length | key id | encapsulated key, ciphertext and tag, wrapped to the vault's public key.
The data key of an original has two wraps of the same form, to the vault and to the workers' pair.

Header, purpose and context are bound in each: sealed bytes moved to another field, report or version do not
open, and neither does a wrap.
"""

from __future__ import annotations

VERSION = 1
VERSION_WRAPPED = 2
AES_256_GCM = 1
HPKE_X25519_SHA256_AES256 = 16
NONCE_BYTES = 12
TAG_BYTES = 16
IDENTITY = "vault"
DATA_KEY = "vault data key"
ORIGINAL_KEY = "original data key"
WORKING_KEY = "original working key"


def header(key_id: str) -> bytes:
    """Return the header for version 1, AES-256-GCM and a key id of at most 255 ASCII characters."""
    return bytes((VERSION, AES_256_GCM)) + _named(key_id)


def wrap_header(key_id: str) -> bytes:
    """Return the header of a wrapped data key."""
    return bytes((VERSION_WRAPPED, HPKE_X25519_SHA256_AES256)) + _named(key_id)


def associated_data(head: bytes, purpose: str, context: tuple[str, ...]) -> bytes:
    """Return header, purpose and context with each part's length before it, so that no two contexts agree."""
    if not context or not all(context):
        raise ValueError("a sealed value needs a context without empty parts")
    parts = [head, purpose.encode(), *(part.encode() for part in context)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _named(key_id: str) -> bytes:
    name = key_id.encode("ascii")
    return bytes((len(name),)) + name
