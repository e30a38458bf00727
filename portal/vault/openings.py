"""Asking to open a sealed group: a row that is committed before the vault is asked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select

from portal.audit.models import Event
from portal.database import db
from portal.errors import NotAllowed
from portal.people.actor import Actor
from portal.vault import seconds
from portal.vault.groups import READER, FieldGroup
from portal.vault.models import Opening, OriginalOpening, SealedField

Asked = TypeVar("Asked", Opening, OriginalOpening)


def ask_to_open(group: FieldGroup, event: Event, actor: Actor, at: datetime) -> Opening:
    """Add the row that the vault serves once; the caller commits it with its event, then asks the vault.

    Raises NeedsSecond when the person's day is used up and nobody agreed to exactly this.
    """
    role = READER.get(group)
    if role is None or role not in actor.roles or event.report_id is None:
        raise NotAllowed
    opening = Opening(role=role.value, field_group=group, report_id=event.report_id)
    return _asked(opening, seconds.Wish(group, event.report_id, event.reason), event, actor, at)


@dataclass(frozen=True, slots=True)
class File:
    """Which original is asked for: its evidence row, the report, and the digest that the file must have."""

    evidence_id: int
    report_id: int
    digest: str


def ask_for_original(file: File, event: Event, actor: Actor, at: datetime) -> OriginalOpening:
    """Add the row that the vault serves once; the caller commits it with its event, then asks the vault.

    Raises NeedsSecond when the person's day is used up and nobody agreed to exactly this.
    """
    opening = OriginalOpening(
        role=event.actor_role, report_id=file.report_id, evidence_id=file.evidence_id, digest=file.digest
    )
    wish = seconds.OriginalWish(file.evidence_id, file.report_id, event.actor_role, event.reason)
    return _asked(opening, wish, event, actor, at)


def _asked(
    opening: Asked, wish: seconds.Wish | seconds.OriginalWish, event: Event, actor: Actor, at: datetime
) -> Asked:
    """Fill in who asks, when and why, and the second person where one is needed."""
    if actor.account_id is None or actor.person_id is None:
        raise NotAllowed
    db.session.flush()  # for the event's id
    agreed = None
    if seconds.left_today(actor.person_id, at, type(opening)) <= 0:
        agreed = seconds.agreement(wish, actor, at)
        if agreed is None:
            raise seconds.NeedsSecond
        opening.second_account_id, opening.second_at = agreed.second_account_id, agreed.second_at
    opening.id = secrets.token_hex(16)
    opening.account_id, opening.person_id = actor.account_id, actor.person_id
    opening.event_id, opening.reason, opening.asked_at = event.id, event.reason, at
    db.session.add(opening)
    db.session.flush()
    if agreed is not None:
        agreed.opening_id = opening.id
    return opening


def is_sealed(report_id: int, group: FieldGroup) -> bool:
    """Say whether a report holds something sealed in this group."""
    found = select(SealedField.id).where(SealedField.report_id == report_id, SealedField.field_group == group)
    return db.session.scalar(found) is not None
