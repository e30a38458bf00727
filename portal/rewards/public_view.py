"""What a reporter sees of the own reward: nothing of other reports, no amount before it is approved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask_babel import lazy_gettext
from sqlalchemy import select

from portal.cases.models import Case
from portal.database import db
from portal.reports.identity import checks_of
from portal.reports.models import Question, RealName, Report
from portal.rewards.explain import Audience
from portal.rewards.facts import NOT_TRUE, compute_case, compute_for
from portal.rewards.lines import Shown, lines_for
from portal.rewards.live import live_award
from portal.rewards.models import Award, Share
from portal.rewards.page_tongue import page_reading
from portal.rewards.rules.outcome import Reason, Verdict
from portal.rewards.shares import needs_name
from portal.rewards.steps import AwardStatus, ShareStatus
from portal.rewards.verdicts import reason_sentence


class RewardStage(StrEnum):
    """Where the reward of one report stands, as its reporter sees it."""

    COMPUTING = "computing"
    NAME_MISSING = "name_missing"
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
    share = db.session.scalar(
        select(Share).where(Share.report_id == report.id).order_by(Share.id.desc()).limit(1)
    )
    return _before(report) if share is None else _of_share(report, share, share.award)


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
        claim_by=share.claim_by if stage is RewardStage.READY else None,
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
    own = compute_for(case, report)
    # Judged by this report and the findings alone: nobody learns from it whether others reported.
    if own.outcome.verdict is Verdict.INELIGIBLE and own.outcome.reason is Reason.REAL_NAME_MISSING:
        return Reward(
            RewardStage.NAME_MISSING, sentence=reason_sentence(Reason.REAL_NAME_MISSING, page_reading())
        )
    if own.outcome.verdict not in {Verdict.AWARD, Verdict.WAITING} or live_award(case.id) is not None:
        return None
    first = compute_case(case, {}).report
    return Reward(RewardStage.COMPUTING) if first is not None and first.id == report.id else None
