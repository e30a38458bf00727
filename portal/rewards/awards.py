"""The verbs of an award: proposed when the penalty is recorded, revised, approved, sent back, refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.cases.models import Case
from portal.cases.telling import tell_officer
from portal.database import db
from portal.errors import NotAllowed, NotFound, NotInThisState, Refusal, Stale, gettext_noop
from portal.money import format_yuan_brief
from portal.notices.outbox import NoticeKind, tell_reporter
from portal.people.actor import SYSTEM, Actor
from portal.people.permissions import Permission
from portal.reports.models import Report
from portal.rewards import fund, hands, shares, signatures
from portal.rewards.facts import Computation, compute_case, stored_choices
from portal.rewards.live import compute_award, live_award, live_awards
from portal.rewards.models import Act, Award, Share
from portal.rewards.moves import move_award
from portal.rewards.proposal import differs, propose, revise
from portal.rewards.rules.codes import DerivationError
from portal.rewards.rules.derivation import Derivation, recompute
from portal.rewards.rules.given import Choice
from portal.rewards.rules.outcome import Need
from portal.rewards.signing import SigningStep
from portal.rewards.standing import Block, NotReady, standing
from portal.rewards.steps import LIVE_AWARDS, SHARE_STEPS, AwardAction, AwardStatus, ShareAction
from portal.rewards.timing import is_time

SHORTEST_REASON = 5
LONGEST_REASON = 1000
OPEN_AWARDS = frozenset({AwardStatus.PROPOSED, AwardStatus.SENT_BACK})


class AwardChanged(Stale):
    """The award is not the one that the form showed."""

    message = gettext_noop(
        "This award changed after you opened it, so nothing was decided."
        " Look at it as it stands now, then decide."
    )


class AmountOutsideBand(Refusal):
    """The rule does not allow this amount."""

    message = gettext_noop("The rule allows %(low)s to %(high)s yuan here. Please choose an amount inside.")
    status = 422


class ChoiceIncomplete(Refusal):
    """An amount is missing."""

    message = gettext_noop("Please choose an amount for each finding that needs one.")
    status = 422


class ReasonMissing(Refusal):
    """A decision about money without a reason."""

    message = gettext_noop("Please write the reason in at least %(least)d characters.")
    status = 422


class DoesNotAddUp(Refusal):
    """The stored steps do not lead to the stored amount."""

    message = gettext_noop(
        "The computation of this award does not add up, so it cannot be approved. Send it back."
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """Amounts in fen that an officer chose, by finding, and why."""

    amounts_fen: Mapping[int, int]
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What finance saw when it decided: the version of the award, its amount in fen, and a reason."""

    award_id: int
    version: int
    amount_fen: int
    reason: str = ""


def propose_if_payable(case: Case, actor: Actor, at: datetime) -> Award | None:
    """Propose the award of a case, or revise the one that waits; None while nothing is payable.

    For the verbs that record a penalty or its absence. Where an officer has to choose the amount, it waits.
    """
    award = live_award(case.id)
    computed = compute_case(case, stored_choices(award.facts) if award else {})
    if award is None:
        return propose(case, computed, actor, at) if computed.payable and is_time(case, computed) else None
    if award.status in OPEN_AWARDS and computed.payable and differs(award, computed):
        revise(award, computed, actor, at, case_id=case.id)
    return award


def choose_amounts(case: Case, chosen: Chosen, actor: Actor, at: datetime) -> Award:
    """Take the amounts an officer chose inside the rule's band, with the reason, and propose the award.

    Raises NotAllowed, NotInThisState or NotReady.
    """
    if not actor.may(Permission.AWARD_CHOOSE):
        raise NotAllowed
    reason = reason_given(chosen.reason)
    award = live_award(case.id)
    if award is not None and award.status not in OPEN_AWARDS:
        raise NotInThisState
    _must_be_verifier(award, actor)
    kept = stored_choices(award.facts) if award else {}
    given = {finding: Choice(fen, reasoned=True) for finding, fen in chosen.amounts_fen.items()}
    computed = compute_case(case, {**kept, **given})
    check_choice(computed)
    if not is_time(case, computed):
        raise NotReady(Block.NOT_PAYABLE)
    if award is None:
        award = propose(case, computed, actor, at, reason)
    else:
        revise(award, computed, actor, at, case_id=case.id, choice_reason=reason)
    hands.take(award, actor.person_id, Act.VERIFY, at)
    return award


def propose_again(case: Case, reason: str, actor: Actor, at: datetime) -> Award:
    """Answer finance: propose an award that was sent back, computed anew, with the verifier's reason.

    Raises NotAllowed, NotInThisState or NotReady.
    """
    if not actor.may(Permission.AWARD_CHOOSE):
        raise NotAllowed
    said = reason_given(reason)
    award = live_award(case.id)
    if award is None or award.status is not AwardStatus.SENT_BACK:
        raise NotInThisState
    _must_be_verifier(award, actor)
    computed = compute_award(case, award)
    if not computed.payable:
        raise NotReady(Block.NOT_PAYABLE)
    revise(award, computed, actor, at, case_id=case.id, reason=said)
    hands.take(award, actor.person_id, Act.VERIFY, at)
    return award


def refresh(award: Award, at: datetime) -> bool:
    """Compute an award anew that waits for finance; True when it changed.

    Its event stands in the award's history only: what changed may be an identity answer.
    """
    if award.status is not AwardStatus.PROPOSED:
        return False
    computed = compute_award(case_of(award), award)
    if not computed.payable or not differs(award, computed):
        return False
    revise(award, computed, SYSTEM, at, case_id=None)
    return True


def cosign(decision: Decision, actor: Actor, at: datetime) -> Award:
    """Sign what finance saw as its second person, so that somebody else can approve it."""
    award = _to_decide(decision, actor)
    _must_stand(award)
    signatures.sign(award, SigningStep.COSIGN, actor, at, signatures.profile())
    db.session.flush()
    return award


def review(case: Case, version: int, actor: Actor, at: datetime) -> Award:
    """Sign the award of a case as its supervisor saw it; ``version`` is the award's.

    Raises NotAllowed, NotFound or AwardChanged.
    """
    if not actor.may(Permission.AWARD_REVIEW):
        raise NotAllowed
    waiting = next((one for one in live_awards(case.id) if one.status is AwardStatus.PROPOSED), None)
    award = lock_award(waiting.id) if waiting else None
    if award is None:
        raise NotFound
    if award.version != version:
        raise AwardChanged
    _must_stand(award)
    signatures.sign(award, SigningStep.REVIEW, actor, at, signatures.profile())
    db.session.flush()
    return award


def _must_stand(award: Award) -> None:
    """Refuse to sign or approve what waits for something else, or does not add up."""
    for block in standing(award):
        raise NotReady(block)
    _must_add_up(award)


def approve(decision: Decision, actor: Actor, at: datetime, *, claim_days: int) -> Award:
    """Approve what finance saw: reserve the money, tell the reporter, open the claim; or refuse with why."""
    award = _to_decide(decision, actor)
    if award.status is not AwardStatus.PROPOSED:
        raise NotInThisState
    _must_stand(award)
    signatures.require_all(award, signatures.profile())
    if signatures.has_signed(award.id, actor.person_id):
        raise signatures.HadAHand
    hands.note_verifiers(award, at)
    hands.take(award, actor.person_id, Act.APPROVE, at)
    fund.reserve(award, actor, at)
    role = actor.role_for(Permission.AWARD_DECIDE)
    move_award(award, AwardAction.APPROVE, actor, at, role=role, case_id=award.case_id)
    award.approved_by, award.approved_at = actor.person_id, at
    award.decision_reason = ""
    db.session.flush()  # the database lets shares move once their award is approved
    for share in award.shares:
        shares.notify(share, actor, at, claim_days=claim_days)
        report = db.session.get_one(Report, share.report_id)
        tell_reporter(report.id, NoticeKind.REWARD_READY, alert_channel=report.alert_channel, at=at)
    db.session.flush()
    return award


def send_back(decision: Decision, actor: Actor, at: datetime) -> Award:
    """Send an award back to who verified the case, with a reason."""
    award = _to_decide(decision, actor)
    reason = reason_given(decision.reason)
    award.decision_reason = reason
    role = actor.role_for(Permission.AWARD_DECIDE)
    move_award(award, AwardAction.SEND_BACK, actor, at, role=role, reason=reason, case_id=award.case_id)
    tell_officer(case_of(award), NoticeKind.AWARD_SENT_BACK, at)
    db.session.flush()
    return award


def refuse(decision: Decision, actor: Actor, at: datetime) -> Award:
    """Refuse an award for good, with a reason; the case may be awarded again for another one."""
    award = _to_decide(decision, actor)
    reason = reason_given(decision.reason)
    award.decision_reason = reason
    role = actor.role_for(Permission.AWARD_DECIDE)
    move_award(award, AwardAction.REFUSE, actor, at, role=role, reason=reason, case_id=award.case_id)
    db.session.flush()
    return award


def reporter_withdrew(report: Report, at: datetime) -> None:
    """Take a withdrawn report out of the awards: the next effective one moves up, or a share ends."""
    rows = db.session.scalars(
        select(Share).join(Award).where(Share.report_id == report.id, Award.status.in_(LIVE_AWARDS))
    )
    for share in rows.unique():
        if (share.status, ShareAction.FORFEIT) in SHARE_STEPS:
            shares.give_up(share, at)
        elif share.award.status is AwardStatus.PROPOSED:
            refresh(share.award, at)


def case_of(award: Award) -> Case:
    """Return the case of an award."""
    return db.session.get_one(Case, award.case_id)


def check_choice(computed: Computation) -> None:
    """Refuse amounts that the rule does not allow, and a computation that leads to none."""
    for missing in computed.outcome.needs:
        if missing.need is Need.CHOICE_INSIDE_BAND and missing.band:
            low, high = missing.band.min_fen, missing.band.max_fen
            raise AmountOutsideBand(low=format_yuan_brief(low), high=format_yuan_brief(high))
    if computed.choice_needs:
        raise ChoiceIncomplete
    if not computed.payable:
        raise NotReady(Block.NOT_PAYABLE)


def _must_be_verifier(award: Award | None, actor: Actor) -> None:
    """Refuse who has another hand in this award."""
    held = hands.held_by(award.id, actor.person_id) if award else None
    if award is not None and held not in (None, Act.VERIFY):
        raise hands.HandTaken(held, Act.VERIFY, hands.free_people(award.id, Act.VERIFY))


def _to_decide(decision: Decision, actor: Actor) -> Award:
    """Return the award that finance looked at, locked; refuses one that changed, and who may not decide."""
    if not actor.may(Permission.AWARD_DECIDE):
        raise NotAllowed
    award = lock_award(decision.award_id)
    if award is None:
        raise NotFound
    if (award.version, award.amount_fen) != (decision.version, decision.amount_fen):
        raise AwardChanged
    held = hands.held_by(award.id, actor.person_id)
    if held not in (None, Act.APPROVE):
        raise hands.HandTaken(held, Act.APPROVE, hands.free_people(award.id, Act.APPROVE))
    return award


def lock_award(award_id: int) -> Award | None:
    """Return an award for one step, before its shares are locked; None when there is none."""
    return db.session.scalar(
        select(Award)
        .where(Award.id == award_id)
        .with_for_update(of=Award)
        .execution_options(populate_existing=True)
    )


def _must_add_up(award: Award) -> None:
    try:
        amount_fen = recompute(Derivation.from_json(award.derivation))
    except DerivationError:
        raise DoesNotAddUp from None
    if amount_fen != award.amount_fen:
        raise DoesNotAddUp


def reason_given(text: str) -> str:
    """Return the reason of a decision; refuses one that says nothing."""
    reason = text.strip()[:LONGEST_REASON]
    if len(reason) < SHORTEST_REASON:
        raise ReasonMissing(least=SHORTEST_REASON)
    return reason
