"""The life cycles of the case and of the rectification: one table each (pure).

A pair that is absent is forbidden.
"""

from __future__ import annotations

from enum import StrEnum


class CaseStatus(StrEnum):
    """Where a case stands (办件状态)."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    TRANSFERRED = "transferred"
    ASSIGNED = "assigned"
    VERIFYING = "verifying"
    CONCLUDED = "concluded"
    ANSWERED = "answered"
    CLOSED = "closed"


class CaseAction(StrEnum):
    """What the staff do to a case."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    TRANSFER = "transfer"
    ASSIGN = "assign"
    UNDERTAKE = "undertake"
    CHECK_SITE = "check_site"
    CONCLUDE = "conclude"
    ANSWER = "answer"
    CLOSE = "close"
    WITHDRAW = "withdraw"


CASE_STEPS: dict[tuple[CaseStatus, CaseAction], CaseStatus] = {
    (CaseStatus.RECEIVED, CaseAction.ACCEPT): CaseStatus.ACCEPTED,
    (CaseStatus.RECEIVED, CaseAction.REFUSE): CaseStatus.REFUSED,
    (CaseStatus.RECEIVED, CaseAction.TRANSFER): CaseStatus.TRANSFERRED,
    # The last report of a case that nobody has accepted yet was withdrawn.
    (CaseStatus.RECEIVED, CaseAction.WITHDRAW): CaseStatus.CLOSED,
    (CaseStatus.ACCEPTED, CaseAction.ASSIGN): CaseStatus.ASSIGNED,
    (CaseStatus.ACCEPTED, CaseAction.TRANSFER): CaseStatus.TRANSFERRED,
    (CaseStatus.ASSIGNED, CaseAction.ASSIGN): CaseStatus.ASSIGNED,
    (CaseStatus.ASSIGNED, CaseAction.UNDERTAKE): CaseStatus.VERIFYING,
    (CaseStatus.VERIFYING, CaseAction.ASSIGN): CaseStatus.ASSIGNED,
    (CaseStatus.VERIFYING, CaseAction.CHECK_SITE): CaseStatus.VERIFYING,
    (CaseStatus.VERIFYING, CaseAction.CONCLUDE): CaseStatus.CONCLUDED,
    (CaseStatus.CONCLUDED, CaseAction.ANSWER): CaseStatus.ANSWERED,
    (CaseStatus.ANSWERED, CaseAction.CLOSE): CaseStatus.CLOSED,
}

OPEN_STATUSES = frozenset(
    {
        CaseStatus.RECEIVED,
        CaseStatus.ACCEPTED,
        CaseStatus.ASSIGNED,
        CaseStatus.VERIFYING,
        CaseStatus.CONCLUDED,
        CaseStatus.ANSWERED,
    }
)


class Conclusion(StrEnum):
    """What the verification found (核查结论)."""

    TRUE = "true"
    PARTLY_TRUE = "partly_true"
    FALSE = "false"
    CANNOT_BE_CLEARED_UP = "cannot_be_cleared_up"


class DueStep(StrEnum):
    """The open step that has a deadline."""

    ACCEPT = "accept"
    VERIFY = "verify"
    ANSWER = "answer"
    CLOSE = "close"


class RectificationStatus(StrEnum):
    """Where a rectification stands (整改)."""

    ORDERED = "ordered"
    IN_PROGRESS = "in_progress"
    REINSPECTED = "reinspected"
    CLOSED = "closed"
    EXTENDED = "extended"
    ESCALATED = "escalated"


class RectificationAction(StrEnum):
    """What is done to a rectification."""

    START = "start"
    REINSPECT = "reinspect"
    CLOSE = "close"
    EXTEND = "extend"
    ESCALATE = "escalate"


RECTIFICATION_STEPS: dict[tuple[RectificationStatus, RectificationAction], RectificationStatus] = {
    (RectificationStatus.ORDERED, RectificationAction.START): RectificationStatus.IN_PROGRESS,
    (RectificationStatus.ORDERED, RectificationAction.REINSPECT): RectificationStatus.REINSPECTED,
    (RectificationStatus.IN_PROGRESS, RectificationAction.REINSPECT): RectificationStatus.REINSPECTED,
    (RectificationStatus.REINSPECTED, RectificationAction.CLOSE): RectificationStatus.CLOSED,
    (RectificationStatus.REINSPECTED, RectificationAction.EXTEND): RectificationStatus.EXTENDED,
    (RectificationStatus.REINSPECTED, RectificationAction.ESCALATE): RectificationStatus.ESCALATED,
    (RectificationStatus.EXTENDED, RectificationAction.REINSPECT): RectificationStatus.REINSPECTED,
    (RectificationStatus.ESCALATED, RectificationAction.REINSPECT): RectificationStatus.REINSPECTED,
}
