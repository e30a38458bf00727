"""Asking for a second person and telling those who may agree."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.database import db
from portal.notices.outbox import NoticeKind, tell_staff
from portal.people.actor import Actor
from portal.people.models import Account, RoleGrant
from portal.people.permissions import Role
from portal.reports.models import Report
from portal.vault import seconds
from portal.vault.seconds import OriginalWish, Wish


def ask_second(wish: Wish | OriginalWish, actor: Actor, at: datetime) -> None:
    """Put a request up and tell everybody else who may agree; the same request tells nobody twice."""
    request = seconds.ask(wish, actor, at)
    if request.asked_at != at:
        return
    number = db.session.get_one(Report, wish.report_id).number
    roles = (wish.role, Role.SUPERVISOR.value)
    colleagues = db.session.scalars(
        select(Account)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.active, Account.person_id != actor.person_id, RoleGrant.role.in_(roles))
        .order_by(Account.id)
        .distinct()
    )
    for account in colleagues.unique():
        kind = NoticeKind.SECOND_PERSON
        tell_staff(account.id, kind, reference=number, by_mail=bool(account.email), at=at)
