"""The working pair: opens an original until its clean copy is made. Its private half is for workers alone.

Whoever takes files in has the public half only. When a file is cleaned for good, its wrap to this pair goes,
and from then on the vault alone opens it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from portal.vault import keyfiles
from portal.vault.keyfiles import Key
from portal.vault.pairs import new_pair, private_key

PRIVATE_FILE = "worker.json"
PUBLIC_FILE = "worker.pub"
PRIVATE_FORMAT = "woodpecker-worker"
PUBLIC_FORMAT = "woodpecker-worker-public"
VERSION = 1


@dataclass(frozen=True, slots=True)
class WorkingKeys:
    """The pairs of the workers, the current one first."""

    pairs: tuple[Key, ...] = field(repr=False)

    def __reduce__(self) -> str:
        raise TypeError("keys are not pickled")

    @classmethod
    def fresh(cls, at: datetime | None = None) -> WorkingKeys:
        """Make a first pair."""
        return cls((new_pair(at),))

    @classmethod
    def load(cls, path: Path) -> WorkingKeys:
        """Read the private file; raises KeyFileError."""
        document = keyfiles.read_document(path, PRIVATE_FORMAT, VERSION)
        return cls(keyfiles.read_keys(document.get("pairs"), "pairs", path))

    def with_new(self, at: datetime) -> WorkingKeys:
        """Return the same with a new pair in front."""
        return WorkingKeys((new_pair(at), *self.pairs))

    def document(self) -> dict[str, Any]:
        """Return what the private file holds."""
        return {
            "format": PRIVATE_FORMAT,
            "version": VERSION,
            "pairs": keyfiles.entries_of(self.pairs),
        }

    def public_document(self) -> dict[str, Any]:
        """Return what the public file holds."""
        public = tuple(
            replace(pair, secret=private_key(pair).public_key().public_bytes_raw()) for pair in self.pairs
        )
        return {"format": PUBLIC_FORMAT, "version": VERSION, "keys": keyfiles.entries_of(public)}

    def current(self) -> Key:
        """Return the pair that is sealed to now."""
        return self.pairs[0]

    def pair(self, key_id: str) -> Key | None:
        """Return a pair by its id."""
        return next((pair for pair in self.pairs if pair.id == key_id), None)
