"""Who had a hand in an award: nobody acts twice in one, and separation is by person, not by account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask_babel import gettext, lazy_gettext
from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from portal.cases.models import Case
from portal.cases.verifiers import verifiers_of
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.people import ties
from portal.people.models import Account, Person, RoleGrant
from portal.people.permissions import Role
from portal.rewards.models import Act, Award, Hand

ROLE_OF = {
    Act.VERIFY: Role.VERIFIER,
    Act.IDENTIFY: Role.IDENTITY_OFFICER,
    Act.APPROVE: Role.FINANCE,
    Act.PAY: Role.CASHIER,
}
HAS_DONE = {
    Act.VERIFY: lazy_gettext("You verified this case"),
    Act.IDENTIFY: lazy_gettext("You answered about the reporter of this award"),
    Act.APPROVE: lazy_gettext("You approved this award"),
    Act.PAY: lazy_gettext("You paid this award"),
}
CANNOT = {
    Act.VERIFY: lazy_gettext("so you cannot choose its amount."),
    Act.IDENTIFY: lazy_gettext("so you cannot answer about its reporter."),
    Act.APPROVE: lazy_gettext("so you cannot approve its award."),
    Act.PAY: lazy_gettext("so you cannot pay it."),
}


class HandTaken(Refusal):
    """This person acted in this award before."""

    message = gettext_noop("%(done)s, %(cannot)s %(others)s")
    status = 403

    def __init__(self, held: Act, wanted: Act, others: Iterable[str]) -> None:
        super().__init__()
        self.held, self.wanted, self.others = held, wanted, tuple(others)

    def sentence(self) -> str:
        """Return what was done, what cannot be done, and who can."""
        done, cannot = str(HAS_DONE[self.held]), str(CANNOT[self.wanted])
        return str(gettext(self.message, done=done, cannot=cannot, others=who_can(self.others)))


class TiedToCase(Refusal):
    """A declared tie excludes this person; which firm it is stays unsaid."""

    message = gettext_noop("A tie that you declared excludes you from this award. Somebody else has to act.")
    status = 403


def who_can(names: Iterable[str]) -> str:
    """Return the sentence that names who can take the step."""
    listed = gettext(", ").join(names)
    if not listed:
        return str(gettext("Nobody else holds that role yet: ask the administrator."))
    return str(gettext("%(names)s can.", names=listed))


def hands_of(award_id: int) -> list[tuple[Hand, Person]]:
    """Return who had a hand in an award and in what, in order."""
    rows = db.session.execute(
        select(Hand, Person)
        .join(Person, Person.id == Hand.person_id)
        .where(Hand.award_id == award_id)
        .order_by(Hand.at, Hand.person_id)
    )
    return [(hand, person) for hand, person in rows]


def held_by(award_id: int, person_id: int | None) -> Act | None:
    """Return what this person did in this award, if anything."""
    return db.session.scalar(select(Hand.act).where(Hand.award_id == award_id, Hand.person_id == person_id))


def free_people(award_id: int, act: Act) -> list[str]:
    """Return the names of active staff who hold the act's role and had no hand in this award."""
    has_hand = exists().where(Hand.award_id == award_id, Hand.person_id == Person.id)
    return list(
        db.session.scalars(
            select(Person.name)
            .join(Account, Account.person_id == Person.id)
            .join(RoleGrant, RoleGrant.account_id == Account.id)
            .where(Account.active, RoleGrant.role == ROLE_OF[act].value, ~has_hand)
            .distinct()
            .order_by(Person.name)
            .limit(5)
        )
    )


def take(award: Award, person_id: int | None, act: Act, at: datetime) -> None:
    """Write that a person acts in an award, or refuse with who can; the same act twice is one hand."""
    if person_id is None:
        raise ValueError("only a person has a hand in an award")
    held = held_by(award.id, person_id)
    if held is act:
        return
    refuse_tied(award, person_id)
    if held is not None:
        raise HandTaken(held, act, free_people(award.id, act))
    try:
        with db.session.begin_nested():
            db.session.add(Hand(award_id=award.id, person_id=person_id, act=act, at=at))
    except IntegrityError:
        # The database refused: a verifier of the case, or another act of the same moment.
        held = held_by(award.id, person_id) or Act.VERIFY
        raise HandTaken(held, act, free_people(award.id, act)) from None


def refuse_tied(award: Award, person_id: int) -> None:
    """Refuse who declared a tie to the firm of the award's case; one query, two when there is a tie."""
    keys = ties.keys_of(person_id)
    if keys and ties.is_barred(keys, db.session.get_one(Case, award.case_id).subject_name):
        raise TiedToCase


def note_verifiers(award: Award, at: datetime) -> None:
    """Give everybody who verified the case a hand in its award."""
    known = {hand.person_id for hand, _person in hands_of(award.id)}
    for person_id in sorted(verifiers_of(award.case_id) - known):
        db.session.add(Hand(award_id=award.id, person_id=person_id, act=Act.VERIFY, at=at))
    db.session.flush()
