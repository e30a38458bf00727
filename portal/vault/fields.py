"""Keeping and reading one sealed group of fields of a report, bound to its group, report and version."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.database import db
from portal.vault.keys import Keyring
from portal.vault.models import FieldGroup, SealedField
from portal.vault.opening import open_fields
from portal.vault.sealing import seal_fields


def keep_fields(
    ring: Keyring, report_id: int, report_uuid: str, group: FieldGroup, fields: dict[str, str], at: datetime
) -> SealedField:
    """Seal a group of fields; what was sealed before in this group is overwritten under a new version."""
    row = _row(report_id, group)
    if row is None:
        row = SealedField(report_id=report_id, field_group=group, version=0)
        db.session.add(row)
    row.version += 1
    row.blob = seal_fields(ring, fields, (group.value, report_uuid, str(row.version)))
    row.sealed_at = at
    return row


def read_fields(ring: Keyring, report_id: int, report_uuid: str, group: FieldGroup) -> dict[str, str]:
    """Open a sealed group; empty when nothing was sealed. The event of the opening is committed before."""
    row = _row(report_id, group)
    if row is None:
        return {}
    return open_fields(ring, row.blob, (group.value, report_uuid, str(row.version)))


def _row(report_id: int, group: FieldGroup) -> SealedField | None:
    return db.session.scalar(
        select(SealedField).where(SealedField.report_id == report_id, SealedField.field_group == group)
    )
