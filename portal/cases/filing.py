"""Filing: a report and its case come into being together, once, with everything that belongs to them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.exc import IntegrityError

from portal.audit.events import record
from portal.cases import alarms
from portal.cases.asking import hear
from portal.cases.due import due_at
from portal.cases.models import Case
from portal.cases.numbers import new_number
from portal.cases.steps import CaseStatus, DueStep
from portal.config import Settings
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.evidence import original_keys, staging
from portal.evidence.models import Evidence
from portal.evidence.staging import Received, Room
from portal.notices.outbox import NoticeKind, tell_reporter
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.reports import conversation, receipt, supplement
from portal.reports.filing import Filing
from portal.reports.models import Channel, DangerNow, IdentityCheck, Question, RealName, Report
from portal.vault.fields import add_told, keep_fields
from portal.vault.keys import Keyring, Purpose
from portal.vault.models import FieldGroup, SealedField

ATTEMPTS = 8
NEW_CASE = insert(cast(Table, Case.__table__)).returning(Case.__table__.c.id)
NEW_REPORT = insert(cast(Table, Report.__table__)).returning(Report.__table__.c.id)


class NoFreeNumber(Refusal):
    """Random numbers collided again and again: the year's numbers are nearly used up."""

    message = gettext_noop(
        "The report could not be kept just now. Everything you wrote is still here: please send it again."
    )
    status = 503


class Outcome(StrEnum):
    """What sending a form did."""

    NEW = "new"
    SAME = "same"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Filed:
    """A filed report, for the receipt page; ``evidence_ids`` are to be cleaned after the commit."""

    report_id: int
    case_id: int
    number: str
    received_at: datetime
    outcome: Outcome
    has_name: bool
    evidence_ids: tuple[int, ...] = ()
    duty_called: bool = False


def file_report(filing: Filing, *, actor: Actor, at: datetime, ring: Keyring, settings: Settings) -> Filed:
    """Write report, case, sealed identity, evidence, event and notice; the caller commits.

    The same submission again changes nothing, or adds what differs as a message. Raises NoFreeNumber.
    """
    connection = db.session.connection()
    for _ in range(ATTEMPTS):
        savepoint = connection.begin_nested()
        try:
            report = _open(connection, filing, at=at, ring=ring, settings=settings)
            savepoint.commit()
        except IntegrityError:
            savepoint.rollback()
            known = find_filed(filing.submission_id)
            if known is not None:
                return _again(filing, known, actor=actor, at=at, ring=ring)
            continue  # the number or the receipt is taken: another draw
        return _complete(filing, report, actor=actor, at=at, ring=ring, settings=settings)
    raise NoFreeNumber


def find_filed(submission_id: str) -> Report | None:
    """Return the report that a submission became, if it was sent."""
    return db.session.scalar(select(Report).where(Report.submission_id == submission_id))


def again(report: Report) -> Filed:
    """What to show for a form that was sent before and says nothing new."""
    return Filed(
        report.id,
        report.case_id,
        report.number,
        report.received_at,
        Outcome.SAME,
        report.real_name is not RealName.NONE,
        duty_called=alarms.was_called(report.id),
    )


def _open(
    connection: Connection, filing: Filing, *, at: datetime, ring: Keyring, settings: Settings
) -> Report:
    """Insert the case and its first report, which stays outside the session.

    As plain rows: the session's bookkeeping of two new objects costs more than their statements.
    """
    number = new_number(settings.city_code, at, settings.zone)
    case = {
        "number": number,
        "status": CaseStatus.RECEIVED,
        "title": filing.title,
        "sector": filing.sector,
        "subject_name": filing.subject_name,
        "address": filing.address,
        "district_id": filing.district_id,
        "danger_now": filing.danger_now is DangerNow.NOW,
        "opened_at": at,
        "due_at": due_at(DueStep.ACCEPT, at, settings.deadlines, settings.zone),
        "due_step": DueStep.ACCEPT,
    }
    case_id: int = connection.execute(NEW_CASE, case).scalar_one()
    report = _report(filing, number, case_id, at=at, ring=ring)
    return Report(id=connection.execute(NEW_REPORT, report).scalar_one(), **report)


def _report(filing: Filing, number: str, case_id: int, *, at: datetime, ring: Keyring) -> dict[str, Any]:
    key_id, secret = ring.current(Purpose.RECEIPT)
    return {
        "uuid": uuid.uuid4().hex,
        "number": number,
        "submission_id": filing.submission_id,
        "body_digest": filing.body_digest(ring),
        "receipt_digest": receipt.digest(filing.receipt_code, secret),
        "receipt_key_id": key_id,
        # Who reports by telephone, letter or visit gets the code from an officer, who has seen it.
        "code_known_to_staff": filing.channel is not Channel.PORTAL,
        "case_id": case_id,
        "origin_case_id": case_id,
        "channel": filing.channel,
        "locale": filing.locale,
        "received_at": at,
        "sector": filing.sector,
        "situation": filing.situation,
        "danger_now": filing.danger_now,
        "district_id": filing.district_id,
        "address": filing.address,
        "position": filing.position,
        "subject_name": filing.subject_name,
        "happened": filing.happened,
        "narrative": filing.narrative,
        "extra": filing.extra,
        "real_name": RealName.DECLARED if filing.name else RealName.NONE,
        "alert_channel": filing.alert_channel,
        "consent_version": filing.consent_version,
        "consented_at": at if filing.consent_version else None,
    }


def _complete(
    filing: Filing, report: Report, *, actor: Actor, at: datetime, ring: Keyring, settings: Settings
) -> Filed:
    """Add what belongs to a new report."""
    _seal(filing, report, at=at, ring=ring)
    if filing.told:
        add_told(ring, report.id, report.uuid, filing.told, at)
    files = _attach(report, filing.files, at=at, known=frozenset())
    record(
        "report_received",
        at=at,
        actor=actor,
        role=actor.role_for(Permission.REPORT_ENTER),
        case_id=report.case_id,
        report_id=report.id,
        moved=("", CaseStatus.RECEIVED.value),
        facts={
            "channel": report.channel.value,
            "files": len(files),
            "notice": filing.consent_version,
            "cut": len(filing.told),
        },
    )
    tell_reporter(report.id, NoticeKind.REPORT_RECEIVED, alert_channel=report.alert_channel, at=at)
    if report.danger_now is DangerNow.NOW:
        alarms.raise_alarm(db.session.get_one(Case, report.case_id), at, settings.zone)
    return _filed(report, Outcome.NEW, files)


def _again(filing: Filing, report: Report, *, actor: Actor, at: datetime, ring: Keyring) -> Filed:
    """The same form sent once more: nothing, or what differs as a message and further files."""
    if report.withdrawn_at is not None:
        return again(report)
    known = set(db.session.scalars(select(Evidence.digest).where(Evidence.report_id == report.id)))
    files = _attach(report, filing.files, at=at, known=frozenset(known))
    digest = filing.body_digest(ring)
    changed = digest != report.body_digest
    named = changed and _name_later(filing, report, at=at, ring=ring)
    said = changed and _say(report, supplement.difference(filing, report), digest, at)
    if said and filing.told:
        add_told(ring, report.id, report.uuid, filing.told, at)
    if not (files or named or said):
        return again(report)
    record(
        "report_supplemented",
        at=at,
        actor=actor,
        role=actor.role_for(Permission.REPORT_ENTER),
        case_id=report.case_id,
        report_id=report.id,
        facts={"files": len(files), "text": said},
    )
    return _filed(report, Outcome.ADDED, files)


def _say(report: Report, text: str, digest: bytes, at: datetime) -> bool:
    """Add the text as messages of the reporter, the same body once; says whether anything was added."""
    pieces = [
        text[start : start + conversation.LONGEST] for start in range(0, len(text), conversation.LONGEST)
    ]
    added = [
        hear(report, piece, at, once=f"{digest.hex()[:30]}{number:02d}").sent_at == at
        for number, piece in enumerate(pieces)
    ]
    return any(added)


def _filed(report: Report, outcome: Outcome, files: Sequence[Evidence]) -> Filed:
    if files:
        db.session.flush()  # for their ids
    has_name = report.real_name is not RealName.NONE
    ids = tuple(file.id for file in files)
    # Nobody is called where nobody is in danger now; most reports need not ask.
    called = report.danger_now is DangerNow.NOW and alarms.was_called(report.id)
    return Filed(report.id, report.case_id, report.number, report.received_at, outcome, has_name, ids, called)


def _attach(
    report: Report, files: Sequence[Received], *, at: datetime, known: frozenset[str]
) -> list[Evidence]:
    """Make evidence of the staged files and of those that came along, each content once."""
    wanted = {file.digest: file for file in [*staging.take(report.submission_id), *files]}
    sizes = db.session.scalars(select(Evidence.size).where(Evidence.report_id == report.id)) if known else ()
    room = Room.beside(list(sizes))
    fresh = [file for digest, file in wanted.items() if digest not in known and room.take(file.size)]
    rows = [
        Evidence(
            uuid=uuid.uuid4().hex,
            report_id=report.id,
            position=len(known) + place,
            media_type=file.media_type,
            size=file.size,
            digest=file.digest,
            original=file.original,
            received_at=at,
        )
        for place, file in enumerate(fresh, start=1)
    ]
    for file in fresh:
        original_keys.keep(file.original, file.digest, file.wraps)
    db.session.add_all(rows)
    return rows


def _seal(
    filing: Filing, report: Report, *, at: datetime, ring: Keyring, given: frozenset[FieldGroup] = frozenset()
) -> None:
    """Seal each group of identity fields that came and was not given before; ask the identity officer."""
    for group, fields in _groups(filing).items():
        if group not in given:
            keep_fields(ring, report.id, report.uuid, group, fields, at)
    if filing.name:
        # Both questions always, so that their being there says nothing about the reporter.
        db.session.add_all(
            IdentityCheck(report_id=report.id, question=question, asked_at=at) for question in Question
        )


def _groups(filing: Filing) -> dict[FieldGroup, dict[str, str]]:
    """The groups of identity fields that a filing brings."""
    groups: dict[FieldGroup, dict[str, str]] = {}
    if filing.telephone or filing.email:
        groups[FieldGroup.CONTACT] = {"telephone": filing.telephone, "email": filing.email}
    if filing.alert_channel:
        groups[FieldGroup.ALERT] = {"channel": filing.alert_channel, "address": filing.alert_address}
    if filing.name:
        groups[FieldGroup.LEGAL] = {"name": filing.name, "works_there": "yes" if filing.works_there else "no"}
    return groups


def _name_later(filing: Filing, report: Report, *, at: datetime, ring: Keyring) -> bool:
    """Seal a name that came only with the second sending; what was given before is never replaced."""
    groups = select(SealedField.field_group).where(SealedField.report_id == report.id)
    given = frozenset(db.session.scalars(groups))
    if not filing.name or FieldGroup.LEGAL in given:
        return False
    _seal(filing, report, at=at, ring=ring, given=given)
    report.real_name = RealName.DECLARED
    report.alert_channel = report.alert_channel or filing.alert_channel
    return True
