"""The case page: what was told, what was done, what may be done now; never who told it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from flask_login import current_user

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.danger import danger_of
from portal.admin.evidence_words import kind_word
from portal.admin.verification import panel as verification_panel
from portal.admin.words import EVENTS, WITHOUT_REASON
from portal.audit.models import ActorKind
from portal.cases import alike, dossier, queries
from portal.cases.allowed import Deed, allowed
from portal.cases.dossier import Logged
from portal.cases.models import Case
from portal.cases.steps import CaseStatus
from portal.errors import NotFound
from portal.evidence.models import CleanState, Evidence
from portal.people.actor import Actor
from portal.people.labels import role_label
from portal.reports.models import Message, MessageSide
from portal.reports.reasons import in_words
from portal.retention.holds import standing_hold
from portal.retention.words import GROUNDS
from portal.rewards.panel import panel


@dataclass(frozen=True, slots=True)
class Button:
    """A step as offered: where it leads, its words and its key."""

    url: str
    label: LazyString
    key: str
    primary: bool


# endpoint, words, key; contact and unmerging stand beside the report that they concern
BUTTONS: dict[Deed, tuple[str, LazyString, str]] = {
    Deed.ACCEPT: ("desk.case_accept", lazy_gettext("Accept"), "a"),
    Deed.REFUSE: ("desk.case_refuse", lazy_gettext("Do not accept"), "r"),
    Deed.TRANSFER: ("desk.case_transfer", lazy_gettext("Pass on"), "t"),
    Deed.ASSIGN: ("desk.case_assign", lazy_gettext("Assign"), "s"),
    Deed.ASK: ("desk.case_ask", lazy_gettext("Ask the reporter"), "q"),
    Deed.MERGE: ("desk.case_merge", lazy_gettext("Merge"), "m"),
    Deed.EXTEND: ("desk.case_extend", lazy_gettext("Extend the term"), "e"),
    Deed.CLOSE: ("desk.case_close", lazy_gettext("Close"), "c"),
}
ASSIGNED_ALREADY = frozenset({CaseStatus.ASSIGNED, CaseStatus.VERIFYING})
OTHER_OFFICER = lazy_gettext("Assign to somebody else")
EYES = frozenset({"contact_opened", "original_opened"})
PRIMARY = frozenset({Deed.ACCEPT, Deed.ASSIGN, Deed.CLOSE})


@desk.get("/cases/<number>")
def case(number: str) -> str:
    """Show one case; absent and out of reach look the same."""
    actor: Actor = current_user.actor
    now = clock.now()
    found = queries.find_case(number, actor)
    return render_template(
        "admin/case.html",
        **shown(found, actor, now),
        log=[_line(logged) for logged in dossier.log_of(found, EVENTS)],
        award_panel=panel(found, actor, now),
        verification=verification_panel(found, actor),
        merged_into=dossier.number_of(found.merged_into_id) if found.merged_into_id else None,
        hold=standing_hold(found.id),
        hold_grounds=GROUNDS,
    )


def shown(found: Case, actor: Actor, now: datetime) -> dict[str, Any]:
    """Return what the case page and the pane beside the queue both show."""
    told = dossier.reports_of(found)
    deeds = allowed(found, actor, now)
    same = alike.same_in([item.id for one in told for item in one.evidence], found.id, actor)
    return {
        "case": found,
        "told": told,
        "deeds": set(deeds),
        "buttons": _buttons(found, deeds),
        "similar": dossier.similar_to(found, actor, same),
        "same_elsewhere": [one.number for one in same if not one.can_be_opened],
        "kind_word": kind_word,
        "talk_of": _talk,
        "is_picture": is_picture,
        "danger": danger_of(found, now),
    }


def summary(number: str, actor: Actor, now: datetime) -> dict[str, Any] | None:
    """Return what the pane beside the queue shows; None for a case that is absent or out of reach."""
    try:
        found = queries.find_case(number, actor)
    except NotFound:
        return None
    return shown(found, actor, now)


def is_picture(item: Evidence) -> bool:
    """Say whether a clean picture can be shown."""
    return item.clean_state is CleanState.CLEAN and item.clean_type.startswith("image/")


def _buttons(found: Case, deeds: list[Deed]) -> list[Button]:
    offered = [deed for deed in deeds if deed in BUTTONS]
    again = found.status in ASSIGNED_ALREADY
    first = next((deed for deed in offered if deed in PRIMARY and not (again and deed is Deed.ASSIGN)), None)
    return [
        Button(
            url_for(endpoint, number=found.number),
            OTHER_OFFICER if again and deed is Deed.ASSIGN else label,
            key,
            deed is first,
        )
        for deed in offered
        for endpoint, label, key in (BUTTONS[deed],)
    ]


def _talk(messages: list[Message]) -> list[dict[str, Any]]:
    """Return a conversation as the talk macro wants it; the office has the portal's own colour here too."""
    return [
        {
            "mine": message.side is MessageSide.REPORTER,
            "who": gettext("Office") if message.side is MessageSide.OFFICE else gettext("Reporter"),
            "when": message.sent_at,
            "text": message.text,
        }
        for message in messages
    ]


def _line(logged: Logged) -> dict[str, Any]:
    """Return one line of the log: what, when, by whom in which role, and why."""
    event = logged.event
    icon, words = EVENTS[event.action]
    return {
        "icon": icon,
        "eye": event.action in EYES,
        "when": event.at,
        "title": words,
        "who": _who(logged),
        "reason": "" if event.action in WITHOUT_REASON else in_words(event.reason),
        "other": event.facts.get("into") or event.facts.get("from") or "",
    }


def _who(logged: Logged) -> str:
    if logged.event.actor_kind is ActorKind.REPORTER:
        return str(gettext("Reporter"))
    if logged.event.actor_kind is ActorKind.SYSTEM or logged.name is None:
        return str(gettext("The portal itself"))
    return f"{role_label(logged.event.actor_role)} {logged.name}".strip()
