"""What a reporter sees of the own reward: nothing of other reports, no amount before it is approved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from flask_babel import gettext, lazy_gettext

from portal.cases.models import Case
from portal.database import db
from portal.reports.identity import checks_of
from portal.reports.models import Question, RealName, Report
from portal.rewards.facts import NOT_TRUE, Computation, compute_case, compute_for
from portal.rewards.live import DECIDED, live_award
from portal.rewards.models import Award, Share
from portal.rewards.rules.outcome import Reason, Verdict
from portal.rewards.shares import claim_until, needs_name, shares_of
from portal.rewards.steps import AwardStatus, ShareStatus
from portal.rewards.verdicts import ineligible_sentence, reason_sentence
from portal.rewards.wording.explain import Audience
from portal.rewards.wording.lines import Shown, lines_for
from portal.rewards.wording.page_tongue import page_reading
from portal.vault.client import VaultClosed, VaultRefused


class RewardStage(StrEnum):
    """Where the reward of one report stands, as its reporter sees it."""

    COMPUTING = "computing"
    NAME_MISSING = "name_missing"
    NONE = "none"
    """The rules give nothing for this report."""
    WAITING = "waiting"
    READY = "ready"
    CLAIMED = "claimed"
    PAYING = "paying"
    RETURNED = "returned"
    PAID = "paid"
    EXPIRED = "expired"
    GIVEN_UP = "given_up"
    REFUSED = "refused"


_STAGE = {
    ShareStatus.NOTIFIED: RewardStage.READY,
    ShareStatus.CLAIMED: RewardStage.CLAIMED,
    ShareStatus.PAYING: RewardStage.PAYING,
    ShareStatus.UNKNOWN: RewardStage.PAYING,
    ShareStatus.RETURNED: RewardStage.RETURNED,
    ShareStatus.PAID: RewardStage.PAID,
    ShareStatus.EXPIRED: RewardStage.EXPIRED,
    ShareStatus.FORFEITED: RewardStage.GIVEN_UP,
}
_TITLES = {
    RewardStage.READY: lazy_gettext("There is a reward for you to claim."),
    RewardStage.RETURNED: lazy_gettext("Please give another account for your reward."),
    RewardStage.PAID: lazy_gettext("Your reward is paid."),
}
KNOWN_ALREADY = frozenset({Reason.KNOWN_BEFORE, Reason.NOT_FIRST})
OPEN_TO_CLAIM = frozenset({RewardStage.READY, RewardStage.CLAIMED, RewardStage.RETURNED})


@dataclass(frozen=True, slots=True)
class Reward:
    """The reward of one report; the amount and its lines only once it is approved."""

    stage: RewardStage
    share_status: str = ""
    amount_fen: int = 0
    lines: tuple[Shown, ...] = ()
    claim_by: datetime | None = None
    needs_name: bool = False
    name_in_check: bool = False
    sentence: str = ""
    sentences: tuple[str, ...] = ()
    others: tuple[Reward, ...] = ()
    """Rewards for the same report that came before or beside this one."""

    @property
    def can_claim(self) -> bool:
        """Tell whether an account can be given, or given anew."""
        return self.stage in OPEN_TO_CLAIM

    @property
    def has_amount(self) -> bool:
        """Tell whether the amount is shown."""
        return self.amount_fen > 0


def reward_of(report: Report) -> Reward | None:
    """Return what the reporter of this report sees of the reward; None when there is nothing to say."""
    if report.withdrawn_at is not None:
        return None
    every = shares_of(report.id)
    if not every:
        return _before(report)
    first, *others = every
    more = tuple(_of_share(report, one, one.award) for one in others)
    # A refused award that was followed by another one is no news any more.
    told = tuple(one for one in more if one.stage is not RewardStage.REFUSED)
    return replace(_of_share(report, first, first.award), others=told)


def reward_title(reward: Reward | None) -> str:
    """Return what the title of the receipt page says of the reward; empty when that is no news."""
    return str(_TITLES.get(reward.stage, "")) if reward else ""


def _of_share(report: Report, share: Share, award: Award) -> Reward:
    if award.status is AwardStatus.REFUSED:
        return Reward(RewardStage.REFUSED)
    stage = _STAGE.get(share.status)
    if stage is None:
        return Reward(RewardStage.WAITING)
    return Reward(
        stage,
        share_status=share.status.value,
        amount_fen=share.amount_fen,
        lines=tuple(lines_for(award.derivation, Audience.REPORTER)),
        claim_by=claim_until(share) if stage is RewardStage.READY else None,
        needs_name=stage in OPEN_TO_CLAIM and needs_name(report),
        name_in_check=stage is RewardStage.CLAIMED and _name_in_check(report),
    )


def _name_in_check(report: Report) -> bool:
    """Tell whether the identity officer still has to look at the name."""
    check = checks_of(report.id).get(Question.REAL_NAME)
    return report.real_name is not RealName.CONFIRMED and check is not None and check.answer is None


def _before(report: Report) -> Reward | None:
    """Return what can be said before there is a share, once the check has ended."""
    case = db.session.get_one(Case, report.case_id)
    if case.concluded_at is None or case.conclusion in NOT_TRUE:
        return None
    try:
        own = compute_for(case, report)
    except (VaultClosed, VaultRefused):
        return Reward(RewardStage.COMPUTING)  # nobody can say now what was paid before
    # Judged by this report and the findings alone: nobody learns from it whether others reported.
    if own.outcome.verdict is Verdict.INELIGIBLE and own.outcome.reason is Reason.REAL_NAME_MISSING:
        return Reward(
            RewardStage.NAME_MISSING, sentence=reason_sentence(Reason.REAL_NAME_MISSING, page_reading())
        )
    if own.outcome.verdict in {Verdict.INELIGIBLE, Verdict.NOT_COVERED}:
        return _nothing(own)
    award = live_award(case.id)
    if award is not None:
        return Reward(RewardStage.NONE, sentences=(_known_already(),)) if award.status in DECIDED else None
    first = compute_case(case, {})
    return Reward(RewardStage.COMPUTING) if report.id in {one.id for one in first.sharers} else None


def _nothing(own: Computation) -> Reward | None:
    """Return why the rules give this report nothing, in plain words; None where no rule is in force."""
    if own.rules is None:
        return None
    reading = page_reading(own.rules)
    told = [
        _known_already() if one.code in KNOWN_ALREADY else ineligible_sentence(one, reading)
        for one in own.outcome.reasons
    ]
    return Reward(RewardStage.NONE, sentences=tuple(dict.fromkeys(told)))


def _known_already() -> str:
    """Return one sentence for whatever made it known earlier; it must not tell whether others reported."""
    return str(gettext("It was already known when your report arrived, so the rule gives no reward for it."))
