"""Destroying the original of a file, while its clean copy stays with the case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from portal.evidence.models import Evidence
from portal.evidence.staging import unknown
from portal.evidence.store import Store


def destroy_original(item: Evidence, at: datetime) -> str:
    """Mark an original as destroyed; returns its digest, for ``remove_bytes`` after the commit.

    From the commit on no row asks for the bytes: should the process die here, the hourly sweep removes them.
    """
    item.original_destroyed_at = at
    return item.digest


def remove_bytes(store: Store, digests: Iterable[str]) -> int:
    """Remove from the store what no row needs any more; returns how many files went."""
    return sum(store.delete(digest) for digest in unknown(sorted(set(digests))))
