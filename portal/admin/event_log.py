"""Reading the event log across all slices: rows with the numbers and names that an auditor may see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, or_, select

from portal.audit.models import Event
from portal.cases.models import Case
from portal.database import db
from portal.people.models import Account, Person
from portal.rewards.models import Award

PAGE = 50


@dataclass(frozen=True, slots=True)
class Sought:
    """What an auditor looks for; empty means everything."""

    person: str = ""
    number: str = ""
    action: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None
    deviations: bool = False


DEVIATIONS = (
    "award_propose",
    "award_revise",
    "award_send_back",
    "award_refuse",
    "break_glass",
    "case_extended",
    "case_unmerged",
    "factor_reset",
    "finding_removed",
    "identity_asked_again",
    "no_penalty_recorded",
    "penalty_changed",
    "penalty_removed",
    "rectification_extend",
    "share_lose",
)
"""Steps beside the usual way, each with its reason: what an auditor looks at first."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """An event with the numbers of case and award, and the actor's name."""

    event: Event
    case_number: str
    award_number: str
    person: str
    username: str


@dataclass(frozen=True, slots=True)
class Found:
    """A page of rows, the newest first, and the key of the next page when there is one."""

    rows: list[LogRow]
    next_before: int | None


def search(sought: Sought, *, since: datetime | None, until: datetime | None) -> Found:
    """Return one page of events; ``until`` is exclusive."""
    query = _rows().where(*_conditions(sought), *_times(since, until)).order_by(Event.id.desc())
    rows = _read(query.limit(PAGE + 1))
    return Found(rows[:PAGE], rows[PAGE - 1].event.id if len(rows) > PAGE else None)


def rows_where(condition: ColumnElement[bool], most: int) -> list[LogRow]:
    """Return up to so many events, the oldest first."""
    return _read(_rows().where(condition).order_by(Event.id).limit(most))


def _rows() -> Select[Event, str, str, str, str]:
    return (
        select(Event, Case.number, Award.number, Person.name, Account.username)
        .outerjoin(Case, Case.id == Event.case_id)
        .outerjoin(Award, Award.id == Event.award_id)
        .outerjoin(Account, Account.id == Event.actor_account_id)
        .outerjoin(Person, Person.id == Account.person_id)
    )


def _read(query: Select[Event, str, str, str, str]) -> list[LogRow]:
    return [LogRow(row[0], *(text or "" for text in row[1:])) for row in db.session.execute(query)]


def _conditions(sought: Sought) -> Iterator[ColumnElement[bool]]:
    if sought.person:
        is_named = or_(
            Person.name.startswith(sought.person, autoescape=True), Account.username == sought.person.lower()
        )
        yield Event.actor_account_id.in_(select(Account.id).join(Account.person).where(is_named))
    if sought.number:
        cases = select(Case.id).where(Case.number == sought.number)
        awards = select(Award.id).where(Award.number == sought.number)
        yield or_(Event.case_id.in_(cases), Event.award_id.in_(awards))
    if sought.action:
        yield Event.action == sought.action
    if sought.deviations:
        # An award as computed is no deviation: only one with a written reason is.
        yield Event.action.in_(DEVIATIONS) & (Event.reason != "")
    if sought.before is not None:
        yield Event.id < sought.before


def _times(since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    if since is not None:
        yield Event.at >= since
    if until is not None:
        yield Event.at < until


def usernames(account_ids: set[int]) -> dict[int, str]:
    """Return the user names of these accounts."""
    if not account_ids:
        return {}
    rows = db.session.execute(select(Account.id, Account.username).where(Account.id.in_(account_ids)))
    return {account_id: username for account_id, username in rows}
