"""Beyond a person's day: somebody else agrees first, in a session of his own, and is named in the log."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from portal.audit.events import record
from portal.clock import city_date, city_midnight
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.extensions import settings
from portal.people.actor import Actor
from portal.people.permissions import Permission, Role
from portal.vault.groups import READER, FieldGroup
from portal.vault.models import Opening, OpeningRequest

# The vault keeps the same time (portal.vault.opener.AGREED); a minute less, so that nobody opens in vain.
AGREED = timedelta(minutes=59)
WAITS = timedelta(days=1)


class NeedsSecond(Refusal):
    """The person has opened as many entries today as one may; a request for a second person stands now."""

    message = gettext_noop(
        "You have opened as many sealed entries today as one person may. A second person has to agree:"
        " your request stands in their list. Open it here again once they have."
    )
    status = 409


class OwnRequest(Refusal):
    """Nobody is his own second person, whatever account he uses."""

    message = gettext_noop("You asked for this yourself. Somebody else has to agree.")
    status = 403


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to open, and why."""

    group: FieldGroup
    report_id: int
    reason: str


def left_today(person_id: int, at: datetime) -> int:
    """Return how many entries a person may still open alone on this day of the city."""
    known = settings()
    since = city_midnight(city_date(at, known.zone), known.zone)
    done = db.session.scalar(
        select(func.count()).where(
            Opening.person_id == person_id, Opening.served_at >= since, Opening.second_account_id.is_(None)
        )
    )
    return known.vault_daily_openings - (done or 0)


def agreement(group: FieldGroup, report_id: int, actor: Actor, at: datetime) -> OpeningRequest | None:
    """Return a fresh agreement to exactly this, which was not used yet."""
    return db.session.scalar(
        select(OpeningRequest)
        .where(
            OpeningRequest.account_id == actor.account_id,
            OpeningRequest.field_group == group,
            OpeningRequest.report_id == report_id,
            OpeningRequest.second_at >= at - AGREED,
            OpeningRequest.opening_id.is_(None),
        )
        .order_by(OpeningRequest.second_at.desc())
        .limit(1)
    )


def ask(wish: Wish, actor: Actor, at: datetime) -> OpeningRequest:
    """Put a request into the list of those who may agree; the same one asked twice stands once."""
    known = db.session.scalar(
        select(OpeningRequest)
        .where(
            OpeningRequest.account_id == actor.account_id,
            OpeningRequest.field_group == wish.group,
            OpeningRequest.report_id == wish.report_id,
            OpeningRequest.second_at.is_(None),
            OpeningRequest.asked_at >= at - WAITS,
        )
        .limit(1)
    )
    if known is not None:
        return known
    made = OpeningRequest(
        id=secrets.token_hex(16),
        account_id=actor.account_id,
        person_id=actor.person_id,
        role=READER[wish.group].value,
        field_group=wish.group,
        report_id=wish.report_id,
        reason=wish.reason,
        asked_at=at,
    )
    db.session.add(made)
    _note("opening_second_asked", made, actor, at)
    return made


def agree(request_id: str, actor: Actor, at: datetime) -> OpeningRequest:
    """Agree to somebody else's request."""
    found = db.session.get(OpeningRequest, request_id, with_for_update=True)
    if found is None or found.second_at is not None or found.asked_at < at - WAITS:
        raise NotFound
    if found.person_id == actor.person_id:
        raise OwnRequest
    if not {Role(found.role), Role.SUPERVISOR} & actor.roles:
        raise NotFound
    found.second_account_id, found.second_at = actor.account_id, at
    _note("opening_second_agreed", found, actor, at)
    return found


def waiting_for(actor: Actor, at: datetime) -> Sequence[OpeningRequest]:
    """Return the requests of others to which this person may agree, the oldest first."""
    roles = [role.value for role in Role if Role.SUPERVISOR in actor.roles or role in actor.roles]
    return db.session.scalars(
        select(OpeningRequest)
        .where(
            OpeningRequest.person_id != actor.person_id,
            OpeningRequest.role.in_(roles),
            OpeningRequest.second_at.is_(None),
            OpeningRequest.asked_at >= at - WAITS,
        )
        .order_by(OpeningRequest.asked_at)
        .limit(100)
    ).all()


def _note(action: str, request: OpeningRequest, actor: Actor, at: datetime) -> None:
    record(
        action,
        at=at,
        actor=actor,
        role=actor.role_for(Permission.OPENING_SECOND) or request.role,
        report_id=request.report_id,
        reason=request.reason if action == "opening_second_asked" else "",
        facts={"group": request.field_group.value},
    )
    db.session.flush()
