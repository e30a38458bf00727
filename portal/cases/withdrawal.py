"""Withdrawing a report: it gives up conversation and reward; an accepted case goes on."""

from __future__ import annotations

from datetime import datetime

from portal.audit.events import record
from portal.cases.moves import locked, step
from portal.cases.steps import CaseAction, CaseStatus
from portal.cases.telling import live_reports, tell_officer
from portal.database import db
from portal.notices.outbox import NoticeKind
from portal.people.actor import REPORTER
from portal.reports.models import Report


def withdraw_report(report: Report, at: datetime) -> None:
    """Withdraw; a case that nobody accepted yet closes with its last live report. Twice is once."""
    if report.withdrawn_at is not None:
        return
    report.withdrawn_at = at
    record("report_withdrawn", at=at, actor=REPORTER, case_id=report.case_id, report_id=report.id)
    db.session.flush()
    case = locked(report)
    tell_officer(case, NoticeKind.REPORT_WITHDRAWN, at)
    if live_reports(case):
        return
    case.waiting_since = None
    if case.status is CaseStatus.RECEIVED and case.is_open:
        step(case, CaseAction.WITHDRAW, REPORTER, at)
    db.session.flush()
