"""Files with keys: read only when nobody else can, written whole or not at all."""

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

from portal import clock

SECRET_BYTES = 32

_KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_OTHERS_READ = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class KeyFileFault(StrEnum):
    """Why a key file is refused."""

    MISSING = "missing"
    EXISTS = "exists"
    UNREADABLE = "unreadable"
    UNWRITABLE = "unwritable"
    EXPOSED = "exposed"
    MALFORMED = "malformed"
    NOT_HELD = "not_held"


_SENTENCES = {
    KeyFileFault.MISSING: "There is no key file at {path}.",
    KeyFileFault.EXISTS: "Key files are already at {path}; they are never overwritten.",
    KeyFileFault.UNREADABLE: "The key file {path} cannot be read by this user.",
    KeyFileFault.UNWRITABLE: "The key files cannot be written to {path} by this user.",
    KeyFileFault.EXPOSED: "The key file {path} is open to others; give it to one user with mode 0600.",
    KeyFileFault.MALFORMED: "The key file {path} is not in the expected form: {detail}.",
    KeyFileFault.NOT_HELD: "This process does not hold the keys of {path}.",
}


class KeyFileError(Exception):
    """A key file is refused; says which and why, never what it holds."""

    def __init__(self, code: KeyFileFault, path: Path, detail: str = "") -> None:
        super().__init__(_SENTENCES[code].format(path=path, detail=detail))
        self.code = code
        self.path = path


@dataclass(frozen=True, slots=True)
class Key:
    """32 secret bytes (or, in the public file, public ones) with their id."""

    id: str
    secret: bytes = field(repr=False)
    created: datetime


def new_key(at: datetime | None = None) -> Key:
    """Return a fresh random key."""
    created = (at or clock.now()).astimezone(UTC).replace(microsecond=0)
    return Key(secrets.token_hex(4), secrets.token_bytes(SECRET_BYTES), created)


def read_document(path: Path, form: str, version: int, *, public: bool = False) -> dict[str, Any]:
    """Return a key file's JSON object; raises KeyFileError when it is missing, exposed or malformed."""
    content = _read(path, _OTHERS_WRITE if public else _OTHERS_READ, own=not public)
    try:
        document = json.loads(content)
    except ValueError:  # "from None": the text at fault may be a secret
        raise KeyFileError(KeyFileFault.MALFORMED, path, "it is not JSON") from None
    if not isinstance(document, dict) or document.get("format") != form or document.get("version") != version:
        raise KeyFileError(KeyFileFault.MALFORMED, path, f"it is no {form} file of version {version}")
    return document


def read_keys(entries: object, name: str, path: Path, *, least: int = 1) -> tuple[Key, ...]:
    """Return the keys that a file lists under a name, the current one first; raises KeyFileError."""
    if not isinstance(entries, list) or len(entries) < least:
        raise KeyFileError(KeyFileFault.MALFORMED, path, f"purpose {name} has no key")
    keys = tuple(_parse_key(entry, name, path) for entry in entries)
    if len({key.id for key in keys}) != len(keys):
        raise KeyFileError(KeyFileFault.MALFORMED, path, f"purpose {name} has one key id twice")
    return keys


def entries_of(keys: tuple[Key, ...]) -> list[dict[str, str]]:
    """Return keys as a file lists them."""
    return [
        {
            "id": key.id,
            "secret": base64.b64encode(key.secret).decode("ascii"),
            "created": key.created.isoformat(),
        }
        for key in keys
    ]


def write_new(path: Path, document: dict[str, Any], mode: int = 0o600) -> None:
    """Write a file that is not there yet; raises KeyFileError rather than overwrite one."""
    temporary = _write_beside(path, document, mode)
    try:
        os.link(temporary, path)  # unlike rename, link refuses an existing name
    except FileExistsError:
        raise KeyFileError(KeyFileFault.EXISTS, path) from None
    finally:
        temporary.unlink()
    sync_directory(path.parent)


def replace(path: Path, document: dict[str, Any], mode: int = 0o600) -> None:
    """Put a file in the place of another in one step; keeps who it belongs to where this user may."""
    temporary = _write_beside(path, document, mode)
    if path.exists() and os.geteuid() == 0:
        facts = path.stat()
        os.chown(temporary, facts.st_uid, facts.st_gid)
    temporary.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make a new name in a directory last."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path, forbidden: int, *, own: bool) -> bytes:
    """Read a file; its mode is judged on the open file, so no exchange helps."""
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
        if state.st_mode & forbidden or (own and state.st_uid not in {os.geteuid(), 0}):
            raise KeyFileError(KeyFileFault.EXPOSED, path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def _parse_key(entry: object, name: str, path: Path) -> Key:
    if not isinstance(entry, dict):
        raise KeyFileError(KeyFileFault.MALFORMED, path, f"a key of {name} cannot be read")
    try:
        key = Key(
            str(entry["id"]),
            base64.b64decode(entry["secret"], validate=True),
            datetime.fromisoformat(entry["created"]),
        )
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise KeyFileError(KeyFileFault.MALFORMED, path, f"a key of {name} cannot be read") from None
    if not _KEY_ID.fullmatch(key.id) or len(key.secret) != SECRET_BYTES or key.created.tzinfo is None:
        raise KeyFileError(KeyFileFault.MALFORMED, path, f"a key of {name} has a wrong id, length or time")
    return key


def _write_beside(path: Path, document: dict[str, Any], mode: int) -> Path:
    """Write, synced, to a new file in the same directory and return that file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(descriptor)
    return temporary
