"""How long each kind of data is kept: read from the environment, in days or years."""

from __future__ import annotations

from dataclasses import dataclass, fields

from portal.environment import Environment

DAYS_OF_A_YEAR = 365
LONGEST_DAYS = 100 * DAYS_OF_A_YEAR


@dataclass(frozen=True, slots=True)
class RetentionPeriods:
    """Periods after the end of a case and the settlement of its reward; payments and texts in years."""

    contact_days: int = 180
    """Telephone, e-mail and alert address; also an account to which nothing was paid."""
    told_days: int = 180
    name_days: int = 730
    """Two budget years: limits that a rule sets a person count within one."""
    payee_years: int = 30
    """After the year of the payment: vouchers of administrative units (会计档案管理办法, to be confirmed)."""
    original_days: int = 365
    text_years: int = 10
    """The shortest class of document archives (国家档案局令第8号, to be confirmed)."""
    notice_days: int = 365
    backup_days: int = 35
    """How long backups are kept: pages say it, and `flask backup` removes older ones."""


def retention_periods(source: Environment) -> RetentionPeriods:
    """Read the periods; the text is kept at least as long as what hangs on it."""
    known = RetentionPeriods()
    source.unknown("RETENTION_", frozenset(f"RETENTION_{one.name.upper()}" for one in fields(known)))
    periods = RetentionPeriods(
        contact_days=source.number("RETENTION_CONTACT_DAYS", known.contact_days, 1, LONGEST_DAYS),
        told_days=source.number("RETENTION_TOLD_DAYS", known.told_days, 1, LONGEST_DAYS),
        name_days=source.number("RETENTION_NAME_DAYS", known.name_days, 1, LONGEST_DAYS),
        payee_years=source.number("RETENTION_PAYEE_YEARS", known.payee_years, 1, 100),
        original_days=source.number("RETENTION_ORIGINAL_DAYS", known.original_days, 1, LONGEST_DAYS),
        text_years=source.number("RETENTION_TEXT_YEARS", known.text_years, 1, 100),
        notice_days=source.number("RETENTION_NOTICE_DAYS", known.notice_days, 30, LONGEST_DAYS),
        backup_days=source.number("RETENTION_BACKUP_DAYS", known.backup_days, 1, 3650),
    )
    if periods.text_years * DAYS_OF_A_YEAR < periods.original_days:
        source.fault(
            "RETENTION_TEXT_YEARS is shorter than RETENTION_ORIGINAL_DAYS; a report goes with all its files."
        )
    return periods
