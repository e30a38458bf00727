"""Where a message goes: resolved for one delivery, by whoever may know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

from flask import current_app

from portal.database import db
from portal.notices.models import Notice
from portal.people.models import Account


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address for one delivery; never logged, never stored in the clear."""

    address: str
    locale: str

    def __repr__(self) -> str:
        """Show nothing."""
        return "Recipient()"


class ReporterResolver(Protocol):
    """What the composition root plugs in: who may open the sealed alert address."""

    def __call__(self, report_id: int) -> Recipient | None:
        """Return where alerts of this report go, None when there is nowhere."""


def recipient_of(notice: Notice, channel: str) -> Recipient | None:
    """Return where a notice goes outside on a channel, None when it stays inside."""
    if notice.report_id is not None:
        resolve = cast(ReporterResolver, current_app.extensions["portal_reporter_resolver"])
        return resolve(notice.report_id)
    account = db.session.get(Account, notice.account_id) if notice.account_id else None
    if account is None or not account.active:
        return None
    address = account.telephone if channel == "sms" else account.email
    return Recipient(address, account.locale) if address else None
