"""Absence: on its days a deputy sees the absent person's cases as his own and gets his notices.

A deputy gains no role: he must hold one of the absent person's roles himself; duties stay apart by person.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, select

from portal.audit.events import record
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people.actor import Actor
from portal.people.declared import Absence
from portal.people.models import Account, Person, RoleGrant

LONGEST_DAYS = 366


class DaysUnlikely(Refusal):
    """The days are over, reversed or too many."""

    field = "until"
    message = gettext_noop("The last day must not lie before the first, nor before today.")


class NoDeputy(Refusal):
    """The deputy is not one of those who can stand in."""

    field = "deputy"
    message = gettext_noop("Please choose who stands in for you: somebody of your department with your role.")


class AwayAlready(Refusal):
    """Two absences overlap."""

    field = "since"
    message = gettext_noop("You have declared an absence in these days already. End it first.")


class DeputyAway(Refusal):
    """The deputy is away as well."""

    field = "deputy"
    message = gettext_noop("%(name)s is away in these days as well. Please choose somebody else.")


def declare(since: date, until: date, deputy_id: int, actor: Actor, at: datetime, today: date) -> Absence:
    """Declare one's own absence from a first to a last day; the deputy is told by his list of cases.

    Raises DaysUnlikely, NoDeputy, AwayAlready or DeputyAway.
    """
    person_id = _person(actor)
    if not since <= until or until < today or (until - today).days > LONGEST_DAYS:
        raise DaysUnlikely
    deputy = next((one for one in possible_deputies(person_id) if one.id == deputy_id), None)
    if deputy is None:
        raise NoDeputy
    if _overlapping(person_id, since, until):
        raise AwayAlready
    if _overlapping(deputy.id, since, until):
        raise DeputyAway(name=deputy.name)
    absence = Absence(person_id=person_id, deputy_id=deputy.id, since=since, until=until, declared_at=at)
    db.session.add(absence)
    db.session.flush()
    facts = {"entry": absence.id, "days": (until - since).days + 1}
    record("absence_declared", at=at, actor=actor, reason=deputy.name, facts=facts)
    return absence


def end(absence_id: int, actor: Actor, at: datetime) -> None:
    """End one's own absence at once; raises NotFound."""
    absence = db.session.get(Absence, absence_id)
    if absence is None or absence.person_id != actor.person_id or absence.ended_at is not None:
        raise NotFound
    absence.ended_at = at
    record("absence_ended", at=at, actor=actor, facts={"entry": absence.id})


def absences_of(person_id: int, today: date) -> list[Absence]:
    """Return a person's absences that are not over."""
    query = select(Absence).where(Absence.person_id == person_id, *_holding(today)).order_by(Absence.since)
    return list(db.session.scalars(query))


def stood_in_for(person_id: int, today: date) -> list[Absence]:
    """Return the absences in which this person stands in today; one query."""
    return list(db.session.scalars(select(Absence).where(*deputising(person_id, today))))


def deputising(person_id: int, today: date) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the absences in which this person stands in today."""
    return (Absence.deputy_id == person_id, Absence.since <= today, *_holding(today))


def away_on(today: date) -> dict[int, Absence]:
    """Return who is away today, by person; one query."""
    rows = db.session.scalars(select(Absence).where(Absence.since <= today, *_holding(today)))
    return {absence.person_id: absence for absence in rows}


def possible_deputies(person_id: int) -> list[Person]:
    """Return who can stand in: active, in the same department, with one of the person's roles."""
    person = db.session.get_one(Person, person_id)
    roles = (
        select(RoleGrant.role)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(Account.person_id == person_id, Account.active)
    )
    holders = (
        select(Account.person_id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.active, RoleGrant.role.in_(roles))
    )
    query = select(Person).where(Person.id.in_(holders), Person.id != person_id)
    unit = Person.department_id.is_not_distinct_from(person.department_id)
    return list(db.session.scalars(query.where(unit).order_by(Person.name, Person.id)))


def _holding(today: date) -> tuple[ColumnElement[bool], ...]:
    return (Absence.until >= today, Absence.ended_at.is_(None))


def _overlapping(person_id: int, since: date, until: date) -> bool:
    query = select(Absence.id).where(
        Absence.person_id == person_id,
        Absence.since <= until,
        Absence.until >= since,
        Absence.ended_at.is_(None),
    )
    return db.session.scalar(query.limit(1)) is not None


def _person(actor: Actor) -> int:
    if actor.person_id is None:
        raise NotFound
    return actor.person_id
