"""The data key of an original, wrapped twice: for ever to the vault, and to the workers until it is cleaned.

Both wraps are bound to their purpose, to the name under which the original lies and to its SHA-256: a wrap
that was moved to another file, or into the other's place, does not open.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.vault.envelope import ORIGINAL_KEY, WORKING_KEY
from portal.vault.keys import Keyring
from portal.vault.pairs import PublicKey
from portal.vault.sealing import wrap_key
from portal.vault.unsealing import Pairs, unwrap_key


@dataclass(frozen=True, slots=True)
class Wraps:
    """The wrapped data key of one original, as its row keeps it; ids name the pairs."""

    vault_key_id: str
    vault_wrap: bytes = field(repr=False)
    working_key_id: str
    working_wrap: bytes = field(repr=False)


def wrap_original(ring: Keyring, name: str, digest: str, data_key: bytes | bytearray) -> Wraps:
    """Wrap a data key to both public keys; whoever does it cannot open it any more."""
    workers = ring.working_key()
    lasting = wrap_to_vault(ring.vault_key(), name, digest, data_key)
    working = wrap_key(workers, data_key, context_of(name, digest), WORKING_KEY)
    return Wraps(lasting[0], lasting[1], workers.id, working)


def wrap_to_vault(
    public: PublicKey, name: str, digest: str, data_key: bytes | bytearray
) -> tuple[str, bytes]:
    """Return the id of the vault's pair and the lasting wrap."""
    return public.id, wrap_key(public, data_key, context_of(name, digest), ORIGINAL_KEY)


def unwrap_lasting(keys: Pairs, name: str, digest: str, wrap: bytes) -> bytes:
    """Return the data key with the vault's private half; raises SealError."""
    return unwrap_key(keys, wrap, context_of(name, digest), ORIGINAL_KEY)


def unwrap_working(keys: Pairs, name: str, digest: str, wrap: bytes) -> bytes:
    """Return the data key with the workers' private half; raises SealError."""
    return unwrap_key(keys, wrap, context_of(name, digest), WORKING_KEY)


def context_of(name: str, digest: str) -> tuple[str, ...]:
    """Return what the wraps of an original are bound to."""
    return ("original", name, digest)
