"""What a reporter was paid before inside the periods of a rule's limits: counts and sums, never who."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select

from portal.cases.models import Finding
from portal.clock import city_date, city_midnight
from portal.database import db
from portal.reports.models import RealName, Report
from portal.rewards.models import Award, Payout, PayoutState, Share
from portal.rewards.rules.given import Earlier
from portal.rewards.rules.model import Limit, RuleSet
from portal.rewards.rules.vocabulary import Kind, Period
from portal.vault.asking import payments_to_same_person


def earlier_awards(report: Report, rules: RuleSet, findings: Sequence[Finding]) -> dict[str, Earlier]:
    """Return earlier payments by limit; raises VaultClosed while nobody can say whose they were.

    A period is the one in which the first finding was recorded. Payments of one kind only are known for the
    report itself: what the vault compares are people, not matters.
    """
    if not rules.limits or not findings:
        return {}
    verified = city_date(min(finding.recorded_at for finding in findings))
    found: dict[str, Earlier] = {}
    for limit in rules.limits:
        since = city_midnight(_begin(limit.period, verified))
        if limit.by_kind:
            found |= _own_by_kind(limit, report, since)
        else:
            found[limit.id] = _of_person(report, since)
    return found


def _begin(period: Period, day: date) -> date:
    """Return the first day of the period that a day belongs to."""
    if period is Period.DAY:
        return day
    return day.replace(day=1) if period is Period.MONTH else day.replace(month=1, day=1)


def _of_person(report: Report, since: datetime) -> Earlier:
    if report.real_name is RealName.NONE:
        paid = _own(report, since)
        return Earlier(len(paid), sum(fen for _kind, fen in paid))
    count, sum_fen = payments_to_same_person(report.id, since)
    return Earlier(count, sum_fen)


def _own_by_kind(limit: Limit, report: Report, since: datetime) -> dict[str, Earlier]:
    sums: dict[str, Earlier] = {}
    for kind, fen in _own(report, since):
        key = limit.key(Kind(kind))
        known = sums.get(key, Earlier())
        sums[key] = Earlier(known.count + 1, known.sum_fen + fen)
    return sums


def _own(report: Report, since: datetime) -> list[tuple[str, int]]:
    """Return kind and fen of what this report itself was paid since then."""
    rows = db.session.execute(
        select(Award.derivation, Payout.amount_fen)
        .join(Share, Share.award_id == Award.id)
        .join(Payout, Payout.share_id == Share.id)
        .where(Share.report_id == report.id, Payout.state == PayoutState.PAID, Payout.recorded_at >= since)
    )
    return [(derivation["kind"], fen) for derivation, fen in rows]
