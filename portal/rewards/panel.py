"""What the case page shows of the award: the verifier's view, without anything that tells who reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.cases.models import Case
from portal.cases.scope import reaches
from portal.cases.steps import CaseStatus
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.rewards import hands, rulebook, signatures
from portal.rewards.awards import OPEN_AWARDS
from portal.rewards.choosing import choice_bands
from portal.rewards.facts import compute_case, findings_of, stored_choices
from portal.rewards.live import DECIDED, live_award
from portal.rewards.models import Act, Award
from portal.rewards.result import Result, result_of, rule_shown
from portal.rewards.rules import vocabulary as words
from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import Derivation
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.vocabulary import Kind
from portal.rewards.signing import SigningStep
from portal.rewards.staged import StageRow, stages_of
from portal.rewards.steps import AwardStatus
from portal.rewards.stored_facts import facts_of
from portal.rewards.timing import is_time
from portal.rewards.trying import Trial, trial
from portal.rewards.wording.explain import Audience
from portal.rewards.wording.lines import Shown, amount_for, lines_for
from portal.rewards.words import KINDS
from portal.vault.client import VaultClosed, VaultRefused

NOTHING_YET = Result()
NOT_YET = frozenset({CaseStatus.RECEIVED, CaseStatus.REFUSED, CaseStatus.TRANSFERRED})


@dataclass(frozen=True, slots=True)
class Choosable:
    """A finding whose amount an officer chooses, inside a band in fen."""

    finding_id: int
    kind: str
    low_fen: int
    high_fen: int
    chosen_fen: int | None


@dataclass(frozen=True, slots=True)
class Deviation:
    """What the rule gives beside what an officer chose, in fen."""

    computed_fen: int
    chosen_fen: int


@dataclass(frozen=True, slots=True)
class Panel:
    """The award as the case page shows it; ``status`` is empty while there is none."""

    status: str = ""
    lines: tuple[Shown, ...] = ()
    now: Result = NOTHING_YET
    choice_reason: str = ""
    decision_reason: str = ""
    may_choose: bool = False
    others: str = ""
    waits_for: str = ""
    may_review: bool = False
    version: int = 0
    """Of the award, for whoever signs it as it is shown."""
    deviation: Deviation | None = None
    stages: tuple[StageRow, ...] = ()
    trial: Trial | None = None
    """Fields to try figures in; None for whoever does not verify, and once the award is approved."""


def panel(case: Case, actor: Actor, _now: datetime) -> Panel | None:
    """Return the award panel of a case; None while there is nothing to say."""
    if case.status in NOT_YET or case.merged_into_id is not None:
        return None
    award = live_award(case.id)
    findings = findings_of(case)
    if award is not None:
        return _of_award(case, award, actor)
    if not findings:
        return None
    governing = rulebook.governing(case, findings)
    tried = trial(case, governing, findings, {})
    verifies = reaches(case, actor, Permission.CASE_VERIFY)
    return Panel(
        now=result_of(case, tried.computed),
        may_choose=may_act(case, actor),
        trial=tried if verifies and tried.has_fields else None,
    )


def choosable(case: Case) -> list[Choosable]:
    """Return the findings whose amount an officer chooses, or may, with what was chosen before."""
    try:
        computed = compute_case(case, {})
    except (VaultClosed, VaultRefused):
        return []  # nobody can say now what was paid before
    if not is_time(case, computed):
        return []
    award = live_award(case.id)
    chosen = stored_choices(award.facts) if award else {}
    return [
        Choosable(
            finding.id,
            str(KINDS[Kind(finding.kind.value)]),
            band.min_fen,
            band.max_fen,
            chosen[finding.id].amount_fen if finding.id in chosen else None,
        )
        for place, band in sorted(choice_bands(computed).items())
        for finding in computed.findings[place : place + 1]
    ]


def may_act(case: Case, actor: Actor) -> bool:
    """Tell whether somebody may choose amounts or propose again: a verifier of this case's unit."""
    if not reaches(case, actor, Permission.AWARD_CHOOSE):
        return False
    award = live_award(case.id)
    if award is None:
        return bool(choosable(case))
    held = hands.held_by(award.id, actor.person_id)
    return held in (None, Act.VERIFY) and (
        award.status is AwardStatus.SENT_BACK or (award.status in OPEN_AWARDS and bool(choosable(case)))
    )


def _of_award(case: Case, award: Award, actor: Actor) -> Panel:
    waits = award.status is AwardStatus.PROPOSED
    left = signatures.still_missing(award, signatures.profile()) if waits else ()
    open_award = award.status in OPEN_AWARDS
    verified = hands.held_by(award.id, actor.person_id) is Act.VERIFY
    governing = rules_of_award(award)
    return Panel(
        status=award.status.value,
        lines=tuple(lines_for(award.derivation, Audience.VERIFIER)),
        now=Result(rule=rule_shown(governing) if governing else None),
        choice_reason=award.choice_reason,
        decision_reason=award.decision_reason if award.status is AwardStatus.SENT_BACK else "",
        may_choose=open_award and may_act(case, actor),
        others=hands.who_can(hands.free_people(award.id, Act.APPROVE)) if open_award and verified else "",
        waits_for=str(signatures.WORDS[left[0]]) if left else "",
        may_review=bool(left)
        and left[0] is SigningStep.REVIEW
        and reaches(case, actor, Permission.AWARD_REVIEW)
        and hands.held_by(award.id, actor.person_id) is None,
        version=award.version,
        deviation=_deviation(award, governing),
        stages=tuple(stages_of(case, actor, governing)) if award.status in DECIDED else (),
    )


def rules_of_award(award: Award) -> RuleSet | None:
    """Return the version an award is pinned to."""
    try:
        return rulebook.at(award.rule_id, award.rule_version)
    except KeyError:
        return None


def _deviation(award: Award, governing: RuleSet | None) -> Deviation | None:
    """Return what the rule gives beside what was chosen; both without what depends on the reporter."""
    if governing is None or award.computed_fen == award.amount_fen:
        return None
    outcome = compute(facts_of(award.facts), governing, stage=words.Stage(award.stage.value))
    shown = amount_for(Derivation.from_json(award.derivation), Audience.VERIFIER)
    if outcome.formula_fen is None or outcome.formula_fen == shown:
        return None
    return Deviation(outcome.formula_fen, shown)
