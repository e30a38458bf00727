"""Keeping one sealed group of fields of a report, bound to group, report and version; destroying it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from portal.database import db
from portal.vault.groups import FieldGroup, context_of
from portal.vault.keys import Keyring
from portal.vault.models import BlindIndex, SealedField, SealedKey
from portal.vault.sealing import seal_fields


def keep_fields(
    ring: Keyring, report_id: int, report_uuid: str, group: FieldGroup, fields: dict[str, str], at: datetime
) -> SealedField:
    """Seal a group of fields; what was sealed before in this group is overwritten under a new version."""
    before = _row(report_id, group)
    row = before
    if row is None:
        row = SealedField(report_id=report_id, field_group=group, version=0)
        db.session.add(row)
    row.version += 1
    sealed = seal_fields(ring.vault_key(), fields, context_of(group, report_uuid, row.version))
    row.blob, row.sealed_at = sealed.blob, at
    if before is None:
        row.key = SealedKey(key_id=sealed.key_id, wrap=sealed.wrap)
        return row
    # The wrap before is never read: the public face's part of the database may not.
    db.session.flush()
    db.session.execute(delete(SealedKey).where(SealedKey.field_id == row.id))
    db.session.execute(insert(SealedKey).values(field_id=row.id, key_id=sealed.key_id, wrap=sealed.wrap))
    db.session.expire(row, ["key"])
    return row


def add_told(ring: Keyring, report_id: int, report_uuid: str, fields: dict[str, str], at: datetime) -> None:
    """Seal what was cut out of a text, beside what was cut out of earlier ones: none here can be read."""
    told = SealedField.report_id == report_id, SealedField.field_group == FieldGroup.TOLD
    version = (db.session.scalar(select(func.max(SealedField.version)).where(*told)) or 0) + 1
    sealed = seal_fields(ring.vault_key(), fields, context_of(FieldGroup.TOLD, report_uuid, version))
    row = SealedField(report_id=report_id, field_group=FieldGroup.TOLD, version=version)
    row.blob, row.sealed_at = sealed.blob, at
    row.key = SealedKey(key_id=sealed.key_id, wrap=sealed.wrap)
    db.session.add(row)


def destroy_fields(report_id: int, groups: Iterable[FieldGroup]) -> int:
    """Destroy the data keys, digests and ciphertexts of these groups; returns how many groups there were."""
    chosen = select(SealedField.id).where(
        SealedField.report_id == report_id, SealedField.field_group.in_(tuple(groups))
    )
    ids = list(db.session.scalars(chosen))
    for table, column in (
        (SealedKey, SealedKey.field_id),
        (BlindIndex, BlindIndex.field_id),
        (SealedField, SealedField.id),
    ):
        db.session.execute(delete(table).where(column.in_(ids)))
    return len(ids)


def _row(report_id: int, group: FieldGroup) -> SealedField | None:
    return db.session.scalar(
        select(SealedField).where(SealedField.report_id == report_id, SealedField.field_group == group)
    )
