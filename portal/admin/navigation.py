"""The desk's main navigation: only what the signed-in person may open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from flask_login import current_user

from portal.admin.access import ACCESS, may_open, owed
from portal.notices.models import Notice
from portal.notices.outbox import NoticeKind
from portal.people.labels import role_label


@dataclass(frozen=True)
class Item:
    """An entry of the navigation: where it leads, what it is called, and what is done there."""

    endpoint: str
    label: LazyString
    purpose: LazyString
    also: tuple[str, ...] = ()
    more: bool = False  # behind "More": what is not opened every day


@dataclass(frozen=True)
class Entry:
    """An item as the bar shows it to somebody on some page."""

    endpoint: str
    label: LazyString
    here: bool
    more: bool


ITEMS = (
    Item("desk.home", lazy_gettext("Overview"), lazy_gettext("What was told to you."), ("desk.notices",)),
    Item(
        "desk.queue",
        lazy_gettext("Cases"),
        lazy_gettext("What is due first stands on top."),
        (
            "desk.case",
            "desk.site_check",
            "desk.finding",
            "desk.penalty",
            "desk.no_penalty",
            "desk.rectification",
        ),
    ),
    Item(
        "desk.report_new",
        lazy_gettext("Enter a report"),
        lazy_gettext("Told by telephone, letter or visit."),
    ),
    Item(
        "desk.identity",
        lazy_gettext("Identity"),
        lazy_gettext("Questions that you answer with yes or no."),
        ("desk.cut_out", "desk.lost_code"),
    ),
    Item(
        "finance.awards",
        lazy_gettext("Awards"),
        lazy_gettext("Approve, or send back with a reason."),
        ("finance.award",),
    ),
    Item(
        "finance.payouts",
        lazy_gettext("Payments"),
        lazy_gettext("Pay what is claimed and record it."),
        ("finance.payout",),
    ),
    Item("finance.fund", lazy_gettext("Reward fund"), lazy_gettext("Paid, reserved and free.")),
    Item(
        "desk.events",
        lazy_gettext("Event log"),
        lazy_gettext("Who did what, when, and for which reason."),
        ("desk.dossier",),
    ),
    Item(
        "desk.deviations",
        lazy_gettext("Deviations"),
        lazy_gettext("What went beside the usual way, with its reasons."),
    ),
    Item(
        "desk.samples",
        lazy_gettext("Samples"),
        lazy_gettext("Cases and awards drawn by chance, with their seed."),
        ("desk.sample",),
        more=True,
    ),
    Item(
        "desk.retention",
        lazy_gettext("What is kept"),
        lazy_gettext("How long, what is due next, and what is held."),
        more=True,
    ),
    Item("desk.people", lazy_gettext("People"), lazy_gettext("Accounts, roles and units."), ("desk.person",)),
    Item(
        "desk.openings",
        lazy_gettext("Second person"),
        lazy_gettext("What colleagues may not do alone."),
        ("desk.code_answer",),
        more=True,
    ),
    Item(
        "desk.hand_over",
        lazy_gettext("Hand over"),
        lazy_gettext("All open cases of one officer to another."),
        more=True,
    ),
    Item(
        "desk.duty",
        lazy_gettext("Duty roster"),
        lazy_gettext("Who is called when people are in danger."),
        more=True,
    ),
    Item(
        "desk.units",
        lazy_gettext("Units"),
        lazy_gettext("Departments and districts."),
        ("desk.unit",),
        more=True,
    ),
    Item(
        "desk.catalogue",
        lazy_gettext("Choices"),
        lazy_gettext("Situations and questions that citizens choose from."),
        ("desk.situation", "desk.question"),
        more=True,
    ),
    Item(
        "desk.boards",
        lazy_gettext("Notice boards"),
        lazy_gettext("Sheets for the walls of workplaces."),
        ("desk.board",),
        more=True,
    ),
    Item(
        "desk.rule_sets",
        lazy_gettext("Reward rules"),
        lazy_gettext("What is in force, what comes, and who said yes."),
        ("desk.rule_set",),
        more=True,
    ),
    Item(
        "desk.register",
        lazy_gettext("Firms"),
        lazy_gettext("The register that names are suggested from."),
        more=True,
    ),
    Item(
        "desk.account",
        lazy_gettext("My account"),
        lazy_gettext("Language, mobile number, password, second factors and open sessions."),
        ("desk.account", "desk.session", "desk.passkey", "desk.ties", "desk.tie", "desk.absence"),
        more=True,
    ),
)

# kind of notice -> page, and the name of its argument that takes the notice's reference
NOTICE_PAGES = {
    NoticeKind.DANGER_ALARM.value: ("desk.case", "number"),
    NoticeKind.CASE_ASSIGNED.value: ("desk.case", "number"),
    NoticeKind.REPORTER_WROTE.value: ("desk.case", "number"),
    NoticeKind.REPORT_WITHDRAWN.value: ("desk.case", "number"),
    NoticeKind.AWARD_SENT_BACK.value: ("desk.case", "number"),
    NoticeKind.AWARD_TO_SIGN.value: ("desk.case", "number"),
    NoticeKind.AWARD_TO_DECIDE.value: ("finance.award", "number"),
    NoticeKind.SHARE_TO_PAY.value: ("finance.award", "number"),
    NoticeKind.RULES_TO_ENFORCE.value: ("desk.rule_sets", "named"),
    NoticeKind.SECOND_PERSON.value: ("desk.openings", "q"),
    NoticeKind.CODE_ANSWERED.value: ("desk.lost_code", "number"),
    NoticeKind.IDENTITY_TO_ANSWER.value: ("desk.identity_question", "number"),
    NoticeKind.RESET_ASKED.value: ("desk.people", "q"),
    NoticeKind.BREAK_GLASS.value: ("desk.people", "q"),
}


def open_items() -> list[Item]:
    """Return the entries that this process serves and this person may open."""
    if not current_user.is_authenticated or owed(current_user.account):
        return []
    served = current_app.view_functions
    return [
        item
        for item in ITEMS
        if item.endpoint in served and may_open(current_user.actor, ACCESS.get(item.endpoint))
    ]


def desk_nav() -> list[Entry]:
    """Return the entries of the bar on top; what would be alone in the menu stands in the bar."""
    here, items = request.endpoint or "", open_items()
    menu = sum(item.more for item in items) > 1
    return [Entry(item.endpoint, item.label, _is_here(item, here), item.more and menu) for item in items]


def _is_here(item: Item, here: str) -> bool:
    return (
        here == item.endpoint
        or here.startswith(tuple(f"{name}_" for name in (item.endpoint, *item.also)))
        or (here in item.also)
    )


def desk_who() -> str:
    """Return name and roles of who is signed in."""
    if not current_user.is_authenticated:
        return ""
    account = current_user.account
    roles = gettext(", ").join(role_label(role) for role in sorted(account.roles))
    return f"{account.person.name} · {roles}" if roles else str(account.person.name)


def notice_link(notice: Notice) -> str:
    """Return where a notice of the desk leads; empty when its page is not this person's to open."""
    endpoint, argument = NOTICE_PAGES.get(notice.kind, ("", ""))
    if endpoint not in current_app.view_functions:
        return ""
    if not may_open(current_user.actor, ACCESS.get(endpoint)):
        return ""
    values: dict[str, Any] = {argument: notice.reference}
    return url_for(endpoint, **values)
