"""Whether what an award rests on may still change: not once finance has approved it."""

from __future__ import annotations

from sqlalchemy import select

from portal.cases.models import Case
from portal.database import db
from portal.rewards.models import Award, Stage
from portal.rewards.rules.vocabulary import PenaltyState
from portal.rewards.steps import LIVE_AWARDS, AwardStatus

DECIDED = frozenset({AwardStatus.APPROVED, AwardStatus.CLOSED})


def award_decided(case: Case, *, lock: bool = False) -> bool:
    """Say whether the case's award is approved; with ``lock`` nobody can approve it until the commit."""
    statement = select(Award.status).where(
        Award.case_id == case.id, Award.stage == Stage.MAIN, Award.status.in_(LIVE_AWARDS)
    )
    return db.session.scalar(statement.with_for_update() if lock else statement) in DECIDED


def locked_penalties(case: Case, *, lock: bool = False) -> frozenset[int]:
    """Return the findings whose penalty an approved award rests on; one that waited may still be recorded."""
    statement = select(Award.facts).where(Award.case_id == case.id, Award.status.in_(DECIDED))
    every = db.session.scalars(statement.with_for_update() if lock else statement)
    return frozenset(
        int(finding["id"])
        for facts in every
        for finding in facts["findings"]
        if finding["penalty"] != PenaltyState.PENDING.value
    )
