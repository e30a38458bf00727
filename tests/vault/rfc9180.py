"""HPKE written out from RFC 9180 in plain Python, to judge by another hand what the library makes."""

from __future__ import annotations

import hmac
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

KEM, KDF = 0x0020, 0x0001
AES_128_GCM, AES_256_GCM, CHACHA = 0x0001, 0x0002, 0x0003
KEY_BYTES = {AES_128_GCM: 16, AES_256_GCM: 32, CHACHA: 32}


def extract(salt: bytes, suite: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, sha256)


def expand(prk: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
    info = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    out, block, count = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(prk, block + info + bytes((count,)), sha256)
        out, count = out + block, count + 1
    return out[:length]


def open_base(aead: int, private: X25519PrivateKey, enc: bytes, info: bytes, aad: bytes, ct: bytes) -> bytes:
    """SetupBaseR and the first Open of it (sections 4.1, 5.1 and 5.2)."""
    kem = b"KEM" + KEM.to_bytes(2, "big")
    dh = private.exchange(X25519PublicKey.from_public_bytes(enc))
    context = enc + private.public_key().public_bytes_raw()
    shared = expand(extract(b"", kem, b"eae_prk", dh), kem, b"shared_secret", context, 32)
    suite = b"HPKE" + b"".join(part.to_bytes(2, "big") for part in (KEM, KDF, aead))
    schedule = b"\x00" + extract(b"", suite, b"psk_id_hash", b"") + extract(b"", suite, b"info_hash", info)
    secret = extract(shared, suite, b"secret", b"")
    key = expand(secret, suite, b"key", schedule, KEY_BYTES[aead])
    nonce = expand(secret, suite, b"base_nonce", schedule, 12)
    cipher = ChaCha20Poly1305(key) if aead == CHACHA else AESGCM(key)
    return cipher.decrypt(nonce, ct, aad)
