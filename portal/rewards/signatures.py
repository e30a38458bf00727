"""Signing an award before it is approved: each signature holds for the award exactly as it was seen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from portal.audit.events import record
from portal.cases.models import Case
from portal.database import db
from portal.errors import NotAllowed, NotInThisState, Refusal, gettext_noop
from portal.extensions import settings
from portal.notices.outbox import NoticeKind
from portal.people.actor import Actor
from portal.people.models import Person
from portal.people.permissions import Permission, Role
from portal.rewards import hands
from portal.rewards.models import Award, Signature
from portal.rewards.rules.derivation import Derivation
from portal.rewards.rules.vocabulary import Kind
from portal.rewards.signing import Profile, SigningStep, missing, needed
from portal.rewards.steps import AwardStatus
from portal.rewards.telling import tell_role

PERMISSIONS = {SigningStep.REVIEW: Permission.AWARD_REVIEW, SigningStep.COSIGN: Permission.AWARD_DECIDE}
WHO = {SigningStep.REVIEW: Role.SUPERVISOR, SigningStep.COSIGN: Role.FINANCE}
WORDS = {
    SigningStep.REVIEW: lazy_gettext("a supervisor"),
    SigningStep.COSIGN: lazy_gettext("a second person of finance"),
}


class SignatureMissing(Refusal):
    """An award of this amount needs more people."""

    message = gettext_noop(
        "An award of this amount needs another signature first: %(who)s has to look at it and sign."
    )


class SignedAlready(Refusal):
    """Somebody signed this step for this very award."""

    message = gettext_noop("This was signed already. Look at the award as it stands now.")
    status = 409


class HadAHand(Refusal):
    """Nobody acts twice in one award."""

    message = gettext_noop("You had another hand in this award, so somebody else has to sign it.")
    status = 403


@dataclass(frozen=True, slots=True)
class Signed:
    """One step: who signed it and when; nobody yet when the name is empty."""

    step: SigningStep
    name: str = ""
    at: datetime | None = None

    @property
    def who(self) -> str:
        """Return who has to sign, in words."""
        return str(WORDS[self.step])


def profile() -> Profile:
    """Return who has to sign what in this city."""
    return Profile(settings().signing_profile)


def digest_of(award: Award) -> str:
    """Return the SHA-256 of what is signed: number, amount and the whole computation."""
    computation = Derivation.from_json(award.derivation).canonical()
    return hashlib.sha256(f"{award.number}\n{award.amount_fen}\n{computation}".encode()).hexdigest()


def steps_of(award: Award, of_profile: Profile) -> tuple[SigningStep, ...]:
    """Return the signatures that this award needs."""
    major = award.derivation.get("kind") == Kind.MAJOR_HAZARD.value
    return needed(of_profile, award.amount_fen, major=major, beyond=award.amount_fen > award.computed_fen)


def state_of(award: Award, of_profile: Profile) -> list[Signed]:
    """Return each needed step and who signed it for the award as it stands."""
    rows = db.session.execute(
        select(Signature, Person.name)
        .join(Person, Person.id == Signature.person_id)
        .where(Signature.award_id == award.id, Signature.digest == digest_of(award))
    )
    signed = {row.step: Signed(row.step, name, row.at) for row, name in rows}
    return [signed.get(step, Signed(step)) for step in steps_of(award, of_profile)]


def still_missing(award: Award, of_profile: Profile) -> tuple[SigningStep, ...]:
    """Return the steps that nobody has signed for the award as it stands, in order."""
    state = state_of(award, of_profile)
    return missing(tuple(one.step for one in state), {one.step for one in state if one.name})


def sign(award: Award, step: SigningStep, actor: Actor, at: datetime, of_profile: Profile) -> None:
    """Sign the next step of an award that waits; the caller locked it and compared it with what was seen.

    Raises NotAllowed, NotInThisState, SignedAlready or HadAHand.
    """
    if not actor.may(PERMISSIONS[step]) or actor.person_id is None:
        raise NotAllowed
    if award.status is not AwardStatus.PROPOSED:
        raise NotInThisState
    left = still_missing(award, of_profile)
    if not left or left[0] is not step:
        raise SignedAlready
    hands.note_verifiers(award, at)
    if hands.held_by(award.id, actor.person_id) is not None:
        raise HadAHand
    hands.refuse_tied(award, actor.person_id)
    try:
        with db.session.begin_nested():
            db.session.add(_signature(award, step, actor.person_id, at))
    except DatabaseError:
        # The database refused: the same step or another hand of this person at the same moment.
        raise HadAHand from None
    role = actor.role_for(PERMISSIONS[step])
    record(f"award_{step.value}", at=at, actor=actor, role=role, award_id=award.id)
    tell_next(award, at, of_profile)


def _signature(award: Award, step: SigningStep, person_id: int, at: datetime) -> Signature:
    return Signature(
        award_id=award.id,
        step=step,
        person_id=person_id,
        amount_fen=award.amount_fen,
        digest=digest_of(award),
        at=at,
    )


def tell_next(award: Award, at: datetime, of_profile: Profile) -> None:
    """Tell those whose signature comes next; finance when only the approval is left."""
    left = still_missing(award, of_profile)
    if left and left[0] is SigningStep.REVIEW:
        case = db.session.get_one(Case, award.case_id)
        tell_role(WHO[left[0]], NoticeKind.AWARD_TO_SIGN, case.number, at)
    else:
        tell_role(Role.FINANCE, NoticeKind.AWARD_TO_DECIDE, award.number, at)


def require_all(award: Award, of_profile: Profile) -> None:
    """Refuse an approval before every signature stands; notes on the award how many there must be."""
    left = still_missing(award, of_profile)
    if left:
        raise SignatureMissing(who=WORDS[left[0]])
    award.signatures_needed = len(steps_of(award, of_profile))


def has_signed(award_id: int, person_id: int | None) -> bool:
    """Tell whether a person signed this award in any of its forms."""
    found = select(Signature.id).where(Signature.award_id == award_id, Signature.person_id == person_id)
    return db.session.scalar(found.limit(1)) is not None
