"""Keys that are kept apart from the backup: whether they are those that its data needs, shown by opening."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from portal.backup.facts import Facts, Sample
from portal.backup.manifest import PIECE, BackupError
from portal.evidence.chunks import Layout, StoreError, original_in, read_head
from portal.evidence.vaulted import Originals
from portal.vault import recovery, working
from portal.vault.file_keys import unwrap_lasting
from portal.vault.keyfiles import KeyFileError
from portal.vault.keys import Holder, Keyring, Purpose, file_of
from portal.vault.opening import SealError, open_sealed
from portal.vault.pairs import PRIVATE_FILE, VaultKeys
from portal.vault.process import CANARY
from portal.vault.unsealing import open_fields
from portal.vault.working import WorkingKeys

RECOVERY_FILES = "vault-recovery-*.json"
AskPhrase = Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class KeptKeys:
    """All keys of a folder."""

    folder: Path
    ring: Keyring = field(repr=False)
    vault: VaultKeys = field(repr=False)
    workers: WorkingKeys | None = field(repr=False)
    opened: bool = True
    """False where a recovery file was taken by the ids that it names: nobody typed its passphrase."""

    @classmethod
    def load(cls, folder: Path, ask: AskPhrase | None) -> KeptKeys:
        """Read a folder with all key files, the vault's pair in vault.json or a recovery file.

        An earlier version had neither files.json nor worker.json. Raises BackupError. ``ask`` returns the
        passphrase of a recovery file; without it such a file stays closed.
        """
        try:
            ring = Keyring.load(folder)
            workers = folder / working.PRIVATE_FILE
            held = WorkingKeys.load(workers) if workers.exists() else None
            opened = ask is not None or (folder / PRIVATE_FILE).exists()
            return cls(folder, ring, _vault_keys(folder, ask), held, opened)
        except KeyFileError as error:
            raise BackupError(f"{error}") from None

    def lacking(self, needs: dict[str, list[str]]) -> list[str]:
        """Return the keys that the data needs and that are not here, as purpose and id."""
        held = {purpose.value: {key_id for key_id, _ in self.ring.all(purpose)} for purpose in Purpose}
        held["vault"] = {key.id for key in (*self.vault.pairs, *self.vault.former)}
        held["working"] = {key.id for key in self.workers.pairs} if self.workers else set()
        return [
            f"{name} {one}" for name, ids in sorted(needs.items()) for one in ids if one not in held[name]
        ]

    def differing(self, directory: Path) -> list[str]:
        """Return the keys of the portal's own files that have another content here under the same id."""
        found = []
        for holder, purposes in (
            (Holder.WEB, (Purpose.RECEIPT,)),
            (Holder.DESK, (Purpose.TOTP,)),
            (Holder.FILES, (Purpose.EVIDENCE,)),
        ):
            if not os.access(file_of(directory, holder), os.R_OK):
                continue
            own = Keyring.load(directory, {holder})
            for purpose in purposes:
                here = dict(self.ring.all(purpose))
                found += [f"{purpose} {one}" for one, key in own.all(purpose) if here.get(one, key) != key]
        return found

    def prove_originals(self, facts: Facts, originals: Originals) -> Iterator[str]:
        """Open an original of each pair as the vault does, compare it with its digest. Raises BackupError."""
        if not self.opened:
            return
        for one in facts.originals:
            name, digest = one.context
            found = hashlib.sha256()
            try:
                key = unwrap_lasting(self.vault, name, digest, one.wrap or b"")
                with originals.open(name, key) as original:
                    while piece := original.read(PIECE):
                        found.update(piece)
            except (SealError, StoreError, OSError):
                found = hashlib.sha256()
            if found.hexdigest() != digest:
                raise BackupError(f"The vault key {one.key_id} in {self.folder} does not open {name}.")
            yield f"original {name[:12]} opened with the vault's key, its checksum is right"

    def prove(self, facts: Facts) -> Iterator[str]:
        """Open one of each kind; yields what was opened. Raises BackupError."""
        if self.opened:
            yield from self._prove_vault(facts)
        else:
            named = ", ".join(pair.id for pair in self.vault.pairs)
            yield f"recovery file of the vault's pairs {named}, NOT opened: rehearse that by hand"
        yield f"receipt keys held: {', '.join(facts.needs['receipt']) or 'none is needed yet'}"
        for one in facts.seeds:
            self._opens_seed(one)
        yield (
            f"second factors opened: {len(facts.seeds)}" if facts.seeds else "no second factor is sealed yet"
        )

    def _prove_vault(self, facts: Facts) -> Iterator[str]:
        needed = set(facts.needs["vault"])
        canaries = [one for one in facts.canaries if one.key_id in needed or not needed]
        held = {pair.id for pair in self.vault.pairs}
        if needed or canaries:
            opened = [self._opens(one) == CANARY for one in canaries if one.key_id in held]
            if not all(opened) or (canaries and not opened):
                raise BackupError(
                    f"The vault key in {self.folder} does not open the canary of this database."
                )
            yield f"vault canaries opened: {len(opened)}" if opened else "the vault has no canary yet"
        for one in facts.fields:
            self._opens(one)
        yield (
            f"sealed identities opened: {len(facts.fields)}" if facts.fields else "no identity is sealed yet"
        )

    def prove_files(self, paths: Iterable[tuple[str, Path]]) -> Iterator[str]:
        """Decrypt these files of evidence and compare them with their digests. Raises BackupError."""
        for digest, path in paths:
            if original_digest(self.ring, path, digest) != digest:
                raise BackupError(f"The evidence key in {self.folder} does not open the file {digest}.")
            yield f"evidence {digest[:12]} decrypted, its checksum is right"

    def _opens(self, sample: Sample) -> dict[str, str]:
        try:
            return open_fields(self.vault, sample.blob, sample.wrap, sample.context)
        except SealError:
            raise BackupError(
                f"The vault key {sample.key_id} in {self.folder} does not open what this database holds."
            ) from None

    def _opens_seed(self, sample: Sample) -> None:
        try:
            open_sealed(self.ring, Purpose.TOTP, sample.blob, sample.context)
        except SealError:
            raise BackupError(
                f"The key {sample.key_id} of desk.json in {self.folder} opens no second factor."
            ) from None


def original_digest(ring: Keyring, path: Path, digest: str) -> str:
    """Return the SHA-256 of the original in an encrypted file; empty when it does not open."""
    found = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            cipher, head = read_head(ring, file, digest)
            layout = Layout(path.stat().st_size - head)
            with original_in(file, cipher, layout, layout.whole()) as original:
                while piece := original.read(PIECE):
                    found.update(piece)
    except (StoreError, OSError):
        return ""
    return found.hexdigest()


def _vault_keys(folder: Path, ask: AskPhrase | None) -> VaultKeys:
    if (folder / PRIVATE_FILE).exists():
        return VaultKeys.load(folder / PRIVATE_FILE)
    files = sorted(folder.glob(RECOVERY_FILES), key=recovery.made_at)  # a copy has another time on the disk
    if not files:
        raise BackupError(f"In {folder} there is neither {PRIVATE_FILE} nor a recovery file of the vault.")
    if ask is None:
        return recovery.names(files[-1])
    try:
        return recovery.read(files[-1], ask(files[-1]))
    except recovery.WrongPassphrase:
        raise BackupError(f"Neither lock of {files[-1]} opens with that passphrase.") from None
