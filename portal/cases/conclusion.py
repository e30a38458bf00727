"""The end of a verification: its conclusion, and the answer to those who reported."""

from __future__ import annotations

from datetime import datetime

from portal.cases.findings import findings_of
from portal.cases.models import Case
from portal.cases.moves import set_due, step
from portal.cases.site_checks import checks_of
from portal.cases.steps import CaseAction, Conclusion
from portal.cases.telling import tell_reporters
from portal.cases.terms import Terms
from portal.cases.verification import FieldFault, before, enter, text
from portal.database import db
from portal.errors import gettext_noop
from portal.notices.outbox import NoticeKind
from portal.people.actor import Actor

CONFIRMED = frozenset({Conclusion.TRUE, Conclusion.PARTLY_TRUE})
NOTE_LONGEST = 2000
ANSWER_LONGEST = 4000


class NoSiteCheck(FieldFault):
    """Nothing can be confirmed that nobody looked at."""

    message = gettext_noop("Nobody has checked on site yet. Record the check on site first, then conclude.")
    field = "conclusion"


class NoFinding(FieldFault):
    """What is confirmed must be named."""

    message = gettext_noop("What was confirmed is not recorded yet. Add a finding first, then conclude.")
    field = "conclusion"


class FindingsStand(FieldFault):
    """Something was found, so the report was at least partly true."""

    message = gettext_noop(
        "This case has findings, so at least a part is confirmed."
        " Choose another conclusion, or take out findings that were recorded by mistake."
    )
    field = "conclusion"


def conclude(
    case: Case,
    conclusion: Conclusion,
    note: str,
    actor: Actor,
    at: datetime,
    *,
    version: int,
    terms: Terms,
) -> None:
    """End the verification with its conclusion and how the matter is handled; now the answer is due."""
    role = enter(case, actor, version=version, statuses=before(CaseAction.CONCLUDE))
    _must_hold(case, conclusion)
    handled = text(note, "note", NOTE_LONGEST)
    step(case, CaseAction.CONCLUDE, actor, at, facts={"conclusion": conclusion.value}, role=role)
    case.conclusion = conclusion
    case.conclusion_note = handled
    case.concluded_at = at
    case.waiting_since = None
    set_due(case, terms)
    db.session.flush()


def answer(case: Case, written: str, actor: Actor, at: datetime, *, version: int, terms: Terms) -> None:
    """Answer all live reporters of the case; the time in which they can object begins."""
    role = enter(case, actor, version=version, statuses=before(CaseAction.ANSWER))
    said = text(written, "answer", ANSWER_LONGEST)
    step(case, CaseAction.ANSWER, actor, at, role=role)
    case.answer = said
    case.answered_at = at
    case.waiting_since = None
    set_due(case, terms)
    tell_reporters(case, NoticeKind.ANSWER_READY, at)
    db.session.flush()


def _must_hold(case: Case, conclusion: Conclusion) -> None:
    """Refuse a conclusion that the records of the case do not carry."""
    found = bool(findings_of(case))
    if conclusion not in CONFIRMED:
        if found:
            raise FindingsStand
        return
    if not checks_of(case):
        raise NoSiteCheck
    if not found:
        raise NoFinding
