"""Derivations stored by an earlier portal, forged ones, and what differs between two rule sets."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from portal.rewards.rules.codes import DerivationError
from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import Derivation, recompute
from portal.rewards.rules.differences import Change, ChangeCode, Sort, Where, diff
from portal.rewards.rules.given import Facts, FindingFacts, ReporterFacts
from portal.rewards.rules.sealed import without_sealed_lines
from portal.rewards.rules.terms import Text
from portal.rewards.rules.vocabulary import Kind, PenaltyState, RealName
from tests.rewards.rules.anyang import rule_set
from tests.rewards.rules.made import FACTS, HEAD, rules


def step(code: str, before: int, after: int, **inputs: int | str) -> dict[str, Any]:
    """A step as schema 1 stored it."""
    return {
        "code": code,
        "rule": "anyang-general-2022",
        "version": 1,
        "article": "",
        "confirmed": True,
        "inputs": inputs,
        "before_fen": before,
        "after_fen": after,
        "bit": False,
    }


FINES = {
    "fine_firm": 10_000_000,
    "fine_person": 2_000_000,
    "confiscated": 500,
    "base": "fine_firm+fine_person",
}
RATE = {"rate_numerator": 3, "rate_denominator": 20}
FIRST: dict[str, Any] = {
    "schema": 1,
    "rule_set": "anyang",
    "rule_set_version": 1,
    "kind": "illegal_act",
    "sealed": False,
    "amount_fen": 2_070_000,
    "steps": [
        step("penalty_total", 0, 12_000_000, **FINES),
        step("percent", 12_000_000, 1_800_000, **RATE),
        step("rounding", 1_800_000, 1_800_000, exact_numerator=1_800_000, exact_denominator=1),
        step("floor", 1_800_000, 1_800_000, min=300_000),
        step("cap", 1_800_000, 1_800_000, max=30_000_000),
        step("overlap", 1_800_000, 1_800_000, candidate_1=1_800_000, candidate_2=900_000),
        step("uplift", 1_800_000, 2_070_000, **RATE, at_least=100_000),
        step("total_cap", 2_070_000, 2_070_000, max=30_000_000),
        step("tax", 2_070_000, 2_070_000, withheld=0),
    ],
}
DEATHS: dict[str, Any] = {
    **FIRST,
    "kind": "concealed_accident",
    "amount_fen": 8_000_000,
    "steps": [
        step("per_death", 0, 8_000_000, deaths=2, each=4_000_000, accident_class="larger"),
        step("tax", 8_000_000, 8_000_000, withheld=0),
    ],
}


@pytest.mark.parametrize("stored", [FIRST, DEATHS], ids=["share", "deaths"])
def test_an_award_of_the_first_schema_is_read_recomputed_and_stored_as_it_was(stored: dict[str, Any]) -> None:
    """Else awards of before the rule files cannot be explained or proved any more."""
    derivation = Derivation.from_json(stored)
    assert recompute(derivation) == stored["amount_fen"]
    assert json.loads(derivation.canonical()) == stored
    view = without_sealed_lines(derivation)
    assert Derivation.from_json(view.to_json()) == view


def test_the_schemas_are_not_mixed() -> None:
    """Else a stored award could say something that its schema does not know."""
    for change in ({"stage": "main"}, {"schema": 2}):
        with pytest.raises(DerivationError):
            Derivation.from_json({**FIRST, **change})
    entry = copy.deepcopy(FIRST)
    entry["steps"][0]["entry"] = "share"
    with pytest.raises(DerivationError):
        Derivation.from_json(entry)


def summed() -> dict[str, Any]:
    """A stored award that is a sum of two parts."""
    made = rules(
        "\n[[award]]\nid = 'sum'\npay = { sum_of = [{ fixed = 100 }, { each = 50, count = 'workers' }] }\n",
        HEAD,
        FACTS,
    )
    facts = Facts(
        (FindingFacts(Kind.ILLEGAL_ACT, PenaltyState.NONE, {"workers": 3}),),
        ReporterFacts(RealName.CONFIRMED),
        {"known_before": "no"},
    )
    derivation = compute(facts, made).derivation
    assert derivation is not None
    assert [one.code.value for one in derivation.steps[:5]] == ["part", "fixed", "part", "each", "sum"]
    stored: dict[str, Any] = json.loads(derivation.canonical())
    return stored


def test_a_sum_that_is_not_of_its_parts_is_found() -> None:
    """Else somebody raises a part in the sum alone, and every step still seems to follow."""
    assert recompute(Derivation.from_json(summed())) == 250_00
    raised = summed()
    raised["steps"][4]["inputs"]["candidate_1"] += 100
    for one in raised["steps"][4:]:
        one["after_fen"] += 100
    raised["steps"][5]["before_fen"] += 100
    raised["amount_fen"] += 100
    without = summed()
    del without["steps"][4]
    without["steps"][4]["before_fen"] = without["steps"][4]["after_fen"] = without["amount_fen"] = 150_00
    for forged in (raised, without):
        with pytest.raises(DerivationError):
            recompute(Derivation.from_json(forged))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fact.workers", "某某机械厂"),
        ("fact.Workers", 3),
        ("fact.workers", True),
        ("note", 3),
        ("of", "some firm"),
        ("mode", "sideways"),
    ],
)
def test_what_decided_an_amount_is_a_closed_word_or_a_number(key: str, value: object) -> None:
    """Else a name or a place slips into what finance reads."""
    stored = summed()
    stored["steps"][3]["inputs"][key] = value
    with pytest.raises(DerivationError):
        Derivation.from_json(stored)


def test_two_versions_are_compared_key_by_key() -> None:
    """Else an official puts a version in force and does not know what it changes."""
    changes = diff(rule_set("henan-2022", 1), rule_set("henan-2025", 1))
    at_least = Change(ChangeCode.CHANGED, Where(Sort.UPLIFT, "insider", "add.at_least"), 0, 1_000_00)
    assert at_least in changes
    assert Change(ChangeCode.ADDED, Where(Sort.AWARD, "listed")) in changes
    assert Change(ChangeCode.ADDED, Where(Sort.FACT, "listed")) in changes
    titles = [one for one in changes if one.where == Where(Sort.HEAD, key="title")]
    assert isinstance(titles[0].before, Text)


TWO = "[[award]]\nid = 'a'\nwhen = { merit = true }\npay = { fixed = 1 }\n"
SHARE = "pay = { percent_of = ['fine_firm'], rate = '15%', max = 9 }\n"
ONE = f"[[award]]\nid = 'b'\nwhen = {{ merit = false }}\n{SHARE}"


def test_what_moved_changed_or_is_gone_is_told_and_nothing_else() -> None:
    """Else a change of the order, which may change every award, is not seen."""
    old, new = rules(f"\n{TWO}{ONE}"), rules(f"\n{ONE}{TWO}")
    assert [(one.code, one.where.id, one.before, one.after) for one in diff(old, new)] == [
        (ChangeCode.MOVED, "b", 2, 1),
        (ChangeCode.MOVED, "a", 1, 2),
    ]
    assert diff(old, rules(f"\n{TWO}{ONE}")) == []
    cheaper = rules(f"\n{TWO}{ONE.replace('max = 9', 'max = 8')}", HEAD, FACTS.replace("7.5%", "7%"))
    assert [(one.where.sort, one.where.id, one.where.key) for one in diff(old, cheaper)] == [
        (Sort.OPTION, "situation/b", "values.rate"),
        (Sort.AWARD, "b", "pay.max"),
    ]
