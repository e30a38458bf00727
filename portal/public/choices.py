"""What the report form offers to choose from, in the words people use."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from portal.reports.alerts import offered
from portal.reports.models import DangerNow
from portal.reports.sectors import SECTORS, sector
from portal.reports.situations import Question, Situation, catalogue


class Choice(NamedTuple):
    """One value with its words and, in small, what belongs to it."""

    value: str
    label: LazyString
    note: LazyString | str = ""


CATEGORIES = (
    Choice(
        "fire", lazy_gettext("Fire"), lazy_gettext("exit blocked, no extinguishers, people live upstairs")
    ),
    Choice(
        "welding",
        lazy_gettext("Welding"),
        lazy_gettext("without a certificate, beside things that burn easily"),
    ),
    Choice(
        "hazchem",
        lazy_gettext("Dangerous chemicals"),
        lazy_gettext("kept without a licence, leaking, a strange smell"),
    ),
    Choice("construction", lazy_gettext("Building site"), lazy_gettext("scaffolds, deep pits, tower cranes")),
    Choice(
        "accident",
        lazy_gettext("Somebody was hurt and it was not reported"),
        lazy_gettext("concealed or misreported accidents"),
    ),
    Choice("other", lazy_gettext("Not sure, or something else"), lazy_gettext("we will sort it")),
)

DANGERS = (
    Choice(DangerNow.NOW.value, lazy_gettext("It can happen at any moment")),
    Choice(DangerNow.ONGOING.value, lazy_gettext("It is like this all the time")),
    Choice(DangerNow.PAST.value, lazy_gettext("It is over")),
    Choice(DangerNow.UNKNOWN.value, lazy_gettext("I do not know")),
)

IDENTITIES = (
    Choice(
        "anonymous",
        lazy_gettext("Stay anonymous"),
        lazy_gettext("No name, no telephone. Only the receipt code brings you back."),
    ),
    Choice(
        "real",
        lazy_gettext("Give my real name"),
        lazy_gettext("Sealed at once. Some rewards go to real names only."),
    ),
)

ALERTS = (
    Choice("", lazy_gettext("No alerts"), lazy_gettext("I will look myself, about once a week.")),
    Choice("sms", lazy_gettext("Text message")),
    Choice("email", lazy_gettext("E-mail")),
)


@lru_cache(maxsize=4)
def sector_names(locale: str) -> tuple[tuple[str, str], ...]:
    """Return code and name of all sectors in a language."""
    return tuple((item.code, item.name(locale)) for item in SECTORS)


def situation_groups(locale: str, chosen: str = "") -> list[tuple[str, str, list[Situation]]]:
    """Return the situations in use, and the one chosen before, under code and name of their sector."""
    return [(code, sector(code).name(locale), items) for code, items in catalogue().by_sector(chosen)]


def question_groups(locale: str) -> list[tuple[str, str, list[Question]]]:
    """Return the further questions under code and name of their sector."""
    return [(code, sector(code).name(locale), items) for code, items in catalogue().questions_by_sector()]


def alerts(chosen: str = "") -> tuple[Choice, ...]:
    """Return no alerts, the ways that the city has, and the one chosen before."""
    ways = {"", chosen, *offered()}
    return tuple(choice for choice in ALERTS if choice.value in ways)


def label_of(choices: tuple[Choice, ...], value: str) -> str:
    """Return the words of a chosen value; empty when nothing was chosen."""
    return next((str(choice.label) for choice in choices if choice.value == value), "")
