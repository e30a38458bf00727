"""The outbox: what must be told is a row in the transaction of the step itself."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from enum import StrEnum

from portal.database import db
from portal.extensions import settings
from portal.notices.models import Delivery, Notice
from portal.notices.quiet import alert_time

TEST_LASTS = timedelta(minutes=15)


class NoticeKind(StrEnum):
    """What a notice says; the sentences are neutral and rendered when they are shown."""

    REPORT_RECEIVED = "report_received"
    REPORT_ACCEPTED = "report_accepted"
    REPORT_REFUSED = "report_refused"
    REPORT_TRANSFERRED = "report_transferred"
    QUESTION_ASKED = "question_asked"
    VERIFICATION_STARTED = "verification_started"
    DEADLINE_EXTENDED = "deadline_extended"
    ANSWER_READY = "answer_ready"
    REWARD_READY = "reward_ready"
    REWARD_PAID = "reward_paid"
    REWARD_RETURNED = "reward_returned"
    CONTACT_OPENED = "contact_opened"
    CODE_ASKED = "code_asked"
    CODE_RENEWED = "code_renewed"
    CODE_ANSWERED = "code_answered"
    ALERT_TEST = "alert_test"
    DUTY_CALLED = "duty_called"
    DANGER_UNDERTAKEN = "danger_undertaken"
    DANGER_ALARM = "danger_alarm"
    CASE_ASSIGNED = "case_assigned"
    REPORTER_WROTE = "reporter_wrote"
    REPORT_WITHDRAWN = "report_withdrawn"
    AWARD_TO_DECIDE = "award_to_decide"
    AWARD_SENT_BACK = "award_sent_back"
    AWARD_TO_SIGN = "award_to_sign"
    IDENTITY_TO_ANSWER = "identity_to_answer"
    SHARE_TO_PAY = "share_to_pay"
    SECOND_PERSON = "second_person"
    RULES_TO_ENFORCE = "rules_to_enforce"
    SEALED_DAMAGED = "sealed_damaged"
    # about one's own account, or for those who watch over accounts: the values of portal.people.telling.News
    ACCOUNT_INVITED = "account_invited"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of notice, not a password
    FACTORS_CHANGED = "factors_changed"
    RECOVERY_USED = "recovery_used"
    RESET_ASKED = "reset_asked"
    BREAK_GLASS = "break_glass"


def tell_reporter(report_id: int, kind: NoticeKind, *, alert_channel: str, at: datetime) -> Notice:
    """Put a notice on the receipt page and, when the reporter asked for alerts, on that channel."""
    notice = Notice(kind=kind.value, report_id=report_id, created_at=at)
    db.session.add(notice)
    if alert_channel:
        known = settings()
        _queue(notice, alert_channel, alert_time(at, known.zone, known.alert_delay))
    return notice


def tell_test(report_id: int, *, channel: str, at: datetime) -> Notice:
    """Ask for one test line on a reporter's channel: at once, and of no use after a quarter of an hour."""
    notice = Notice(kind=NoticeKind.ALERT_TEST.value, report_id=report_id, created_at=at)
    db.session.add(notice)
    _queue(notice, channel, at).expires_at = at + TEST_LASTS
    return notice


def tell_staff(
    account_id: int, kind: NoticeKind, *, reference: str, by_mail: bool = False, at: datetime
) -> Notice:
    """Put a notice in the desk of one account and, where it has an address, send a neutral mail."""
    notice = Notice(kind=kind.value, account_id=account_id, reference=reference, created_at=at)
    db.session.add(notice)
    if by_mail:
        _queue(notice, "email", at)
    return notice


def call_staff(notice: Notice, *, at: datetime, expires_at: datetime) -> Delivery:
    """Send an SMS about a notice of an account, the first time or again; of no use after ``expires_at``."""
    delivery = _queue(notice, "sms", at)
    delivery.expires_at = expires_at
    return delivery


def _queue(notice: Notice, channel: str, at: datetime) -> Delivery:
    # The idempotency key is made before anything is enqueued, so a second attempt is the same message.
    delivery = Delivery(notice=notice, channel=channel, key=str(uuid.uuid4()), available_at=at)
    db.session.add(delivery)
    return delivery
