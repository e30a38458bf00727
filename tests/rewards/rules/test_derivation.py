"""A derivation is a closed form: numbers and codes, and nothing of the case can slip into it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from portal.rewards.rules.codes import Code, DerivationError
from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import Derivation, recompute
from portal.rewards.rules.given import FactError, FindingFacts, PenaltyPart, penalty_values
from portal.rewards.rules.sharing import split_equally
from portal.rewards.rules.terms import Band
from portal.rewards.rules.views import for_finance, without_sealed_lines
from portal.rewards.rules.vocabulary import AccidentClass, Kind, Part, PenaltyState
from tests.rewards.rules.anyang import ANYANG, rule_set
from tests.rewards.rules.cases import case, deaths, fined, unpunished, welding

Stored = dict[str, Any]


def stored(facts_index: int = 0) -> Stored:
    """A stored derivation as JSON gives it back."""
    facts = [
        case(fined("100000", "20000", "5"), deaths(2, AccidentClass.LARGER), employee=True),
        case(fined("100000", "20000", "5"), employee=True),
    ][facts_index]
    derivation = compute(facts, ANYANG).derivation
    assert derivation is not None
    data: Stored = json.loads(derivation.canonical())
    return data


def put(*path: str | int, value: object) -> Callable[[Stored], None]:
    """A change at one place of the stored form."""

    def change(data: Stored) -> None:
        place: Any = data
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


FOREIGN = [
    put("subject", value="某某机械厂"),
    put("decision_number", value="118"),
    put("schema", value=3),
    put("schema", value=True),
    put("kind", value="hazchem"),
    put("kind", value=7),
    put("rule_set", value="文峰区"),
    put("rule_set_version", value="2026-11-20"),
    put("sealed", value=1),
    put("amount_fen", value=2070000.0),
    put("amount_fen", value=-1),
    put("steps", value="none"),
    put("steps", 0, value="none"),
    put("steps", 0, "note", value="在东门"),
    put("steps", 0, "code", value="free_text"),
    put("steps", 0, "rule", value="某某机械厂"),
    put("steps", 0, "article", value="某某机械厂"),
    put("steps", 0, "confirmed", value="yes"),
    put("steps", 0, "bit", value=0),
    put("steps", 0, "inputs", value=[]),
    put("steps", 0, "inputs", "sector", value="dust"),
    put("steps", 0, "inputs", "fine_firm", value="某某机械厂"),
    put("steps", 0, "inputs", "fine_firm", value=True),
    put("steps", 0, "inputs", "base", value="fine_firm+somebody"),
    put("steps", 0, "inputs", "base", value=1),
    put("steps", 2, "inputs", value={}),
]


@pytest.mark.parametrize("change", FOREIGN)
def test_what_is_not_of_the_closed_form_is_refused(change: Callable[[Stored], None]) -> None:
    """Else finance could be shown the firm, the place or a date through a stored derivation."""
    data = stored(1)
    assert Derivation.from_json(data).amount_fen == 20_700_00
    change(data)
    with pytest.raises(DerivationError) as refused:
        Derivation.from_json(data)
    assert "某某" not in str(refused.value)


@pytest.mark.parametrize("value", [None, [], "x", 3, {}])
def test_what_is_no_derivation_at_all_is_refused(value: object) -> None:
    """Else a damaged row ends in a fault page."""
    with pytest.raises(DerivationError):
        Derivation.from_json(value)


FORGED = [
    put("amount_fen", value=2_070_001),
    put("steps", 0, "inputs", "fine_firm", value=10_000_001),
    put("steps", 1, "inputs", "rate_numerator", value=4),
    put("steps", 1, "inputs", "rate_denominator", value=0),
    put("steps", 1, "after_fen", value=1_800_001),
    put("steps", 3, "bit", value=True),
    put("steps", 3, "inputs", "min", value=2_000_000),
    put("steps", 5, "inputs", "at_least", value=300_000),
    put("steps", 6, "inputs", "max", value=1_000_000),
]


@pytest.mark.parametrize("change", FORGED)
def test_a_derivation_that_does_not_follow_from_its_numbers_is_found(
    change: Callable[[Stored], None],
) -> None:
    """Else an altered award passes for a computed one."""
    data = stored(1)
    assert recompute(Derivation.from_json(data)) == 20_700_00
    change(data)
    with pytest.raises(DerivationError):
        recompute(Derivation.from_json(data))


def test_finance_gets_words_of_closed_lists_only() -> None:
    """Else the people who pay learn what was reported and about whom."""
    words = {*Kind, *Part, *AccidentClass, *Code, "fine_firm+fine_person", ""}
    words |= {"anyang", "anyang-general-2022", "anyang-welding", "national-2018", "henan-2025"}
    words |= {"main", "general", "welding", "concealed", "insider", "deaths_confirmed"}
    words |= {ANYANG.withholding.source.article}
    facts = [
        case(fined("100000", "20000", "5"), deaths(2, AccidentClass.LARGER), employee=True),
        case(unpunished(), declared=True),
        case(welding("1500")),
    ]
    for one in facts:
        derivation = compute(one, ANYANG).derivation
        assert derivation is not None
        assert strings_of(for_finance(derivation).to_json()) <= words


def strings_of(value: object) -> set[str]:
    """All strings that stand as values."""
    if isinstance(value, dict):
        return {text for inner in value.values() for text in strings_of(inner)}
    if isinstance(value, list):
        return {text for inner in value for text in strings_of(inner)}
    return {value} if isinstance(value, str) else set()


def test_the_overlap_keeps_every_candidate() -> None:
    """Else nobody can see that the highest was taken."""
    derivation = Derivation.from_json(stored(0))
    overlap = next(step for step in derivation.steps if step.code is Code.OVERLAP)
    assert overlap.given == {"candidate_1": 18_000_00, "candidate_2": 80_000_00}


def test_an_award_of_many_findings_reads_back() -> None:
    """Else a case with ten findings cannot be opened again."""
    derivation = compute(case(*[fined(str(20_000 + number)) for number in range(12)]), ANYANG).derivation
    assert derivation is not None
    assert Derivation.from_json(json.loads(derivation.canonical())) == derivation


def test_a_sealed_view_is_stored_and_read_as_such() -> None:
    """Else the verifier's view comes back as the whole."""
    derivation = compute(case(fined("120000"), employee=True), ANYANG).derivation
    assert derivation is not None
    view = without_sealed_lines(derivation)
    assert Derivation.from_json(view.to_json()) == view


def test_a_pinned_rule_set_is_found_by_id_and_version() -> None:
    """Else an old case is reckoned by a new rule."""
    assert rule_set("anyang", 1) is ANYANG
    with pytest.raises(KeyError):
        rule_set("anyang", 2)


def test_impossible_facts_are_refused() -> None:
    """Else a slip of the keyboard becomes an award."""
    with pytest.raises(FactError, match="amount_out_of_range"):
        PenaltyPart(Part.FINE_FIRM, -1)
    with pytest.raises(FactError, match="amount_out_of_range"):
        PenaltyPart(Part.FINE_FIRM, 10**13 + 1)
    most = PenaltyPart(Part.FINE_FIRM, 10**13)
    with pytest.raises(FactError, match="amount_out_of_range"):
        FindingFacts(Kind.ILLEGAL_ACT, PenaltyState.RECORDED, penalty_values([most, most]))
    with pytest.raises(FactError, match="parts_without_penalty"):
        FindingFacts(Kind.ILLEGAL_ACT, PenaltyState.NONE, penalty_values([most]))
    for count in (-1, 10_001):
        with pytest.raises(FactError, match="deaths_out_of_range"):
            deaths(count)


def test_a_band_runs_upwards_and_shares_need_somebody() -> None:
    """Else bad rule data or an award without a reporter goes unnoticed."""
    with pytest.raises(ValueError, match="band"):
        Band(2, 1)
    with pytest.raises(ValueError, match="divided"):
        split_equally(100, 0)
    assert split_equally(1_000_00, 3) == [333_34, 333_33, 333_33]
