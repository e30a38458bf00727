"""The awards of a case that are not refused, by stage, and what each would come to now."""

from __future__ import annotations

from sqlalchemy import select

from portal.cases.models import Case
from portal.cases.telling import live_reports
from portal.database import db
from portal.rewards.facts import MAIN, Asked, Computation, compute_case, stored_choices
from portal.rewards.models import Award, Stage
from portal.rewards.rules import vocabulary as words
from portal.rewards.steps import LIVE_AWARDS, AwardStatus

DECIDED = frozenset({AwardStatus.APPROVED, AwardStatus.CLOSED})


def live_awards(case_id: int) -> list[Award]:
    """Return the case's awards that are not refused, the main one first."""
    found = db.session.scalars(
        select(Award).where(Award.case_id == case_id, Award.status.in_(LIVE_AWARDS)).order_by(Award.id)
    )
    return sorted(found, key=lambda award: award.stage is not Stage.MAIN)


def live_award(case_id: int, stage: Stage = Stage.MAIN) -> Award | None:
    """Return the case's award of a stage that is not refused."""
    return db.session.scalar(
        select(Award).where(Award.case_id == case_id, Award.stage == stage, Award.status.in_(LIVE_AWARDS))
    )


def compute_award(case: Case, award: Award) -> Computation:
    """Return what an award comes to now, with the amounts that officers chose for it."""
    return compute_case(case, stored_choices(award.facts), asked=asked_for(case, award.stage) or MAIN)


def asked_for(case: Case, stage: Stage) -> Asked | None:
    """Return what a stage is computed beside; None for a later one before the main award is approved."""
    if stage is Stage.MAIN:
        return MAIN
    main = live_award(case.id)
    if main is None or main.status not in DECIDED:
        return None
    theirs = {share.report_id for share in main.shares}
    others = {report.id for report in live_reports(case)} - theirs
    passed_over = theirs if stage is Stage.CORROBORATION else others
    return Asked(words.Stage(stage.value), main.amount_fen, frozenset(passed_over))
