"""Until when each kind of one report is kept, from its life and the periods (pure arithmetic)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.clock import city_date, city_midnight
from portal.config_retention import RetentionPeriods
from portal.retention.kinds import PERSONAL, Kind
from portal.retention.life import Life


@dataclass(frozen=True, slots=True)
class Terms:
    """The periods, and the zone in which a day ends."""

    periods: RetentionPeriods
    zone: ZoneInfo

    def until(self, kind: Kind, life: Life, since: datetime) -> datetime | None:
        """Return when a kind that came at ``since`` is due; None while that is not known."""
        if life.held:
            return None
        end = life.own_end if kind in PERSONAL else life.case_end
        if end is None:
            return None
        if kind is Kind.PAYEE and life.paid_on is not None:
            return self.voucher_until(life.paid_on)
        begin = max(end, since)
        if kind is Kind.TEXT:
            return years_after(begin, self.periods.text_years, self.zone)
        return begin + timedelta(days=self.days(kind))

    def voucher_until(self, paid_on: date) -> datetime:
        """Return when the account of a payment is due: so many years after the year of the payment."""
        year = paid_on.year + 1 + self.periods.payee_years
        return city_midnight(date(year, 1, 1), self.zone)

    def days(self, kind: Kind) -> int:
        """Return the period of a kind that is kept for days."""
        return {
            Kind.ORIGINALS: self.periods.original_days,
            Kind.NAME: self.periods.name_days,
            Kind.TOLD: self.periods.told_days,
        }.get(kind, self.periods.contact_days)


def years_after(at: datetime, years: int, zone: ZoneInfo) -> datetime:
    """Return the same day so many years later, at the city's midnight; 29 February becomes 1 March."""
    day = city_date(at, zone)
    try:
        later = day.replace(year=day.year + years)
    except ValueError:
        later = date(day.year + years, 3, 1)
    return city_midnight(later, zone)
