"""Bringing the files of earlier versions into the form of today: originals to the vault, copies to a new key.

Each file is a step that can be broken off and begun again: the new bytes lie for good before the row names
them, and the old ones go with the hourly sweep, when no row asks for them any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from portal.database import db
from portal.evidence import original_keys
from portal.evidence.models import CleanState, Evidence, StagedFile
from portal.evidence.staging import unknown
from portal.evidence.store import Store, StoreError, StoreFault
from portal.evidence.vaulted import Kept, Originals
from portal.vault.keys import Keyring, Purpose

BATCH = 100


@dataclass(slots=True)
class Resealed:
    """What was done; ``failed`` names files that stay as they are: they do not open, or are missing."""

    originals: int
    copies: int
    failed: list[str]


def reseal(store: Store, originals: Originals, ring: Keyring) -> Resealed:
    """Do all that is left to do; commits itself. Raises StoreError unreachable."""
    done = Resealed(0, 0, [])
    for table in (Evidence, StagedFile):
        _originals(table, store, originals, done)
    _copies(store, ring, done)
    return done


def left() -> int:
    """Return how many originals lie in the form of an earlier version."""
    return sum(len(db.session.scalars(_former(table, 0)).all()) for table in (Evidence, StagedFile))


def _former(table: type[Evidence] | type[StagedFile], after: int) -> Any:  # noqa: ANN401
    conditions = [table.original == "", table.id > after]
    if table is Evidence:
        conditions.append(Evidence.original_destroyed_at.is_(None))
    return select(table.id).where(*conditions).order_by(table.id).limit(BATCH)


def _originals(
    table: type[Evidence] | type[StagedFile], store: Store, originals: Originals, done: Resealed
) -> None:
    after = 0
    while ids := list(db.session.scalars(_former(table, after))):
        for row_id in ids:
            digest = db.session.scalar(select(table.digest).where(table.id == row_id))
            db.session.rollback()  # no transaction stays open while bytes are copied
            if digest is None:
                continue
            try:
                kept = _copied(store, originals, digest)
                done.originals += _named(table, row_id, kept, originals)
            except StoreError as error:
                if error.code is StoreFault.UNREACHABLE:
                    raise
                done.failed.append(digest)
        after = ids[-1]


def _copied(store: Store, originals: Originals, digest: str) -> Kept:
    with store.open(digest) as former:
        kept = originals.put(former)
    if kept.digest != digest:
        originals.delete(kept.name)
        raise StoreError(StoreFault.DAMAGED)
    return kept


def _named(table: type[Evidence] | type[StagedFile], row_id: int, kept: Kept, originals: Originals) -> bool:
    """Let the row name the new bytes, unless it went or was named meanwhile."""
    body_digest = originals.body_digest(kept.name)
    changed = db.session.execute(
        update(table)
        .where(table.id == row_id, table.original == "")
        .values(original=kept.name)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount:  # type: ignore[attr-defined]  # a DML result has it
        original_keys.keep(kept.name, kept.digest, kept.wraps)
        if table is Evidence and _is_over(row_id):
            original_keys.close(kept.name, body_digest)
    db.session.commit()
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a DML result has it


def _is_over(evidence_id: int) -> bool:
    state = db.session.scalar(select(Evidence.clean_state).where(Evidence.id == evidence_id))
    return state is not CleanState.PENDING


def _copies(store: Store, ring: Keyring, done: Resealed) -> None:
    """Encrypt every copy that a row names under the current key."""
    current = ring.current(Purpose.EVIDENCE)[0]
    for digest in store.digests():
        try:
            if store.key_id(digest) == current:
                continue
            unneeded = unknown([digest])
            db.session.rollback()
            if not unneeded:
                with store.open(digest) as former:
                    store.put(former)
                done.copies += 1
        except StoreError as error:
            if error.code is StoreFault.UNREACHABLE:
                raise
            if error.code is not StoreFault.ABSENT:  # it went meanwhile
                done.failed.append(digest)
