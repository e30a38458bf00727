"""The conversation of one report: the office asks, the reporter answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.audit.events import record
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.notices.outbox import NoticeKind, tell_reporter
from portal.people.actor import REPORTER, Actor
from portal.reports import wording
from portal.reports.models import Message, MessageSide, Report

LONGEST = 2000


class EmptyMessage(Refusal):
    """Nothing was written."""

    message = gettext_noop("Please write what you want to say or ask.")
    status = 422


class MessageTooLong(Refusal):
    """Longer than a message may be."""

    message = gettext_noop(
        "The message is longer than %(longest)d characters. Please shorten it, or send it in two."
    )
    status = 422


class ConversationOver(Refusal):
    """The report was withdrawn, and with it the conversation."""

    message = gettext_noop("This report was withdrawn, so nothing can be written here any more.")
    status = 409


def ask(report: Report, actor: Actor, text: str, at: datetime, *, role: str = "") -> Message:
    """Write to the reporter; the receipt page shows it, and an alert says only that something is there.

    Officers use ``portal.cases.asking.ask_reporter``, which also notes that the case waits.
    """
    message = _write(report, MessageSide.OFFICE, text, at, account_id=actor.account_id)
    record("question_asked", at=at, actor=actor, role=role, case_id=report.case_id, report_id=report.id)
    tell_reporter(report.id, NoticeKind.QUESTION_ASKED, alert_channel=report.alert_channel, at=at)
    return message


def inform(report: Report, actor: Actor, text: str, at: datetime) -> Message:
    """Put a sentence of the office on the receipt page; the step beside it writes event and notice."""
    return _write(report, MessageSide.OFFICE, text, at, account_id=actor.account_id)


def say(report: Report, text: str, at: datetime, once: str | None = None) -> Message:
    """Write to the office; the same ``once`` sent twice is one message.

    Pages of the reporter use ``portal.cases.asking.hear``, which also ends the waiting and tells the officer.
    """
    if once:
        found = db.session.scalar(select(Message).where(Message.once == once, Message.report_id == report.id))
        if found is not None:
            return found
    message = _write(report, MessageSide.REPORTER, text, at, once=once)
    record("reporter_wrote", at=at, actor=REPORTER, case_id=report.case_id, report_id=report.id)
    return message


def messages_of(report_ids: Sequence[int]) -> dict[int, list[Message]]:
    """Return the messages of several reports, oldest first, in one query."""
    found: dict[int, list[Message]] = {report_id: [] for report_id in report_ids}
    for message in db.session.scalars(
        select(Message).where(Message.report_id.in_(report_ids)).order_by(Message.id)
    ):
        found[message.report_id].append(message)
    return found


def _write(
    report: Report,
    side: MessageSide,
    text: str,
    at: datetime,
    *,
    account_id: int | None = None,
    once: str | None = None,
) -> Message:
    said = wording.lines(text)
    if report.withdrawn_at is not None:
        raise ConversationOver
    if not said:
        raise EmptyMessage
    if len(said) > LONGEST:
        raise MessageTooLong(longest=LONGEST)
    message = Message(
        report_id=report.id, side=side, account_id=account_id, text=said, sent_at=at, once=once or None
    )
    db.session.add(message)
    db.session.flush()
    return message
