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

    A period is the one in which the first finding was recorded.
    """
    if not rules.limits or not findings:
        return {}
    verified = city_date(min(finding.recorded_at for finding in findings))
    found: dict[str, Earlier] = {}
    for limit in rules.limits:
        paid = _of_person(report, city_midnight(_begin(limit.period, verified)))
        found |= _by_kind(limit, paid) if limit.by_kind else {limit.id: _sum(paid)}
    return found


def _begin(period: Period, day: date) -> date:
    """Return the first day of the period that a day belongs to."""
    if period is Period.DAY:
        return day
    first = {Period.MONTH: day.month, Period.QUARTER: (day.month - 1) // 3 * 3 + 1, Period.YEAR: 1}
    return day.replace(month=first[period], day=1)


def _of_person(report: Report, since: datetime) -> list[tuple[str, int]]:
    """Return kind and fen of what one person was paid since then; without a name, of this report alone."""
    if report.real_name is RealName.NONE:
        return _own(report, since)
    return payments_to_same_person(report.id, since)


def _by_kind(limit: Limit, paid: list[tuple[str, int]]) -> dict[str, Earlier]:
    kinds = {kind for kind, _fen in paid}
    return {limit.key(Kind(kind)): _sum([one for one in paid if one[0] == kind]) for kind in kinds}


def _sum(paid: list[tuple[str, int]]) -> Earlier:
    return Earlier(len(paid), sum(fen for _kind, fen in paid))


def _own(report: Report, since: datetime) -> list[tuple[str, int]]:
    """Return kind and fen of what this report itself was paid since then."""
    rows = db.session.execute(
        select(Award.derivation, Payout.amount_fen)
        .join(Share, Share.award_id == Award.id)
        .join(Payout, Payout.share_id == Share.id)
        .where(Share.report_id == report.id, Payout.state == PayoutState.PAID, Payout.recorded_at >= since)
    )
    return [(derivation["kind"], fen) for derivation, fen in rows]
