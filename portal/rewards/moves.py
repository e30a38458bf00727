"""The one place that changes the status of an award or a share, by its table, and writes its event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from portal.audit.events import record
from portal.errors import NotInThisState
from portal.people.actor import Actor
from portal.rewards.models import Award, Share
from portal.rewards.rule_models import RuleVersion
from portal.rewards.rule_steps import STEPS as RULE_STEPS
from portal.rewards.rule_steps import RuleAction
from portal.rewards.steps import (
    AWARD_STEPS,
    SETTLED_SHARES,
    SHARE_STEPS,
    AwardAction,
    AwardStatus,
    ShareAction,
)


def move_award(
    award: Award,
    action: AwardAction,
    actor: Actor,
    at: datetime,
    *,
    role: str = "",
    reason: str = "",
    case_id: int | None = None,
) -> None:
    """Take one step of an award; a pair that is not in the table is refused.

    ``case_id`` only for steps that everybody on the case may know of: the award's other steps follow from
    what is sealed, and their event must not stand in the history of the case.
    """
    target = AWARD_STEPS.get((award.status, action))
    if target is None:
        raise NotInThisState
    before, award.status = award.status, target
    record(
        f"award_{action.value}",
        at=at,
        actor=actor,
        role=role,
        case_id=case_id,
        award_id=award.id,
        moved=(before.value, target.value),
        reason=reason,
    )


def move_share(
    share: Share,
    action: ShareAction,
    actor: Actor,
    at: datetime,
    *,
    role: str = "",
    reason: str = "",
    facts: Mapping[str, object] | None = None,
) -> None:
    """Take one step of a share; a pair that is not in the table is refused."""
    target = SHARE_STEPS.get((share.status, action))
    if target is None:
        raise NotInThisState
    before, share.status = share.status, target
    record(
        f"share_{action.value}",
        at=at,
        actor=actor,
        role=role,
        report_id=share.report_id,
        award_id=share.award_id,
        moved=(before.value, target.value),
        reason=reason,
        facts=facts,
    )


def close_if_settled(award: Award, actor: Actor, at: datetime) -> None:
    """Close an approved award when each of its shares is paid, expired or forfeited."""
    if award.status is AwardStatus.APPROVED and all(share.status in SETTLED_SHARES for share in award.shares):
        move_award(award, AwardAction.CLOSE, actor, at)


def move_rule_set(
    row: RuleVersion,
    action: RuleAction,
    actor: Actor,
    at: datetime,
    *,
    role: str = "",
    reason: str = "",
    facts: Mapping[str, object] | None = None,
) -> None:
    """Take one step of a version of a rule set; a pair that is not in the table is refused."""
    target = RULE_STEPS.get((row.status, action))
    if target is None:
        raise NotInThisState
    before, row.status = row.status, target
    record(
        f"rules_{action.value}",
        at=at,
        actor=actor,
        role=role,
        moved=(before.value, target.value),
        reason=reason,
        facts={"rule_set": row.rule_id, "version": row.version, **(facts or {})},
    )
