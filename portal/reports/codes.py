"""The receipt code of a report: put in place of another, known to staff, and when nothing can be claimed."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from sqlalchemy import func, select

from portal import presentation
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.reports import receipt
from portal.reports.models import CodeRenewal, Report
from portal.vault.keys import Keyring, Purpose

HOLD = timedelta(hours=72)
"""After an office renewed a code nothing is claimed with it: the true owner may still object."""


class CodeKnownToStaff(Refusal):
    """An officer gave the code out, so an officer could claim with it."""

    message = gettext_noop(
        "An officer has seen the receipt code of this report, so nothing can be claimed with it."
        " Replace it with one that only you know; that takes a minute."
    )
    status = 409


class ClaimOnHold(Refusal):
    """The code was renewed by an office a short time ago."""

    message = gettext_noop(
        "An office renewed the receipt code of this report. For your protection nothing can be claimed before"
        " %(when)s; your reward is kept until then and for a week after."
    )
    status = 409

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until

    def sentence(self) -> str:
        """Return the sentence with the hour in the city."""
        self.facts = {"when": presentation.when(self.until)}
        return super().sentence()


def lock_report(report_id: int) -> Report:
    """Return a report for a step that its code decides; whoever comes second sees what the first one did.

    Raises NotFound.
    """
    report = db.session.scalar(
        select(Report)
        .where(Report.id == report_id)
        .with_for_update(of=Report, key_share=True)
        .execution_options(populate_existing=True)
    )
    if report is None:
        raise NotFound
    return report


def put(report: Report, code: str, ring: Keyring, *, known_to_staff: bool) -> None:
    """Let this code open the report; the one before opens nothing from the commit on."""
    key_id, secret = ring.current(Purpose.RECEIPT)
    report.receipt_digest, report.receipt_key_id = receipt.digest(code, secret), key_id
    report.code_known_to_staff = known_to_staff
    db.session.flush()


def is_digest_of(code: str, digest: bytes, ring: Keyring) -> bool:
    """Say whether a stored digest is this code's, under the current key or an earlier one."""
    return any(
        hmac.compare_digest(receipt.digest(code, secret), digest) for _, secret in ring.all(Purpose.RECEIPT)
    )


def renewed_at(report_id: int) -> datetime | None:
    """Return when an office last renewed the code; None when it never did."""
    return db.session.scalar(
        select(func.max(CodeRenewal.printed_at)).where(CodeRenewal.report_id == report_id)
    )


def held_until(report_id: int, at: datetime) -> datetime | None:
    """Return until when nothing can be claimed; None when it can."""
    renewed = renewed_at(report_id)
    return renewed + HOLD if renewed is not None and at < renewed + HOLD else None


def check_claimable(report: Report, at: datetime) -> None:
    """Refuse a claim with a code that staff know or that was renewed just now."""
    if report.code_known_to_staff:
        raise CodeKnownToStaff
    until = held_until(report.id, at)
    if until is not None:
        raise ClaimOnHold(until)


def open_renewal(report_id: int) -> CodeRenewal | None:
    """Return the request for a new code that was not ended yet; it may have lapsed."""
    return db.session.scalar(
        select(CodeRenewal).where(CodeRenewal.report_id == report_id, CodeRenewal.ended_at.is_(None))
    )
