"""The recovery file: the vault's keys encrypted so that either of two printed passphrases opens them."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from portal.vault import keyfiles
from portal.vault.pairs import VaultKeys

FORMAT = "woodpecker-vault-recovery"
VERSION = 1
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP_LENGTH = 6, 5  # 150 bits
N, R, P = 2**15, 8, 1  # 32 MiB and a tenth of a second for each try; the 150 bits carry the security
_LOOKALIKES = str.maketrans("OIL", "011")


class WrongPassphrase(Exception):
    """Neither lock of the file opens with it."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """A recovery file that was written, and the passphrases that are shown once."""

    path: Path
    passphrases: tuple[str, str]

    def __repr__(self) -> str:
        """Show the path alone."""
        return f"Recovery({self.path})"


def write(keys: VaultKeys, path: Path, at: datetime) -> Recovery:
    """Write a recovery file under two fresh passphrases; raises KeyFileError rather than overwrite one."""
    file_key = secrets.token_bytes(32)
    phrases = (new_passphrase(), new_passphrase())
    key_ids = [pair.id for pair in keys.pairs]
    content = json.dumps(keys.document()).encode()
    document = {
        "format": FORMAT,
        "version": VERSION,
        "made": at.astimezone(UTC).replace(microsecond=0).isoformat(),
        "pairs": key_ids,
        "locks": [_lock(phrase, file_key) for phrase in phrases],
        "content": _sealed(file_key, content),
    }
    keyfiles.write_new(path, document)
    return Recovery(path, phrases)


def read(path: Path, passphrase: str) -> VaultKeys:
    """Return the keys of a recovery file; raises WrongPassphrase or KeyFileError."""
    document = keyfiles.read_document(path, FORMAT, VERSION)
    try:
        for lock in document["locks"]:
            file_key = _unlocked(lock, passphrase)
            if file_key is not None:
                content = _opened(file_key, str(document["content"]))
                return VaultKeys.of(json.loads(content), path)
    except (KeyError, TypeError, ValueError, InvalidTag):
        fault = keyfiles.KeyFileFault.MALFORMED
        raise keyfiles.KeyFileError(fault, path, "it was changed") from None
    raise WrongPassphrase


def made_at(path: Path) -> datetime:
    """Return when a recovery file was written; raises KeyFileError."""
    document = keyfiles.read_document(path, FORMAT, VERSION)
    try:
        return datetime.fromisoformat(document["made"])
    except (KeyError, TypeError, ValueError):
        raise keyfiles.KeyFileError(keyfiles.KeyFileFault.MALFORMED, path, "it was changed") from None


def names(path: Path) -> VaultKeys:
    """Return the pairs that a recovery file names, without their secrets; raises KeyFileError."""
    document, made = keyfiles.read_document(path, FORMAT, VERSION), made_at(path)
    try:
        return VaultKeys(tuple(keyfiles.Key(str(one), b"", made) for one in document["pairs"]), ())
    except (KeyError, TypeError, ValueError):
        raise keyfiles.KeyFileError(keyfiles.KeyFileFault.MALFORMED, path, "it was changed") from None


def new_passphrase() -> str:
    """Return thirty random letters and digits in groups, without those that look alike."""
    letters = [secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP_LENGTH)]
    groups = ["".join(letters[at : at + GROUP_LENGTH]) for at in range(0, len(letters), GROUP_LENGTH)]
    return "-".join(groups)


def _folded(passphrase: str) -> bytes:
    """Take a passphrase as somebody types it from paper."""
    return "".join(ch for ch in passphrase.upper().translate(_LOOKALIKES) if ch in ALPHABET).encode()


def _lock(passphrase: str, file_key: bytes) -> dict[str, Any]:
    salt = secrets.token_bytes(16)
    derived = _derived(passphrase, salt, N, R, P)
    return {"salt": salt.hex(), "n": N, "r": R, "p": P, "sealed": _sealed(derived, file_key)}


def _unlocked(lock: dict[str, Any], passphrase: str) -> bytes | None:
    # Whoever can write the file must not choose how much memory is taken.
    if (lock["n"], lock["r"], lock["p"]) != (N, R, P):
        raise ValueError("unknown cost")
    derived = _derived(passphrase, bytes.fromhex(lock["salt"]), N, R, P)
    try:
        return _opened(derived, lock["sealed"])
    except InvalidTag:
        return None


def _derived(passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(_folded(passphrase))


def _sealed(key: bytes, plaintext: bytes) -> str:
    nonce = secrets.token_bytes(12)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, plaintext, FORMAT.encode())).decode("ascii")


def _opened(key: bytes, text: str) -> bytes:
    try:
        blob = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    return AESGCM(key).decrypt(blob[:12], blob[12:], FORMAT.encode())
