"""Who handles a case: department, district and officer, with a suggestion from the sector's lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from portal.cases.models import Case
from portal.cases.moves import check_version, step
from portal.cases.scope import require
from portal.cases.steps import CaseAction
from portal.cases.telling import tell_officer
from portal.clock import city_date
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.notices.outbox import NoticeKind
from portal.people import absences, ties
from portal.people.actor import Actor
from portal.people.models import Account, Department, District, Person, RoleGrant
from portal.people.permissions import Permission, Role
from portal.reports.sectors import sector


class UnknownUnit(Refusal):
    """No such department or district, or one that takes no cases any more."""

    message = gettext_noop("Please choose a department and a district that take cases.")
    status = 422


class OfficerElsewhere(Refusal):
    """The officer does not verify for the chosen department and district."""

    message = gettext_noop(
        "This officer does not work for the chosen department and district. Please choose another."
    )
    status = 422


@dataclass(frozen=True, slots=True)
class Unit:
    """The responsible unit (承办单位) and, when it is known already, the officer."""

    department_id: int
    district_id: int | None
    officer_id: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A verifier who could have the case, and how many open cases that person has."""

    person: Person
    open_cases: int
    away_until: date | None = None

    def works_for(self, department_id: int, district_id: int | None) -> bool:
        """Say whether this person verifies for a unit; without a district, for the whole city."""
        return self.person.department_id == department_id and self.person.district_id in (None, district_id)


def candidates(today: date) -> list[Candidate]:
    """Return every verifier with an active account, the least busy first; three queries."""
    people = db.session.scalars(
        select(Person)
        .where(
            Person.id.in_(
                select(Account.person_id)
                .join(RoleGrant, RoleGrant.account_id == Account.id)
                .where(Account.active, RoleGrant.role == Role.VERIFIER.value)
            )
        )
        .order_by(Person.id)
    ).all()
    counted = db.session.execute(
        select(Case.officer_id, func.count())
        .where(Case.is_open, Case.officer_id.in_([person.id for person in people]))
        .group_by(Case.officer_id)
    )
    busy = {officer_id: count for officer_id, count in counted}
    away = absences.away_on(today)
    found = [
        Candidate(person, busy.get(person.id, 0), away[person.id].until if person.id in away else None)
        for person in people
    ]
    return sorted(found, key=lambda candidate: (candidate.open_cases, candidate.person.id))


def suggest(case: Case, found: list[Candidate]) -> tuple[int | None, int | None]:
    """Return the leading department of the sector and its least busy verifier for the district."""
    lead = sector(case.sector).lead
    department_id = db.session.scalar(select(Department.id).where(Department.code == lead, Department.active))
    if department_id is None:
        return None, None
    fit = (
        one.person.id
        for one in found
        if one.away_until is None and one.works_for(department_id, case.district_id)
    )
    return department_id, next(fit, None)


def assign(case: Case, actor: Actor, at: datetime, *, version: int, unit: Unit, reason: str = "") -> None:
    """Give the case to a unit and, if one is named, to an officer of that unit, who is told."""
    require(case, actor, Permission.CASE_ASSIGN)
    check_version(case, version)
    _check(case, unit, at)
    facts = {"department": unit.department_id, "district": unit.district_id, "officer": unit.officer_id}
    role = actor.role_for(Permission.CASE_ASSIGN)
    step(case, CaseAction.ASSIGN, actor, at, reason.strip(), facts, role=role)
    case.department_id = unit.department_id
    case.district_id = unit.district_id
    case.officer_id = unit.officer_id
    tell_officer(case, NoticeKind.CASE_ASSIGNED, at)
    db.session.flush()


def _check(case: Case, unit: Unit, at: datetime) -> None:
    department = db.session.get(Department, unit.department_id)
    district = db.session.get(District, unit.district_id) if unit.district_id else None
    if department is None or not department.active:
        raise UnknownUnit
    if unit.district_id and (district is None or not district.active):
        raise UnknownUnit
    if unit.officer_id is None:
        return
    officer = next((one for one in candidates(city_date(at)) if one.person.id == unit.officer_id), None)
    if officer is None or not officer.works_for(unit.department_id, unit.district_id):
        raise OfficerElsewhere
    if ties.is_barred(ties.keys_of(officer.person.id), case.subject_name):
        raise ties.Barred(name=officer.person.name)
