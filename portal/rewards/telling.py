"""Whom a step of an award is told to: everybody active who holds the role whose turn it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.database import db
from portal.notices.outbox import NoticeKind, tell_staff
from portal.people.models import Account, RoleGrant
from portal.people.permissions import Role


def tell_role(role: Role, kind: NoticeKind, reference: str, at: datetime) -> None:
    """Tell each active account with this role, in the desk and by a neutral mail where it has an address."""
    accounts = db.session.scalars(
        select(Account)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.active, RoleGrant.role == role.value)
        .order_by(Account.id)
    )
    for account in accounts.unique():
        tell_staff(account.id, kind, reference=reference, by_mail=bool(account.email), at=at)
