"""What the identity officer is asked about a reporter who gave a name, and the yes or no to it.

Both questions are asked for every report with a name, so that a row of this table says nothing by
being there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit.events import record
from portal.database import db
from portal.errors import NotAllowed, NotFound, NotInThisState, Refusal, gettext_noop
from portal.people.actor import SYSTEM, Actor
from portal.people.permissions import Permission
from portal.reports.models import IdentityCheck, Question, RealName, Report
from portal.vault.groups import FieldGroup
from portal.vault.models import Opening, SealedField
from portal.vault.openings import ask_to_open

OPENED = "identity_opened"
# A code, shown as a sentence in the reader's language.
TO_ANSWER = "to_answer_identity_questions"
PAGE = 50
SHORTEST_REASON = 5
LONGEST_REASON = 1000


class ReasonMissing(Refusal):
    """A yes or no about a person is given for a reason that others can read later."""

    message = gettext_noop("Please write in at least %(least)d characters what the answer rests on.")
    status = 422


class AlreadyAnswered(Refusal):
    """Somebody answered this question before."""

    message = gettext_noop("Somebody has answered this question already. Your answer was not taken.")
    status = 409


class NameChanged(Refusal):
    """The yes or no is about a name that is not the reporter's any more."""

    message = gettext_noop(
        "The reporter gave another name after you opened this page. Open it again; nothing was kept."
    )
    status = 409


@dataclass(frozen=True, slots=True)
class Answer:
    """A yes or no to one question about the reporter of one report."""

    report_id: int
    question: Question
    yes: bool
    reason: str
    sealed: int = 0
    """Version of the sealed name that the form was about; 0 where it is about whichever there is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A report with its open questions, as the identity officer's list shows it."""

    report: Report
    since: datetime
    questions: tuple[Question, ...]


def ask(report: Report, at: datetime) -> None:
    """Ask both questions about a reporter who gave a name; a question that was asked stays as it is."""
    known = checks_of(report.id)
    for question in Question:
        if question not in known:
            db.session.add(IdentityCheck(report_id=report.id, question=question, asked_at=at))
    db.session.flush()


def ask_again(check: IdentityCheck, at: datetime) -> None:
    """Open a question anew: another name was given, or who answered may not have a say in this award."""
    check.answer, check.reason = None, ""
    check.answered_at, check.answered_by = None, None
    check.asked_at = at
    record(
        "identity_asked_again",
        at=at,
        actor=SYSTEM,
        report_id=check.report_id,
        facts={"question": check.question.value},
    )


def answer(command: Answer, actor: Actor, at: datetime) -> IdentityCheck:
    """Take a yes or no with its reason; a confirmed name is noted on the report.

    Raises NotAllowed, NotFound, AlreadyAnswered, NameChanged or ReasonMissing.
    """
    if not actor.may(Permission.IDENTITY_ANSWER):
        raise NotAllowed
    check = checks_of(command.report_id).get(command.question)
    if check is None:
        raise NotFound
    if check.answer is not None:
        raise AlreadyAnswered
    if command.sealed and command.sealed != sealed_version(command.report_id):
        raise NameChanged
    reason = command.reason.strip()[:LONGEST_REASON]
    if len(reason) < SHORTEST_REASON:
        raise ReasonMissing(least=SHORTEST_REASON)
    check.answer, check.reason = command.yes, reason
    check.answered_at, check.answered_by = at, actor.person_id
    if command.question is Question.REAL_NAME:
        report = db.session.get_one(Report, command.report_id)
        report.real_name = RealName.CONFIRMED if command.yes else RealName.DECLARED
    # Neither the answer nor its reason: the log of a report is read by people who must not know them.
    record(
        "identity_answered",
        at=at,
        actor=actor,
        role=actor.role_for(Permission.IDENTITY_ANSWER),
        report_id=command.report_id,
        facts={"question": command.question.value},
    )
    db.session.flush()
    return check


def sealed_version(report_id: int) -> int:
    """Return the version of the sealed name of a report, 0 when there is none."""
    version = select(SealedField.version).where(
        SealedField.report_id == report_id, SealedField.field_group == FieldGroup.LEGAL
    )
    return db.session.scalar(version) or 0


def checks_of(report_id: int) -> dict[Question, IdentityCheck]:
    """Return the questions asked about the reporter of one report."""
    return checks_of_many((report_id,)).get(report_id, {})


def checks_of_many(report_ids: Iterable[int]) -> dict[int, dict[Question, IdentityCheck]]:
    """Return the questions asked about the reporters of several reports, by report."""
    found: dict[int, dict[Question, IdentityCheck]] = {}
    rows = db.session.scalars(
        select(IdentityCheck).where(IdentityCheck.report_id.in_(tuple(report_ids))).order_by(IdentityCheck.id)
    )
    for row in rows:
        found.setdefault(row.report_id, {})[row.question] = row
    return found


def open_reports(after: int = 0) -> list[Asked]:
    """Return reports with open questions, the oldest first: one more than fills a page, after an id."""
    waiting = (
        select(IdentityCheck.report_id)
        .where(IdentityCheck.answer.is_(None), IdentityCheck.report_id > after)
        .group_by(IdentityCheck.report_id)
        .order_by(IdentityCheck.report_id)
        .limit(PAGE + 1)
    )
    ids = list(db.session.scalars(waiting))
    reports = {row.id: row for row in db.session.scalars(select(Report).where(Report.id.in_(ids)))}
    checks = checks_of_many(ids)
    return [_asked(reports[report_id], checks[report_id]) for report_id in ids]


def _asked(report: Report, checks: dict[Question, IdentityCheck]) -> Asked:
    unanswered = [check for check in checks.values() if check.answer is None]
    since = min(check.asked_at for check in unanswered)
    return Asked(report, since, tuple(check.question for check in unanswered))


def record_opening(report: Report, actor: Actor, at: datetime) -> Opening:
    """Write who opens the sealed name; the caller commits it before the vault is asked.

    Raises NotAllowed or NotInThisState.
    """
    if not actor.may(Permission.IDENTITY_ANSWER):
        raise NotAllowed
    if report.withdrawn_at is not None or not checks_of(report.id):
        raise NotInThisState
    event = record(
        OPENED,
        at=at,
        actor=actor,
        role=actor.role_for(Permission.IDENTITY_ANSWER),
        report_id=report.id,
        reason=TO_ANSWER,
    )
    return ask_to_open(FieldGroup.LEGAL, event, actor, at)
