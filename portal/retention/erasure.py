"""The right of erasure: what a reporter has destroyed before its time, and what law or money keeps."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select

from portal.audit.events import record
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.evidence.models import CleanState, Evidence
from portal.people.actor import REPORTER
from portal.reports.models import IdentityCheck, RealName, Report
from portal.reports.naming import check_owner
from portal.retention.destroying import Destroyed, destroy, lock, originals_of
from portal.retention.kinds import ERASABLE, Kind
from portal.retention.life import Life, life_of
from portal.retention.present import present_of
from portal.retention.terms import Terms
from portal.rewards import awards, shares
from portal.rewards.models import Award, Share
from portal.rewards.steps import SHARE_STEPS, AwardStatus, ShareAction, ShareStatus
from portal.vault.client import VaultClosed, VaultRefused

ACTION = "details_erased"
UNDER_WAY = frozenset({ShareStatus.PAYING, ShareStatus.UNKNOWN})
# Whoever takes back name or account gives up what was claimed with them.
GIVES_UP = frozenset({Kind.NAME, Kind.PAYEE})
CLAIMED = frozenset({ShareStatus.CLAIMED, ShareStatus.RETURNED})


class Kept(StrEnum):
    """Why a kind cannot be erased now."""

    UNDER_WAY = "under_way"
    PAID = "paid"
    HELD = "held"
    PENDING = "pending"


class NothingChosen(Refusal):
    """A form without a choice."""

    field = "kinds"
    message = gettext_noop("Please choose at least one thing to erase.")
    status = 422


class StillNeeded(Refusal):
    """The payment began after the page was opened."""

    field = "kinds"
    message = gettext_noop(
        "Something you chose cannot be erased any more. Look at the page again; nothing was erased."
    )
    status = 409


@dataclass(frozen=True, slots=True)
class Offer:
    """One kind that a report holds: erasable, or why not and until when."""

    kind: Kind
    kept: Kept | None = None
    until: datetime | None = None


def offers(report: Report, terms: Terms) -> list[Offer]:
    """Return what is there that its reporter may ask to have erased."""
    present, life, statuses = present_of([report.id])[report.id], life_of(report), _statuses(report.id)
    return [_offer(kind, report, life, statuses, terms) for kind in ERASABLE if kind in present]


def gives_up(report: Report) -> bool:
    """Say whether erasing name or account gives up a reward that was claimed."""
    return bool(_statuses(report.id) & CLAIMED)


def erase(report: Report, kinds: Collection[Kind], at: datetime, terms: Terms) -> Destroyed:
    """Destroy these kinds at the reporter's word, all or none; what is gone already is no fault.

    The caller commits, then removes the bytes (``portal.retention.originals``).
    Raises NothingChosen or StillNeeded.
    """
    if not kinds:
        raise NothingChosen
    report = lock(report.id)
    check_owner(report, at)
    _lock_rewards(report.id)
    offered = {offer.kind: offer for offer in offers(report, terms)}
    chosen = [kind for kind in ERASABLE if kind in kinds and kind in offered]
    if any(offered[kind].kept for kind in chosen):
        raise StillNeeded
    return _destroy(report, chosen, at)


def erase_again(
    report_id: int, kinds: Collection[Kind], erased_at: datetime, at: datetime, terms: Terms
) -> Destroyed:
    """Destroy once more what a reporter had erased then and a restored backup brought back.

    What was given after that moment stays, and so does what may not be erased now, such as an account to
    which the restored portal pays. The caller commits, then removes the bytes.
    """
    report = lock(report_id)
    _lock_rewards(report.id)
    present = present_of([report.id])[report.id]
    offered = [offer.kind for offer in offers(report, terms) if not offer.kept]
    chosen = [kind for kind in offered if kind in kinds and present[kind] <= erased_at]
    return _destroy(report, chosen, at)


def _lock_rewards(report_id: int) -> None:
    """Lock awards before shares, as finance does, so that neither waits for the other for ever."""
    found = shares.shares_of(report_id)
    for award_id in sorted({share.award_id for share in found}):
        awards.lock_award(award_id)
    for share in found:
        shares.lock_share(share.id)


def _destroy(report: Report, chosen: Collection[Kind], at: datetime) -> Destroyed:
    """Destroy at the reporter's word, with everything that follows from it and one event."""
    gone = destroy(report, chosen, at)
    if not gone.kinds:
        return gone
    if Kind.NAME in gone.kinds:
        _forget_name(report)
    if GIVES_UP & set(gone.kinds):
        _give_up(report, at)
    facts = {"kinds": [kind.value for kind in gone.kinds]}
    record(ACTION, at=at, actor=REPORTER, case_id=report.case_id, report_id=report.id, facts=facts)
    db.session.flush()
    return gone


def _offer(kind: Kind, report: Report, life: Life, statuses: set[ShareStatus], terms: Terms) -> Offer:
    if kind in GIVES_UP and statuses & UNDER_WAY:
        return Offer(kind, Kept.UNDER_WAY)
    if kind is Kind.PAYEE and life.paid_on is not None:
        return Offer(kind, Kept.PAID, terms.voucher_until(life.paid_on))
    if kind is Kind.ORIGINALS and life.held:
        return Offer(kind, Kept.HELD)
    if kind is Kind.ORIGINALS and all(_is_pending(item) for item in originals_of(report.id)):
        return Offer(kind, Kept.PENDING)
    return Offer(kind)


def _is_pending(item: Evidence) -> bool:
    return item.clean_state is CleanState.PENDING


def _statuses(report_id: int) -> set[ShareStatus]:
    """Return how the shares of a report stand, of awards that were not refused."""
    return set(
        db.session.scalars(
            select(Share.status)
            .join(Award, Award.id == Share.award_id)
            .where(Share.report_id == report_id, Award.status != AwardStatus.REFUSED)
        )
    )


def _forget_name(report: Report) -> None:
    """Nothing is asked about a name that is gone; what was answered stays, without what it rested on."""
    report.real_name = RealName.NONE
    db.session.execute(
        delete(IdentityCheck).where(IdentityCheck.report_id == report.id, IdentityCheck.answer.is_(None))
    )


def _give_up(report: Report, at: datetime) -> None:
    """End the shares that were claimed, and bring the awards that wait up to date."""
    for share in shares.shares_of(report.id):
        if share.status in CLAIMED and (share.status, ShareAction.FORFEIT) in SHARE_STEPS:
            shares.give_up(share, at)
        elif share.award.status is AwardStatus.PROPOSED:
            try:
                awards.refresh(share.award, at)
            except (VaultClosed, VaultRefused):
                continue  # it does not stand as it is, so it cannot be approved before it is computed anew
