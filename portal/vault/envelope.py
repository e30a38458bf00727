"""The form of sealed bytes: version | algorithm | length of key id | key id | nonce | ciphertext and tag.

Version and algorithm are one byte each, so that another algorithm or a public key can take over while what
was sealed before still opens. Header, purpose and context are bound as associated data: sealed bytes moved to
another field, report or version do not open.
"""

from __future__ import annotations

VERSION = 1
AES_256_GCM = 1
NONCE_BYTES = 12
TAG_BYTES = 16


def header(key_id: str) -> bytes:
    """Return the header for version 1, AES-256-GCM and a key id of at most 255 ASCII characters."""
    name = key_id.encode("ascii")
    return bytes((VERSION, AES_256_GCM, len(name))) + name


def associated_data(head: bytes, purpose: str, context: tuple[str, ...]) -> bytes:
    """Return header, purpose and context with each part's length before it, so that no two contexts agree."""
    if not context or not all(context):
        raise ValueError("a sealed value needs a context without empty parts")
    parts = [head, purpose.encode(), *(part.encode() for part in context)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
