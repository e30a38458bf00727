"""Versions of what a reporter agrees to: reporting notice (举报须知) and personal-information notice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString


@dataclass(frozen=True, slots=True)
class NoticesVersion:
    """Both notices as they read from a day on, and what changed in words."""

    version: str
    since: date
    changed: LazyString


# A change of either notice's text is a new version at the end; reports keep the one they agreed to.
VERSIONS = (
    NoticesVersion("2026-1", date(2026, 11, 1), lazy_gettext("The first version.")),
    NoticesVersion(
        "2026-2",
        date(2026, 11, 22),
        lazy_gettext("How long each thing is kept, and how it is seen, corrected and erased."),
    ),
)
CURRENT = VERSIONS[-1]


def agreed_to(shown: str) -> str:
    """Return the version that stood on the page; the current one when the page named none that exists."""
    return next((known.version for known in VERSIONS if known.version == shown), CURRENT.version)
