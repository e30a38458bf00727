"""Whether there are enough people for every signature: which step of which amount nobody can take today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select

from portal.database import db
from portal.money import format_yuan_brief
from portal.people import absences
from portal.people.models import Account, RoleGrant
from portal.people.permissions import Role
from portal.rewards.signing import TIERS, Profile, SigningStep


class Duty(StrEnum):
    """Each part that another person takes in one award."""

    CHECK = "check"
    CHECK_TOO = "check_too"
    IDENTIFY = "identify"
    REVIEW = "review"
    COSIGN = "cosign"
    APPROVE = "approve"
    PAY = "pay"


ROLE_OF = {
    Duty.CHECK: Role.VERIFIER,
    Duty.CHECK_TOO: Role.VERIFIER,
    Duty.IDENTIFY: Role.IDENTITY_OFFICER,
    Duty.REVIEW: Role.SUPERVISOR,
    Duty.COSIGN: Role.FINANCE,
    Duty.APPROVE: Role.FINANCE,
    Duty.PAY: Role.CASHIER,
}
WORDS = {
    Duty.CHECK: lazy_gettext("check on site"),
    Duty.CHECK_TOO: lazy_gettext("check on site as the second officer"),
    Duty.IDENTIFY: lazy_gettext("answer about the reporter"),
    Duty.REVIEW: lazy_gettext("sign as supervisor"),
    Duty.COSIGN: lazy_gettext("sign as the second person of finance"),
    Duty.APPROVE: lazy_gettext("approve"),
    Duty.PAY: lazy_gettext("pay"),
}
DUTY_OF = {SigningStep.REVIEW: Duty.REVIEW, SigningStep.COSIGN: Duty.COSIGN}


@dataclass(frozen=True, slots=True)
class Gap:
    """A duty that nobody is left for, in awards from an amount on, in fen."""

    from_fen: int
    duty: Duty

    @property
    def sentence(self) -> str:
        """Return who is missing for what."""
        duty, amount = str(WORDS[self.duty]), format_yuan_brief(self.from_fen)
        if not self.from_fen:
            return str(
                gettext("Nobody is left today to %(duty)s: no award can be carried through.", duty=duty)
            )
        text = gettext(
            "Nobody is left today to %(duty)s in awards of %(amount)s yuan and more.",
            duty=duty,
            amount=amount,
        )
        return str(text)


def gaps(profile: Profile, today: date) -> list[Gap]:
    """Return what nobody can take today, each duty once, from its lowest amount on; two queries."""
    people = _people_by_role(today)
    found: dict[Duty, Gap] = {}
    for tier in TIERS[profile]:
        duties = (
            Duty.CHECK,
            Duty.CHECK_TOO,
            Duty.IDENTIFY,
            *(DUTY_OF[step] for step in tier.steps),
            Duty.APPROVE,
            Duty.PAY,
        )
        for duty in unfilled(duties, people):
            found.setdefault(duty, Gap(tier.from_fen, duty))
    return list(found.values())


def unfilled(duties: Sequence[Duty], people: Mapping[Role, frozenset[int]]) -> list[Duty]:
    """Return the duties that are left when as many as possible go to different people (pure)."""
    holder: dict[int, Duty] = {}

    def fill(duty: Duty, tried: set[int]) -> bool:
        for person in sorted(people.get(ROLE_OF[duty], frozenset()) - tried):
            tried.add(person)
            if person not in holder or fill(holder[person], tried):
                holder[person] = duty
                return True
        return False

    return [duty for duty in duties if not fill(duty, set())]


def _people_by_role(today: date) -> dict[Role, frozenset[int]]:
    rows = db.session.execute(
        select(RoleGrant.role, Account.person_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(Account.active)
    )
    away = absences.away_on(today)
    found: dict[Role, set[int]] = {}
    for role, person in rows:
        if person not in away:
            found.setdefault(Role(role), set()).add(person)
    return {role: frozenset(persons) for role, persons in found.items()}
