"""The hourly sweep of the evidence store: what was staged and never sent, and bytes that no row knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import cast

from flask import current_app

from portal import clock
from portal.database import db
from portal.evidence import original_keys, staging, uploads
from portal.evidence.partials import Partials
from portal.evidence.store import Store
from portal.evidence.vaulted import Originals

ORPHAN_AGE = timedelta(hours=24)  # far longer than any request between storing bytes and committing their row
BATCH = 200


def sweep() -> None:
    """Forget abandoned files and remove bytes without a row; safe to run twice."""
    at = clock.now()
    store = cast(Store, current_app.extensions["portal_store"])
    originals = cast(Originals, current_app.extensions["portal_originals"])
    while staging.sweep(at):
        db.session.commit()
    db.session.rollback()
    uploads.sweep(cast(Partials, current_app.extensions["portal_partials"]), at)
    original_keys.forget_unnamed()
    db.session.commit()
    remove_orphans(store, originals, at)
    store.sweep(at - ORPHAN_AGE)
    originals.sweep(at - ORPHAN_AGE)


def remove_orphans(store: Store, originals: Originals, at: datetime) -> int:
    """Remove stored bytes older than a day that no row names; returns how many files went."""
    removed = 0
    for batch in _batches(store.digests(at - ORPHAN_AGE)):
        removed += sum(store.delete(digest) for digest in staging.unknown(batch))
        db.session.rollback()
    for batch in _batches(originals.names(at - ORPHAN_AGE)):
        removed += sum(originals.delete(name) for name in original_keys.lacking(batch))
        db.session.rollback()
    return removed


def _batches(digests: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(digests, BATCH)):
        yield batch
