"""If these fail, an office puts a rule in force without knowing what it costs, or believes a wrong sum."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from portal.cases.models import FindingKind
from portal.database import db
from portal.rewards import simulation
from portal.rewards.rule_models import Simulation, SimulationState
from tests.fixtures.rule_texts import rule_text
from tests.rewards.test_rule_versions import Office
from tests.rewards.world import AT, YUAN, World, finding, named_report, proposed, verified_case


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    made.fund()
    return made


def tried(text: str) -> Simulation:
    """Upload a rule and try it to the end."""
    office = Office()
    row = office.checked(text)
    trial = simulation.ask(row, office.first, AT)
    db.session.commit()
    while simulation.run(trial.id, 0.0):
        pass
    return db.session.get_one(Simulation, trial.id, populate_existing=True)


def test_it_says_for_how_many_cases_and_how_much_money(world: World) -> None:
    award = proposed(world)  # 15 % of 120,000 yuan
    trial = tried(rule_text(rate="20%"))
    sums = simulation.shown(trial.result)
    assert trial.state is SimulationState.DONE
    assert (sums.governed, sums.more, sums.less, sums.same) == (1, 1, 0, 0)
    assert sums.now_fen == award.amount_fen
    assert sums.largest == [[award.number, award.amount_fen, sums.then_fen]]
    assert sums.then_fen * 15 == award.amount_fen * 20


def test_a_rule_that_pays_the_same_changes_nothing(world: World) -> None:
    proposed(world)
    sums = simulation.shown(tried(rule_text(rate="15%")).result)
    assert (sums.governed, sums.same, sums.largest) == (1, 1, [])


def test_other_sectors_and_kinds_are_not_counted(world: World) -> None:
    proposed(world)
    assert simulation.shown(tried(rule_text(sectors=("gas",))).result).governed == 0
    assert simulation.shown(tried(rule_text("b", kinds=("welding_violation",))).result).governed == 0


def test_what_cannot_be_told_is_counted_as_such(world: World) -> None:
    case = verified_case(world)
    finding(world, case, FindingKind.MAJOR_HAZARD)
    named_report(case)
    sums = simulation.shown(tried(rule_text()).result)
    assert (sums.governed, sums.unknown, sums.then_fen) == (1, 1, 0)


def test_cases_of_earlier_years_do_not_count(world: World) -> None:
    award = proposed(world)
    case = simulation.db.session.get_one(simulation.Case, award.case_id)
    case.opened_at = AT - timedelta(days=400)
    db.session.flush()
    trial = tried(rule_text())
    assert (trial.total_cases, trial.done_cases) == (0, 0)
    assert simulation.shown(trial.result).governed == 0


def test_it_goes_on_where_a_worker_died_and_counts_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "BATCH", 1)
    for _ in range(3):
        proposed(world)
    office = Office()
    trial = simulation.ask(office.checked(rule_text()), office.first, AT)
    db.session.commit()
    assert simulation.run(trial.id, 0.0)
    trial = db.session.get_one(Simulation, trial.id, populate_existing=True)
    assert (trial.done_cases, trial.total_cases, trial.state) == (1, 3, SimulationState.WAITING)
    trial.state, trial.touched_at = SimulationState.RUNNING, simulation.clock.now()
    db.session.commit()
    assert not simulation.run(trial.id, 60.0)  # somebody else has it in hand
    trial.touched_at = simulation.clock.now() - simulation.IN_HAND - timedelta(seconds=1)
    db.session.commit()
    assert not simulation.run(trial.id, 60.0)
    trial = db.session.get_one(Simulation, trial.id, populate_existing=True)
    assert (trial.done_cases, trial.state) == (3, SimulationState.DONE)
    assert simulation.shown(trial.result).governed == 3


def test_a_fault_ends_it_and_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    proposed(world)
    office = Office()
    trial = simulation.ask(office.checked(rule_text()), office.first, AT)
    db.session.commit()

    def broken(*_args: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(simulation, "compute_case", broken)
    with pytest.raises(ZeroDivisionError):
        simulation.run(trial.id, 60.0)
    assert db.session.get_one(Simulation, trial.id, populate_existing=True).state is SimulationState.FAILED


def test_nothing_of_a_case_or_a_person_is_kept(world: World) -> None:
    award = proposed(world)
    case = simulation.db.session.get_one(simulation.Case, award.case_id)
    kept = str(tried(rule_text()).result)
    for secret in (case.number, case.subject_name, case.address, case.title):
        assert secret not in kept
    assert award.amount_fen > YUAN
