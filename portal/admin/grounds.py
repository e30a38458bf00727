"""Ready sentences for refusing: the reason, and where to go instead. The reporter reads both."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import force_locale, lazy_gettext
from flask_babel.speaklater import LazyString


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason for which reports are not accepted."""

    reason: LazyString
    where: LazyString


GROUNDS: dict[str, Ground] = {
    "not_safety": Ground(
        lazy_gettext("This is not about safety at work, so it is not ours to check."),
        lazy_gettext("Please call the city hotline 12345. It knows who is responsible."),
    ),
    "wages": Ground(
        lazy_gettext("Wage claims are not taken here."),
        lazy_gettext("Please call 12333 for wages and labour matters."),
    ),
    "petition": Ground(
        lazy_gettext("Petitions are not taken here."),
        lazy_gettext("Please go to the petition office of your district, or call 12345."),
    ),
    "unclear": Ground(
        lazy_gettext("The report names no place, firm or facts that can be checked."),
        lazy_gettext("Please report again as soon as you know more, or call 12350."),
    ),
    "repeated": Ground(
        lazy_gettext("You reported the same matter before, and it is accepted already."),
        lazy_gettext("Please follow it with the receipt code of your first report."),
    ),
}


def written(ground: str, locale: str) -> tuple[str, str]:
    """Return reason and place in the reporter's language; empty for an unknown ground."""
    found = GROUNDS.get(ground)
    if found is None:
        return "", ""
    with force_locale(locale):
        return str(found.reason), str(found.where)
