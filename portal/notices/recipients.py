"""Where a message goes: resolved for one delivery, by whoever may know it."""

from __future__ import annotations

from dataclasses import dataclass

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


def recipient_of(notice: Notice, channel: str) -> Recipient | None:
    """Return where a notice to the staff goes; a reporter's address is known to the vault alone."""
    account = db.session.get(Account, notice.account_id) if notice.account_id else None
    if account is None or not account.active:
        return None
    address = account.telephone if channel == "sms" else account.email
    return Recipient(address, account.locale) if address else None
