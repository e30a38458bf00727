"""The check on site: when, by which two officers with which certificates, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import exists, or_, select

from portal.cases.models import Case, SiteCheck
from portal.cases.moves import step, touch
from portal.cases.steps import CaseAction
from portal.cases.verification import FieldFault, InTheFuture, before, enter, line, text
from portal.clock import city_date
from portal.database import db
from portal.errors import gettext_noop
from portal.people import ties
from portal.people.actor import Actor
from portal.people.models import Account, Person, RoleGrant
from portal.people.permissions import FORBIDDEN_PAIRS, Role

CERTIFICATE_LONGEST = 40
FOUND_LONGEST = 4000
# Who may not verify beside another office that is held may not be one of the two on site either.
ELSEWHERE = tuple(role.value for role in Role if frozenset((role, Role.VERIFIER)) in FORBIDDEN_PAIRS)


class BeforeTheReport(FieldFault):
    """A check older than what it checks."""

    message = gettext_noop("The check cannot be older than the report, which came on %(day)s.")
    field = "checked_on"


class SameOfficer(FieldFault):
    """One officer alone (行政处罚法 2021 art. 42 asks for two)."""

    message = gettext_noop("A check on site needs two different officers. Please choose another one here.")
    field = "officer_two"


class NotAnOfficer(FieldFault):
    """Somebody who is not on the list of officers."""

    message = gettext_noop("Please choose an officer from the list.")


class CertificateMissing(FieldFault):
    """No certificate number was typed, and none is on record."""

    message = gettext_noop("No certificate number is on record for this officer. Please type it.")


class CertificateOfAnother(FieldFault):
    """The number belongs to another officer."""

    message = gettext_noop("This certificate number belongs to another officer. Please check it.")


@dataclass(frozen=True, slots=True)
class SiteVisit:
    """What is recorded of one check; an empty certificate number means the one on record."""

    checked_on: date
    officer_one_id: int
    certificate_one: str
    officer_two_id: int
    certificate_two: str
    found: str


def record_check(
    case: Case, visit: SiteVisit, actor: Actor, at: datetime, *, version: int, zone: ZoneInfo
) -> SiteCheck:
    """Record a check on site; several are possible as long as the case is being verified.

    Raises InTheFuture, BeforeTheReport, SameOfficer, CertificateOfAnother or Barred.
    """
    role = enter(case, actor, version=version, statuses=before(CaseAction.CHECK_SITE))
    if visit.checked_on > city_date(at, zone):
        raise InTheFuture("checked_on")
    if visit.checked_on < (told := city_date(case.opened_at, zone)):
        raise BeforeTheReport(day=told.isoformat())
    if visit.officer_one_id == visit.officer_two_id:
        raise SameOfficer
    known = {person.id: person for person in officers(actor)}
    for officer_id in (visit.officer_one_id, visit.officer_two_id):
        if ties.is_barred(ties.keys_of(officer_id), case.subject_name):
            raise ties.Barred(name=known[officer_id].name if officer_id in known else "")
    check = SiteCheck(
        case_id=case.id,
        checked_on=visit.checked_on,
        officer_one_id=_officer(visit.officer_one_id, "officer_one", known),
        certificate_one=_certificate(visit.officer_one_id, visit.certificate_one, "certificate_one", known),
        officer_two_id=_officer(visit.officer_two_id, "officer_two", known),
        certificate_two=_certificate(visit.officer_two_id, visit.certificate_two, "certificate_two", known),
        found=text(visit.found, "found", FOUND_LONGEST),
        recorded_by=actor.person_id,
        recorded_at=at,
    )
    if check.certificate_one == check.certificate_two:
        raise CertificateOfAnother("certificate_two")
    db.session.add(check)
    step(case, CaseAction.CHECK_SITE, actor, at, role=role, facts={"on": visit.checked_on.isoformat()})
    touch(case)
    db.session.flush()
    return check


def checks_of(case: Case) -> Sequence[SiteCheck]:
    """Return the checks of a case in the order in which they were recorded."""
    return db.session.scalars(
        select(SiteCheck).where(SiteCheck.case_id == case.id).order_by(SiteCheck.id)
    ).all()


def officers(actor: Actor) -> list[Person]:
    """Return who can be one of the two on site: the actor's own department first, then by name."""
    account = select(Account.id).where(Account.person_id == Person.id, Account.active)
    granted = select(Account.id).join(RoleGrant).where(Account.person_id == Person.id, Account.active)
    found = db.session.scalars(
        select(Person).where(
            exists(account),
            ~exists(granted.where(RoleGrant.role.in_(ELSEWHERE))),
            or_(
                Person.certificate_number != "", exists(granted.where(RoleGrant.role == Role.VERIFIER.value))
            ),
        )
    )

    def nearness(person: Person) -> tuple[bool, bool, str, int]:
        other_department = person.department_id != actor.department_id
        return person.id != actor.person_id, other_department, person.name, person.id

    return sorted(found, key=nearness)


def _officer(person_id: int, field: str, known: dict[int, Person]) -> int:
    if person_id not in known:
        raise NotAnOfficer(field)
    return person_id


def _certificate(person_id: int, typed: str, field: str, known: dict[int, Person]) -> str:
    """Return the number typed, else the one on record; one that is somebody else's is refused."""
    number = typed.strip() or known[person_id].certificate_number
    if not number:
        raise CertificateMissing(field)
    number = line(number, field, CERTIFICATE_LONGEST)
    if any(number == other.certificate_number for other in known.values() if other.id != person_id):
        raise CertificateOfAnother(field)
    return number
