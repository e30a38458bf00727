"""Visits: what entering the receipt code opens. The visit, not the code, authorises the next click."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import cast

from flask import current_app
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.database import db, is_read_only, writing
from portal.errors import Refusal, gettext_noop
from portal.reports import codes, receipt
from portal.reports.models import Report, Visit
from portal.reports.receipt import ReceiptError
from portal.vault.keys import Keyring, Purpose

IDLE = timedelta(minutes=15)
LONGEST = timedelta(minutes=60)
TOUCH_EVERY = timedelta(minutes=1)


class CodeInText(Refusal):
    """A message holds the receipt code, which belongs to nobody but its owner."""

    message = gettext_noop(
        "Your message holds your receipt code, and officers would read it. Please take the code out;"
        " everything else you wrote is still here."
    )
    status = 422


# No code is written like this, so it opens nothing; but it costs the same look-up as one that does.
_NO_CODE = "-" * receipt.LENGTH


def find_report(typed: str) -> Report | None:
    """Return the report of a typed code; None when it is mistyped or absent, after the same work."""
    try:
        code = receipt.normalise(typed)
    except ReceiptError:
        code = _NO_CODE
    digests = [receipt.digest(code, secret) for _, secret in _ring().all(Purpose.RECEIPT)]
    return db.session.scalar(select(Report).where(Report.receipt_digest.in_(digests)))


def begin(report: Report, at: datetime) -> str:
    """Open a visit; return its token, which only the browser's session cookie keeps."""
    token = secrets.token_urlsafe(32)
    db.session.add(Visit(token_digest=_digest(token), report_id=report.id, opened_at=at, seen_at=at))
    return token


def current(token: str, at: datetime) -> Visit | None:
    """Return the visit of a token; None when it ended, went idle or lasted its hour."""
    visit = db.session.get(Visit, _digest(token)) if token else None
    if visit is None or visit.ended_at is not None:
        return None
    if at - visit.seen_at > IDLE or at - visit.opened_at > LONGEST:
        return None
    if at - visit.seen_at > TOUCH_EVERY:
        _touch(visit, at)
    return visit


def report_of(visit: Visit) -> Report:
    """Return the report that a visit opens."""
    return db.session.get_one(Report, visit.report_id)


def confirm_code(visit: Visit, code: str) -> bool:
    """Say whether this is the code of the visited report; claiming and changing the payee ask for it."""
    try:
        typed = receipt.normalise(code)
    except ReceiptError:
        return False
    return _opens(report_of(visit), typed)


def check_no_code(report: Report, text: str) -> None:
    """Refuse a text that holds the report's own code; raises CodeInText."""
    if any(_opens(report, code) for code in receipt.candidates(text)):
        raise CodeInText


def end(token: str, at: datetime) -> None:
    """End a visit; an unknown token does nothing."""
    db.session.execute(
        update(Visit)
        .where(Visit.token_digest == _digest(token), Visit.ended_at.is_(None))
        .values(ended_at=at)
    )


def end_all(report_id: int, at: datetime) -> None:
    """End every visit of a report, because its code was replaced."""
    db.session.execute(
        update(Visit).where(Visit.report_id == report_id, Visit.ended_at.is_(None)).values(ended_at=at)
    )


def end_others(visit: Visit, at: datetime) -> None:
    """End every other visit of the same report: its code was replaced in this one."""
    others = Visit.report_id == visit.report_id, Visit.token_digest != visit.token_digest
    db.session.execute(update(Visit).where(*others, Visit.ended_at.is_(None)).values(ended_at=at))


def hold(visit: Visit) -> Report | None:
    """Return the visited report for a step that its code decides; None when its code was replaced meanwhile.

    Whoever replaces the code at the same moment comes before or after the whole step. To be called before
    anything else is read: the report is locked before its visits, as it is by whoever ends them all.
    """
    with db.session.no_autoflush:
        report = codes.lock_report(visit.report_id)
    db.session.refresh(visit)
    return report if visit.ended_at is None else None


def purge() -> None:
    """Delete visits that open nothing any more: when somebody was here is nobody's business. Commits."""
    at = clock.now()
    db.session.execute(
        delete(Visit).where(
            or_(Visit.ended_at.is_not(None), Visit.opened_at < at - LONGEST, Visit.seen_at < at - IDLE)
        )
    )
    db.session.commit()


def _opens(report: Report, code: str) -> bool:
    return codes.is_digest_of(code, report.receipt_digest, _ring())


def _touch(visit: Visit, at: datetime) -> None:
    """Note that somebody is here, and keep no lock: a report is locked before its visits."""
    seen = update(Visit).where(Visit.token_digest == visit.token_digest).values(seen_at=at)
    if db.engine.dialect.name != "sqlite":
        # Nothing else was written yet: whatever asks for a visit does so first.
        db.session.execute(seen)
        db.session.commit()
    elif is_read_only():
        # In a transaction of its own: the page around it only reads, and must not wait for a writer.
        with writing(), Session(db.engine, join_transaction_mode="create_savepoint") as session:
            session.execute(seen)
            session.commit()
    else:  # who writes is alone
        db.session.execute(seen)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _ring() -> Keyring:
    return cast(Keyring, current_app.extensions["portal_keyring"])
