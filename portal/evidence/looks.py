"""Who looked at a file, and how often: one event for each person and quarter of an hour, in the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import Event
from portal.database import db, writing
from portal.evidence.models import Evidence
from portal.evidence.originals import ACTION as ORIGINAL_OPENED
from portal.people.actor import Actor
from portal.people.models import Account, Person

ACTION = "evidence_viewed"
ONCE_IN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Looks:
    """How often one person opened a file, when last, and how often the original among it."""

    name: str
    times: int
    originals: int
    last: datetime


def note(item: Evidence, case_id: int, role: str, actor: Actor, at: datetime) -> None:
    """Write that somebody opened the page of a file.

    In a transaction of its own: the page around it only reads, and must not wait for a writer.
    """
    lately = select(Event.facts).where(
        Event.report_id == item.report_id,
        Event.action == ACTION,
        Event.actor_account_id == actor.account_id,
        Event.at > at - ONCE_IN,
    )
    if any(facts.get("evidence") == item.id for facts in db.session.scalars(lately)):
        return
    event = Event(
        at=at,
        action=ACTION,
        actor_kind=actor.kind,
        actor_account_id=actor.account_id,
        actor_role=role,
        case_id=case_id,
        report_id=item.report_id,
        facts={"evidence": item.id, "file": item.position},
    )
    with writing(), Session(db.engine, join_transaction_mode="create_savepoint") as session:
        session.add(event)
        session.commit()


def at_file(item: Evidence) -> list[Looks]:
    """Return who looked at a file, the most frequent first."""
    query = (
        select(Event.action, Event.facts, Event.at, Person.name)
        .join(Account, Account.id == Event.actor_account_id)
        .join(Person, Person.id == Account.person_id)
        .where(Event.report_id == item.report_id, Event.action.in_((ACTION, ORIGINAL_OPENED)))
        .order_by(Event.at)
    )
    # The page's own transaction began before the look that it is itself.
    with Session(db.engine, join_transaction_mode="create_savepoint") as session:
        rows = session.execute(query).all()
    found: dict[str, Looks] = {}
    for row in rows:
        if row.facts.get("evidence") != item.id:
            continue
        before = found.get(row.name, Looks(row.name, 0, 0, row.at))
        found[row.name] = Looks(
            row.name, before.times + 1, before.originals + (row.action == ORIGINAL_OPENED), row.at
        )
    return sorted(found.values(), key=lambda looks: -looks.times)
