"""If this fails, nobody can prove all awards of a city at once without a machine larger than the portal's."""

from __future__ import annotations

import resource
import time

import pytest
from flask import Flask
from sqlalchemy import text

from portal.database import db
from portal.rewards import recomputation
from tests.rewards.world import World, proposed

MANY = 100_000
AT_MOST_MB = 40


@pytest.mark.assure
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_awards_are_computed_anew_in_constant_memory(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World()
    world.fund()
    award = proposed(world)
    db.session.flush()
    columns = [
        name
        for (name,) in db.session.execute(
            text("SELECT name FROM pragma_table_info('awards')")
            if db.engine.dialect.name == "sqlite"
            else text("SELECT column_name FROM information_schema.columns WHERE table_name = 'awards'")
        )
    ]
    kept = ", ".join(name for name in columns if name not in {"id", "number", "case_id"})
    cases = [
        name
        for (name,) in db.session.execute(
            text("SELECT name FROM pragma_table_info('cases')")
            if db.engine.dialect.name == "sqlite"
            else text("SELECT column_name FROM information_schema.columns WHERE table_name = 'cases'")
        )
    ]
    case_kept = ", ".join(name for name in cases if name not in {"id", "number"})
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many)"
    cast = "CAST(i AS TEXT)"
    db.session.execute(
        text(
            f"{numbers} INSERT INTO cases (id, number, {case_kept})"
            f" SELECT 1000000 + i, 'M-' || {cast}, {case_kept} FROM n, cases WHERE cases.id = :case"
        ),
        {"many": MANY, "case": award.case_id},
    )
    db.session.execute(
        text(
            f"{numbers} INSERT INTO awards (number, case_id, {kept})"
            f" SELECT 'N-' || {cast}, 1000000 + i, {kept} FROM n, awards WHERE awards.id = :award"
        ),
        {"many": MANY, "award": award.id},
    )
    db.session.commit()
    recomputation.rulebook.at(award.rule_id, award.rule_version)  # what is loaded once is not what grows
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    done = recomputation.recompute_all()
    seconds = time.process_time() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    with capsys.disabled():
        print(
            f"\n{done.checked} awards on {db.engine.dialect.name}: {done.different} differences,"
            f" {seconds:.0f} s CPU, grown by {grown:.1f} MB"
        )
    assert (done.checked, done.different) == (MANY + 1, 0)
    assert grown < AT_MOST_MB
