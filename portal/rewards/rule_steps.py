"""The life cycle of a version of a rule set: one table (pure)."""

from __future__ import annotations

from enum import StrEnum


class RuleStatus(StrEnum):
    """Where a version stands.

    ``LIBRARY``: it ships with the portal as a starting point. ``REPLACED``: its last day is decided.
    """

    LIBRARY = "library"
    DRAFT = "draft"
    CHECKED = "checked"
    IN_FORCE = "in_force"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


class RuleAction(StrEnum):
    """What is done to a version."""

    CHECK = "check"
    ENFORCE = "enforce"
    REPLACE = "replace"
    RESTORE = "restore"
    WITHDRAW = "withdraw"


STEPS: dict[tuple[RuleStatus, RuleAction], RuleStatus] = {
    (RuleStatus.DRAFT, RuleAction.CHECK): RuleStatus.CHECKED,
    (RuleStatus.DRAFT, RuleAction.WITHDRAW): RuleStatus.WITHDRAWN,
    (RuleStatus.CHECKED, RuleAction.ENFORCE): RuleStatus.IN_FORCE,
    (RuleStatus.CHECKED, RuleAction.WITHDRAW): RuleStatus.WITHDRAWN,
    # Only before its first day: the verb looks at the date.
    (RuleStatus.IN_FORCE, RuleAction.WITHDRAW): RuleStatus.WITHDRAWN,
    (RuleStatus.IN_FORCE, RuleAction.REPLACE): RuleStatus.REPLACED,
    # The version that was to replace it is withdrawn before its first day.
    (RuleStatus.REPLACED, RuleAction.RESTORE): RuleStatus.IN_FORCE,
}
