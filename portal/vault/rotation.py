"""Rotation: a new pair, every data key wrapped to it anew, the old pair retired when nothing needs it.

Each step can be broken off at any point and begun again: a pair is added to the private file before the
public one names it, one row is rewrapped by one conditional statement, and a pair goes only when no row uses
it any more and the new one is a day old, so that no process still seals to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from portal.vault import keyfiles
from portal.vault import tables as t
from portal.vault.file_keys import unwrap_lasting, wrap_to_vault
from portal.vault.groups import FieldGroup, context_of
from portal.vault.opening import SealError
from portal.vault.pairs import VaultKeys, new_pair, public_key
from portal.vault.process import used_pairs
from portal.vault.sealing import seal_fields, wrap_key
from portal.vault.unsealing import open_fields, unwrap_key

BATCH = 200
# Processes of the portal notice a new public file at their next seal; a day is for machines that are off.
RETIRE_AFTER = timedelta(days=1)


def begin(private: Path, public: Path, at: datetime) -> VaultKeys:
    """Add a pair, unless a rotation is under way already, and let everybody seal to it."""
    keys = VaultKeys.load(private)
    if len(keys.pairs) == 1 and not keys.former:
        keys = replace(keys, pairs=(new_pair(at), *keys.pairs))
        keyfiles.replace(private, keys.document())
    keyfiles.replace(public, keys.public_document(), 0o644)
    return keys


def rewrap(engine: Engine, keys: VaultKeys) -> tuple[int, int]:
    """Wrap everything to the current pair; returns how many it did, and how many do not open at all."""
    done = unreadable = after = 0
    while True:
        with engine.begin() as connection:
            rows = _behind(connection, keys, after)
            for row in rows:
                try:
                    done += _rewrap(connection, keys, row)
                except SealError:
                    unreadable += 1
        if not rows:
            return done, unreadable
        after = rows[-1].id


def rewrap_originals(engine: Engine, keys: VaultKeys) -> tuple[int, int]:
    """Wrap the key of every original to the current pair; returns as ``rewrap`` does."""
    k = t.original_keys.c
    public, done, unreadable, after = public_key(keys.current()), 0, 0, ""
    while True:
        with engine.begin() as connection:
            rows = connection.execute(
                select(t.original_keys)
                .where(k.name > after, k.vault_key_id != public.id)
                .order_by(k.name)
                .limit(BATCH)
            ).all()
            for row in rows:
                try:
                    key = unwrap_lasting(keys, row.name, row.digest, row.vault_wrap)
                except SealError:
                    unreadable += 1
                    continue
                key_id, wrap = wrap_to_vault(public, row.name, row.digest, key)
                changed = connection.execute(
                    update(t.original_keys)
                    .where(k.name == row.name, k.vault_wrap == row.vault_wrap)
                    .values(vault_key_id=key_id, vault_wrap=wrap)
                )
                done += changed.rowcount
        if not rows:
            return done, unreadable
        after = rows[-1].name


def somebody_is_late(keys: VaultKeys, found: int, at: datetime) -> bool:
    """Say whether things came that are sealed to an earlier pair although the new one is a day old.

    A machine still has the old public file, or the rotation was broken off: what is sealed to a pair after it
    was retired is lost, so none is retired now.
    """
    return found > 0 and at - keys.current().created >= RETIRE_AFTER


def retire(engine: Engine, private: Path, public: Path, at: datetime) -> tuple[str, ...]:
    """Forget the pairs that nothing uses and nobody seals to since a day; returns the ids of those kept."""
    keys = VaultKeys.load(private)
    current = keys.current()
    if at - current.created < RETIRE_AFTER:
        return tuple(pair.id for pair in keys.pairs[1:])
    with engine.begin() as connection:
        used = used_pairs(connection)
        unwrapped = connection.execute(
            select(func.count())
            .select_from(t.sealed_fields)
            .outerjoin(t.sealed_keys, t.sealed_keys.c.field_id == t.sealed_fields.c.id)
            .where(t.sealed_keys.c.field_id.is_(None))
        ).scalar_one()
        kept = tuple(pair for pair in keys.pairs if pair.id == current.id or pair.id in used)
        former = keys.former if unwrapped else ()
        gone = [pair.id for pair in keys.pairs if pair not in kept]
        connection.execute(delete(t.vault_canaries).where(t.vault_canaries.c.key_id.in_(gone)))
    left = replace(keys, pairs=kept, former=former)
    keyfiles.replace(public, left.public_document(), 0o644)
    keyfiles.replace(private, left.document())
    return tuple(pair.id for pair in kept[1:])


def _behind(connection: Connection, keys: VaultKeys, after: int) -> Sequence[Any]:
    """Return the next rows whose data key is wrapped to an earlier pair, or which have none yet."""
    f, k, r = t.sealed_fields.c, t.sealed_keys.c, t.reports.c
    rows = connection.execute(
        select(f.id, f.field_group, f.version, f.blob, r.uuid, k.wrap, k.key_id)
        .join(t.reports, r.id == f.report_id)
        .outerjoin(t.sealed_keys, k.field_id == f.id)
        .where(f.id > after, (k.key_id.is_(None)) | (k.key_id != keys.current().id))
        .order_by(f.id)
        .limit(BATCH)
    )
    return rows.all()


def _rewrap(connection: Connection, keys: VaultKeys, row: Row[Any]) -> int:
    """Rewrap one row; nothing when somebody sealed it anew meanwhile."""
    context = context_of(FieldGroup(row.field_group), row.uuid, row.version)
    public = public_key(keys.current())
    if row.wrap is None:
        return _seal_anew(connection, keys, row, context)
    wrap = wrap_key(public, unwrap_key(keys, row.wrap, context), context)
    k = t.sealed_keys.c
    done = connection.execute(
        update(t.sealed_keys)
        .where(k.field_id == row.id, k.key_id == row.key_id, k.wrap == row.wrap)
        .values(wrap=wrap, key_id=public.id)
    )
    return done.rowcount


def _seal_anew(connection: Connection, keys: VaultKeys, row: Row[Any], context: tuple[str, ...]) -> int:
    """Give a data key to what an earlier version of the portal sealed without one."""
    fields = open_fields(keys, row.blob, None, context)
    sealed = seal_fields(public_key(keys.current()), fields, context)
    f = t.sealed_fields.c
    done = connection.execute(
        update(t.sealed_fields)
        .where(f.id == row.id, f.version == row.version, f.blob == row.blob)
        .values(blob=sealed.blob)
    )
    if done.rowcount:
        values = {"field_id": row.id, "key_id": sealed.key_id, "wrap": sealed.wrap}
        connection.execute(insert(t.sealed_keys).values(**values))
    return done.rowcount
