"""What the desk reads: the queue by key, its counted views, one case with all that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)

from portal.cases.alarms import IS_URGENT
from portal.cases.models import Case
from portal.cases.scope import within
from portal.cases.steps import CaseStatus, DueStep
from portal.database import db
from portal.errors import NotFound
from portal.people.actor import Actor
from portal.people.models import Department, District, Person
from portal.people.permissions import Permission, Scope

Condition = SQLColumnExpression[bool]

# As the partial indexes are written: SQLite uses one only for the very same words, not for "is_open = 1".
IS_OPEN: ColumnElement[bool] = literal_column("cases.is_open")

PAGE = 50
COUNT_CAP = 99


class View(StrEnum):
    """The saved views of the queue."""

    URGENT = "urgent"
    MINE = "mine"
    TO_ACCEPT = "to_accept"
    OVERDUE = "overdue"
    WAITING = "waiting"
    ALL = "all"


class Officer(StrEnum):
    """Whose cases."""

    ANY = ""
    NOBODY = "nobody"
    ME = "me"


@dataclass(frozen=True, slots=True)
class Filter:
    """What the queue shows; ``prefixes`` are of numbers, ``firm`` of a firm's name, in closed cases too."""

    view: View = View.ALL
    status: CaseStatus | None = None
    sector: str = ""
    district_id: int | None = None
    officer: Officer = Officer.ANY
    prefixes: tuple[str, ...] = ()
    firm: str = ""

    @property
    def searches(self) -> bool:
        """Say whether something is looked for by name or number."""
        return bool(self.prefixes or self.firm)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the queue: the key of the row before or after it."""

    due_at: datetime | None
    id: int
    backwards: bool = False
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue."""

    id: int
    number: str
    title: str
    subject_name: str
    status: CaseStatus
    sector: str
    danger_now: bool
    urgent: bool
    due_at: datetime | None
    due_step: DueStep | None
    waiting_since: datetime | None
    district_zh: str | None
    district_en: str | None
    department_zh: str | None
    department_en: str | None
    officer: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Up to 50 lines, and the marks from which the neighbouring pages are read."""

    rows: Sequence[Row]
    previous: Mark | None
    next: Mark | None


def find_case(number: str, actor: Actor, permission: Permission = Permission.CASE_READ) -> Case:
    """Return the case; absent and out of reach are the same: raises NotFound."""
    case = db.session.scalar(select(Case).where(Case.number == number, within(actor, permission)))
    if case is None:
        raise NotFound
    return case


def is_within_reach(case_id: int, actor: Actor) -> bool:
    """Say whether somebody may read a case."""
    reach = within(actor, Permission.CASE_READ)
    return db.session.scalar(select(Case.id).where(Case.id == case_id, reach)) is not None


def queue(actor: Actor, wanted: Filter, now: datetime, mark: Mark | None = None) -> Page:
    """Return one page: what is urgent, then what is due first; what was looked for, the newest first."""
    statement = _rows().where(*_conditions(actor, wanted, now))
    backwards = mark is not None and mark.backwards
    if wanted.searches:
        rows = _read(_newest_first(statement, mark), PAGE + 1)
    else:
        rows = _urgent_first(statement, mark, only_urgent=wanted.view is View.URGENT)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    if backwards:
        rows.reverse()
    return Page(
        rows,
        previous=_mark(rows[0], backwards=True)
        if rows and (more if backwards else mark is not None)
        else None,
        next=_mark(rows[-1]) if rows and (more or backwards) else None,
    )


def views_of(actor: Actor) -> list[View]:
    """Return the saved views of somebody: what is to accept concerns only who reads before a unit has it."""
    unit_only = actor.scope(Permission.CASE_READ) is Scope.UNIT
    return [view for view in View if not (unit_only and view is View.TO_ACCEPT)]


def view_counts(actor: Actor, now: datetime) -> dict[View, int]:
    """Count every saved view in one statement; a count stops at 100, whatever the city holds."""
    views, reach = views_of(actor), within(actor, Permission.CASE_READ)
    counted = [
        select(func.count())
        .select_from(
            select(literal(1))
            .select_from(Case)
            .where(reach, *_view(actor, view, now), *([] if view is View.URGENT else [IS_OPEN]))
            .limit(COUNT_CAP + 1)
            .subquery()
        )
        .scalar_subquery()
        for view in views
    ]
    return dict(zip(views, db.session.execute(select(*counted)).one(), strict=True))


def districts() -> list[District]:
    """Return the active districts."""
    return list(db.session.scalars(select(District).where(District.active).order_by(District.id)))


def departments() -> list[Department]:
    """Return the active departments."""
    return list(db.session.scalars(select(Department).where(Department.active).order_by(Department.id)))


def starts_with(column: SQLColumnExpression[str], prefix: str) -> ColumnElement[bool]:
    """Return a prefix condition that the index of the column serves on both databases."""
    if db.session.get_bind().dialect.name == "sqlite":
        # SQLite's LIKE does not use a plain index, and folds case.
        return and_(column >= prefix, column < prefix + "\U0010ffff")
    return column.startswith(prefix, autoescape=True)


def _rows() -> Any:  # noqa: ANN401  (a select of sixteen columns)
    return (
        select(
            Case.id,
            Case.number,
            Case.title,
            Case.subject_name,
            Case.status,
            Case.sector,
            Case.danger_now,
            Case.urgent,
            Case.due_at,
            Case.due_step,
            Case.waiting_since,
            District.name_zh,
            District.name_en,
            Department.name_zh,
            Department.name_en,
            Person.name,
        )
        .outerjoin(District, District.id == Case.district_id)
        .outerjoin(Department, Department.id == Case.department_id)
        .outerjoin(Person, Person.id == Case.officer_id)
    )


def _conditions(actor: Actor, wanted: Filter, now: datetime) -> list[Condition]:
    conditions: list[Condition] = [within(actor, Permission.CASE_READ), *_view(actor, wanted.view, now)]
    if wanted.searches:
        numbers = [starts_with(Case.number, prefix) for prefix in wanted.prefixes]
        firms = [starts_with(Case.subject_name, wanted.firm)] if wanted.firm else []
        conditions += [or_(*numbers, *firms), Case.merged_into_id.is_(None)]
    if wanted.status is not None:
        conditions.append(Case.status == wanted.status)
    if wanted.sector:
        conditions.append(Case.sector == wanted.sector)
    if wanted.district_id is not None:
        conditions.append(Case.district_id == wanted.district_id)
    if wanted.officer is Officer.NOBODY:
        conditions.append(Case.officer_id.is_(None))
    if wanted.officer is Officer.ME:
        conditions.append(_mine(actor))
    return conditions


def _mine(actor: Actor) -> Condition:
    """One's own cases, and those of somebody who is away."""
    if not actor.stands_in_for:
        return Case.officer_id == actor.person_id
    return Case.officer_id.in_({actor.person_id, *actor.stands_in_for})


def _view(actor: Actor, view: View, now: datetime) -> list[Condition]:
    conditions: dict[View, list[Condition]] = {
        View.URGENT: [IS_URGENT],
        View.MINE: [_mine(actor)],
        View.TO_ACCEPT: [Case.status == CaseStatus.RECEIVED],
        View.OVERDUE: [Case.due_at < now],
        View.WAITING: [Case.waiting_since.is_not(None)],
        View.ALL: [],
    }
    return conditions[view]


def _urgent_first(statement: Select[Any], mark: Mark | None, *, only_urgent: bool) -> list[Row]:
    """Return up to 51 rows by the key (urgent, due, id), from a mark on, in the direction of reading.

    The few urgent ones and all others are read one after the other, each by its own index.
    """
    backwards = mark is not None and mark.backwards
    rows: list[Row] = []
    for urgent in (False, True) if backwards else (True, False):
        if mark is not None and urgent is not mark.urgent and urgent is not backwards:
            continue  # the mark lies behind these
        if only_urgent and not urgent:
            continue
        here = mark if mark is not None and urgent is mark.urgent else None
        # What is urgent is open; not to say so leaves SQLite the one small index to choose.
        part = statement.where(IS_URGENT) if urgent else statement.where(IS_OPEN, not_(IS_URGENT))
        rows += _read(_due_first(part, here, backwards=backwards), PAGE + 1 - len(rows))
        if len(rows) > PAGE:
            break
    return rows


def _read(statement: Select[Any], limit: int) -> list[Row]:
    return [Row(*row) for row in db.session.execute(statement.limit(limit))]


def _due_first(statement: Select[Any], mark: Mark | None, *, backwards: bool) -> Select[Any]:
    if mark is not None and mark.due_at is not None:
        at = mark.due_at
        if backwards:
            statement = statement.where(Case.due_at <= at, or_(Case.due_at < at, Case.id < mark.id))
        else:
            statement = statement.where(Case.due_at >= at, or_(Case.due_at > at, Case.id > mark.id))
    if backwards:
        return statement.order_by(Case.due_at.desc(), Case.id.desc())
    return statement.order_by(Case.due_at, Case.id)


def _newest_first(statement: Select[Any], mark: Mark | None) -> Select[Any]:
    if mark is None:
        return statement.order_by(Case.id.desc())
    if mark.backwards:
        return statement.where(Case.id > mark.id).order_by(Case.id)
    return statement.where(Case.id < mark.id).order_by(Case.id.desc())


def _mark(row: Row, *, backwards: bool = False) -> Mark:
    return Mark(row.due_at, row.id, backwards, row.urgent)
