"""The life cycles of the award and of the share: one table each (pure)."""

from __future__ import annotations

from enum import StrEnum


class AwardStatus(StrEnum):
    """Where an award stands (奖励)."""

    PROPOSED = "proposed"
    SENT_BACK = "sent_back"
    APPROVED = "approved"
    REFUSED = "refused"
    CLOSED = "closed"


class AwardAction(StrEnum):
    """What is done to an award."""

    REVISE = "revise"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    REFUSE = "refuse"
    CLOSE = "close"


AWARD_STEPS: dict[tuple[AwardStatus, AwardAction], AwardStatus] = {
    (AwardStatus.PROPOSED, AwardAction.REVISE): AwardStatus.PROPOSED,
    (AwardStatus.PROPOSED, AwardAction.APPROVE): AwardStatus.APPROVED,
    (AwardStatus.PROPOSED, AwardAction.SEND_BACK): AwardStatus.SENT_BACK,
    (AwardStatus.PROPOSED, AwardAction.REFUSE): AwardStatus.REFUSED,
    (AwardStatus.SENT_BACK, AwardAction.REVISE): AwardStatus.PROPOSED,
    (AwardStatus.SENT_BACK, AwardAction.REFUSE): AwardStatus.REFUSED,
    # All shares are settled: paid, expired or forfeited.
    (AwardStatus.APPROVED, AwardAction.CLOSE): AwardStatus.CLOSED,
}

LIVE_AWARDS = frozenset(
    {AwardStatus.PROPOSED, AwardStatus.SENT_BACK, AwardStatus.APPROVED, AwardStatus.CLOSED}
)


class ShareStatus(StrEnum):
    """Where a share stands (奖励份额)."""

    PLANNED = "planned"
    NOTIFIED = "notified"
    CLAIMED = "claimed"
    PAYING = "paying"
    PAID = "paid"
    RETURNED = "returned"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    FORFEITED = "forfeited"


class ShareAction(StrEnum):
    """What is done to a share."""

    NOTIFY = "notify"
    CLAIM = "claim"
    SEND = "send"
    SETTLE = "settle"
    RETURN = "return"
    LOSE = "lose"
    EXPIRE = "expire"
    FORFEIT = "forfeit"


SHARE_STEPS: dict[tuple[ShareStatus, ShareAction], ShareStatus] = {
    (ShareStatus.PLANNED, ShareAction.NOTIFY): ShareStatus.NOTIFIED,
    (ShareStatus.NOTIFIED, ShareAction.CLAIM): ShareStatus.CLAIMED,
    (ShareStatus.NOTIFIED, ShareAction.EXPIRE): ShareStatus.EXPIRED,
    (ShareStatus.NOTIFIED, ShareAction.FORFEIT): ShareStatus.FORFEITED,
    # A report that is withdrawn gives its reward up, as long as the money has not left.
    (ShareStatus.CLAIMED, ShareAction.FORFEIT): ShareStatus.FORFEITED,
    (ShareStatus.RETURNED, ShareAction.FORFEIT): ShareStatus.FORFEITED,
    # A reporter may correct the account as long as the money has not left.
    (ShareStatus.CLAIMED, ShareAction.CLAIM): ShareStatus.CLAIMED,
    (ShareStatus.CLAIMED, ShareAction.SEND): ShareStatus.PAYING,
    (ShareStatus.PAYING, ShareAction.SETTLE): ShareStatus.PAID,
    (ShareStatus.PAYING, ShareAction.RETURN): ShareStatus.RETURNED,
    (ShareStatus.PAYING, ShareAction.LOSE): ShareStatus.UNKNOWN,
    (ShareStatus.UNKNOWN, ShareAction.SETTLE): ShareStatus.PAID,
    (ShareStatus.UNKNOWN, ShareAction.RETURN): ShareStatus.RETURNED,
    # The bank sent the money back: the reporter gives another account.
    (ShareStatus.RETURNED, ShareAction.CLAIM): ShareStatus.CLAIMED,
}

SETTLED_SHARES = frozenset({ShareStatus.PAID, ShareStatus.EXPIRED, ShareStatus.FORFEITED})
