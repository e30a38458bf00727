"""Who must not or cannot have a case: ties of its officer, and hand-over of all in one step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit.events import record
from portal.cases.models import Case
from portal.cases.moves import touch
from portal.cases.routing import Candidate, candidates
from portal.cases.scope import within
from portal.cases.telling import tell_officer
from portal.clock import city_date
from portal.database import db
from portal.errors import NotAllowed, Refusal, gettext_noop
from portal.notices.outbox import NoticeKind
from portal.people import ties
from portal.people.actor import Actor
from portal.people.declared import Tie, TieKind
from portal.people.permissions import Permission

REASON_LEAST = 2
REASON_LONGEST = 1000


class SameOfficer(Refusal):
    """A hand-over from somebody to himself."""

    field = "to"
    message = gettext_noop("Please choose two different officers.")


class NobodyChosen(Refusal):
    """One of the two officers is missing."""

    field = "to"
    message = gettext_noop("Please choose who hands over and who takes over.")


class HandOverReason(Refusal):
    """A hand-over without a reason."""

    field = "reason"
    message = gettext_noop("Please write why the cases change hands.")


@dataclass(frozen=True, slots=True)
class HandedOver:
    """How many cases changed hands, and how many stayed because the other may not have them."""

    moved: int
    stayed: int


def declare_tie(kind: TieKind, name: str, actor: Actor, at: datetime) -> tuple[Tie, int]:
    """Declare a tie and let go of the open cases that it bars from; returns it and how many those were."""
    tie = ties.declare(kind, name, actor, at)
    condition = ties.barring((tie.key,), Case.subject_name)
    held = select(Case).where(Case.officer_id == actor.person_id, Case.is_open)
    cases = db.session.scalars(held if condition is None else held.where(condition)).unique().all()
    for case in cases:
        case.officer_id = None
        touch(case)
        record("case_officer_barred", at=at, actor=actor, case_id=case.id, facts={"entry": tie.id})
    db.session.flush()
    return tie, len(cases)


def hand_over(from_id: int, to_id: int, reason: str, actor: Actor, at: datetime) -> HandedOver:
    """Give every open case of one officer, as far as the actor reaches, to another, in one step.

    Raises NotAllowed, NobodyChosen, SameOfficer or HandOverReason.
    """
    if not actor.may(Permission.CASE_HAND_OVER):
        raise NotAllowed
    known = {one.person.id: one for one in candidates(city_date(at))}
    if not from_id or to_id not in known:
        raise NobodyChosen
    if from_id == to_id:
        raise SameOfficer
    why = reason.strip()[:REASON_LONGEST]
    if len(why) < REASON_LEAST:
        raise HandOverReason
    moved = stayed = 0
    keys = ties.keys_of(to_id)
    for case in cases_of(from_id, actor):
        if _fits(known[to_id], case, keys):
            _give(case, to_id, why, actor, at)
            moved += 1
        else:
            stayed += 1
    db.session.flush()
    return HandedOver(moved, stayed)


def cases_of(officer_id: int, actor: Actor) -> list[Case]:
    """Return the open cases of an officer within the actor's reach."""
    query = select(Case).where(
        Case.officer_id == officer_id, Case.is_open, within(actor, Permission.CASE_HAND_OVER)
    )
    return list(db.session.scalars(query.order_by(Case.id).with_for_update(of=Case)).unique())


def _fits(candidate: Candidate, case: Case, keys: tuple[str, ...]) -> bool:
    works_there = case.department_id is not None and candidate.works_for(case.department_id, case.district_id)
    return works_there and not ties.is_barred(keys, case.subject_name)


def _give(case: Case, to_id: int, reason: str, actor: Actor, at: datetime) -> None:
    role = actor.role_for(Permission.CASE_HAND_OVER)
    facts = {"from": case.officer_id, "officer": to_id}
    case.officer_id = to_id
    touch(case)
    record("case_handed_over", at=at, actor=actor, role=role, case_id=case.id, reason=reason, facts=facts)
    tell_officer(case, NoticeKind.CASE_ASSIGNED, at)
