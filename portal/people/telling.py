"""What the owner of an account, or the administrators, must hear: handed to whoever sends notices."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol, cast

from flask import current_app


class News(StrEnum):
    """What happened to an account."""

    INVITED = "account_invited"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of news, not a password
    FACTORS_CHANGED = "factors_changed"
    RECOVERY_USED = "recovery_used"
    RESET_ASKED = "reset_asked"
    BREAK_GLASS = "break_glass"


class Teller(Protocol):
    """What the composition root plugs in, since notices stand above people."""

    def __call__(self, account_id: int, news: News, *, at: datetime, reference: str = "") -> None:
        """Put a notice for the account into the transaction of the step."""


def tell(account_id: int, news: News, *, at: datetime, reference: str = "") -> None:
    """Tell an account, in the transaction of the step itself."""
    teller = cast(Teller, current_app.extensions["portal_staff_teller"])
    teller(account_id, news, at=at, reference=reference)
