"""The keys of originals: kept with the row that names the file, cut when it is clean, destroyed with it.

Whoever destroys a row here destroys the original, in the store and on every disk that its bytes ever lay on.
They go later, with the hourly sweep.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from flask import current_app
from sqlalchemy import Table, delete, exists, insert, select, update

from portal.database import db
from portal.evidence.models import Evidence, OriginalKey, StagedFile
from portal.evidence.store import StoreError
from portal.evidence.vaulted import Originals
from portal.vault import working
from portal.vault.file_keys import Wraps, unwrap_working
from portal.vault.opening import SealError, SealFault
from portal.vault.working import WorkingKeys

AT_ONCE = 500
# As a plain row: the session need not look after it.
_NEW = insert(cast(Table, OriginalKey.__table__))


class NoKey(Exception):
    """There is no working key of this original: it is cleaned for good, or destroyed, or was changed."""


class NotOurs(Exception):
    """The working key needs a pair that the workers' private file does not hold; carries its id."""


def keep(name: str, digest: str, wraps: Wraps | None) -> None:
    """Write the key of a file in the transaction of the row that names it; nothing when a row has it."""
    if wraps is not None:
        row = {field: getattr(wraps, field) for field in Wraps.__dataclass_fields__}
        db.session.execute(_NEW, {"name": name, "digest": digest, "body_digest": "", **row})


def open_working(directory: Path, name: str) -> bytes:
    """Return the data key of an original that is not cleaned yet, with the workers' private file.

    Raises NoKey, NotOurs, and KeyFileError when this machine does not have the file.
    """
    row = db.session.execute(
        select(OriginalKey.digest, OriginalKey.working_key_id, OriginalKey.working_wrap).where(
            OriginalKey.name == name
        )
    ).one_or_none()
    if row is None or row.working_wrap is None:
        raise NoKey
    keys = WorkingKeys.load(directory / working.PRIVATE_FILE)
    try:
        return unwrap_working(keys, name, row.digest, row.working_wrap)
    except SealError as error:
        if error.code is SealFault.UNKNOWN_KEY:
            raise NotOurs(row.working_key_id) from None
        raise NoKey from None


def close(name: str, body_digest: str) -> None:
    """Destroy the wrap to the workers: from this commit on the vault alone opens the original.

    ``body_digest`` says from now on whether its bytes are as they were; empty when they were not read.
    """
    db.session.execute(
        update(OriginalKey)
        .where(OriginalKey.name == name, OriginalKey.working_wrap.is_not(None))
        .values(working_wrap=None, working_key_id="", body_digest=body_digest)
        .execution_options(synchronize_session=False)
    )


def destroy(names: Sequence[str]) -> None:
    """Destroy the keys of these originals for ever, with the caller's commit."""
    chosen = [name for name in names if name]
    if chosen:
        db.session.execute(
            delete(OriginalKey)
            .where(OriginalKey.name.in_(chosen))
            .execution_options(synchronize_session=False)
        )


def working_ids() -> set[str]:
    """Return the ids of the workers' pairs that originals still need."""
    found = select(OriginalKey.working_key_id).where(OriginalKey.working_key_id != "").distinct()
    return set(db.session.scalars(found))


def forget_unnamed() -> int:
    """Destroy the keys of originals that no row names any more; returns how many. The caller commits."""
    unnamed = (
        ~exists().where(StagedFile.original == OriginalKey.name),
        ~exists().where(Evidence.original == OriginalKey.name),
    )
    gone = 0
    while names := db.session.scalars(select(OriginalKey.name).where(*unnamed).limit(AT_ONCE)).all():
        done = db.session.execute(
            delete(OriginalKey)
            .where(OriginalKey.name.in_(names), *unnamed)
            .execution_options(synchronize_session=False)
        )
        gone += done.rowcount  # type: ignore[attr-defined]  # a DML result has it
    return gone


def lacking(names: Sequence[str]) -> list[str]:
    """Return those originals that have no key: nobody opens them, so their bytes may go."""
    if not names:
        return []
    known = set(db.session.scalars(select(OriginalKey.name).where(OriginalKey.name.in_(names))))
    return [name for name in names if name not in known]


def body_digest_of(name: str) -> str:
    """Return what the bytes are compared with from now on, when nobody here can open them any more."""
    try:
        return cast(Originals, current_app.extensions["portal_originals"]).body_digest(name)
    except StoreError:
        return ""
