"""The key file: one JSON document, its owner's alone, with current and earlier keys per purpose."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal import clock

FORMAT = "woodpecker-keys"
VERSION = 1
SECRET_BYTES = 32

_KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Purpose(StrEnum):
    """What a key is for; no key serves two purposes."""

    VAULT = "vault"
    RECEIPT = "receipt"
    FORM = "form"
    EVIDENCE = "evidence"
    TOTP = "totp"


class KeyFileFault(StrEnum):
    """Why a key file is refused."""

    MISSING = "missing"
    EXISTS = "exists"
    UNREADABLE = "unreadable"
    EXPOSED = "exposed"
    MALFORMED = "malformed"


_SENTENCES = {
    KeyFileFault.MISSING: "There is no key file at {path}.",
    KeyFileFault.EXISTS: "A key file is already at {path}; it is never overwritten.",
    KeyFileFault.UNREADABLE: "The key file {path} cannot be read by this user.",
    KeyFileFault.EXPOSED: "The key file {path} can be read by others; give it to one user with mode 0600.",
    KeyFileFault.MALFORMED: "The key file {path} is not in the expected form: {detail}.",
}


class KeyFileError(Exception):
    """A key file is refused; says which and why, never what it holds."""

    def __init__(self, code: KeyFileFault, path: Path, detail: str = "") -> None:
        super().__init__(_SENTENCES[code].format(path=path, detail=detail))
        self.code = code
        self.path = path


@dataclass(frozen=True, slots=True)
class Key:
    """One secret of 32 bytes with its public id."""

    id: str
    secret: bytes = field(repr=False)
    created: datetime


class Keyring:
    """The keys of every purpose, the current one first."""

    __slots__ = ("_keys",)

    def __init__(self, keys: dict[Purpose, tuple[Key, ...]]) -> None:
        self._keys = keys

    def __repr__(self) -> str:
        ids = ", ".join(f"{purpose}={[key.id for key in keys]}" for purpose, keys in self._keys.items())
        return f"<Keyring {ids}>"

    def __reduce__(self) -> str:
        raise TypeError("a keyring is not pickled")

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """Read a key file; raises KeyFileError when it is missing, open to others or malformed."""
        return _parse(_read_private(path), path)

    @classmethod
    def create(cls, path: Path, at: datetime | None = None) -> Keyring:
        """Write a new key file with one key per purpose; raises KeyFileError rather than overwrite one."""
        ring = cls({purpose: (_new_key(at),) for purpose in Purpose})
        temporary = _write_beside(path, ring)
        try:
            os.link(temporary, path)  # unlike rename, link refuses an existing name
        except FileExistsError:
            raise KeyFileError(KeyFileFault.EXISTS, path) from None
        finally:
            temporary.unlink()
        _sync_directory(path.parent)
        return ring

    @classmethod
    def rotate(cls, path: Path, purpose: str, at: datetime | None = None) -> Keyring:
        """Put a new key first for one purpose and keep the earlier ones for reading."""
        ring = cls.load(path)
        kept = dict(ring._keys)
        kept[Purpose(purpose)] = (_new_key(at), *kept[Purpose(purpose)])
        rotated = cls(kept)
        _write_beside(path, rotated).replace(path)
        _sync_directory(path.parent)
        return rotated

    def current(self, purpose: str) -> tuple[str, bytes]:
        """Return id and secret of the key with which new things are made."""
        key = self._keys[Purpose(purpose)][0]
        return key.id, key.secret

    def by_id(self, purpose: str, key_id: str) -> bytes:
        """Return the secret of a current or earlier key; raises KeyError with the id."""
        for key in self._keys[Purpose(purpose)]:
            if key.id == key_id:
                return key.secret
        raise KeyError(key_id)

    def all(self, purpose: str) -> list[tuple[str, bytes]]:
        """Return id and secret of every key of a purpose, the current one first."""
        return [(key.id, key.secret) for key in self._keys[Purpose(purpose)]]

    def derive(self, purpose: str, label: str) -> bytes:
        """Return 32 bytes derived from the current key for one labelled use, such as a cookie's secret."""
        _, secret = self.current(purpose)
        return HKDF(SHA256(), SECRET_BYTES, salt=None, info=f"{FORMAT} {label}".encode()).derive(secret)


def _new_key(at: datetime | None) -> Key:
    created = (at or clock.now()).astimezone(UTC).replace(microsecond=0)
    return Key(secrets.token_hex(4), secrets.token_bytes(SECRET_BYTES), created)


def _read_private(path: Path) -> bytes:
    """Read a file that only its owner can read; judged on the open file, so no exchange helps."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise KeyFileError(KeyFileFault.MISSING, path) from None
    except OSError:
        raise KeyFileError(KeyFileFault.UNREADABLE, path) from None
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise KeyFileError(KeyFileFault.UNREADABLE, path)
        if state.st_mode & _OTHERS or state.st_uid not in {os.geteuid(), 0}:
            raise KeyFileError(KeyFileFault.EXPOSED, path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def _parse(content: bytes, path: Path) -> Keyring:
    try:
        document = json.loads(content)
    except ValueError:  # "from None": the text at fault may be a secret
        raise KeyFileError(KeyFileFault.MALFORMED, path, "it is not JSON") from None
    if (
        not isinstance(document, dict)
        or document.get("format") != FORMAT
        or document.get("version") != VERSION
    ):
        raise KeyFileError(KeyFileFault.MALFORMED, path, f"it is no {FORMAT} file of version {VERSION}")
    listed = document.get("keys")
    if not isinstance(listed, dict):
        raise KeyFileError(KeyFileFault.MALFORMED, path, "it lists no keys")
    return Keyring({purpose: _parse_purpose(listed.get(purpose), purpose, path) for purpose in Purpose})


def _parse_purpose(entries: object, purpose: Purpose, path: Path) -> tuple[Key, ...]:
    if not isinstance(entries, list) or not entries:
        raise KeyFileError(KeyFileFault.MALFORMED, path, f"purpose {purpose} has no key")
    keys = tuple(_parse_key(entry, purpose, path) for entry in entries)
    if len({key.id for key in keys}) != len(keys):
        raise KeyFileError(KeyFileFault.MALFORMED, path, f"purpose {purpose} has one key id twice")
    return keys


def _parse_key(entry: object, purpose: Purpose, path: Path) -> Key:
    if not isinstance(entry, dict):
        raise KeyFileError(KeyFileFault.MALFORMED, path, f"a key of {purpose} cannot be read")
    try:
        key = Key(
            str(entry["id"]),
            base64.b64decode(entry["secret"], validate=True),
            datetime.fromisoformat(entry["created"]),
        )
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise KeyFileError(KeyFileFault.MALFORMED, path, f"a key of {purpose} cannot be read") from None
    if not _KEY_ID.fullmatch(key.id) or len(key.secret) != SECRET_BYTES or key.created.tzinfo is None:
        raise KeyFileError(KeyFileFault.MALFORMED, path, f"a key of {purpose} has a wrong id, length or time")
    return key


def _write_beside(path: Path, ring: Keyring) -> Path:
    """Write a keyring, synced, to a new private file in the same directory and return that file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(_document(ring), file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(descriptor)
    return temporary


def _document(ring: Keyring) -> dict[str, Any]:
    keys = {purpose.value: [_entry(key) for key in listed] for purpose, listed in ring._keys.items()}
    return {"format": FORMAT, "version": VERSION, "keys": keys}


def _entry(key: Key) -> dict[str, str]:
    secret = base64.b64encode(key.secret).decode("ascii")
    return {"id": key.id, "secret": secret, "created": key.created.isoformat()}


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
