"""What the codes of a case are called on the desk's pages."""

from __future__ import annotations

from typing import Any

from flask_babel import get_locale, lazy_gettext

from portal.admin.blueprint import desk
from portal.cases.queries import COUNT_CAP, Officer, View
from portal.cases.steps import DueStep
from portal.people.labels import role_label, unit_name
from portal.reports.models import Channel, DangerNow, Shown
from portal.reports.questions import lines
from portal.reports.sectors import sector
from portal.reports.situations import catalogue

VIEWS = {
    View.URGENT: lazy_gettext("In danger now"),
    View.MINE: lazy_gettext("My open cases"),
    View.TO_ACCEPT: lazy_gettext("To accept"),
    View.OVERDUE: lazy_gettext("Overdue"),
    View.WAITING: lazy_gettext("Waiting for the reporter"),
    View.ALL: lazy_gettext("All open"),
}
OFFICERS = {
    Officer.ANY: lazy_gettext("Any officer"),
    Officer.NOBODY: lazy_gettext("Without an officer"),
    Officer.ME: lazy_gettext("Mine"),
}
DUE = {
    DueStep.ACCEPT: lazy_gettext("to say whether it is accepted"),
    DueStep.VERIFY: lazy_gettext("to finish the check"),
    DueStep.ANSWER: lazy_gettext("to answer the reporter"),
    DueStep.CLOSE: lazy_gettext("until which the reporter can object"),
}
CHANNELS = {
    Channel.PORTAL: lazy_gettext("Portal"),
    Channel.TELEPHONE: lazy_gettext("Telephone"),
    Channel.LETTER: lazy_gettext("Letter"),
    Channel.VISIT: lazy_gettext("Visit"),
}
DANGER = {
    DangerNow.NOW: lazy_gettext("People are in danger now"),
    DangerNow.ONGOING: lazy_gettext("It goes on"),
    DangerNow.PAST: lazy_gettext("It is over"),
    DangerNow.UNKNOWN: lazy_gettext("The reporter does not know"),
}
# What somebody showed who said that the receipt code was lost.
SHOWN = {
    Shown.RESIDENT_ID: lazy_gettext("Resident identity card"),
    Shown.PASSPORT: lazy_gettext("Passport"),
    Shown.OTHER: lazy_gettext("Another official document with a photograph"),
}
# What the log of a case shows: icon and words. An action without a row stays out of the page.
EVENTS = {
    "report_received": ("envelope-fill", lazy_gettext("Report received")),
    "report_supplemented": ("envelope-fill", lazy_gettext("The reporter sent the form again with changes")),
    "report_withdrawn": ("arrow-return-left", lazy_gettext("The reporter withdrew the report")),
    # Never which: that there was a name, or a number, is nobody's business who handles the case.
    "details_erased": ("trash", lazy_gettext("The reporter erased personal details")),
    "hold_set": ("lock", lazy_gettext("Held: nothing is destroyed")),
    "hold_ended": ("clock", lazy_gettext("The hold ended")),
    "reporter_wrote": ("chat-left-text-fill", lazy_gettext("The reporter wrote")),
    "question_asked": ("chat-left-dots", lazy_gettext("Reporter asked")),
    "contact_opened": ("eye-fill", lazy_gettext("Telephone number opened")),
    "danger_alarm": ("exclamation-triangle-fill", lazy_gettext("People in danger: alarm raised")),
    "danger_undertaken": ("person-check", lazy_gettext("Danger undertaken")),
    "original_opened": ("eye-fill", lazy_gettext("Original of a file opened")),
    "evidence_redacted": ("pencil-square", lazy_gettext("Parts of a picture blacked out")),
    "case_accept": ("check-circle-fill", lazy_gettext("Accepted")),
    "case_refuse": ("slash-circle", lazy_gettext("Not accepted")),
    "case_transfer": ("box-arrow-right", lazy_gettext("Passed on")),
    "case_assign": ("person-check", lazy_gettext("Assigned")),
    "case_undertake": ("search", lazy_gettext("Check begun")),
    "case_check_site": ("search", lazy_gettext("Site checked")),
    "finding_recorded": ("clipboard-check", lazy_gettext("Finding recorded")),
    "finding_changed": ("clipboard-check", lazy_gettext("Finding changed")),
    "facts_recorded": ("clipboard-check", lazy_gettext("Answers to the reward rule recorded")),
    "finding_removed": ("clipboard-check", lazy_gettext("Finding removed")),
    "penalty_recorded": ("journal-text", lazy_gettext("Penalty recorded")),
    "penalty_changed": ("journal-text", lazy_gettext("Penalty corrected")),
    "penalty_removed": ("journal-text", lazy_gettext("Part of a penalty taken out")),
    "no_penalty_recorded": ("journal-text", lazy_gettext("No penalty, recorded")),
    "rectification_ordered": ("pencil", lazy_gettext("Rectification ordered")),
    "rectification_start": ("tools", lazy_gettext("Rectification begun")),
    "rectification_reinspect": ("arrow-counterclockwise", lazy_gettext("Inspected again")),
    "rectification_close": ("check-all", lazy_gettext("Rectification signed off")),
    "rectification_extend": ("calendar-event", lazy_gettext("Term of the rectification extended")),
    "rectification_escalate": ("flag", lazy_gettext("Rectification under special supervision")),
    # Proposed and approved only: that an award was revised may tell how a question about the reporter ended.
    "award_propose": ("cash", lazy_gettext("Award proposed")),
    "award_approve": ("check-circle", lazy_gettext("Award approved")),
    "case_conclude": ("clipboard-check", lazy_gettext("Check finished")),
    "case_answer": ("chat-left-text-fill", lazy_gettext("Reporter answered by the office")),
    "case_close": ("check-all", lazy_gettext("Closed")),
    "case_withdraw": ("arrow-return-left", lazy_gettext("Closed: no report is left")),
    "case_extended": ("calendar-event", lazy_gettext("Term extended")),
    "case_handed_over": ("person-check", lazy_gettext("Handed over to another officer")),
    "case_officer_barred": ("person-lock", lazy_gettext("The officer declared a tie and let go of it")),
    "case_merged": ("intersect", lazy_gettext("Merged into another case")),
    "case_absorbed": ("intersect", lazy_gettext("Took in another case")),
    "case_unmerged": ("intersect", lazy_gettext("A report moved back")),
}
# Their reasons are for finance.
WITHOUT_REASON = frozenset({"award_propose", "award_approve"})
UNKNOWN_EVENT = ("circle", lazy_gettext("Recorded"))


def sector_name(code: str) -> str:
    """Return the name of a sector in the reader's language."""
    return sector(code).name(str(get_locale()))


def situation_name(code: str) -> str:
    """Return the words for a situation in the reader's language; empty for none."""
    found = catalogue().situation(code)
    return found.name(str(get_locale())) if found else ""


def extra_lines(answered: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    """Return the answers to further questions in the reader's language."""
    return lines(answered, str(get_locale()))


def event_look(action: str) -> tuple[str, Any]:
    """Return icon and words of a logged action."""
    return EVENTS.get(action, UNKNOWN_EVENT)


def in_language(chinese: str | None, english: str | None) -> str:
    """Return the name in the reader's language; empty for none."""
    return (english if str(get_locale()) == "en" else chinese) or ""


def capped(count: int) -> str:
    """Return a count as shown: 99+ says that there are more."""
    return f"{COUNT_CAP}+" if count > COUNT_CAP else str(count)


@desk.app_context_processor
def _words() -> dict[str, Any]:
    return {
        "sector_name": sector_name,
        "situation_name": situation_name,
        "extra_lines": extra_lines,
        "event_look": event_look,
        "in_language": in_language,
        "unit_name": unit_name,
        "role_label": role_label,
        "channel_words": CHANNELS,
        "danger_words": DANGER,
        "due_words": DUE,
        "view_words": VIEWS,
        "capped": capped,
    }
