"""Somebody of the staff who asked to open something, with the event that must stand beside it."""

from __future__ import annotations

from datetime import datetime

from flask import current_app

from portal import clock
from portal.audit.events import record
from portal.audit.models import Event
from portal.database import db
from portal.people.models import Account
from portal.people.permissions import Role
from portal.reports.models import Report
from portal.vault.fields import keep_fields
from portal.vault.groups import EVENT_OF, READER, FieldGroup
from portal.vault.models import Opening
from portal.vault.openings import ask_to_open
from tests.fixtures.records import make_account, make_case, make_district, make_report
from tests.rewards.world import actor_of

FIELDS = {
    FieldGroup.CONTACT: {"telephone": "13800138000", "email": "w@example.com"},
    FieldGroup.LEGAL: {"name": "王芳芳", "works_there": "no"},
    FieldGroup.PAYEE: {"holder": "王 芳芳", "bank": "中国银行", "account": "6217000000000000000"},
    FieldGroup.TOLD: {"1": "13900139000"},
    FieldGroup.ALERT: {"channel": "sms", "address": "13700137000"},
}


def sealed_report(*groups: FieldGroup) -> Report:
    """A report with these groups sealed (all, when none is named)."""
    report = make_report(make_case(district=make_district()))
    ring = current_app.extensions["portal_keyring"]
    for group in groups or tuple(FieldGroup):
        keep_fields(ring, report.id, report.uuid, group, FIELDS[group], clock.now())
    db.session.commit()
    return report


def reader_of(group: FieldGroup) -> Account:
    """An account that may open this group."""
    account = make_account(READER[group], district=make_district())
    db.session.commit()
    return account


def asked(report: Report, group: FieldGroup, account: Account, at: datetime | None = None) -> Opening:
    """The committed row and its event, as the desk writes them."""
    at = at or clock.now()
    event = opening_event(report, group, account, at)
    opening = ask_to_open(group, event, actor_of(account), at)
    db.session.commit()
    return opening


def opening_event(report: Report, group: FieldGroup, account: Account, at: datetime) -> Event:
    return record(
        EVENT_OF.get(group, "contact_opened"),
        at=at,
        actor=actor_of(account),
        role=READER.get(group, Role.AUDITOR).value,
        report_id=report.id,
        reason="确认大门位置",
    )
