"""If these fail, an operator cannot tell whether every stored award still follows from its rule."""

from __future__ import annotations

from typing import Any

from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import Event
from portal.database import db
from portal.rewards.models import Award
from tests.rewards.world import World, proposed


def flask(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["rules", *words])


def test_every_stored_award_is_computed_anew_and_agrees(app: Flask) -> None:
    for employee in (False, True):
        proposed(World(), employee=employee)
    db.session.commit()
    told = flask(app, "recompute", "--lang", "en")
    assert told.exit_code == 0, told.output
    assert told.stdout.endswith("2 awards computed anew, 0 differences.\n")


def test_an_award_that_does_not_follow_from_its_facts_is_named(app: Flask) -> None:
    """The facts say a fine of 120,000; somebody at the database made it ten times as much."""
    award = proposed(World())
    facts: dict[str, Any] = {**award.facts}
    text = str(facts)
    assert "10000000" in text
    award.facts = _tenfold(facts)
    db.session.commit()
    told = flask(app, "recompute", "--lang", "en")
    assert told.exit_code == 1
    assert f"{award.number}: stored 18,000.00 yuan" in told.stdout
    assert "1 differences." in told.stdout


def _tenfold(value: Any) -> Any:
    """Return stored facts with the fine of 100,000 yuan made a million."""
    if isinstance(value, dict):
        return {key: _tenfold(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_tenfold(one) for one in value]
    if value in (10_000_000, "10000000"):
        return type(value)(100_000_000)
    return value


def test_a_trial_run_says_what_a_rule_would_have_given_and_writes_nothing(app: Flask) -> None:
    award = proposed(World())
    db.session.commit()
    events = db.session.scalar(select(func.count(Event.id)))
    told = flask(app, "simulate", "taizhou-2020", "--lang", "en")
    assert told.exit_code == 0, told.output
    assert "Cases that it would govern: 1." in told.stdout
    assert "More: 1." in told.stdout
    assert f"{award.number}: 18,000.00 yuan, with it 24,000.00 yuan." in told.stdout
    assert db.session.scalar(select(func.count(Event.id))) == events
    assert db.session.scalars(select(Award.amount_fen)).all() == [award.amount_fen]


def test_a_trial_run_of_what_is_not_there_ends_with_a_sentence(app: Flask) -> None:
    told = flask(app, "simulate", "atlantis", "--lang", "en")
    assert told.exit_code == 2
    assert "No rule set is called atlantis." in told.stderr
