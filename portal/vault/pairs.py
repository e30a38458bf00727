"""The vault's key pairs: a private file for the vault process, a public one for who takes reports."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from portal.vault import keyfiles
from portal.vault.keyfiles import Key

PRIVATE_FILE = "vault.json"
PUBLIC_FILE = "vault.pub"
PRIVATE_FORMAT = "woodpecker-vault"
PUBLIC_FORMAT = "woodpecker-vault-public"
VERSION = 1


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What seals and cannot open."""

    id: str
    key: X25519PublicKey


class PublicKeys:
    """The public file, read again when it changes: after a rotation no process seals to the old key."""

    __slots__ = ("_current", "_form", "_path", "_seen")

    def __init__(self, path: Path, form: str = PUBLIC_FORMAT) -> None:
        self._path = path
        self._form = form
        self._seen = 0
        self._current: PublicKey | None = None
        self.current()

    def current(self) -> PublicKey:
        """Return the key that new things are sealed to; raises KeyFileError."""
        seen = os.stat(self._path).st_mtime_ns if self._path.exists() else -1
        if self._current is None or seen != self._seen:
            self._current, self._seen = first_public(self._path, self._form), seen
        return self._current


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """All that opens: pairs, the current one first; the key of the blind indexes; former keys."""

    pairs: tuple[Key, ...] = field(repr=False)
    index: tuple[Key, ...] = field(repr=False)
    former: tuple[Key, ...] = field(default=(), repr=False)

    def __reduce__(self) -> str:
        raise TypeError("keys are not pickled")

    @classmethod
    def fresh(cls, at: datetime | None, *, former: tuple[Key, ...] = ()) -> VaultKeys:
        """Make a first pair and index key."""
        return cls((new_pair(at),), (keyfiles.new_key(at),), former)

    @classmethod
    def load(cls, path: Path) -> VaultKeys:
        """Read the private file; raises KeyFileError."""
        return cls.of(keyfiles.read_document(path, PRIVATE_FORMAT, VERSION), path)

    @classmethod
    def of(cls, document: dict[str, Any], path: Path) -> VaultKeys:
        """Read the document of a private file; raises KeyFileError naming the path."""
        return cls(
            keyfiles.read_keys(document.get("pairs"), "pairs", path),
            keyfiles.read_keys(document.get("index"), "index", path),
            keyfiles.read_keys(document.get("former", []), "former", path, least=0),
        )

    def document(self) -> dict[str, Any]:
        """Return what the private file holds."""
        return {
            "format": PRIVATE_FORMAT,
            "version": VERSION,
            "pairs": keyfiles.entries_of(self.pairs),
            "index": keyfiles.entries_of(self.index),
            "former": keyfiles.entries_of(self.former),
        }

    def public_document(self) -> dict[str, Any]:
        """Return what the public file holds."""
        public = tuple(
            replace(pair, secret=private_key(pair).public_key().public_bytes_raw()) for pair in self.pairs
        )
        return {"format": PUBLIC_FORMAT, "version": VERSION, "keys": keyfiles.entries_of(public)}

    def write(self, private: Path, public: Path) -> None:
        """Write both files anew; raises KeyFileError rather than overwrite one."""
        keyfiles.write_new(private, self.document())
        keyfiles.write_new(public, self.public_document(), 0o644)

    def current(self) -> Key:
        """Return the pair that is sealed to now."""
        return self.pairs[0]

    def pair(self, key_id: str) -> Key | None:
        """Return a pair by its id."""
        return next((pair for pair in self.pairs if pair.id == key_id), None)


def first_public(path: Path, form: str = PUBLIC_FORMAT) -> PublicKey:
    """Return the current key of a public file; raises KeyFileError."""
    document = keyfiles.read_document(path, form, VERSION, public=True)
    first = keyfiles.read_keys(document.get("keys"), "public", path)[0]
    return PublicKey(first.id, X25519PublicKey.from_public_bytes(first.secret))


def new_pair(at: datetime | None = None) -> Key:
    """Return a fresh private key."""
    return replace(keyfiles.new_key(at), secret=X25519PrivateKey.generate().private_bytes_raw())


def private_key(pair: Key) -> X25519PrivateKey:
    """Return a pair as the library wants it."""
    return X25519PrivateKey.from_private_bytes(pair.secret)


def public_key(pair: Key) -> PublicKey:
    """Return the public half of a pair."""
    return PublicKey(pair.id, private_key(pair).public_key())
