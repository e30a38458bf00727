"""How a report stands for whoever made it: the news in one sentence, the badge, what is promised by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from sqlalchemy import func, select

from portal.cases.due import due_at
from portal.cases.models import Case
from portal.cases.steps import CaseStatus, Conclusion, DueStep
from portal.cases.terms import Terms, due_of
from portal.database import db
from portal.notices.models import Notice
from portal.notices.outbox import NoticeKind
from portal.presentation import day
from portal.reports.models import Message, MessageSide, Report
from portal.reports.timeline import Item

NEWS: dict[CaseStatus, LazyString] = {
    CaseStatus.RECEIVED: lazy_gettext("We have your report and are looking at it."),
    CaseStatus.ACCEPTED: lazy_gettext("Your report is accepted."),
    CaseStatus.REFUSED: lazy_gettext("We could not take this on."),
    CaseStatus.TRANSFERRED: lazy_gettext("We passed it on for you."),
    CaseStatus.ASSIGNED: lazy_gettext("Your report is with the people who check."),
    CaseStatus.VERIFYING: lazy_gettext("It is being checked."),
    CaseStatus.CONCLUDED: lazy_gettext("The check is finished. We are writing the answer."),
    CaseStatus.ANSWERED: lazy_gettext("The answer is here."),
    CaseStatus.CLOSED: lazy_gettext("This report is closed."),
}
FOUND: dict[Conclusion, LazyString] = {
    Conclusion.TRUE: lazy_gettext("It is confirmed."),
    Conclusion.PARTLY_TRUE: lazy_gettext("It is confirmed in part."),
    Conclusion.FALSE: lazy_gettext("It was not confirmed."),
    Conclusion.CANNOT_BE_CLEARED_UP: lazy_gettext("It could not be cleared up."),
}
WITHDRAWN = lazy_gettext("You withdrew this report.")
WAITING = lazy_gettext("We have a question for you.")
ANSWERED = frozenset({CaseStatus.ANSWERED, CaseStatus.CLOSED})

_PROMISES: dict[DueStep, tuple[LazyString, LazyString | None]] = {
    DueStep.ACCEPT: (
        lazy_gettext("We say whether we take it on"),
        lazy_gettext("If it is not ours, we say where it belongs."),
    ),
    DueStep.VERIFY: (
        lazy_gettext("The check is finished"),
        lazy_gettext("If it takes longer, we tell you why."),
    ),
    DueStep.ANSWER: (
        lazy_gettext("You get an answer"),
        lazy_gettext("What was found, what is done about it, and whether there is a reward."),
    ),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on top of the receipt page, and what is still to come."""

    status: str
    title: str
    conclusion: str
    is_answered: bool
    is_withdrawn: bool
    can_withdraw: bool
    object_until: datetime | None
    promises: list[Item]


def standing_of(report: Report, case: Case, messages: list[Message], terms: Terms, at: datetime) -> Standing:
    """Return how a report stands; nothing in it depends on other reports of the case."""
    withdrawn = report.withdrawn_at is not None
    waiting = not withdrawn and case.is_open and _waits(messages) and case.waiting_since is not None
    answered = not withdrawn and case.status in ANSWERED and case.conclusion is not None
    status = "withdrawn" if withdrawn else "waiting_you" if waiting else case.status.value
    open_to_objection = answered and case.due_step is DueStep.CLOSE
    return Standing(
        status=status,
        title=_title(case, withdrawn=withdrawn, waiting=waiting, answered=answered),
        conclusion=case.conclusion.value if answered and case.conclusion else "",
        is_answered=answered,
        is_withdrawn=withdrawn,
        # Once the case is closed or gone to another authority there is nothing left to withdraw from.
        can_withdraw=not withdrawn and case.is_open,
        object_until=case.due_at if open_to_objection else None,
        promises=[] if withdrawn else _promises(report, case, terms, at),
    )


def _waits(messages: list[Message]) -> bool:
    """Whether the last word in this conversation is the office's."""
    return bool(messages) and messages[-1].side is MessageSide.OFFICE


def _title(case: Case, *, withdrawn: bool, waiting: bool, answered: bool) -> str:
    if withdrawn:
        return str(WITHDRAWN)
    if waiting:
        return str(WAITING)
    if answered and case.conclusion is not None:
        return str(FOUND[case.conclusion])
    return str(NEWS[case.status])


def _promises(report: Report, case: Case, terms: Terms, at: datetime) -> list[Item]:
    """What is promised next, the nearest last: the timeline reads from the newest to the oldest."""
    due = _due_for(report, case, terms)
    if due is None:
        return []
    step, until = due
    later = _later(step, terms)
    if step not in _PROMISES:
        return later
    title, text = _PROMISES[step]
    if at > until:
        text = lazy_gettext("This date has passed. You can ask us here, or call the hotline.")
    by = gettext("by %(day)s", day=day(until, weekday=True))
    return [*later, Item(str(title), str(by), str(text or ""), next=True)]


def _later(step: DueStep, terms: Terms) -> list[Item]:
    """Steps after the open one: their dates are not known yet, only how long they may take."""
    answer, verify = terms.deadlines.answer_days, terms.deadlines.verify_days
    promised = {
        DueStep.ANSWER: (
            gettext("You get an answer"),
            gettext("within %(count)s days after the check", count=answer),
        ),
        DueStep.VERIFY: (
            gettext("The check is finished"),
            gettext("within %(count)s days after it is accepted", count=verify),
        ),
    }
    wanted = {DueStep.ACCEPT: (DueStep.ANSWER, DueStep.VERIFY), DueStep.VERIFY: (DueStep.ANSWER,)}.get(
        step, ()
    )
    return [Item(str(promised[one][0]), str(promised[one][1]), next=True) for one in wanted]


def _due_for(report: Report, case: Case, terms: Terms) -> tuple[DueStep, datetime] | None:
    """The due time as it was promised to this reporter.

    A case counts from its first report; a date before this report's own would tell that there is another.
    """
    due = due_of(case, terms) if case.is_open else None
    if due is None or case.due_at is None:
        return None
    step = due[0]
    if step is DueStep.ACCEPT:
        return step, due_at(step, report.received_at, terms.deadlines, terms.zone)
    if step is DueStep.VERIFY and report.case_id != report.origin_case_id:
        told = _accepted_at(report) or case.accepted_at or case.opened_at
        return step, due_at(step, told, terms.deadlines, terms.zone, extended_days=case.extended_days)
    return step, case.due_at


def _accepted_at(report: Report) -> datetime | None:
    return db.session.scalar(
        select(func.min(Notice.created_at)).where(
            Notice.report_id == report.id, Notice.kind == NoticeKind.REPORT_ACCEPTED.value
        )
    )
