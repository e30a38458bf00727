"""Destroying the original of a file, while its clean copy stays with the case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from flask import current_app

from portal.evidence import original_keys
from portal.evidence.models import Evidence
from portal.evidence.shelves import NAME
from portal.evidence.staging import unknown
from portal.evidence.store import Store
from portal.evidence.vaulted import Originals


def destroy_original(item: Evidence, at: datetime) -> str:
    """Destroy the key of an original; returns what its bytes lie under, for ``remove_bytes``.

    From the commit on nobody opens it: should the process die here, the hourly sweep removes the bytes.
    """
    item.original_destroyed_at = at
    original_keys.destroy([item.original])
    return item.original or item.digest


def remove_bytes(store: Store, digests: Iterable[str]) -> int:
    """Remove what no row needs any more, originals by name, copies by digest; returns how many files went."""
    wanted = sorted(set(digests))
    names = [one for one in wanted if NAME.fullmatch(one)]
    originals = cast(Originals, current_app.extensions["portal_originals"])
    copies = unknown([one for one in wanted if one not in set(names)])
    return sum(store.delete(one) for one in copies) + sum(
        originals.delete(one) for one in original_keys.lacking(names)
    )
