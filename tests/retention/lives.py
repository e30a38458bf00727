"""Reports that hold every kind of data, at every stage of their life."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask, current_app
from sqlalchemy import select

from portal.audit.events import record
from portal.audit.models import Event
from portal.cases.models import Case
from portal.cases.steps import CaseStatus
from portal.database import db
from portal.people.actor import SYSTEM
from portal.reports.models import Message, MessageSide, RealName, Report
from portal.retention.kinds import GROUP_OF, Kind
from portal.retention.models import RetentionRun
from portal.retention.present import present_of
from portal.retention.run import go_on, settle
from portal.vault.fields import add_told, keep_fields
from portal.vault.groups import FieldGroup
from portal.vault.models import BlindIndex, SealedField, SealedKey
from tests.fixtures.evidence import make_evidence
from tests.fixtures.records import make_report
from tests.rewards.world import AT, keyring

FIELDS = {
    FieldGroup.CONTACT: {"telephone": "13800138000", "email": ""},
    FieldGroup.ALERT: {"channel": "sms", "address": "13900139000"},
    FieldGroup.LEGAL: {"name": "赵明", "telephone": "13800138000"},
    FieldGroup.PAYEE: {"holder": "赵明", "bank": "某银行", "account": "6222020200112233440"},
}


def fill(app: Flask, report: Report, at: datetime = AT - timedelta(days=8)) -> Report:
    """Give a report something of every kind that it does not hold yet."""
    there = set(db.session.scalars(select(SealedField.field_group).where(SealedField.report_id == report.id)))
    for group, fields in FIELDS.items():
        if group not in there:
            keep_fields(keyring(), report.id, report.uuid, group, fields, at)
    if FieldGroup.TOLD not in there:
        add_told(keyring(), report.id, report.uuid, {"narrative 1": "13800138000"}, at)
    if report.real_name is RealName.NONE:
        report.real_name = RealName.DECLARED
    report.alert_channel = "sms"
    made = make_evidence(app, report)
    made.received_at = at
    db.session.add(Message(report_id=report.id, side=MessageSide.REPORTER, text="还在锁着", sent_at=at))
    db.session.flush()
    return report


def full_report(app: Flask, case: Case | None = None) -> Report:
    """Make a report that holds every kind."""
    return fill(app, make_report(case, received_at=AT - timedelta(days=8)))


def close(report: Report, at: datetime = AT) -> Case:
    """Close the case of a report."""
    case = db.session.get_one(Case, report.case_id)
    case.status, case.is_open, case.closed_at = CaseStatus.CLOSED, False, at
    case.due_at, case.due_step = None, None
    record("case_close", at=at, actor=SYSTEM, case_id=case.id, moved=("answered", "closed"))
    db.session.flush()
    return case


def kinds_of(report: Report) -> set[Kind]:
    """Return which kinds a report still holds."""
    return set(present_of([report.id])[report.id])


def passed(at: datetime) -> RetentionRun:
    """Run one whole pass at a moment."""
    run = RetentionRun(started_at=at, destroyed={})
    db.session.add(run)
    db.session.flush()
    assert go_on(run, at, 60.0)
    return run


def settled(report: Report, at: datetime) -> list[Kind]:
    """Destroy what is due of one report at a moment."""
    run = RetentionRun(started_at=at, destroyed={})
    db.session.add(run)
    db.session.flush()
    return settle(report.id, run, at)


def events_of(report: Report, action: str) -> list[Event]:
    """Return the events of a report with this action."""
    found = select(Event).where(Event.report_id == report.id, Event.action == action).order_by(Event.id)
    return list(db.session.scalars(found))


def secrets_of(report: Report) -> list[bytes]:
    """Return the ciphertexts, wraps and digests that a report has in the database."""
    rows = db.session.scalars(select(SealedField).where(SealedField.report_id == report.id)).all()
    ids = [row.id for row in rows]
    wraps = db.session.scalars(select(SealedKey.wrap).where(SealedKey.field_id.in_(ids)))
    digests = db.session.scalars(select(BlindIndex.digest).where(BlindIndex.field_id.in_(ids)))
    return [bytes(one) for one in (*(row.blob for row in rows), *wraps, *digests)]


def store_has(digest: str) -> bool:
    """Say whether the evidence store holds this copy, or an original under its name."""
    place = current_app.extensions["portal_originals" if len(digest) == 32 else "portal_store"]
    held: bool = place.exists(digest)
    return held


SEALED = set(GROUP_OF)
EVERYTHING = set(Kind)
