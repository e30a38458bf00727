"""Conflict of interest: staff declare ties, and are barred from cases about that firm or person.

Names are compared without capitals, blanks and the width of brackets; one that contains the other counts,
when it is long enough to mean something: a bar too many costs a colleague's time, one too few a reporter.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.audit.events import record
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people.actor import Actor
from portal.people.declared import Tie, TieKind

SHORTEST = {TieKind.FIRM: 4, TieKind.PERSON: 2}
LONGEST = 120
MOST = 50
_REPLACED = ((" ", ""), ("\u3000", ""), ("（", "("), ("）", ")"))


class NameTooShort(Refusal):
    """A tie that would bar from nearly every case."""

    field = "name"
    message = gettext_noop("Please write the full name, at least %(least)d characters.")


class TooManyTies(Refusal):
    """More ties than anybody has."""

    field = "name"
    message = gettext_noop("You have declared %(most)d ties. End those that are over before you add one.")


class DeclaredAlready(Refusal):
    """The same tie twice."""

    field = "name"
    message = gettext_noop("You have declared this tie already.")


class Barred(Refusal):
    """A declared tie excludes this person from the case."""

    message = gettext_noop("%(name)s has declared a tie, so this case needs somebody else.")
    status = 403


def key_of(name: str) -> str:
    """Return a name as it is compared."""
    for old, new in _REPLACED:
        name = name.replace(old, new)
    return name.lower()


def is_barred(keys: Iterable[str], subject_name: str) -> bool:
    """Say whether somebody with these ties is barred from a case about this firm."""
    subject = key_of(subject_name)
    return any(key in subject or (len(subject) >= SHORTEST[TieKind.FIRM] and subject in key) for key in keys)


def barring(keys: Iterable[str], subject_name: InstrumentedAttribute[str]) -> ColumnElement[bool] | None:
    """Return the condition of the cases that these ties bar from; None without ties."""
    subject: ColumnElement[str] = func.lower(subject_name)
    for old, new in _REPLACED:
        subject = func.replace(subject, old, new)
    is_name = func.length(subject) >= SHORTEST[TieKind.FIRM]
    parts = [
        or_(subject.contains(key, autoescape=True), and_(is_name, literal(key).contains(subject)))
        for key in keys
    ]
    return or_(*parts) if parts else None


def keys_of(person_id: int) -> tuple[str, ...]:
    """Return the keys of a person's ties; one query."""
    return tuple(
        db.session.scalars(
            select(Tie.key).where(Tie.person_id == person_id, Tie.ended_at.is_(None)).order_by(Tie.id)
        )
    )


def ties_of(person_id: int) -> list[Tie]:
    """Return every tie of a person, those that hold first, then the newest."""
    query = select(Tie).where(Tie.person_id == person_id)
    return list(db.session.scalars(query.order_by(Tie.ended_at.is_not(None), Tie.id.desc())))


def declare(kind: TieKind, name: str, actor: Actor, at: datetime) -> Tie:
    """Declare a tie of one's own; it bars from now on.

    Raises NameTooShort, DeclaredAlready or TooManyTies.
    """
    named = " ".join(name.split())[:LONGEST]
    key = key_of(named)
    if len(key) < SHORTEST[kind]:
        raise NameTooShort(least=SHORTEST[kind])
    held = keys_of(_person(actor))
    if key in held:
        raise DeclaredAlready
    if len(held) >= MOST:
        raise TooManyTies(most=MOST)
    tie = Tie(person_id=_person(actor), kind=kind, name=named, key=key, declared_at=at)
    db.session.add(tie)
    db.session.flush()
    record("tie_declared", at=at, actor=actor, reason=named, facts={"entry": tie.id})
    return tie


def end(tie_id: int, actor: Actor, at: datetime) -> None:
    """End a tie of one's own; it stays on record.

    Raises NotFound.
    """
    tie = db.session.get(Tie, tie_id)
    if tie is None or tie.person_id != actor.person_id or tie.ended_at is not None:
        raise NotFound
    tie.ended_at = at
    record("tie_ended", at=at, actor=actor, reason=tie.name, facts={"entry": tie.id})


def _person(actor: Actor) -> int:
    if actor.person_id is None:
        raise NotFound
    return actor.person_id
