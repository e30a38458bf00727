"""A lost receipt code: an officer compares a person with the sealed name, another agrees, a sheet is printed.

Only where a name is sealed: without one nobody can tell the reporter from a stranger. The old code dies with
the printing. The owner reads on the receipt page what is asked for, and whoever still has the code ends the
request by replacing it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.audit.events import record
from portal.cases.models import Case
from portal.cases.verifiers import verifiers_of
from portal.database import db
from portal.errors import NotAllowed, NotFound, Refusal, gettext_noop
from portal.notices.outbox import NoticeKind, tell_reporter, tell_staff
from portal.people import ties
from portal.people.actor import Actor
from portal.people.models import Account, RoleGrant
from portal.people.permissions import TABLE, Permission
from portal.reports import codes, visits
from portal.reports.identity import OPENED
from portal.reports.models import CodeRenewal, Report, Shown
from portal.vault.groups import FieldGroup
from portal.vault.keys import Keyring
from portal.vault.models import Opening
from portal.vault.openings import ask_to_open, is_sealed
from portal.vault.seconds import OwnRequest

# Codes, shown as sentences in the reader's language.
TO_RENEW = "to_renew_a_lost_code"
LOST = "code_lost"
ASKED, AGREED, REFUSED, RENEWED = (
    "code_renewal_asked",
    "code_renewal_agreed",
    "code_renewal_refused",
    "code_renewed",
)
COMPARED = timedelta(minutes=30)
"""How long an opening of the sealed name counts: the person stands there with the document."""
WAITS = timedelta(hours=24)
"""After so long without the next step a request lapses."""
AGAIN = timedelta(minutes=2)
"""A button pressed twice, or an answer that was lost, shows the same sheet for so long."""


class NobodyNamed(Refusal):
    """An anonymous report."""

    message = gettext_noop(
        "No name is sealed with this report, so nobody can renew its code: there is nothing to compare a"
        " person with, and a code in the wrong hands gives everything away. They can make a new report and"
        " say in it that they reported before."
    )
    status = 422


class WasWithdrawn(Refusal):
    """A report that was withdrawn has nothing left to come back for."""

    message = gettext_noop("This report was withdrawn. Its code is not renewed.")
    status = 422


class MayNotHelp(Refusal):
    """Who verified the case, or has a tie to its firm, has no hand in its codes."""

    message = gettext_noop(
        "You verified this case or declared a tie to its firm, so you have no hand in its codes."
        " Ask a colleague."
    )
    status = 403


class NotCompared(Refusal):
    """The sealed name was not opened for this, or too long ago."""

    message = gettext_noop(
        "Please open the sealed name first and compare the document with it. That counts for %(minutes)d"
        " minutes."
    )
    status = 409


class NothingShown(Refusal):
    """The officer has to say what was shown."""

    message = gettext_noop("Please choose which document you compared with the name.")
    status = 422


class AskedAlready(Refusal):
    """One request at a time."""

    message = gettext_noop(
        "Somebody has asked for a new code for this report already. It waits, or is ready to be printed."
    )
    status = 409


class RequestOver(Refusal):
    """Answered, printed, lapsed, or the owner replaced the code."""

    message = gettext_noop(
        "This request is over: it was answered or printed, its time ran out, or the owner of the code"
        " replaced it. If the code is still lost, ask anew."
    )
    status = 409


class Stage(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    READY = "ready"
    """A second person agreed; the sheet can be printed."""
    REFUSED = "refused"
    PRINTED = "printed"
    OVER = "over"
    """Its time ran out, or the owner replaced the code."""


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code that was minted with the page and becomes valid by printing; never shown by repr."""

    renewal_id: str
    code: str

    def __repr__(self) -> str:
        """Show nothing."""
        return "NewCode()"


def find(number: str, actor: Actor) -> Report:
    """Return the report with this number, for an officer who may renew codes at all.

    Raises NotAllowed or NotFound.
    """
    if not actor.may(Permission.IDENTITY_ANSWER):
        raise NotAllowed
    report = db.session.scalar(select(Report).where(Report.number == number))
    if report is None:
        raise NotFound
    return report


def check(report: Report, actor: Actor) -> None:
    """Refuse where no code is renewed, and whoever may have no hand in it."""
    if report.withdrawn_at is not None:
        raise WasWithdrawn
    if not is_sealed(report.id, FieldGroup.LEGAL):
        raise NobodyNamed
    _check_apart(report, actor)


def record_opening(report: Report, actor: Actor, at: datetime) -> Opening:
    """Write who opens the sealed name, and that it is for a lost code; the caller commits it first.

    Raises NotAllowed.
    """
    if not actor.may(Permission.IDENTITY_ANSWER):
        raise NotAllowed
    check(report, actor)
    role = actor.role_for(Permission.IDENTITY_ANSWER)
    event = record(OPENED, at=at, actor=actor, role=role, report_id=report.id, reason=TO_RENEW)
    return ask_to_open(FieldGroup.LEGAL, event, actor, at)


def compared(report: Report, actor: Actor, at: datetime) -> Opening | None:
    """Return this person's last opening of the name for a lost code, while it counts."""
    return db.session.scalar(
        select(Opening)
        .where(
            Opening.report_id == report.id,
            Opening.person_id == actor.person_id,
            Opening.field_group == FieldGroup.LEGAL,
            Opening.reason == TO_RENEW,
            Opening.served_at >= at - COMPARED,
        )
        .order_by(Opening.served_at.desc())
        .limit(1)
    )


def ask(report: Report, shown: str, actor: Actor, at: datetime) -> CodeRenewal:
    """Ask for a new code after the name was compared with a document; colleagues and the owner are told.

    Raises NotAllowed, NothingShown, NotCompared or AskedAlready.
    """
    if not actor.may(Permission.IDENTITY_ANSWER):
        raise NotAllowed
    report = codes.lock_report(report.id)
    check(report, actor)
    if shown not in set(Shown):
        raise NothingShown
    opening = compared(report, actor, at)
    if opening is None:
        raise NotCompared(minutes=int(COMPARED.total_seconds() // 60))
    _make_room(report.id, at)
    renewal = CodeRenewal(
        id=secrets.token_hex(16),
        report_id=report.id,
        opening_id=opening.id,
        shown=Shown(shown),
        asked_account_id=actor.account_id,
        asked_person_id=actor.person_id,
        asked_role=actor.role_for(Permission.IDENTITY_ANSWER),
        asked_at=at,
    )
    try:
        with db.session.begin_nested():
            db.session.add(renewal)
    except IntegrityError:
        raise AskedAlready from None
    facts = {"shown": renewal.shown.value}
    role = renewal.asked_role
    record(ASKED, at=at, actor=actor, role=role, report_id=report.id, reason=LOST, facts=facts)
    tell_reporter(report.id, NoticeKind.CODE_ASKED, alert_channel=report.alert_channel, at=at)
    for account in _colleagues(report, actor):
        tell_staff(
            account.id,
            NoticeKind.SECOND_PERSON,
            reference=report.number,
            by_mail=bool(account.email),
            at=at,
        )
    return renewal


def answer(renewal_id: str, agreed: bool, actor: Actor, at: datetime) -> CodeRenewal:
    """Say yes or no as the second person; the first word counts. Who asked is told.

    Raises NotAllowed, OwnRequest or RequestOver.
    """
    if not actor.may(Permission.CODE_SECOND):
        raise NotAllowed
    renewal = _lock(renewal_id)
    if renewal.asked_person_id == actor.person_id:
        raise OwnRequest
    if stage_of(renewal, at) is not Stage.WAITING:
        raise RequestOver
    report = db.session.get_one(Report, renewal.report_id)
    _check_apart(report, actor)
    role = actor.role_for(Permission.CODE_SECOND)
    renewal.second_account_id, renewal.second_person_id = actor.account_id, actor.person_id
    renewal.second_role, renewal.second_at, renewal.agreed = role, at, agreed
    renewal.ended_at = None if agreed else at
    record(AGREED if agreed else REFUSED, at=at, actor=actor, role=role, report_id=report.id)
    tell_staff(renewal.asked_account_id, NoticeKind.CODE_ANSWERED, reference=report.number, at=at)
    db.session.flush()
    return renewal


def print_sheet(new: NewCode, actor: Actor, at: datetime, ring: Keyring) -> CodeRenewal:
    """Let the new code open the report, end every visit, and tell the owner; for the one sheet of it.

    Staff print it, so staff know it: nothing is claimed before its owner has replaced it, nor within the
    hold. The same sheet asked for twice within a moment is one step.
    Raises NotAllowed, NotFound or RequestOver.
    """
    if not actor.may(Permission.IDENTITY_ANSWER):
        raise NotAllowed
    report = codes.lock_report(_known(new.renewal_id).report_id)
    renewal = _lock(new.renewal_id)
    if renewal.asked_person_id != actor.person_id:
        raise NotFound
    if _was_just_printed(renewal, report, new, at, ring):
        return renewal
    if stage_of(renewal, at) is not Stage.READY:
        raise RequestOver
    check(report, actor)
    renewal.printed_at = renewal.ended_at = at
    codes.put(report, new.code, ring, known_to_staff=True)
    visits.end_all(report.id, at)
    record(
        RENEWED,
        at=at,
        actor=actor,
        role=renewal.asked_role,
        report_id=report.id,
        reason=LOST,
        facts={
            "shown": renewal.shown.value,
            "second": renewal.second_account_id,
            "second_role": renewal.second_role,
        },
    )
    tell_reporter(report.id, NoticeKind.CODE_RENEWED, alert_channel=report.alert_channel, at=at)
    db.session.flush()
    return renewal


def stage_of(renewal: CodeRenewal, at: datetime) -> Stage:
    """Return where a request stands at this moment."""
    if renewal.printed_at is not None:
        return Stage.PRINTED
    if renewal.agreed is False:
        return Stage.REFUSED
    if renewal.ended_at is not None or at >= lapses_at(renewal):
        return Stage.OVER
    return Stage.READY if renewal.agreed else Stage.WAITING


def lapses_at(renewal: CodeRenewal) -> datetime:
    """Return when an open request lapses unless the next step is taken."""
    return (renewal.second_at or renewal.asked_at) + WAITS


def latest(report: Report) -> CodeRenewal | None:
    """Return the last request for a report."""
    return db.session.scalar(
        select(CodeRenewal)
        .where(CodeRenewal.report_id == report.id)
        .order_by(CodeRenewal.asked_at.desc(), CodeRenewal.id)
        .limit(1)
    )


def asked_by(actor: Actor, at: datetime) -> list[tuple[CodeRenewal, str]]:
    """Return this person's open requests with the numbers of their reports, the oldest first."""
    rows = db.session.execute(
        select(CodeRenewal, Report.number)
        .join(Report, Report.id == CodeRenewal.report_id)
        .where(CodeRenewal.asked_person_id == actor.person_id, CodeRenewal.ended_at.is_(None))
        .order_by(CodeRenewal.asked_at)
    )
    return [(row, number) for row, number in rows if at < lapses_at(row)]


def waiting_for(actor: Actor, at: datetime) -> Sequence[tuple[CodeRenewal, Report]]:
    """Return the requests of others on which this person may have a word, the oldest first."""
    if not actor.may(Permission.CODE_SECOND):
        return []
    rows = db.session.execute(
        select(CodeRenewal, Report)
        .join(Report, Report.id == CodeRenewal.report_id)
        .where(
            CodeRenewal.asked_person_id != actor.person_id,
            CodeRenewal.second_at.is_(None),
            CodeRenewal.ended_at.is_(None),
            CodeRenewal.asked_at > at - WAITS,
        )
        .order_by(CodeRenewal.asked_at)
        .limit(100)
    )
    return [(renewal, report) for renewal, report in rows if not _is_apart(report, actor)]


def _check_apart(report: Report, actor: Actor) -> None:
    if _is_apart(report, actor):
        raise MayNotHelp


def _is_apart(report: Report, actor: Actor) -> bool:
    case = db.session.get_one(Case, report.case_id)
    return actor.person_id in verifiers_of(case.id) or ties.is_barred(actor.ties, case.subject_name)


def _make_room(report_id: int, at: datetime) -> None:
    """Refuse while another request is open; one whose time ran out is ended."""
    former = codes.open_renewal(report_id)
    if former is None:
        return
    if at < lapses_at(former):
        raise AskedAlready
    former.ended_at = at
    db.session.flush()


def _known(renewal_id: str) -> CodeRenewal:
    renewal = db.session.get(CodeRenewal, renewal_id)
    if renewal is None:
        raise NotFound
    return renewal


def _lock(renewal_id: str) -> CodeRenewal:
    renewal = db.session.scalar(
        select(CodeRenewal)
        .where(CodeRenewal.id == renewal_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if renewal is None:
        raise NotFound
    return renewal


def _was_just_printed(
    renewal: CodeRenewal, report: Report, new: NewCode, at: datetime, ring: Keyring
) -> bool:
    printed = renewal.printed_at
    just_now = printed is not None and at - printed <= AGAIN
    return just_now and codes.is_digest_of(new.code, report.receipt_digest, ring)


def _colleagues(report: Report, actor: Actor) -> list[Account]:
    """Return the accounts of others who may have the second word."""
    roles = [role.value for role in TABLE[Permission.CODE_SECOND]]
    accounts = db.session.scalars(
        select(Account)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.active, Account.person_id != actor.person_id, RoleGrant.role.in_(roles))
        .order_by(Account.id)
        .distinct()
    )
    verified = verifiers_of(report.case_id)
    return [account for account in accounts.unique() if account.person_id not in verified]
