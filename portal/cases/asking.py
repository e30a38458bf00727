"""Asking the reporter of a case and hearing the answer: the case waits in between."""

from __future__ import annotations

from datetime import datetime

from portal.cases.models import Case
from portal.cases.moves import check_version, locked
from portal.cases.scope import require_any
from portal.cases.telling import tell_officer
from portal.database import db
from portal.errors import NotFound, NotInThisState
from portal.notices.outbox import NoticeKind
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.reports import conversation
from portal.reports.models import Message, Report

ASKING = (Permission.CASE_TRIAGE, Permission.CASE_VERIFY)


def ask_reporter(
    case: Case, report_id: int, actor: Actor, text: str, at: datetime, *, version: int
) -> Message:
    """Write to the reporter of one report of an open case; from now the case waits for the answer.

    Raises NotFound or NotInThisState.
    """
    permission = require_any(case, actor, ASKING)
    check_version(case, version)
    report = db.session.get(Report, report_id)
    if report is None or report.case_id != case.id:
        raise NotFound
    if not case.is_open:
        raise NotInThisState
    message = conversation.ask(report, actor, text, at, role=actor.role_for(permission))
    case.waiting_since = at
    return message


def hear(report: Report, text: str, at: datetime, once: str | None = None) -> Message:
    """Take the reporter's answer: the case waits no longer and its officer is told."""
    message = conversation.say(report, text, at, once)
    if message.sent_at != at:  # the same form sent again: everything was done the first time
        return message
    case = locked(report)
    case.waiting_since = None
    tell_officer(case, NoticeKind.REPORTER_WROTE, at)
    return message
