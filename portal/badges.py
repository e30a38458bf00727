"""What a status looks like: family (colour), icon and words, for every life cycle shown to people."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString


@dataclass(frozen=True)
class Badge:
    """Colour, icon and text together; `family` is wait, go, you, done, stop or risk."""

    family: str
    icon: str
    label: LazyString | str


BADGES: dict[str, dict[str, Badge]] = {
    "case": {
        "received": Badge("wait", "envelope", lazy_gettext("Received")),
        "accepted": Badge("go", "check2", lazy_gettext("Accepted")),
        "refused": Badge("stop", "slash-circle", lazy_gettext("Not accepted")),
        "transferred": Badge("stop", "box-arrow-right", lazy_gettext("Passed on")),
        "assigned": Badge("go", "person-check", lazy_gettext("Assigned")),
        "verifying": Badge("go", "search", lazy_gettext("Being checked")),
        "concluded": Badge("go", "clipboard-check", lazy_gettext("Check finished")),
        "answered": Badge("done", "chat-left-text-fill", lazy_gettext("Answered")),
        "closed": Badge("done", "check-all", lazy_gettext("Closed")),
        "merged": Badge("stop", "intersect", lazy_gettext("Merged")),
        "withdrawn": Badge("stop", "arrow-return-left", lazy_gettext("Withdrawn")),
        "waiting_you": Badge("you", "chat-left-dots", lazy_gettext("Waiting for you")),
        "waiting_reporter": Badge("you", "chat-left-dots", lazy_gettext("Waiting for the reporter")),
    },
    "conclusion": {
        "true": Badge("done", "check-circle", lazy_gettext("Confirmed")),
        "partly_true": Badge("done", "circle-half", lazy_gettext("Partly confirmed")),
        "false": Badge("stop", "x-circle", lazy_gettext("Not confirmed")),
        "cannot_be_cleared_up": Badge("stop", "question-circle", lazy_gettext("Could not be cleared up")),
    },
    "rectification": {
        "ordered": Badge("wait", "pencil", lazy_gettext("Repair ordered")),
        "in_progress": Badge("go", "tools", lazy_gettext("Being put right")),
        "reinspected": Badge("go", "arrow-counterclockwise", lazy_gettext("Inspected again")),
        "closed": Badge("done", "check-all", lazy_gettext("Signed off")),
        "extended": Badge("wait", "calendar-event", lazy_gettext("Term extended")),
        "escalated": Badge("risk", "flag", lazy_gettext("Under special supervision")),
    },
    "rules": {
        "library": Badge("stop", "journal-text", lazy_gettext("Library")),
        "draft": Badge("wait", "pencil", lazy_gettext("Draft")),
        "checked": Badge("you", "clipboard-check", lazy_gettext("Checked, waits for a second person")),
        "coming": Badge("go", "calendar-event", lazy_gettext("Comes into force")),
        "in_force": Badge("done", "check-circle", lazy_gettext("In force")),
        "replaced": Badge("stop", "arrow-repeat", lazy_gettext("Replaced")),
        "withdrawn": Badge("stop", "arrow-return-left", lazy_gettext("Withdrawn")),
    },
    "award": {
        "proposed": Badge("wait", "clipboard-check", lazy_gettext("Awaiting review")),
        "approved": Badge("go", "check-circle", lazy_gettext("Approved")),
        "sent_back": Badge("you", "arrow-return-left", lazy_gettext("Sent back")),
        "refused": Badge("stop", "slash-circle", lazy_gettext("No reward")),
        "closed": Badge("done", "check-all", lazy_gettext("Settled")),
        "choice": Badge("you", "pencil-square", lazy_gettext("Amount to be chosen")),
    },
    "share": {
        "planned": Badge("wait", "pencil", lazy_gettext("Planned")),
        "notified": Badge("you", "bell", lazy_gettext("Ready to claim")),
        "claimed": Badge("go", "hand-index-thumb", lazy_gettext("Claimed")),
        "paying": Badge("go", "arrow-repeat", lazy_gettext("Being paid")),
        "paid": Badge("done", "cash-coin", lazy_gettext("Paid")),
        "returned": Badge("risk", "exclamation-octagon", lazy_gettext("Payment failed")),
        "unknown": Badge("wait", "question-circle", lazy_gettext("Payment being checked")),
        "expired": Badge("stop", "hourglass-bottom", lazy_gettext("Not claimed in time")),
        "forfeited": Badge("stop", "x-circle", lazy_gettext("No longer payable")),
    },
}


def badge_of(kind: str, status: str) -> Badge:
    """The badge of a status in one life cycle; an unknown one shows its own name, in grey."""
    known = BADGES[kind].get(status)
    return known or Badge("stop", "question-circle", status)


def label_of(status: str, kind: str) -> str:
    """The words for a status, in the reader's language."""
    return str(badge_of(kind, status).label)
