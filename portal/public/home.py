"""The first page: courage, who sees what, how it goes on."""

from __future__ import annotations

from typing import NamedTuple

from flask import render_template
from flask_babel import get_locale

from portal import clock
from portal.extensions import settings
from portal.public.blueprint import public
from portal.public.totals import totals
from portal.reports.situations import catalogue
from portal.rewards import rulebook
from portal.rewards.bands import band
from portal.rewards.rules.vocabulary import Kind


class Entry(NamedTuple):
    """A common hazard as a way into the form."""

    icon: str
    code: str
    label: str


COMMON = (
    ("plug", "ebike_stairwell"),
    ("door-open", "exit_blocked"),
    ("house-exclamation", "sleep_workshop"),
    ("fire", "weld_no_certificate"),
    ("cone-striped", "scaffold_unsafe"),
    ("fuel-pump", "fuel_unlicensed"),
)


@public.get("/")
def home() -> str:
    """The first page."""
    chosen = settings()
    return render_template(
        "public/home.html",
        hazards=_hazards(str(get_locale())),
        totals=totals(clock.now(), chosen.zone),
        deadlines=chosen.deadlines,
        band=band(rulebook.in_force(clock.city_date(clock.now())), Kind.MAJOR_HAZARD),
    )


def _hazards(locale: str) -> list[Entry]:
    known = catalogue()
    found = ((icon, known.situation(code)) for icon, code in COMMON)
    return [
        Entry(icon, item.code, item.name(locale)) for icon, item in found if item is not None and item.active
    ]
