"""A district with an officer and a supervisor on duty, and reports of people in danger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select

from portal.cases import alarms
from portal.cases.filing import Filed, file_report
from portal.cases.models import AlarmCall, Case
from portal.database import db
from portal.notices.models import Delivery, Notice
from portal.people import duty
from portal.people.actor import REPORTER, Actor
from portal.people.models import Account, District
from portal.people.permissions import Role
from portal.people.sessions import SignedIn
from portal.reports.filing import Filing
from portal.reports.models import DangerNow
from tests.fixtures.records import make_account, make_district

RAISED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)  # a Saturday, 11:00 in the city
TODAY = date(2026, 11, 21)
WEEK = date(2026, 11, 16)
ZONE = ZoneInfo("Asia/Shanghai")


def after(minutes: float) -> datetime:
    return RAISED + timedelta(minutes=minutes)


def actor_of(account: Account) -> Actor:
    return SignedIn(account, "token").actor


def make_caller(
    role: Role, telephone: str = "", *, district: District | None = None, name: str = "张立新"
) -> Account:
    account = make_account(role, name=name, district=district)
    account.telephone = telephone
    db.session.flush()
    return account


@dataclass
class Watch:
    """Somebody on duty in Wenfeng; the administrator keeps the roster."""

    district: District
    officer: Account
    supervisor: Account
    administrator: Account


def make_watch() -> Watch:
    district = make_district("wenfeng")
    watch = Watch(
        district,
        make_caller(Role.INTAKE_OFFICER, "13900000001", district=district, name="郭晓燕"),
        make_caller(Role.SUPERVISOR, "13900000002", district=district, name="赵国庆"),
        make_caller(Role.ADMINISTRATOR, name="高峰"),
    )
    enter(watch, {district.id: duty.Pair(watch.officer.id, watch.supervisor.id)})
    return watch


def enter(watch: Watch, chosen: dict[int | None, duty.Pair], week: date = WEEK) -> None:
    duty.enter(week, chosen, actor=actor_of(watch.administrator), at=RAISED, today=TODAY)


def file_danger(
    district: District | None, at: datetime = RAISED, danger: DangerNow = DangerNow.NOW, alert: str = ""
) -> Filed:
    filing = Filing(
        narrative="脚手架正在倒，上面有人。",
        danger_now=danger,
        district_id=district.id if district else None,
        alert_channel="sms" if alert else "",
        alert_address=alert,
    )
    ring, settings = current_app.extensions["portal_keyring"], current_app.extensions["portal_settings"]
    return file_report(filing, actor=REPORTER, at=at, ring=ring, settings=settings)


def case_of(filed: Filed) -> Case:
    return db.session.get_one(Case, filed.case_id, populate_existing=True)


def ring(filed: Filed, minutes: float) -> int:
    made = alarms.ring(filed.case_id, after(minutes), ZONE)
    db.session.flush()
    return made


def called(filed: Filed) -> list[tuple[int, int]]:
    """The steps that rang, with whom they called."""
    rows = db.session.execute(
        select(AlarmCall.step, AlarmCall.recipient_id)
        .where(AlarmCall.case_id == filed.case_id)
        .order_by(AlarmCall.step, AlarmCall.recipient_id)
    )
    return [(row.step, row.recipient_id) for row in rows]


def messages_to(account: Account) -> list[Delivery]:
    """The SMS that are queued or sent to an account."""
    return list(
        db.session.scalars(
            select(Delivery)
            .join(Notice, Notice.id == Delivery.notice_id)
            .where(Notice.account_id == account.id, Delivery.channel == "sms")
            .order_by(Delivery.id)
        )
    )


def told(filed: Filed) -> list[str]:
    """What the reporter is told, in order."""
    return list(
        db.session.scalars(select(Notice.kind).where(Notice.report_id == filed.report_id).order_by(Notice.id))
    )
