"""Which rule set governs what: versions in force as rows, parsed once in each process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select

from portal.cases.models import Case, Finding
from portal.clock import city_date
from portal.database import db
from portal.rewards.rule_models import RuleVersion
from portal.rewards.rule_steps import RuleStatus
from portal.rewards.rules.load import parse
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.vocabulary import GovernsBy, Kind

GOVERNING = (RuleStatus.IN_FORCE, RuleStatus.REPLACED)
BASES = (*GOVERNING, RuleStatus.LIBRARY)
"""What another rule set may take parts from: texts that never change any more."""
KEPT = 200

_parsed: OrderedDict[str, RuleSet] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Standing:
    """One version as the choice of what governs needs it: no text."""

    row_id: int
    rule_id: str
    version: int
    digest: str
    sectors: tuple[str, ...]
    governs_by: GovernsBy
    first_day: date
    end: date | None

    def governs(self, day: date, sector: str) -> bool:
        """Tell whether it governs matters of this day and sector."""
        begun = self.first_day <= day and (self.end is None or day < self.end)
        return begun and (not self.sectors or sector in self.sectors)

    @property
    def rank(self) -> tuple[bool, int, str]:
        """Return the place among those in force: a trade's own rule, then the later one."""
        return (not self.sectors, -self.first_day.toordinal(), self.rule_id)


def standings() -> list[Standing]:
    """Return every version that governs, has governed or will; one small query, in the order of choice."""
    rows = db.session.execute(
        select(
            RuleVersion.id,
            RuleVersion.rule_id,
            RuleVersion.version,
            RuleVersion.digest,
            RuleVersion.sectors,
            RuleVersion.governs_by,
            RuleVersion.in_force_from,
            RuleVersion.in_force_until,
        ).where(RuleVersion.status.in_(GOVERNING))
    )
    found = [
        Standing(key, rule, version, digest, tuple(sectors), GovernsBy(by), first, end)
        for key, rule, version, digest, sectors, by, first, end in rows
        if first is not None
    ]
    return sorted(found, key=lambda one: one.rank)


def in_force(on: date) -> list[RuleSet]:
    """Return the rule sets in force on a day, a trade's own before the general ones."""
    return [rules_of(one) for one in standings() if one.first_day <= on and (one.end is None or on < one.end)]


def governing(case: Case, findings: Sequence[Finding]) -> RuleSet | None:
    """Return the rule set that governs a case, by the day that each names; None where none is in force.

    The first that covers all kinds that were found, or else the first that covers any; where nothing was
    found yet, the first.
    """
    days = governing_days(case, findings)
    open_ones = [one for one in standings() if one.governs(days[one.governs_by], case.sector)]
    kinds = {Kind(finding.kind.value) for finding in findings}
    candidates = [rules_of(one) for one in open_ones]
    whole = [rules for rules in candidates if all(rules.covers(kind) for kind in kinds)]
    part = [rules for rules in candidates if any(rules.covers(kind) for kind in kinds)]
    return next(iter([*whole, *part, *candidates]), None)


def governing_days(case: Case, findings: Sequence[Finding]) -> dict[GovernsBy, date]:
    """Return the day of a case by each measure; what has not happened yet takes the day before it."""
    accepted = city_date(case.accepted_at or case.opened_at)
    verified = min((city_date(finding.recorded_at) for finding in findings), default=accepted)
    decided = min((one.decided_on for finding in findings for one in finding.penalties), default=verified)
    return {GovernsBy.ACCEPTED: accepted, GovernsBy.VERIFIED: verified, GovernsBy.DECIDED: decided}


def at(rule_id: str, version: int | str) -> RuleSet:
    """Return a version by its id, as awards name it; raises KeyError."""
    number = int(version) if str(version).isdigit() else 0
    rows = db.session.scalars(
        select(RuleVersion)
        .where(
            RuleVersion.rule_id == rule_id,
            RuleVersion.version == number,
            RuleVersion.status != RuleStatus.WITHDRAWN,
        )
        .order_by(RuleVersion.status == RuleStatus.LIBRARY)
    ).all()
    if not rows:
        raise KeyError(rule_id, version)
    return rules_of_row(rows[0])


def rules_of(one: Standing) -> RuleSet:
    """Return a version with the sectors it was put in force for."""
    return _for_sectors(_read(one.digest, one.row_id, one.rule_id), one.sectors)


def rules_of_row(row: RuleVersion) -> RuleSet:
    """Return the rule set of a row, whatever its status."""
    return _for_sectors(_read(row.digest, row.id, row.rule_id), tuple(row.sectors))


def base(rule_id: str, version: int) -> RuleSet:
    """Return what other rule sets may take parts from: what ships or was put in force; raises KeyError."""
    row = db.session.execute(
        select(RuleVersion.digest, RuleVersion.id)
        .where(
            RuleVersion.rule_id == rule_id,
            RuleVersion.version == version,
            RuleVersion.status.in_(BASES),
        )
        .order_by(RuleVersion.status == RuleStatus.LIBRARY)
        .limit(1)
    ).first()
    if row is None:
        raise KeyError(rule_id, version)
    return _read(row.digest, row.id, rule_id)


def existing(rule_id: str) -> list[RuleSet]:
    """Return the versions of a rule set that were put in force."""
    rows = db.session.scalars(
        select(RuleVersion)
        .where(RuleVersion.rule_id == rule_id, RuleVersion.status.in_(GOVERNING))
        .order_by(RuleVersion.version)
    )
    return [rules_of_row(row) for row in rows]


def _for_sectors(rules: RuleSet, sectors: tuple[str, ...]) -> RuleSet:
    return rules if rules.sectors == sectors else replace(rules, sectors=sectors)


def _read(digest: str, row_id: int, name: str) -> RuleSet:
    """Return a parsed text; the same text is parsed once in a process."""
    known = _parsed.get(digest)
    if known is None:
        body = db.session.execute(select(RuleVersion.body).where(RuleVersion.id == row_id)).scalar_one()
        known = _parsed[digest] = parse(body, name=f"{name}.toml", library=base)
        while len(_parsed) > KEPT:
            _parsed.popitem(last=False)
    return known
