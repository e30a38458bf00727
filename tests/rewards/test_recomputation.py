"""If these fail, an award could have been paid that its own rule does not give, and nobody would notice."""

from __future__ import annotations

import copy

import pytest
from flask import Flask
from sqlalchemy import event

from portal.database import db
from portal.rewards import recomputation
from portal.rewards.models import Award
from portal.rewards.recomputation import Fault, recompute_all
from tests.rewards.world import World, approved, proposed


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    made.fund()
    return made


def test_all_awards_come_out_as_they_are_stored(world: World) -> None:
    approved(world)
    proposed(world)
    shown: list[tuple[int, int]] = []
    found = recompute_all(lambda done, total: shown.append((done, total)))
    assert (found.checked, found.different, found.differences) == (2, 0, [])
    assert shown[-1] == (2, 2)


def _other_fact(award: Award) -> None:
    facts = copy.deepcopy(award.facts)
    facts["findings"][0]["parts"][0][1] += 100_000_00
    award.facts = facts


def _other_amount(award: Award) -> None:
    award.computed_fen += 1


def _broken_steps(award: Award) -> None:
    derivation = copy.deepcopy(award.derivation)
    derivation["steps"][0]["after_fen"] += 1
    award.derivation = derivation


def _other_rule(award: Award) -> None:
    award.rule_id = "nowhere"


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (_other_fact, Fault.AMOUNT),
        (_other_amount, Fault.AMOUNT),
        (_broken_steps, Fault.STEPS),
        (_other_rule, Fault.RULES_MISSING),
    ],
)
def test_an_award_that_differs_is_named_with_what_differs(world: World, spoil: object, fault: Fault) -> None:
    proposed(world)
    award = proposed(world)
    assert callable(spoil)
    spoil(award)
    db.session.commit()
    found = recompute_all()
    assert [(one.number, one.fault) for one in found.differences] == [(award.number, fault)]
    assert (found.checked, found.different) == (2, 1)


def test_awards_are_read_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputation, "BATCH", 2)
    for _ in range(5):
        proposed(world)
    db.session.commit()
    pages: list[str] = []

    def note(_c: object, _cu: object, statement: str, *_rest: object) -> None:
        if "awards.derivation" in statement:
            pages.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        found = recompute_all()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert (found.checked, found.different) == (5, 0)
    assert len(pages) == 4
    assert all("LIMIT" in page for page in pages)
