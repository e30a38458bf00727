"""Holds: while an appeal or a criminal referral runs, nothing of a case is destroyed by its time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.audit.events import record
from portal.cases.models import Case
from portal.cases.scope import require
from portal.database import db
from portal.errors import NotInThisState, Refusal, gettext_noop
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.retention.models import HoldGround, RetentionHold

SHORTEST_REASON = 5
LONGEST_REASON = 1000


class HoldReason(Refusal):
    """A hold is set and ended for a reason that others can read later."""

    message = gettext_noop("Please write why, in at least %(least)d characters.")
    status = 422


class AlreadyHeld(Refusal):
    """Two holds of one case say no more than one."""

    message = gettext_noop("This case is held already. Look at the page as it stands now.")
    status = 409


def standing_hold(case_id: int) -> RetentionHold | None:
    """Return the hold of a case that has not ended."""
    return db.session.scalar(
        select(RetentionHold).where(RetentionHold.case_id == case_id, RetentionHold.ended_at.is_(None))
    )


def set_hold(case: Case, ground: HoldGround, reason: str, actor: Actor, at: datetime) -> RetentionHold:
    """Keep everything of a case, whatever its time says; raises AlreadyHeld."""
    require(case, actor, Permission.CASE_HOLD)
    said = _reason(reason)
    hold = RetentionHold(case_id=case.id, ground=ground, reason=said, set_at=at, set_by=actor.person_id)
    try:
        with db.session.begin_nested():
            db.session.add(hold)
    except IntegrityError:
        raise AlreadyHeld from None
    _record("hold_set", case, ground, said, actor, at)
    return hold


def end_hold(case: Case, reason: str, actor: Actor, at: datetime) -> RetentionHold:
    """Let the times of a case run again; raises NotInThisState."""
    require(case, actor, Permission.CASE_HOLD)
    said, hold = _reason(reason), standing_hold(case.id)
    if hold is None:
        raise NotInThisState
    hold.ended_at, hold.ended_by, hold.end_reason = at, actor.person_id, said
    _record("hold_ended", case, hold.ground, said, actor, at)
    db.session.flush()
    return hold


def _record(action: str, case: Case, ground: HoldGround, said: str, actor: Actor, at: datetime) -> None:
    record(
        action,
        at=at,
        actor=actor,
        role=actor.role_for(Permission.CASE_HOLD),
        case_id=case.id,
        reason=said,
        facts={"ground": ground.value},
    )


def _reason(text: str) -> str:
    said = text.strip()[:LONGEST_REASON]
    if len(said) < SHORTEST_REASON:
        raise HoldReason(least=SHORTEST_REASON)
    return said
