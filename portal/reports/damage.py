"""Sealed entries that do not open: noted in the log, told to those who watch, and nothing is paid by them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from portal.audit.events import record
from portal.audit.models import Event
from portal.database import db
from portal.notices.outbox import NoticeKind, tell_staff
from portal.people.actor import Actor
from portal.people.models import Account, RoleGrant
from portal.people.permissions import Role
from portal.reports.models import Report
from portal.vault.asking import vault
from portal.vault.client import Revealed, VaultRefused
from portal.vault.groups import FieldGroup
from portal.vault.models import Opening, SealedField
from portal.vault.refusals import Why

ACTION = "sealed_damaged"
# Who looks again the same day learns it from the page; the others were told once.
QUIET = timedelta(days=1)
WATCHING = (Role.AUDITOR.value, Role.ADMINISTRATOR.value)


def reveal(opening: Opening, actor: Actor, at: datetime) -> Revealed:
    """Let the vault serve a committed request; raises VaultClosed or VaultRefused.

    That it does not open because it was changed is noted before, and told; commits that.
    """
    try:
        return vault().reveal(opening.id)
    except VaultRefused as refused:
        if refused.why is Why.DAMAGED:
            _note(opening, actor, at)
            db.session.commit()
        raise


def is_damaged(report_id: int, group: FieldGroup) -> bool:
    """Say whether this group did not open when last asked for, and was not sealed anew since."""
    noted = _last(report_id, group)
    if noted is None:
        return False
    row = select(func.max(SealedField.sealed_at)).where(
        SealedField.report_id == report_id, SealedField.field_group == group
    )
    served = select(func.max(Opening.served_at)).where(
        Opening.report_id == report_id, Opening.field_group == group
    )
    later = [at for query in (row, served) if (at := db.session.scalar(query)) is not None]
    return all(at <= noted for at in later)


def _last(report_id: int, group: FieldGroup) -> datetime | None:
    """Return when this group last did not open."""
    rows = db.session.scalars(
        select(Event).where(Event.report_id == report_id, Event.action == ACTION).order_by(Event.id.desc())
    )
    return next((event.at for event in rows if event.facts.get("group") == group.value), None)


def _note(opening: Opening, actor: Actor, at: datetime) -> None:
    before = _last(opening.report_id, opening.field_group)
    record(
        ACTION,
        at=at,
        actor=actor,
        role=opening.role,
        report_id=opening.report_id,
        facts={"group": opening.field_group.value},
    )
    if before is not None and at - before < QUIET:
        return
    number = db.session.get_one(Report, opening.report_id).number
    watching = db.session.scalars(
        select(Account)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.active, RoleGrant.role.in_(WATCHING))
        .order_by(Account.id)
        .distinct()
    )
    for account in watching.unique():
        kind = NoticeKind.SEALED_DAMAGED
        tell_staff(account.id, kind, reference=number, by_mail=bool(account.email), at=at)
