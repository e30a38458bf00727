"""What is there of each kind, for many reports at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from portal.database import db
from portal.evidence.models import Evidence
from portal.reports.models import Report
from portal.retention.kinds import KIND_OF, Kind
from portal.vault.models import SealedField

Present = dict[Kind, datetime]


def present_of(report_ids: Iterable[int]) -> dict[int, Present]:
    """Return of each report which kinds it holds, and since when the newest of each."""
    ids = tuple(report_ids)
    found: dict[int, Present] = {report_id: {} for report_id in ids}
    for report_id, at in db.session.execute(
        select(Report.id, Report.received_at).where(Report.id.in_(ids), Report.text_removed_at.is_(None))
    ):
        found[report_id][Kind.TEXT] = at
    for report_id, at in db.session.execute(
        select(Evidence.report_id, func.max(Evidence.received_at))
        .where(Evidence.report_id.in_(ids), Evidence.original_destroyed_at.is_(None))
        .group_by(Evidence.report_id)
    ):
        found[report_id][Kind.ORIGINALS] = at
    for report_id, group, at in db.session.execute(
        select(SealedField.report_id, SealedField.field_group, func.max(SealedField.sealed_at))
        .where(SealedField.report_id.in_(ids))
        .group_by(SealedField.report_id, SealedField.field_group)
    ):
        found[report_id][KIND_OF[group]] = at
    return found
