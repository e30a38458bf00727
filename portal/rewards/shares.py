"""The verbs of a share: told to the reporter, claimed, expired, given up."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from portal.clock import city_date, end_of_city_day
from portal.database import db
from portal.errors import NotFound, NotInThisState, Refusal, gettext_noop
from portal.notices.outbox import NoticeKind
from portal.people.actor import REPORTER, SYSTEM, Actor
from portal.people.permissions import Role
from portal.reports import codes
from portal.reports.identity import ask, ask_again, checks_of
from portal.reports.models import Question, RealName, Report
from portal.rewards import fund
from portal.rewards.models import Share
from portal.rewards.moves import close_if_settled, move_share
from portal.rewards.payee import Payee, PayeeFault, faults
from portal.rewards.steps import AwardStatus, ShareAction, ShareStatus
from portal.rewards.telling import tell_role
from portal.vault.fields import keep_fields
from portal.vault.keys import Keyring
from portal.vault.models import FieldGroup

CONSENT_VERSION = 1
"""The wording of the consent to seal the payee; raise it when the sentence on the page changes."""

AFTER_HOLD = timedelta(days=7)
"""What is left at least to claim in, once a renewed code may claim again."""

CLAIMABLE = frozenset({ShareStatus.NOTIFIED, ShareStatus.CLAIMED, ShareStatus.RETURNED})


class ClaimTooLate(Refusal):
    """The claim window is over."""

    message = gettext_noop("The time to claim this reward is over. The money went back to the fund.")
    status = 410


class PayeeNotTaken(Refusal):
    """Something about the account is not right; ``faults`` says what, by field."""

    message = gettext_noop(
        "Please look at the marked fields: the account is not right yet. Nothing was sent."
    )
    status = 422

    def __init__(self, found: dict[str, PayeeFault]) -> None:
        super().__init__()
        self.faults = found


def share_of(report_id: int) -> Share | None:
    """Return the share of a report in an award that is not refused: one that can be claimed first."""
    every = shares_of(report_id)
    return next((share for share in every if share.award.status is not AwardStatus.REFUSED), None)


def shares_of(report_id: int) -> list[Share]:
    """Return all shares of a report: those that can be claimed first, then the newest."""
    found = db.session.scalars(select(Share).where(Share.report_id == report_id).order_by(Share.id.desc()))
    return sorted(found.unique(), key=lambda share: share.status not in CLAIMABLE)


def lock_share(share_id: int) -> Share:
    """Return a share for one step; whoever comes second waits and sees what the first one did.

    Raises NotFound.
    """
    share = db.session.scalar(
        select(Share)
        .where(Share.id == share_id)
        .with_for_update(of=Share)
        .execution_options(populate_existing=True)
    )
    if share is None:
        raise NotFound
    return share


def notify(share: Share, actor: Actor, at: datetime, *, claim_days: int) -> None:
    """Open the claim for so many days, until the end of the last of them in the city."""
    move_share(share, ShareAction.NOTIFY, actor, at)
    share.notified_at = at
    share.claim_by = end_of_city_day(city_date(at) + timedelta(days=claim_days))


def needs_name(report: Report) -> bool:
    """Tell whether a name has to be given with the claim: none was, or the one given was not confirmed."""
    if report.real_name is RealName.NONE:
        return True
    check = checks_of(report.id).get(Question.REAL_NAME)
    return check is not None and check.answer is False


def claim(report: Report, payee: Payee, at: datetime, ring: Keyring) -> Share:
    """Take the account a reward is paid to, or another one while the money has not left; seals it.

    Who filed anonymously seals a name by it: the account is in the reporter's own name, and its holder is
    what the identity officer is asked about. Raises CodeKnownToStaff or ClaimOnHold while somebody else than
    the reporter may have the code.
    """
    found = faults(payee)
    if found:
        raise PayeeNotTaken(found)
    report = codes.lock_report(report.id)
    codes.check_claimable(report, at)
    known = share_of(report.id)
    if known is None or report.withdrawn_at is not None:
        raise NotFound
    share = lock_share(known.id)
    if share.status is ShareStatus.EXPIRED or (share.status is ShareStatus.NOTIFIED and _is_over(share, at)):
        raise ClaimTooLate
    if share.status not in CLAIMABLE:
        raise NotInThisState
    fields = {"holder": payee.holder, "bank": payee.bank, "account": payee.account}
    sealed = keep_fields(ring, report.id, report.uuid, FieldGroup.PAYEE, fields, at)
    if needs_name(report):
        _seal_name(report, payee, at, ring)
    facts = {"consent": CONSENT_VERSION, "payee": sealed.version}
    move_share(share, ShareAction.CLAIM, REPORTER, at, facts=facts)
    share.claimed_at = at
    # Another account is another version, even where no column of the share differs.
    flag_modified(share, "claimed_at")
    db.session.flush()
    _tell_next(share, report, at)
    return share


def payable(report: Report) -> bool:
    """Tell whether the cashier may pay: every rule that ships asks for a confirmed name by then."""
    return report.real_name is RealName.CONFIRMED


def expire_shares(at: datetime) -> int:
    """Give back what nobody claimed in time; returns how many shares expired. Safe to run twice."""
    due = select(Share.id).where(Share.status == ShareStatus.NOTIFIED, Share.claim_by < at).order_by(Share.id)
    expired = 0
    for share_id in db.session.scalars(due.limit(500)).all():
        share = lock_share(share_id)
        if share.status is ShareStatus.NOTIFIED and _is_over(share, at):
            _end(share, ShareAction.EXPIRE, SYSTEM, at)
            expired += 1
    return expired


def give_up(share: Share, at: datetime) -> None:
    """Give a reward up with the report that was withdrawn; its money goes back to the fund."""
    _end(lock_share(share.id), ShareAction.FORFEIT, REPORTER, at)


def claim_until(share: Share) -> datetime | None:
    """Return until when a share can be claimed: a code that an office renewed costs nobody a reward."""
    renewed = codes.renewed_at(share.report_id) if share.claim_by is not None else None
    if share.claim_by is None or renewed is None:
        return share.claim_by
    return max(share.claim_by, renewed + codes.HOLD + AFTER_HOLD)


def _is_over(share: Share, at: datetime) -> bool:
    until = claim_until(share)
    return until is not None and until < at


def _end(share: Share, action: ShareAction, actor: Actor, at: datetime) -> None:
    move_share(share, action, actor, at)
    fund.release(share, actor, at)
    close_if_settled(share.award, actor, at)
    db.session.flush()


def _seal_name(report: Report, payee: Payee, at: datetime, ring: Keyring) -> None:
    """Seal the holder's name as the reporter's and ask the identity officer; nobody else is told."""
    fields = {"name": payee.holder, "telephone": payee.telephone}
    keep_fields(ring, report.id, report.uuid, FieldGroup.LEGAL, fields, at)
    report.real_name = RealName.DECLARED
    ask(report, at)
    check = checks_of(report.id)[Question.REAL_NAME]
    if check.answer is not None:
        ask_again(check, at)


def _tell_next(share: Share, report: Report, at: datetime) -> None:
    if payable(report):
        tell_role(Role.CASHIER, NoticeKind.SHARE_TO_PAY, share.award.number, at)
    else:
        tell_role(Role.IDENTITY_OFFICER, NoticeKind.IDENTITY_TO_ANSWER, report.number, at)
