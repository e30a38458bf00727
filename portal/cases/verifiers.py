"""Who verified a case: what separation of duties is measured by."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from portal.audit.models import Event
from portal.cases.models import Finding, Penalty, SiteCheck
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.people.models import Account
from portal.people.permissions import Role

REFUSED = "does not verify its case"
"""How the messages end with which the database keeps verifying apart from other hands in an award."""


class HadAnotherHand(Refusal):
    """Somebody approved, paid, signed or answered in an award of this case."""

    message = gettext_noop(
        "Whoever signed, approved or paid an award of this case, or answered about its reporter, does not"
        " verify it. Somebody else has to take this step."
    )
    status = 403


def is_kept_apart(error: IntegrityError) -> bool:
    """Say whether the database refused because of another hand in the award."""
    return REFUSED in str(error.orig)


def verifiers_of(case_id: int) -> set[int]:
    """Return the persons who verified a case: on site, or by a step in that role, whatever became of it.

    What was recorded may be corrected by another or taken out again; the log keeps whose it was.
    """
    checks = db.session.execute(
        select(SiteCheck.officer_one_id, SiteCheck.officer_two_id, SiteCheck.recorded_by).where(
            SiteCheck.case_id == case_id
        )
    )
    people = {person for row in checks for person in row}
    people |= set(db.session.scalars(select(Finding.recorded_by).where(Finding.case_id == case_id)))
    people |= set(db.session.scalars(_acted(case_id)))
    recorded = select(Penalty.recorded_by).join(Finding, Finding.id == Penalty.finding_id)
    return people | set(db.session.scalars(recorded.where(Finding.case_id == case_id)))


def _acted(case_id: int) -> Select[int]:
    """Return the query of who took a step on a case as its verifier."""
    query = select(Account.person_id).join(Event, Event.actor_account_id == Account.id).distinct()
    return query.where(Event.case_id == case_id, Event.actor_role == Role.VERIFIER.value)
