"""Opening what was cut out of the texts of a report: for a reason that the reporter reads."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.audit.events import record
from portal.database import db
from portal.errors import NotAllowed, NotFound
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.reports.models import Report
from portal.reports.reasons import NoReason
from portal.vault.groups import EVENT_OF, FieldGroup
from portal.vault.models import Opening, SealedField
from portal.vault.openings import ask_to_open


def find(number: str, actor: Actor) -> Report:
    """Return a report from whose texts something was cut out; raises NotFound for any other."""
    if not actor.may(Permission.IDENTITY_ANSWER):
        raise NotFound
    sealed = select(SealedField.report_id).where(SealedField.field_group == FieldGroup.TOLD)
    query = select(Report).where(
        Report.number == number, Report.id.in_(sealed), Report.withdrawn_at.is_(None)
    )
    report = db.session.scalar(query)
    if report is None:
        raise NotFound
    return report


def record_opening(report: Report, actor: Actor, reason: str, at: datetime) -> Opening:
    """Write who opens it and why (``reasons``); the caller commits it before the vault is asked.

    Raises NotAllowed or NoReason.
    """
    if not actor.may(Permission.IDENTITY_ANSWER):
        raise NotAllowed
    if not reason:
        raise NoReason
    event = record(
        EVENT_OF[FieldGroup.TOLD],
        at=at,
        actor=actor,
        role=actor.role_for(Permission.IDENTITY_ANSWER),
        report_id=report.id,
        reason=reason,
    )
    return ask_to_open(FieldGroup.TOLD, event, actor, at)
