"""Random samples for an audit: drawn from cases or awards of some days, kept with their seed."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, select

from portal.audit import sampling
from portal.audit.events import record
from portal.audit.models import AuditSample, Population
from portal.cases.models import Case
from portal.clock import city_midnight
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.rewards.models import Award

LARGEST = 200
SEED_LONGEST = 64
SHOWN = 50


class NothingToDraw(Refusal):
    """No case or award lies in these days."""

    field = "until"
    message = gettext_noop("Nothing lies in these days. Choose a longer time.")


class DaysReversed(Refusal):
    """The last day lies before the first."""

    field = "until"
    message = gettext_noop("The last day lies before the first. Exchange them.")


class SizeUnlikely(Refusal):
    """A sample has from one to two hundred numbers."""

    field = "size"
    message = gettext_noop("Write how many to draw: from 1 to %(most)s.")


def draw(
    population: Population,
    since: date,
    until: date,
    size: int,
    seed: str,
    actor: Actor,
    at: datetime,
    zone: ZoneInfo,
) -> AuditSample:
    """Draw a sample and keep it; an empty seed is chosen by chance. ``until`` is the last day, included."""
    if until < since:
        raise DaysReversed
    if not 1 <= size <= LARGEST:
        raise SizeUnlikely(most=LARGEST)
    numbers = population_of(population, since, until, zone)
    if not numbers:
        raise NothingToDraw
    chosen_seed = seed.strip()[:SEED_LONGEST] or secrets.token_hex(16)
    picked = sampling.drawn(numbers, chosen_seed, size)
    sample = AuditSample(
        population=population,
        since=since,
        until=until,
        population_size=len(numbers),
        population_digest=sampling.digest(numbers),
        seed=chosen_seed,
        size=len(picked),
        numbers=picked,
        drawn_by=actor.account_id,
        drawn_at=at,
    )
    db.session.add(sample)
    db.session.flush()
    facts = {"entry": sample.id, "count": len(picked)}
    record("sample_drawn", at=at, actor=actor, role=actor.role_for(Permission.AUDIT_READ), facts=facts)
    return sample


def population_of(population: Population, since: date, until: date, zone: ZoneInfo) -> list[str]:
    """Return the numbers of all cases concluded, or awards approved, in these days."""
    start, end = city_midnight(since, zone), city_midnight(until + timedelta(days=1), zone)
    query: Select[str]
    within: tuple[ColumnElement[bool], ...]
    if population is Population.CASES:
        within = (Case.concluded_at >= start, Case.concluded_at < end)
        query = select(Case.number).where(*within).order_by(Case.number)
    else:
        within = (Award.approved_at >= start, Award.approved_at < end)
        query = select(Award.number).where(*within).order_by(Award.number)
    return list(db.session.scalars(query))


def samples(before: int | None = None) -> list[AuditSample]:
    """Return the samples, the newest first, one more than a page shows."""
    query = select(AuditSample).order_by(AuditSample.id.desc()).limit(SHOWN + 1)
    return list(db.session.scalars(query.where(AuditSample.id < before) if before else query))


def same_again(sample: AuditSample, zone: ZoneInfo) -> bool:
    """Say whether population and seed lead to the same sample today."""
    numbers = population_of(sample.population, sample.since, sample.until, zone)
    return (
        sampling.digest(numbers) == sample.population_digest
        and sampling.drawn(numbers, sample.seed, sample.size) == sample.numbers
    )
