"""Words for what was found in a text: what it is, and where it stands."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from portal.reports.cutting import MESSAGE, Spot
from portal.reports.masking import Sort

SORTS: dict[Sort, LazyString] = {
    Sort.IDENTITY: lazy_gettext("ID number"),
    Sort.ACCOUNT: lazy_gettext("Account number"),
    Sort.TELEPHONE: lazy_gettext("Telephone number"),
    Sort.EMAIL: lazy_gettext("E-mail address"),
    Sort.MESSENGER: lazy_gettext("Name or number in a messenger"),
}
PLACES: dict[str, LazyString] = {
    "narrative": lazy_gettext("What you saw"),
    "subject_name": lazy_gettext("Firm or site"),
    "address": lazy_gettext("Where exactly"),
    "happened": lazy_gettext("When"),
    MESSAGE: lazy_gettext("Your message"),
}
FURTHER = lazy_gettext("Further questions")


def named(found: list[Spot]) -> list[tuple[LazyString, LazyString, Spot]]:
    """Return each find with the words for its place and for what it is."""
    return [(PLACES.get(spot.place, FURTHER), SORTS[spot.sort], spot) for spot in found]
