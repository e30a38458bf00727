"""What a reporter is shown of the past: own events, what was told, and steps of the case since it joined.

Nothing here may tell that other reports exist. Steps that every report of a case is told by a notice are read
from this report's notices, so they stand at the time at which this reporter was told; the few other steps of
the case are shown only from the moment at which the report joined it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from sqlalchemy import func, select

from portal.audit.models import Event
from portal.database import db
from portal.evidence.originals import ACTION as ORIGINAL_OPENED
from portal.evidence.originals import never_served
from portal.notices.models import Notice
from portal.notices.outbox import NoticeKind
from portal.people.permissions import Role
from portal.reports import alerts
from portal.reports.contact import ACTION as CONTACT_OPENED
from portal.reports.identity import OPENED as IDENTITY_OPENED
from portal.reports.models import Report
from portal.reports.reasons import in_words
from portal.vault.models import Opening


@dataclass(frozen=True, slots=True)
class Item:
    """One line: what happened, or (``next``) what is promised; ``eye`` when somebody opened the contact."""

    title: str
    when: datetime | str = ""
    text: str = ""
    icon: str = ""
    next: bool = False
    eye: bool = False


# Whatever is not listed in these three tables is never shown.
OWN: dict[str, tuple[str, LazyString]] = {
    "report_received": ("envelope-fill", lazy_gettext("Received")),
    "report_supplemented": ("upload", lazy_gettext("You added something")),
    "report_withdrawn": ("arrow-return-left", lazy_gettext("You withdrew the report")),
    "question_asked": ("chat-left-dots", lazy_gettext("The office asked you something")),
    CONTACT_OPENED: ("eye-fill", lazy_gettext("Your contact details were opened")),
    ORIGINAL_OPENED: ("eye-fill", lazy_gettext("An original of your files was opened")),
    IDENTITY_OPENED: ("eye-fill", lazy_gettext("Your sealed name was opened")),
    "payee_opened": ("eye-fill", lazy_gettext("Your sealed account was opened")),
    "told_opened": ("eye-fill", lazy_gettext("What was cut out of your text was opened")),
    "code_replaced": ("key", lazy_gettext("You replaced your receipt code")),
    "code_renewal_asked": ("key", lazy_gettext("Somebody asked for a new receipt code")),
    "code_renewal_refused": ("key", lazy_gettext("The new receipt code was not confirmed")),
    "code_renewed": ("key", lazy_gettext("Your receipt code was renewed by an office")),
    alerts.SET: ("bell", lazy_gettext("You gave a number or address for alerts")),
    alerts.STOPPED: ("bell", lazy_gettext("You stopped the alerts")),
    "share_claim": ("hand-index-thumb", lazy_gettext("You gave an account for the reward")),
    "name_given": ("lock", lazy_gettext("You gave a name; it is sealed")),
    "details_erased": ("trash", lazy_gettext("You erased personal details")),
    "retention_destroyed": ("trash", lazy_gettext("Details were destroyed because their time was over")),
}
SAID = {"name_given": lazy_gettext("Nobody but the identity officer can read it.")}
OPENINGS = frozenset({CONTACT_OPENED, ORIGINAL_OPENED, IDENTITY_OPENED, "payee_opened", "told_opened"})
# Asked for, committed, and then refused by the vault or lost with it: nobody read anything.
STAYED_SEALED: dict[str, LazyString] = {
    CONTACT_OPENED: lazy_gettext("Somebody asked for your contact details; they stayed sealed"),
    IDENTITY_OPENED: lazy_gettext("Somebody asked for your sealed name; it stayed sealed"),
    ORIGINAL_OPENED: lazy_gettext("Somebody asked for an original of your files; it stayed sealed"),
    "payee_opened": lazy_gettext("Somebody asked for your sealed account; it stayed sealed"),
    "told_opened": lazy_gettext("Somebody asked for what was cut out of your text; it stayed sealed"),
}
TOLD: dict[str, tuple[str, LazyString]] = {
    NoticeKind.DUTY_CALLED: ("telephone-fill", lazy_gettext("The duty officer was called")),
    NoticeKind.DANGER_UNDERTAKEN: ("person-check", lazy_gettext("Somebody is on it")),
    NoticeKind.REPORT_ACCEPTED: ("check-circle-fill", lazy_gettext("Accepted")),
    NoticeKind.REPORT_REFUSED: ("slash-circle", lazy_gettext("Not accepted")),
    NoticeKind.REPORT_TRANSFERRED: ("box-arrow-right", lazy_gettext("Passed on")),
    NoticeKind.VERIFICATION_STARTED: ("search", lazy_gettext("The check began")),
    NoticeKind.DEADLINE_EXTENDED: ("calendar-event", lazy_gettext("The time for the check was extended")),
    NoticeKind.ANSWER_READY: ("chat-left-text-fill", lazy_gettext("Answered")),
    NoticeKind.REWARD_READY: ("bell-fill", lazy_gettext("Reward approved, ready to claim")),
    NoticeKind.REWARD_PAID: ("cash-coin", lazy_gettext("Reward paid")),
    NoticeKind.REWARD_RETURNED: ("exclamation-octagon", lazy_gettext("The bank returned the payment")),
}
CASE: dict[str, tuple[str, LazyString]] = {
    "case_assign": ("person-check", lazy_gettext("Handed to the unit that checks")),
    "case_conclude": ("clipboard-check", lazy_gettext("Check finished")),
    "case_close": ("check-all", lazy_gettext("Closed")),
}
ROLES: dict[str, LazyString] = {
    Role.INTAKE_OFFICER: lazy_gettext("an intake officer"),
    Role.VERIFIER: lazy_gettext("a verifier"),
    Role.IDENTITY_OFFICER: lazy_gettext("an identity officer"),
    Role.CASHIER: lazy_gettext("a cashier"),
    Role.SUPERVISOR: lazy_gettext("a supervisor"),
}


def past(report: Report) -> list[Item]:
    """Return what happened, the newest first."""
    items = [*_own(report), *_told(report.id), *_of_case(report)]
    return [item for _, _, item in sorted(items, key=lambda entry: entry[:2], reverse=True)]


def joined_at(report: Report) -> datetime | None:
    """Return when the report was moved into its case; None when it is still in the one it began."""
    if report.case_id == report.origin_case_id:
        return None
    found = db.session.scalar(
        select(func.max(Event.at)).where(
            Event.case_id == report.origin_case_id, Event.action == "case_merged"
        )
    )
    return found or report.received_at


_Dated = tuple[datetime, int, Item]


def _own(report: Report) -> list[_Dated]:
    rows = db.session.scalars(
        select(Event).where(Event.report_id == report.id, Event.action.in_(OWN)).order_by(Event.id)
    )
    unread = _stayed_sealed(report.id)
    items = [(event.at, 1, _own_item(event, sealed=event.id in unread)) for event in rows]
    if not any(item.icon == OWN["report_received"][0] for _, _, item in items):
        icon, title = OWN["report_received"]
        items.append((report.received_at, 0, Item(str(title), report.received_at, icon=icon)))
    return items


def _stayed_sealed(report_id: int) -> set[int]:
    """Return the events whose opening the vault never served."""
    asked = select(Opening.event_id).where(Opening.report_id == report_id, Opening.served_at.is_(None))
    return set(db.session.scalars(asked)) | never_served(report_id)


def _own_item(event: Event, *, sealed: bool) -> Item:
    icon, title = OWN[event.action]
    if event.action not in OPENINGS:
        text = _about_code(event) or str(SAID.get(event.action, ""))
        return Item(str(title), event.at, text, icon=icon)
    role = ROLES.get(Role(event.actor_role)) if event.actor_role in set(Role) else None
    text = gettext(
        "By %(role)s, because: %(reason)s",
        role=role or lazy_gettext("an officer"),
        reason=in_words(event.reason),
    )
    if sealed and event.action in STAYED_SEALED:
        return Item(str(STAYED_SEALED[event.action]), event.at, str(text), icon="lock")
    return Item(str(title), event.at, str(text), icon=icon, eye=True)


def _about_code(event: Event) -> str:
    """Say in which roles and why somebody dealt with the receipt code; empty for any other event."""
    first = ROLES.get(event.actor_role, lazy_gettext("an officer"))
    if event.action == "code_renewal_asked":
        return str(gettext("By %(role)s, because: the code was said to be lost", role=first))
    if event.action != "code_renewed":
        return ""
    second = ROLES.get(event.facts.get("second_role", ""), lazy_gettext("an officer"))
    told = gettext(
        "By %(role)s, confirmed by %(second)s, because: the code was said to be lost, and a document fitted"
        " the sealed name",
        role=first,
        second=second,
    )
    return str(told)


def _told(report_id: int) -> list[_Dated]:
    rows = db.session.execute(
        select(Notice.kind, Notice.created_at)
        .where(Notice.report_id == report_id, Notice.kind.in_(list(TOLD)))
        .order_by(Notice.id)
    )
    return [(row.created_at, 2, _item(TOLD[row.kind], row.created_at)) for row in rows]


def _of_case(report: Report) -> list[_Dated]:
    """The first of each listed step of the case after the report came or joined, until it was withdrawn."""
    since = joined_at(report) or report.received_at
    rows = db.session.execute(
        select(Event.action, func.min(Event.at).label("at"))
        .where(Event.case_id == report.case_id, Event.action.in_(CASE), Event.at >= since)
        .group_by(Event.action)
    )
    until = report.withdrawn_at
    return [(row.at, 3, _item(CASE[row.action], row.at)) for row in rows if until is None or row.at <= until]


def _item(shown: tuple[str, LazyString], at: datetime) -> Item:
    icon, title = shown
    return Item(str(title), at, icon=icon)
