"""What the kinds of data are called, who can open them, how long they are kept: one table for all pages."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext, lazy_gettext, ngettext
from flask_babel.speaklater import LazyString

from portal.config_retention import RetentionPeriods
from portal.evidence.staging import KEPT as STAGED
from portal.people.sessions import LONGEST as SESSION
from portal.reports.kept_drafts import LIFETIME as DRAFT
from portal.reports.visits import LONGEST as VISIT
from portal.retention.kinds import Kind
from portal.retention.models import HoldGround

TITLES: dict[Kind, LazyString] = {
    Kind.TEXT: lazy_gettext("Report, messages and cleaned copies of files"),
    Kind.ORIGINALS: lazy_gettext("Files as they came (originals)"),
    Kind.CONTACT: lazy_gettext("Telephone number and e-mail"),
    Kind.ALERT: lazy_gettext("Where alerts go"),
    Kind.NAME: lazy_gettext("Your name, and whether you work there"),
    Kind.TOLD: lazy_gettext("What was cut out of your text"),
    Kind.PAYEE: lazy_gettext("The account for the reward"),
}
WHO: dict[Kind, LazyString] = {
    Kind.TEXT: lazy_gettext("The officers who handle the case."),
    Kind.ORIGINALS: lazy_gettext("An officer of the case, with a written reason. Your page shows each time."),
    Kind.CONTACT: lazy_gettext("The intake officer, with a written reason. Your page shows each time."),
    Kind.ALERT: lazy_gettext("Nobody. The system uses it to send a neutral line, and nothing else."),
    Kind.NAME: lazy_gettext("The identity officer alone, to answer yes or no. Your page shows each time."),
    Kind.TOLD: lazy_gettext("The identity officer, with a written reason. Your page shows each time."),
    Kind.PAYEE: lazy_gettext("The cashier who pays it."),
}
GROUNDS: dict[HoldGround, LazyString] = {
    HoldGround.APPEAL: lazy_gettext("An appeal or objection"),
    HoldGround.CRIMINAL: lazy_gettext("Referred to criminal justice"),
    HoldGround.LAWSUIT: lazy_gettext("A lawsuit"),
    HoldGround.AUDIT: lazy_gettext("An audit or inspection"),
    HoldGround.OTHER: lazy_gettext("Something else, see the reason"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One kind as the pages list it."""

    kind: Kind
    title: str
    who: str
    period: str


def rows(periods: RetentionPeriods) -> list[Row]:
    """Return every kind of data of a report with its period, in the reader's language."""
    return [Row(kind, str(TITLES[kind]), str(WHO[kind]), period_of(kind, periods)) for kind in Kind]


def period_of(kind: Kind, periods: RetentionPeriods) -> str:
    """Return how long a kind is kept, in words."""
    if kind is Kind.TEXT:
        return _years_after_closing(periods.text_years)
    if kind is Kind.PAYEE:
        paid = ngettext(
            "%(num)s year after the year of the payment, like every voucher of money.",
            "%(num)s years after the year of the payment, like every voucher of money.",
            periods.payee_years,
        )
        unpaid = gettext("If nothing was paid: %(period)s", period=_days_after_end(periods.contact_days))
        return str(gettext("%(first)s %(second)s", first=paid, second=unpaid))
    if kind is Kind.ORIGINALS:
        return _days_after_closing(periods.original_days)
    days = {Kind.NAME: periods.name_days, Kind.TOLD: periods.told_days}.get(kind, periods.contact_days)
    return _days_after_end(days)


def passing(periods: RetentionPeriods) -> list[tuple[str, str]]:
    """Return what is kept for a short time only, and how long."""
    session = int(SESSION.total_seconds() // 3600) + 24
    minutes = ngettext("%(num)s minute", "%(num)s minutes", VISIT.seconds // 60)
    days = ngettext("%(num)s day", "%(num)s days", periods.notice_days)
    return [
        (str(gettext("A form that you are writing")), _hours(int(DRAFT.total_seconds() // 3600))),
        (str(gettext("Files of a form that was not sent")), _hours(int(STAGED.total_seconds() // 3600))),
        (str(gettext("That your own page is open")), str(minutes)),
        (str(gettext("That somebody of the staff is logged in")), _hours(session)),
        (str(gettext("Notices inside the office")), str(days)),
    ]


def _hours(count: int) -> str:
    return str(ngettext("%(num)s hour", "%(num)s hours", count))


def _days_after_end(days: int) -> str:
    return str(
        ngettext(
            "%(num)s day after the case is closed and its reward settled, or after you withdrew.",
            "%(num)s days after the case is closed and its reward settled, or after you withdrew.",
            days,
        )
    )


def _days_after_closing(days: int) -> str:
    return str(
        ngettext(
            "%(num)s day after the case is closed and its reward settled.",
            "%(num)s days after the case is closed and its reward settled.",
            days,
        )
    )


def _years_after_closing(years: int) -> str:
    return str(
        ngettext(
            "%(num)s year after the case is closed and its reward settled.",
            "%(num)s years after the case is closed and its reward settled.",
            years,
        )
    )
