"""Alarms: people are in danger now, and somebody is called until somebody undertakes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, func, literal_column, or_, select
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.audit.events import record
from portal.cases.calls import EVERY, Call, due_calls
from portal.cases.models import Alarm, AlarmCall, Case
from portal.cases.scope import require
from portal.cases.telling import live_reports
from portal.database import db, reading
from portal.errors import NotInThisState, Refusal, gettext_noop
from portal.notices.models import Delivery, DeliveryState, Notice
from portal.notices.outbox import NoticeKind, call_staff, tell_reporter, tell_staff
from portal.people import duty
from portal.people.actor import SYSTEM, Actor
from portal.people.models import Account
from portal.people.permissions import Permission
from portal.reports.models import DangerNow, Report

# As the partial index is written: SQLite uses it only for the very same words.
IS_URGENT: ColumnElement[bool] = literal_column("cases.urgent")
PATIENCE = timedelta(minutes=5)
"""After this long a call that nobody has received is trouble."""


class UndertakenAlready(Refusal):
    """Somebody else was faster."""

    message = gettext_noop("%(name)s has undertaken this already.")


def raise_alarm(case: Case, at: datetime, zone: ZoneInfo) -> None:
    """Put the case on top of the queue and call the officer on duty, in the caller's transaction."""
    alarm = Alarm(case_id=case.id, raised_at=at)
    db.session.add(alarm)
    case.urgent = True
    record("danger_alarm", at=at, actor=SYSTEM, case_id=case.id)
    db.session.flush()
    _ring(case, alarm, at, zone)


def waiting() -> list[int]:
    """Return the cases that nobody has undertaken, those waiting longest first."""
    with reading():
        found = db.session.scalars(
            select(Alarm.case_id)
            .join(Case, Case.id == Alarm.case_id)
            .where(IS_URGENT)
            .order_by(Alarm.raised_at, Alarm.case_id)
        ).all()
        db.session.rollback()
    return list(found)


def ring(case_id: int, at: datetime, zone: ZoneInfo) -> int:
    """Call whom the latest call that is due concerns, each once; return how many were called now.

    Calls that were missed while nothing ran are not made up for: the latest says it all.
    """
    alarm = _locked(case_id)
    case = db.session.get(Case, case_id, populate_existing=True)
    if alarm is None or case is None or not case.urgent:
        return 0
    return _ring(case, alarm, at, zone)


def undertake(case: Case, actor: Actor, at: datetime) -> None:
    """Say that somebody is on it: the calls end and the reporters in danger are told. Twice is once.

    Raises NotInThisState or UndertakenAlready.
    """
    require(case, actor, Permission.CASE_READ)
    alarm = _locked(case.id)
    db.session.refresh(case)
    if alarm is None:
        raise NotInThisState
    if alarm.undertaken_by is not None and alarm.undertaken_by == actor.person_id:
        return
    if alarm.undertaker is not None:
        raise UndertakenAlready(name=alarm.undertaker.name)
    if not case.urgent:
        raise NotInThisState
    _undertake(case, alarm, actor, at)
    db.session.flush()


def taken_on(case: Case, actor: Actor, at: datetime) -> None:
    """Whoever begins the check has undertaken the danger too."""
    if case.urgent and (alarm := _locked(case.id)) is not None:
        _undertake(case, alarm, actor, at)


def follow_merge(source: Case, target: Case, at: datetime) -> None:
    """Take over the alarm of a case that is merged into another: a merge silences nothing."""
    if not source.urgent:
        return
    source.urgent = False
    alarm, other = db.session.get_one(Alarm, source.id), db.session.get(Alarm, target.id)
    if other is None:
        db.session.add(Alarm(case_id=target.id, raised_at=alarm.raised_at))
        target.urgent = True
    elif other.undertaken_at is not None:
        _share(other, alarm)
        _tell_undertaken(source, at)


def resume(origin: Case, left: Case, at: datetime) -> None:
    """A case opens again after a merge: its alarm goes on, unless it was undertaken meanwhile."""
    alarm, other = db.session.get(Alarm, origin.id), db.session.get(Alarm, left.id)
    if alarm is None or alarm.undertaken_at is not None or not origin.is_open:
        return
    if other is not None and other.undertaken_at is not None:
        _share(other, alarm)
    else:
        origin.urgent = True


def alarm_of(case: Case) -> Alarm | None:
    """Return the alarm of a case; None when nobody was in danger."""
    return db.session.get(Alarm, case.id) if case.danger_now else None


def calls_of(case_id: int, limit: int = 12) -> Sequence[AlarmCall]:
    """Return the latest calls of an alarm, the newest first."""
    return db.session.scalars(
        select(AlarmCall).where(AlarmCall.case_id == case_id).order_by(AlarmCall.id.desc()).limit(limit)
    ).all()


def next_call_at(alarm: Alarm, at: datetime) -> datetime:
    """Return when the next call of an alarm that nobody undertook is due."""
    calls = due_calls(alarm.raised_at, alarm.undertaken_at, at)
    return calls[-1].at + EVERY if calls else alarm.raised_at


def was_called(report_id: int) -> bool:
    """Say whether somebody was called because of this report."""
    told = exists().where(Notice.report_id == report_id, Notice.kind == NoticeKind.DUTY_CALLED.value)
    return bool(db.session.scalar(select(told)))


def unheard(at: datetime) -> int:
    """Count urgent cases for which nobody could be called, or nobody has received a call."""
    called = exists().where(AlarmCall.case_id == Case.id)
    received = exists().where(
        AlarmCall.case_id == Case.id,
        Delivery.id == AlarmCall.delivery_id,
        Delivery.state == DeliveryState.SENT,
    )
    late = Alarm.raised_at < at - PATIENCE
    query = (
        select(func.count())
        .select_from(Alarm)
        .join(Case, Case.id == Alarm.case_id)
        .where(IS_URGENT, or_(~called, late & ~received))
    )
    return db.session.scalar(query) or 0


def _ring(case: Case, alarm: Alarm, at: datetime, zone: ZoneInfo) -> int:
    calls = due_calls(alarm.raised_at, alarm.undertaken_at, at)
    if not calls:
        return 0
    known = db.session.scalars(select(AlarmCall.step).where(AlarmCall.case_id == case.id)).all()
    made = sum(_call(case, calls[-1], account, at) for account in _whom(case, calls[-1], at, zone))
    if made and not known:
        _tell_called(case, at)
    return made


def _whom(case: Case, call: Call, at: datetime, zone: ZoneInfo) -> list[Account]:
    """The officer on duty, the supervisor on duty from 30 minutes on; who is absent is stood in for."""
    now = duty.on_duty(case.district_id, duty.week_of(clock.city_date(at, zone)))
    found = [now.officer] if now.officer else []
    if call.to_supervisor or not found:
        found += [now.supervisor] if now.supervisor else duty.supervisors_of(case.district_id)
    return list({account.id: account for account in found}.values())


def _call(case: Case, call: Call, account: Account, at: datetime) -> bool:
    """Call one account for one step; the unique row lets it happen once, whoever comes second."""
    made = select(AlarmCall.id).where(
        AlarmCall.case_id == case.id, AlarmCall.step == call.step, AlarmCall.recipient_id == account.id
    )
    if db.session.scalar(made) is not None:
        return False
    savepoint = db.session.begin_nested()
    try:
        delivery = call_staff(_notice(case, account, at), at=at, expires_at=call.at + EVERY)
        db.session.flush()
        row = AlarmCall(
            case_id=case.id, step=call.step, recipient_id=account.id, delivery_id=delivery.id, called_at=at
        )
        db.session.add(row)
        savepoint.commit()
    except IntegrityError:
        savepoint.rollback()
        return False
    return True


def _notice(case: Case, account: Account, at: datetime) -> Notice:
    """The notice in the desk: one for all calls of an alarm to one account."""
    earlier = db.session.scalar(
        select(Notice)
        .join(Delivery, Delivery.notice_id == Notice.id)
        .join(AlarmCall, AlarmCall.delivery_id == Delivery.id)
        .where(AlarmCall.case_id == case.id, AlarmCall.recipient_id == account.id)
        .limit(1)
    )
    return earlier or tell_staff(account.id, NoticeKind.DANGER_ALARM, reference=case.number, at=at)


def _undertake(case: Case, alarm: Alarm, actor: Actor, at: datetime) -> None:
    alarm.undertaken_at, alarm.undertaken_by = at, actor.person_id
    case.urgent = False
    role = actor.role_for(Permission.CASE_READ)
    record("danger_undertaken", at=at, actor=actor, role=role, case_id=case.id)
    _tell_undertaken(case, at)
    db.session.flush()
    db.session.expire(alarm, ["undertaker"])


def _share(given: Alarm, taker: Alarm) -> None:
    taker.undertaken_at, taker.undertaken_by = given.undertaken_at, given.undertaken_by


def _in_danger(case: Case) -> list[Report]:
    """The reports that spoke of the danger themselves: the others must not learn that these exist."""
    return [report for report in live_reports(case) if report.danger_now is DangerNow.NOW]


def _tell_undertaken(case: Case, at: datetime) -> None:
    for report in _in_danger(case):
        tell_reporter(report.id, NoticeKind.DANGER_UNDERTAKEN, alert_channel=report.alert_channel, at=at)


def _tell_called(case: Case, at: datetime) -> None:
    for report in _in_danger(case):
        if not was_called(report.id):
            tell_reporter(report.id, NoticeKind.DUTY_CALLED, alert_channel="", at=at)


def _locked(case_id: int) -> Alarm | None:
    return db.session.scalar(
        select(Alarm)
        .where(Alarm.case_id == case_id)
        .with_for_update(of=Alarm)
        .execution_options(populate_existing=True)
    )
