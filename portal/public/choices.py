"""What the report form offers to choose from, in the words people use."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from portal.reports.models import DangerNow
from portal.reports.sectors import SECTORS, SITUATIONS, sector


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


@lru_cache(maxsize=4)
def situation_groups(locale: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the situations in a language under the names of their sectors."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for item in SITUATIONS:
        groups.setdefault(sector(item.sector).name(locale), []).append((item.code, item.name(locale)))
    return tuple((name, tuple(items)) for name, items in groups.items())


def label_of(choices: tuple[Choice, ...], value: str) -> str:
    """Return the words of a chosen value; empty when nothing was chosen."""
    return next((str(choice.label) for choice in choices if choice.value == value), "")
