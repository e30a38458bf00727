"""What the case page shows of the award: the verifier's view, without anything that tells who reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.cases.models import Case
from portal.cases.scope import reaches
from portal.cases.steps import CaseStatus
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.rewards import hands, signatures, verdicts
from portal.rewards.awards import OPEN_AWARDS
from portal.rewards.explain import Audience
from portal.rewards.facts import Computation, compute_case, stored_choices
from portal.rewards.lines import Shown, lines_for
from portal.rewards.live import live_award
from portal.rewards.models import Act, Award
from portal.rewards.page_tongue import page_reading
from portal.rewards.rules.estimate import estimate
from portal.rewards.rules.outcome import Verdict
from portal.rewards.rules.views import outcome_for_verifier
from portal.rewards.rules.vocabulary import Kind
from portal.rewards.signing import Profile, SigningStep
from portal.rewards.steps import AwardStatus
from portal.rewards.words import KINDS

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
class Panel:
    """The award as the case page shows it; ``status`` is empty while there is none."""

    status: str = ""
    lines: tuple[Shown, ...] = ()
    estimate: str = ""
    needs: tuple[str, ...] = ()
    nothing: str = ""
    choice_reason: str = ""
    decision_reason: str = ""
    may_choose: bool = False
    others: str = ""
    waits_for: str = ""
    may_review: bool = False
    version: int = 0
    """Of the award, for whoever signs it as it is shown."""


def panel(case: Case, actor: Actor, _now: datetime, profile: Profile = Profile.SMALL) -> Panel | None:
    """Return the award panel of a case; None while there is nothing to say."""
    if case.status in NOT_YET or case.merged_into_id is not None:
        return None
    award = live_award(case.id)
    if award is not None:
        return _of_award(case, award, actor, profile)
    return _before_award(case, compute_case(case, {}), actor)


def choosable(case: Case) -> list[Choosable]:
    """Return the findings whose amount an officer has to choose, with what was chosen before."""
    computed = compute_case(case, {})
    award = live_award(case.id)
    chosen = stored_choices(award.facts) if award else {}
    needed = {missing.finding: missing.band for missing in computed.outcome.needs if missing.band}
    if not computed.only_choices_missing:
        return []
    return [
        Choosable(
            finding.id,
            str(KINDS[Kind(finding.kind.value)]),
            band.min_fen,
            band.max_fen,
            chosen[finding.id].amount_fen if finding.id in chosen else None,
        )
        for place, finding in enumerate(computed.findings)
        if (band := needed.get(place)) is not None
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


def _of_award(case: Case, award: Award, actor: Actor, profile: Profile) -> Panel:
    waits = award.status is AwardStatus.PROPOSED
    left = signatures.still_missing(award, profile) if waits else ()
    open_award = award.status in OPEN_AWARDS
    verified = hands.held_by(award.id, actor.person_id) is Act.VERIFY
    return Panel(
        status=award.status.value,
        lines=tuple(lines_for(award.derivation, Audience.VERIFIER)),
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
    )


def _before_award(case: Case, computed: Computation, actor: Actor) -> Panel | None:
    outcome = outcome_for_verifier(computed.outcome)
    if not computed.findings:
        return None
    if outcome.verdict in {Verdict.NOT_COVERED, Verdict.INELIGIBLE} and outcome.reason:
        return Panel(nothing=verdicts.reason_sentence(outcome.reason, page_reading()))
    guess = estimate(computed.facts, computed.rules) if computed.rules else None
    return Panel(
        estimate=verdicts.estimate_sentence(guess, page_reading()) if guess else "",
        needs=tuple(verdicts.need_sentence(missing, page_reading()) for missing in outcome.needs),
        may_choose=may_act(case, actor),
    )
