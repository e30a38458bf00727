"""Opening a sealed telephone number: first the event, committed; then the number. The reporter is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.audit.events import record
from portal.database import db
from portal.errors import NotAllowed, Refusal, gettext_noop
from portal.notices.outbox import NoticeKind, tell_reporter
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.reports.models import Report
from portal.reports.reasons import NoReason
from portal.vault.groups import FieldGroup
from portal.vault.models import Opening, SealedField
from portal.vault.openings import ask_to_open

ACTION = "contact_opened"


class NoContact(Refusal):
    """The reporter left no telephone number or address, or withdrew."""

    message = gettext_noop(
        "This report has no telephone number or e-mail address to open. Ask on the receipt page instead."
    )
    status = 404


def with_contact(report_ids: Sequence[int]) -> set[int]:
    """Return which of these reports hold a sealed telephone number or e-mail address."""
    return set(
        db.session.scalars(
            select(SealedField.report_id).where(
                SealedField.report_id.in_(report_ids), SealedField.field_group == FieldGroup.CONTACT
            )
        )
    )


def record_opening(report: Report, actor: Actor, reason: str, at: datetime) -> Opening:
    """Write who opens the contact and why (``reasons``); the caller commits it before the vault is asked.

    Raises NotAllowed, NoContact or NoReason.
    """
    if not actor.may(Permission.CONTACT_OPEN):
        raise NotAllowed
    if report.withdrawn_at is not None or not with_contact([report.id]):
        raise NoContact
    if not reason:
        raise NoReason
    event = record(
        ACTION,
        at=at,
        actor=actor,
        role=actor.role_for(Permission.CONTACT_OPEN),
        case_id=report.case_id,
        report_id=report.id,
        reason=reason,
    )
    tell_reporter(report.id, NoticeKind.CONTACT_OPENED, alert_channel=report.alert_channel, at=at)
    return ask_to_open(FieldGroup.CONTACT, event, actor, at)
