"""The keys of the portal, in one file for each holder, so that a process loads only what it needs.

``web.json`` (receipt codes, forms) belongs to every process of the portal, ``desk.json`` (second factors) to
those that serve the desk, ``files.json`` (copies of evidence) to these and the workers, ``worker.json``
(originals that are not cleaned yet) to workers alone, ``vault.json`` to the vault process alone;
``vault.pub`` and ``worker.pub`` are public and all that taking reports and files needs of those two.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.vault import keyfiles, pairs, working
from portal.vault.keyfiles import SECRET_BYTES, Key, KeyFileError, KeyFileFault
from portal.vault.pairs import PublicKey, PublicKeys, VaultKeys
from portal.vault.working import WorkingKeys

FORMAT = "woodpecker-keys"
VERSION = 1


class Purpose(StrEnum):
    """What a key is for; no key serves two purposes."""

    RECEIPT = "receipt"
    FORM = "form"
    EVIDENCE = "evidence"
    TOTP = "totp"


class Holder(StrEnum):
    """Which processes hold a file of keys."""

    WEB = "web"
    DESK = "desk"
    FILES = "files"


HELD: dict[Holder, tuple[Purpose, ...]] = {
    Holder.WEB: (Purpose.RECEIPT, Purpose.FORM),
    Holder.DESK: (Purpose.TOTP,),
    Holder.FILES: (Purpose.EVIDENCE,),
}
HOLDER_OF = {purpose: holder for holder, purposes in HELD.items() for purpose in purposes}
EVERYBODY = frozenset(Holder)
WORKING_FILES = (working.PRIVATE_FILE, working.PUBLIC_FILE)

_Keys = dict[Purpose, tuple[Key, ...]]


class Keyring:
    """The keys that this process holds, the current one of each purpose first; of pairs the public half."""

    __slots__ = ("_keys", "_public", "_working", "directory")

    def __init__(self, directory: Path, keys: _Keys, public: PublicKeys) -> None:
        self.directory = directory
        self._keys = keys
        self._public = public
        self._working: PublicKeys | None = None

    def __repr__(self) -> str:
        ids = ", ".join(f"{purpose}={[key.id for key in keys]}" for purpose, keys in self._keys.items())
        return f"<Keyring {ids}>"

    def __reduce__(self) -> str:
        raise TypeError("a keyring is not pickled")

    @classmethod
    def load(cls, directory: Path, holders: Iterable[Holder] = EVERYBODY) -> Keyring:
        """Read these holders' files and the public one; raises KeyFileError for a missing or exposed one."""
        split_single_file(directory)
        keys: _Keys = {}
        for holder in sorted(holders):
            keys.update(_read_file(directory, holder))
        return cls(directory, keys, PublicKeys(directory / pairs.PUBLIC_FILE))

    @classmethod
    def create(cls, directory: Path, at: datetime | None = None) -> Keyring:
        """Make a directory with all files; raises KeyFileError rather than overwrite anything."""
        if legacy_file(directory).exists():
            raise KeyFileError(KeyFileFault.EXISTS, legacy_file(directory))
        keys: _Keys = {purpose: (keyfiles.new_key(at),) for purpose in Purpose}
        _place(directory, keys, VaultKeys.fresh(at))
        return cls.load(directory)

    @classmethod
    def rotate(cls, directory: Path, purpose: str, at: datetime | None = None) -> Keyring:
        """Put a new key first for one purpose and keep the earlier ones for reading."""
        chosen = Purpose(purpose)
        holder = HOLDER_OF[chosen]
        keys = _read_file(directory, holder)
        keys[chosen] = (keyfiles.new_key(at), *keys[chosen])
        keyfiles.replace(file_of(directory, holder), _document(keys))
        return cls.load(directory)

    def current(self, purpose: str) -> tuple[str, bytes]:
        """Return id and secret of the key with which new things are made."""
        key = self._of(purpose)[0]
        return key.id, key.secret

    def by_id(self, purpose: str, key_id: str) -> bytes:
        """Return the secret of a current or earlier key; raises KeyError with the id."""
        for key in self._of(purpose):
            if key.id == key_id:
                return key.secret
        raise KeyError(key_id)

    def all(self, purpose: str) -> list[tuple[str, bytes]]:
        """Return id and secret of every key of a purpose, the current one first."""
        return [(key.id, key.secret) for key in self._of(purpose)]

    def derive(self, purpose: str, label: str) -> bytes:
        """Return 32 bytes derived from the current key for one labelled use, such as a cookie's secret."""
        _, secret = self.current(purpose)
        return HKDF(SHA256(), SECRET_BYTES, salt=None, info=f"{FORMAT} {label}".encode()).derive(secret)

    def vault_key(self) -> PublicKey:
        """Return the public key to which identities and originals are sealed now."""
        return self._public.current()

    def working_key(self) -> PublicKey:
        """Return the public key to which originals are sealed until they are cleaned; raises KeyFileError."""
        if self._working is None:
            self._working = PublicKeys(self.directory / working.PUBLIC_FILE, working.PUBLIC_FORMAT)
        return self._working.current()

    def _of(self, purpose: str) -> tuple[Key, ...]:
        chosen = Purpose(purpose)
        if chosen not in self._keys:
            raise KeyFileError(KeyFileFault.NOT_HELD, file_of(self.directory, HOLDER_OF[chosen]))
        return self._keys[chosen]


def file_of(directory: Path, holder: Holder) -> Path:
    """Return the file of a holder."""
    return directory / f"{holder.value}.json"


def legacy_file(directory: Path) -> Path:
    """Return where the one key file of earlier versions lay, beside the directory of today."""
    return directory.with_suffix(".json")


def split_single_file(directory: Path) -> None:
    """Make the files of today out of the one file of earlier versions, once.

    Its symmetric vault key goes to the vault, which still opens with it what was sealed before. The old file
    stays under another name until the operator puts it away: it holds every key.
    """
    old = legacy_file(directory)
    if directory.exists() or not old.is_file():
        return
    try:
        _split(old, directory)
    except KeyFileError:
        if not directory.exists():
            raise
        return  # another process was first
    old.rename(old.with_name(f"{old.name}.split"))
    keyfiles.sync_directory(old.parent)


def complete(directory: Path) -> None:
    """Make the files that an earlier version did not have, on the machine of the desk; loses no key.

    The key of files moves out of the reach of web processes: new copies get a fresh one, the earlier ones go
    on opening what they sealed. In web.json they stay until `flask evidence reseal` is done.
    Raises KeyFileError.
    """
    wanted = (file_of(directory, Holder.FILES), *(directory / name for name in WORKING_FILES))
    if not file_of(directory, Holder.DESK).exists() or all(path.exists() for path in wanted):
        return
    try:
        with (directory / ".complete.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _complete(directory)
    except OSError:
        raise KeyFileError(KeyFileFault.UNWRITABLE, directory) from None


def _complete(directory: Path) -> None:
    private, public = (directory / name for name in WORKING_FILES)
    if not private.exists():
        keyfiles.write_new(private, WorkingKeys.fresh().document())
    if not public.exists():
        keyfiles.write_new(public, WorkingKeys.load(private).public_document(), 0o644)
    files = file_of(directory, Holder.FILES)
    if not files.exists():
        keys = (keyfiles.new_key(), *_earlier_evidence(directory))
        keyfiles.write_new(files, _document({Purpose.EVIDENCE: keys}))


def holds_earlier(directory: Path) -> bool:
    """Say whether web.json still holds a key of files of an earlier version; no when it cannot be read."""
    try:
        return bool(_earlier_evidence(directory))
    except KeyFileError:
        return False


def take_from_web(directory: Path) -> bool:
    """Forget the earlier keys of files in web.json, which files.json holds; says whether there were any.

    Raises KeyFileError.
    """
    earlier = {key.id for key in _earlier_evidence(directory)}
    if not earlier:
        return False
    held = {key.id for key in _read_file(directory, Holder.FILES)[Purpose.EVIDENCE]}
    path = file_of(directory, Holder.WEB)
    if not earlier <= held:
        raise KeyFileError(KeyFileFault.MALFORMED, path, "files.json lacks one of its keys of evidence")
    keyfiles.replace(path, _document(_read_file(directory, Holder.WEB)))
    return True


def _earlier_evidence(directory: Path) -> tuple[Key, ...]:
    """Return the keys of files that an earlier version kept in web.json."""
    path = file_of(directory, Holder.WEB)
    listed = _listed(path).get(Purpose.EVIDENCE)
    return () if listed is None else keyfiles.read_keys(listed, Purpose.EVIDENCE, path)


def _split(old: Path, directory: Path) -> None:
    document = keyfiles.read_document(old, FORMAT, VERSION)
    listed = document.get("keys")
    if not isinstance(listed, dict):
        raise KeyFileError(KeyFileFault.MALFORMED, old, "it lists no keys")
    keys = {purpose: keyfiles.read_keys(listed.get(purpose), purpose, old) for purpose in Purpose}
    # Every web process held the old one.
    keys[Purpose.EVIDENCE] = (keyfiles.new_key(), *keys[Purpose.EVIDENCE])
    former = keyfiles.read_keys(listed.get("vault"), "vault", old)
    _place(directory, keys, VaultKeys.fresh(None, former=former))


def _place(directory: Path, keys: _Keys, vault: VaultKeys) -> None:
    """Write all files to a new directory and give it its name in one step."""
    temporary = directory.parent / f".{directory.name}.{secrets.token_hex(8)}"
    try:
        temporary.mkdir(parents=True, mode=0o700)
        for holder, purposes in HELD.items():
            content = {purpose: keys[purpose] for purpose in purposes}
            keyfiles.write_new(file_of(temporary, holder), _document(content))
        vault.write(temporary / pairs.PRIVATE_FILE, temporary / pairs.PUBLIC_FILE)
        workers = WorkingKeys.fresh()
        keyfiles.write_new(temporary / working.PRIVATE_FILE, workers.document())
        keyfiles.write_new(temporary / working.PUBLIC_FILE, workers.public_document(), 0o644)
        os.rename(temporary, directory)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        fault = KeyFileFault.EXISTS if directory.exists() else KeyFileFault.UNWRITABLE
        raise KeyFileError(fault, directory) from None
    keyfiles.sync_directory(directory.parent)


def _read_file(directory: Path, holder: Holder) -> _Keys:
    path = file_of(directory, holder)
    if holder is Holder.FILES and not path.exists() and (earlier := _earlier_evidence(directory)):
        return {Purpose.EVIDENCE: earlier}
    listed = _listed(path)
    return {purpose: keyfiles.read_keys(listed.get(purpose), purpose, path) for purpose in HELD[holder]}


def _listed(path: Path) -> dict[str, Any]:
    listed = keyfiles.read_document(path, FORMAT, VERSION).get("keys")
    if not isinstance(listed, dict):
        raise KeyFileError(KeyFileFault.MALFORMED, path, "it lists no keys")
    return listed


def _document(keys: _Keys) -> dict[str, Any]:
    listed = {purpose.value: keyfiles.entries_of(held) for purpose, held in keys.items()}
    return {"format": FORMAT, "version": VERSION, "keys": listed}
