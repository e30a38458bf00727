"""Beyond a person's day: somebody else agrees first, in a session of his own, and is named in the log."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, func, select

from portal.audit.events import record
from portal.clock import city_date, city_midnight
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.extensions import settings
from portal.people.actor import Actor
from portal.people.permissions import Permission, Role
from portal.vault.groups import READER, FieldGroup
from portal.vault.models import Opening, OpeningRequest, OriginalOpening, OriginalRequest

# The vault keeps the same time (portal.vault.opener.AGREED); a minute less, so that nobody opens in vain.
AGREED = timedelta(minutes=59)
WAITS = timedelta(days=1)
ORIGINAL = "original"  # beside the groups, in facts and on the page


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


Request = OpeningRequest | OriginalRequest
"""What a second person agrees to: a group of a report, or the original of one file."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to open, and why."""

    group: FieldGroup
    report_id: int
    reason: str

    @property
    def role(self) -> str:
        """The role that opens it."""
        return READER[self.group].value

    def made(self) -> OpeningRequest:
        """Return a request for it without an owner."""
        return OpeningRequest(field_group=self.group)

    def same(self) -> Sequence[ColumnElement[bool]]:
        """Return the conditions of a request for exactly this."""
        return (OpeningRequest.field_group == self.group, OpeningRequest.report_id == self.report_id)


@dataclass(frozen=True, slots=True)
class OriginalWish:
    """Which original somebody wants to open, in which role, and why."""

    evidence_id: int
    report_id: int
    role: str
    reason: str

    def made(self) -> OriginalRequest:
        """Return a request for it without an owner."""
        return OriginalRequest(evidence_id=self.evidence_id)

    def same(self) -> Sequence[ColumnElement[bool]]:
        """Return the conditions of a request for exactly this."""
        return (OriginalRequest.evidence_id == self.evidence_id,)


def left_today(person_id: int, at: datetime, of: type[Opening | OriginalOpening] = Opening) -> int:
    """Return how many entries a person may still open alone on this day of the city."""
    known = settings()
    since = city_midnight(city_date(at, known.zone), known.zone)
    done = db.session.scalar(
        select(func.count()).where(
            of.person_id == person_id, of.served_at >= since, of.second_account_id.is_(None)
        )
    )
    return known.vault_daily_openings - (done or 0)


def agreement(wish: Wish | OriginalWish, actor: Actor, at: datetime) -> Request | None:
    """Return a fresh agreement to exactly this, which was not used yet."""
    table = type(wish.made())
    found = db.session.scalar(
        select(table)
        .where(
            *wish.same(),
            table.account_id == actor.account_id,
            table.second_at >= at - AGREED,
            table.opening_id.is_(None),
        )
        .order_by(table.second_at.desc())
        .limit(1)
    )
    return cast("Request | None", found)


def ask(wish: Wish | OriginalWish, actor: Actor, at: datetime) -> Request:
    """Put a request into the list of those who may agree; the same one asked twice stands once."""
    made = wish.made()
    table = type(made)
    known = db.session.scalar(
        select(table)
        .where(
            *wish.same(),
            table.account_id == actor.account_id,
            table.second_at.is_(None),
            table.asked_at >= at - WAITS,
        )
        .limit(1)
    )
    if known is not None:
        return cast("Request", known)
    made.id = secrets.token_hex(16)
    made.account_id, made.person_id = cast(int, actor.account_id), cast(int, actor.person_id)
    made.role, made.report_id = wish.role, wish.report_id
    made.reason, made.asked_at = wish.reason, at
    db.session.add(made)
    _note("opening_second_asked", made, actor, at)
    return made


def agree(request_id: str, actor: Actor, at: datetime) -> Request:
    """Agree to somebody else's request; raises NotFound or OwnRequest."""
    found: Request | None = db.session.get(OpeningRequest, request_id, with_for_update=True)
    if found is None:
        found = db.session.get(OriginalRequest, request_id, with_for_update=True)
    if found is None or found.second_at is not None or found.asked_at < at - WAITS:
        raise NotFound
    if found.person_id == actor.person_id:
        raise OwnRequest
    if not {Role(found.role), Role.SUPERVISOR} & actor.roles:
        raise NotFound
    found.second_account_id, found.second_at = actor.account_id, at
    _note("opening_second_agreed", found, actor, at)
    return found


def waiting_for(actor: Actor, at: datetime) -> Sequence[Request]:
    """Return the requests of others to which this person may agree, the oldest first."""
    found = [*_waiting(OpeningRequest, actor, at), *_waiting(OriginalRequest, actor, at)]
    return sorted(found, key=lambda request: request.asked_at)


def _waiting(table: type[Request], actor: Actor, at: datetime) -> Sequence[Request]:
    roles = [role.value for role in Role if Role.SUPERVISOR in actor.roles or role in actor.roles]
    waiting = db.session.scalars(
        select(table)
        .where(
            table.person_id != actor.person_id,
            table.role.in_(roles),
            table.second_at.is_(None),
            table.asked_at >= at - WAITS,
        )
        .order_by(table.asked_at)
        .limit(100)
    )
    return cast("Sequence[Request]", waiting.all())


def _note(action: str, request: Request, actor: Actor, at: datetime) -> None:
    record(
        action,
        at=at,
        actor=actor,
        role=actor.role_for(Permission.OPENING_SECOND) or request.role,
        report_id=request.report_id,
        reason=request.reason if action == "opening_second_asked" else "",
        facts=_facts(request),
    )
    db.session.flush()


def _facts(request: Request) -> dict[str, object]:
    if isinstance(request, OriginalRequest):
        return {"group": ORIGINAL, "evidence": request.evidence_id}
    return {"group": request.field_group.value}
