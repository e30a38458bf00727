"""What a second sending of the same form adds to the report: the difference as text."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from portal.reports import questions, sectors
from portal.reports.filing import Filing
from portal.reports.models import Report
from portal.reports.situations import catalogue

_SHOWN: dict[str, tuple[LazyString, Callable[[str, str], str]]] = {
    "sector": (lazy_gettext("Kind of danger"), lambda code, locale: sectors.sector(code).name(locale)),
    "situation": (
        lazy_gettext("What one sees"),
        lambda code, locale: found.name(locale) if (found := catalogue().situation(code)) else "",
    ),
    "subject_name": (lazy_gettext("Firm or site"), lambda text, _locale: text),
    "address": (lazy_gettext("Where exactly"), lambda text, _locale: text),
    "position": (lazy_gettext("Position of the danger"), lambda text, _locale: text),
    "happened": (lazy_gettext("When"), lambda text, _locale: text),
}


def difference(filing: Filing, report: Report) -> str:
    """Return what this sending says otherwise than the report, as text; empty when nothing."""
    parts = [
        f"{label}: {shown}"
        for name, (label, show) in _SHOWN.items()
        if (value := getattr(filing, name)) != getattr(report, name) and (shown := show(value, filing.locale))
    ]
    changed = {key: told for key, told in filing.extra.items() if report.extra.get(key) != told}
    parts += [f"{asked} {told}" for asked, told in questions.lines(changed, filing.locale)]
    if filing.narrative != report.narrative:
        parts.append(filing.narrative)
    return "\n".join(parts)
