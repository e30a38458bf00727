"""Awards on top of the main one: an additional one for the same reporters, one for those who corroborated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from portal.cases.models import Case
from portal.cases.scope import reaches
from portal.errors import NotAllowed, NotInThisState
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.rewards import hands
from portal.rewards.awards import check_choice, reason_given
from portal.rewards.choosing import choice_bands
from portal.rewards.facts import Computation, compute_case
from portal.rewards.live import asked_for, live_award
from portal.rewards.models import Act, Award, Stage
from portal.rewards.proposal import propose, revise
from portal.rewards.result import Result, result_of
from portal.rewards.rules.given import Choice
from portal.rewards.rules.model import RuleSet
from portal.rewards.steps import AwardStatus
from portal.rewards.wording.explain import Audience
from portal.rewards.wording.lines import Shown, lines_for
from portal.rewards.words import STAGES

LATER = (Stage.ADDITIONAL, Stage.CORROBORATION)


@dataclass(frozen=True, slots=True)
class StageRow:
    """A later stage on the case page: what it would come to, or the award that is there."""

    stage: Stage
    title: str
    status: str = ""
    lines: tuple[Shown, ...] = ()
    sent_back: str = ""
    result: Result | None = None
    may_propose: bool = False


def stages_of(case: Case, actor: Actor, governing: RuleSet | None) -> list[StageRow]:
    """Return the later stages that the rule set knows, once the main award is approved."""
    known = {entry.stage.value for entry in governing.entries} if governing else set()
    return [
        row
        for stage in LATER
        if stage.value in known
        if (row := _row(case, stage, may=reaches(case, actor, Permission.AWARD_CHOOSE))) is not None
    ]


def _row(case: Case, stage: Stage, *, may: bool) -> StageRow | None:
    title, award = str(STAGES[stage]), live_award(case.id, stage)
    if award is not None and award.status is not AwardStatus.SENT_BACK:
        lines = tuple(lines_for(award.derivation, Audience.VERIFIER))
        return StageRow(stage, title, award.status.value, lines)
    computed = compute_stage(case, stage, {})
    if computed is None or not computed.sharers:
        return None
    possible = may and (computed.payable or computed.only_choices_missing)
    row = StageRow(stage, title, result=result_of(case, computed), may_propose=possible)
    return replace(row, status=award.status.value, sent_back=award.decision_reason) if award else row


def compute_stage(case: Case, stage: Stage, choices: Mapping[int, Choice]) -> Computation | None:
    """Return what a later stage comes to; None before the main award is approved."""
    asked = asked_for(case, stage)
    return compute_case(case, choices, asked=asked) if asked and stage is not Stage.MAIN else None


def bands_of(case: Case, stage: Stage) -> Mapping[int, tuple[int, int]]:
    """Return the band of each finding whose amount an officer sets at this stage, in fen, by finding."""
    computed = compute_stage(case, stage, {})
    if computed is None:
        return {}
    found = choice_bands(computed)
    return {computed.findings[place].id: (band.min_fen, band.max_fen) for place, band in found.items()}


def propose_stage(
    case: Case, stage: Stage, amounts_fen: Mapping[int, int], reason: str, actor: Actor, at: datetime
) -> Award:
    """Propose an award on top of the main one, with its own computation and its own approval.

    Raises NotAllowed, NotInThisState or HandTaken.
    """
    if not actor.may(Permission.AWARD_CHOOSE):
        raise NotAllowed
    choices = {finding: Choice(fen, reasoned=True) for finding, fen in amounts_fen.items()}
    computed = compute_stage(case, stage, choices)
    waiting = live_award(case.id, stage)
    if computed is None or (waiting is not None and waiting.status is not AwardStatus.SENT_BACK):
        raise NotInThisState
    said = reason_given(reason) if choices or waiting else ""
    check_choice(computed)
    main = live_award(case.id)
    held = hands.held_by(main.id, actor.person_id) if main else None
    if held not in (None, Act.VERIFY):
        raise hands.HandTaken(held, Act.VERIFY, hands.free_people(main.id if main else 0, Act.VERIFY))
    if waiting is None:
        award = propose(case, computed, actor, at, said)
    else:
        award = waiting
        chosen = said if choices else ""
        revise(award, computed, actor, at, case_id=case.id, choice_reason=chosen, reason=said)
    hands.take(award, actor.person_id, Act.VERIFY, at)
    return award
