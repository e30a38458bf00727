"""Opening a reporter's alert address, for one delivery."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import select

from portal.database import db
from portal.notices.recipients import Recipient
from portal.reports.models import Report
from portal.vault.models import FieldGroup, SealedField
from portal.vault.opening import open_fields


def alert_recipient(report_id: int) -> Recipient | None:
    """Return where alerts of a report go; a withdrawn report gets none but the last."""
    report = db.session.get(Report, report_id)
    blob = db.session.scalar(
        select(SealedField.blob).where(
            SealedField.report_id == report_id, SealedField.field_group == FieldGroup.ALERT
        )
    )
    if report is None or blob is None:
        return None
    ring = current_app.extensions["portal_keyring"]
    fields = open_fields(ring, blob, (FieldGroup.ALERT.value, report.uuid, "1"))
    return Recipient(fields["address"], report.locale)
