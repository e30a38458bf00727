"""What a version would have given for the cases of the last year: sums and counts, no case and no person."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, func, or_, select, update

from portal import clock
from portal.audit.events import record
from portal.cases.models import Case, Finding
from portal.clock import city_date, city_midnight
from portal.database import db
from portal.errors import NotAllowed
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.rewards import rulebook
from portal.rewards.facts import NOT_TRUE, compute_case, stored_choices
from portal.rewards.models import Award, Stage
from portal.rewards.rule_models import RuleVersion, Simulation, SimulationState
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.outcome import Verdict
from portal.rewards.rules.vocabulary import Kind
from portal.rewards.steps import LIVE_AWARDS
from portal.run.queue import enqueue

YEAR = timedelta(days=365)
BATCH = 50
SLICE_SECONDS = 20.0  # other jobs wait meanwhile
SLICE_WITHOUT_WORKER = 5.0
IN_HAND = timedelta(seconds=90)
LARGEST = 10
OPEN = (SimulationState.WAITING, SimulationState.RUNNING)


@dataclass
class Sums:
    """What was counted so far; sums in fen. ``largest``: award number, what it is, what it would be."""

    governed: int = 0
    same: int = 0
    more: int = 0
    less: int = 0
    new: int = 0
    lost: int = 0
    unknown: int = 0
    now_fen: int = 0
    then_fen: int = 0
    largest: list[list[Any]] = field(default_factory=list)

    def count(self, award: str, now_fen: int, then_fen: int) -> None:
        """Take in one case."""
        self.now_fen += now_fen
        self.then_fen += then_fen
        if now_fen == then_fen:
            self.same += 1
            return
        name = ("new" if not now_fen else "more") if then_fen > now_fen else ("less" if then_fen else "lost")
        setattr(self, name, getattr(self, name) + 1)
        if award:
            changed = [*self.largest, [award, now_fen, then_fen]]
            self.largest = sorted(changed, key=lambda one: -abs(one[2] - one[1]))[:LARGEST]


def ask(row: RuleVersion, actor: Actor, at: datetime) -> Simulation:
    """Ask for a trial run on the cases of the last year; a job does it.

    Raises NotAllowed.
    """
    if not actor.may(Permission.RULES_READ):
        raise NotAllowed
    running = latest(row.id)
    if running is not None and running.state in OPEN:
        return running
    until = city_date(at)
    simulation = Simulation(
        rule_set_id=row.id,
        state=SimulationState.WAITING,
        asked_by=cast(int, actor.person_id),
        asked_at=at,
        since=until - YEAR,
        until=until,
        result={},
    )
    simulation.total_cases = (
        db.session.scalar(select(func.count(Case.id)).where(*_of_the_year(simulation))) or 0
    )
    db.session.add(simulation)
    role = actor.role_for(Permission.RULES_READ)
    facts = {"rule_set": row.rule_id, "version": row.version, "count": simulation.total_cases}
    record("rules_simulate", at=at, actor=actor, role=role, facts=facts)
    db.session.flush()
    return simulation


def latest(rule_set_id: int) -> Simulation | None:
    """Return the newest trial run of a version."""
    return db.session.scalar(
        select(Simulation)
        .where(Simulation.rule_set_id == rule_set_id)
        .order_by(Simulation.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def ring() -> None:
    """Ask a worker to go on with trial runs that wait; without Redis do a little of them here."""
    waiting = db.session.scalars(
        select(Simulation.id).where(_free(clock.now())).order_by(Simulation.id)
    ).all()
    db.session.rollback()
    for simulation_id in waiting:
        if not enqueue("simulate_rules", simulation_id):
            run(simulation_id, SLICE_WITHOUT_WORKER)


def work(simulation_id: int) -> None:
    """The worker's job: one slice, and the bell for the next one."""
    if run(simulation_id, SLICE_SECONDS):
        enqueue("simulate_rules", simulation_id)


def run(simulation_id: int, seconds: float) -> bool:
    """Go on where the last slice ended, for so many seconds; says whether cases are left."""
    end = time.monotonic() + seconds
    while True:
        simulation = _take(simulation_id)
        if simulation is None:
            return False
        try:
            left = _batch(simulation)
            db.session.commit()
        except Exception:
            _give_up(simulation_id)
            raise
        if not left or time.monotonic() >= end:
            return left


def trial(rules: RuleSet, until: date) -> Sums:
    """Return what a rule set would have given for the cases of the year before a day; writes nothing."""
    year = Simulation(since=until - YEAR, until=until, last_case_id=0)
    sums = Sums()
    while True:
        cases = db.session.scalars(
            select(Case)
            .where(*_of_the_year(year), Case.id > year.last_case_id)
            .order_by(Case.id)
            .limit(BATCH)
        ).all()
        for case in cases:
            _count(case, rules, sums)
            year.last_case_id = case.id
        db.session.rollback()
        if len(cases) < BATCH:
            return sums


def _free(at: datetime) -> ColumnElement[bool]:
    """Say which trial runs nobody works at: waiting, or left behind by a worker that died."""
    idle = Simulation.touched_at < at - IN_HAND
    return or_(
        Simulation.state == SimulationState.WAITING, (Simulation.state == SimulationState.RUNNING) & idle
    )


def _take(simulation_id: int) -> Simulation | None:
    """Take a trial run in hand; None when it is done or in other hands."""
    at = clock.now()
    mine = update(Simulation).where(Simulation.id == simulation_id, _free(at))
    taken = db.session.execute(mine.values(state=SimulationState.RUNNING, touched_at=at))
    db.session.commit()
    if not cast(Any, taken).rowcount:
        return None
    return db.session.get_one(Simulation, simulation_id, populate_existing=True)


def _give_up(simulation_id: int) -> None:
    """Mark a trial run that no repetition would bring further."""
    db.session.rollback()
    failed = update(Simulation).where(Simulation.id == simulation_id)
    db.session.execute(failed.values(state=SimulationState.FAILED, touched_at=clock.now()))
    db.session.commit()


def _batch(simulation: Simulation) -> bool:
    """Compute some cases and keep the sums; says whether some are left."""
    row = db.session.get_one(RuleVersion, simulation.rule_set_id)
    rules = rulebook.rules_of_row(row)
    cases = db.session.scalars(
        select(Case)
        .where(*_of_the_year(simulation), Case.id > simulation.last_case_id)
        .order_by(Case.id)
        .limit(BATCH)
    ).all()
    sums = Sums(**simulation.result)
    for case in cases:
        _count(case, rules, sums)
    simulation.result = asdict(sums)
    simulation.last_case_id = cases[-1].id if cases else simulation.last_case_id
    simulation.done_cases += len(cases)
    simulation.total_cases = max(simulation.total_cases, simulation.done_cases)
    left = len(cases) == BATCH
    simulation.state = SimulationState.WAITING if left else SimulationState.DONE
    simulation.touched_at = clock.now()
    if not left:
        simulation.total_cases = simulation.done_cases
    return left


def _of_the_year(simulation: Simulation) -> tuple[ColumnElement[bool], ...]:
    """Say which cases count: something was found in them, and they were opened in the year."""
    return (
        Case.opened_at >= city_midnight(simulation.since),
        Case.opened_at < city_midnight(simulation.until + timedelta(days=1)),
        Case.merged_into_id.is_(None),
        or_(Case.conclusion.is_(None), Case.conclusion.not_in(NOT_TRUE)),
        select(Finding.id).where(Finding.case_id == Case.id).exists(),
    )


def _count(case: Case, rules: RuleSet, sums: Sums) -> None:
    award = db.session.scalar(
        select(Award).where(
            Award.case_id == case.id, Award.stage == Stage.MAIN, Award.status.in_(LIVE_AWARDS)
        )
    )
    kinds = db.session.scalars(select(Finding.kind).where(Finding.case_id == case.id)).all()
    if rules.sectors and case.sector not in rules.sectors:
        return
    if not any(rules.covers(Kind(kind.value)) for kind in kinds):
        return
    sums.governed += 1
    then = compute_case(case, stored_choices(award.facts) if award else {}, rules=rules).outcome
    if then.verdict is Verdict.WAITING:
        sums.unknown += 1
        return
    now_fen = award.amount_fen if award else compute_case(case, {}).outcome.amount_fen
    sums.count(award.number if award else "", now_fen or 0, then.amount_fen or 0)


def shown(result: Mapping[str, Any]) -> Sums:
    """Return stored sums."""
    return Sums(**result)
