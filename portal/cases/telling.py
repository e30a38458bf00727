"""Whom a step of a case is told to: its reporters, and the officer who has it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.cases.models import Case
from portal.clock import city_date
from portal.database import db
from portal.notices.outbox import NoticeKind, tell_reporter, tell_staff
from portal.people import absences
from portal.people.models import Account, RoleGrant
from portal.people.permissions import TABLE, Permission
from portal.reports.models import Report


def live_reports(case: Case) -> list[Report]:
    """Return the reports of a case that are not withdrawn, in order of receipt."""
    return list(
        db.session.scalars(
            select(Report)
            .where(Report.case_id == case.id, Report.withdrawn_at.is_(None))
            .order_by(Report.received_at, Report.id)
        )
    )


def tell_reporters(case: Case, kind: NoticeKind, at: datetime) -> None:
    """Tell each reporter of the case, on the receipt page and by the alert that was asked for."""
    for report in live_reports(case):
        tell_reporter(report.id, kind, alert_channel=report.alert_channel, at=at)


def tell_officer(case: Case, kind: NoticeKind, at: datetime) -> None:
    """Tell the officer who has the case, in each account in which that person reads cases, and his deputy."""
    if case.officer_id is None:
        return
    away = absences.away_on(city_date(at)).get(case.officer_id)
    people = {case.officer_id} | ({away.deputy_id} if away else set())
    readers = [role.value for role in TABLE[Permission.CASE_READ]]
    accounts = db.session.scalars(
        select(Account)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.person_id.in_(people), Account.active, RoleGrant.role.in_(readers))
        .distinct()
    )
    for account in accounts:
        tell_staff(account.id, kind, reference=case.number, by_mail=bool(account.email), at=at)
