"""Lines of a derivation for three readers: each can follow the sum, and no one learns too much."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from portal.money import format_yuan
from portal.rewards import shelf
from portal.rewards.rules.codes import Code, Value
from portal.rewards.rules.derivation import Derivation, Step, take_step
from portal.rewards.rules.model import Source
from portal.rewards.rules.vocabulary import Kind
from portal.rewards.wording.explain import Audience, Line, Reading, explain
from portal.rewards.wording.speech import CatalogueTongue

ENGLISH, CHINESE = CatalogueTongue("en"), CatalogueTongue("zh")
NATIONAL = Source("national-2018", 1, "第十四条")
UNSEEN = Source("anyang-general-2022", 1, confirmed=False)
RATE = {"rate_numerator": 3, "rate_denominator": 20}

# One step of each code: what stood before it in fen, and its inputs.
STEPS: dict[Code, tuple[int, dict[str, Value]]] = {
    Code.PENALTY_TOTAL: (
        0,
        {"base": "fine_firm+fine_person", "fine_firm": 10**7, "fine_person": 0, "confiscated": 5},
    ),
    Code.PER_DEATH: (0, {"deaths": 2, "each": 4_000_000, "accident_class": "larger"}),
    Code.BASE: (0, {"base": "fine_firm+fine_person", "fine_firm": 10_000_000, "fine_person": 2_000_000}),
    Code.PERCENT: (12_000_000, {**RATE, "fact.hazard_level": "one"}),
    Code.ROUNDING: (1_500_002, {"exact_numerator": 3_000_003, "exact_denominator": 2}),
    Code.FIXED: (0, {"amount": 500_000, "fact.accident_class": "larger"}),
    Code.EACH: (
        0,
        {"of": "deaths_confirmed", "count": 2, "each": 4_000_000, "fact.accident_class": "larger"},
    ),
    Code.SLICES: (
        24_000_000,
        {
            "slice_1": 10_000_000,
            "worth_1_numerator": 1,
            "worth_1_denominator": 10,
            "slice_2": 14_000_000,
            "worth_2_numerator": 1,
            "worth_2_denominator": 20,
        },
    ),
    Code.LESS: (1_500_000, {"paid": 100_000}),
    Code.CHOICE: (0, {"min": 50_000, "max": 300_000, "chosen": 150_000, "by_default": 0}),
    Code.NO_PENALTY: (0, {}),
    Code.FLOOR: (75_000, {"min": 300_000}),
    Code.CAP: (45_000_000, {"max": 30_000_000}),
    Code.SOFT_CAP: (45_000_000, {"max": 30_000_000}),
    Code.BEYOND: (30_000_000, {"chosen": 40_000_000, "max": 45_000_000}),
    Code.PART: (0, {"number": 1, "kind": "major_hazard"}),
    Code.SUM: (0, {"candidate_1": 300_000, "candidate_2": 1_800_000, "findings": 1}),
    Code.HIGHEST: (0, {"candidate_1": 300_000, "candidate_2": 1_800_000}),
    Code.LOWEST: (0, {"candidate_1": 300_000, "candidate_2": 1_800_000}),
    Code.OVERLAP: (1_800_000, {"candidate_1": 3_000_000, "candidate_2": 1_800_000}),
    Code.MERIT: (300_000, {"rate_numerator": 1, "rate_denominator": 1}),
    Code.MERIT_CAP: (60_000_000, {"max": 50_000_000}),
    Code.AWARD_CAP: (60_000_000, {"max": 30_000_000}),
    Code.CAP_LIFTED: (30_000_000, {"max": 30_000_000}),
    Code.UPLIFT: (1_800_000, {**RATE, "at_least": 100_000}),
    Code.UPLIFT_OPEN: (1_800_000, {}),
    Code.TOTAL_CAP: (34_500_000, {"max": 30_000_000}),
    Code.LIMIT: (80_000, {"max": 100_000, "earlier": 50_000}),
    Code.TAX: (1_800_000, {"withheld": 180_000}),
    Code.SEALED: (1_800_000, {}),
}
ABOUT_THE_PERSON = [Code.UPLIFT, Code.UPLIFT_OPEN, Code.TOTAL_CAP, Code.LIMIT, Code.TAX]


def derived(*steps: Step) -> Derivation:
    return Derivation("anyang", 1, Kind.MAJOR_HAZARD, steps, steps[-1].after_fen)


def step(code: Code, source: Source | None = NATIONAL, **more: Value) -> Step:
    before, inputs = STEPS[code]
    return take_step(code, source, before, {**inputs, **more})


def read(
    code: Code, tongue: CatalogueTongue = ENGLISH, source: Source | None = NATIONAL, **more: Value
) -> Line:
    """The line of one step as the reporter reads it."""
    said = explain(derived(step(code, source, **more)), Audience.REPORTER, Reading(tongue, None, shelf.title))
    return said[0]


def whole(line: Line) -> str:
    return " ".join((line.title, line.result, line.how))


def test_every_code_has_an_example_here() -> None:
    """Else a new step of the engine reaches a page without anybody having read its sentence."""
    assert set(STEPS) == set(Code)


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("audience", Audience)
def test_every_step_is_said_in_both_languages(code: Code, audience: Audience) -> None:
    """Else an official reads an id, a placeholder or a foreign word in the middle of a sum."""
    for tongue in (CHINESE, ENGLISH):
        for line in explain(derived(step(code)), audience, Reading(tongue, None, shelf.title)):
            said = whole(line)
            assert line.title
            assert line.result
            assert "%(" not in said
            assert "_" not in said
            assert "national-2018" not in said
            if tongue is CHINESE:
                assert re.findall(r"[A-Za-z]{2,}", said) == []
            else:
                assert re.search(r"[a-z]", line.title)


def test_finance_and_reporter_read_the_same_steps() -> None:
    """Else finance signs what the reporter cannot follow."""
    steps = derived(step(Code.BASE), step(Code.PERCENT))
    reading = Reading(ENGLISH, None, shelf.title)
    told = [explain(steps, one, reading) for one in (Audience.FINANCE, Audience.REPORTER)]
    assert [whole(line) for line in told[0][:-1]] == [whole(line) for line in told[1][:-1]]
    assert [lines[-1].title for lines in told] == ["To be paid", "You receive"]


@pytest.mark.parametrize("code", ABOUT_THE_PERSON)
def test_a_verifier_never_reads_what_tells_of_the_reporter(code: Code) -> None:
    """Else a line of the award gives the reporter away."""
    reading = Reading(ENGLISH, None, shelf.title)
    base = take_step(Code.FIXED, NATIONAL, 0, {"amount": 1_800_000})
    told = explain(derived(base, step(code)), Audience.VERIFIER, reading)
    plain = explain(derived(base), Audience.VERIFIER, reading)
    assert told == plain
    assert [(line.title, line.result, line.sealed, line.sum) for line in told[-2:]] == [
        ("What depends on the reporter", "sealed", True, False),
        ("Without the sealed line", "18,000.00", False, True),
    ]


SAID: list[tuple[Code, Mapping[str, Value], str, str, str]] = [
    (Code.BASE, {}, "Penalties", "120,000.00", "fine on the firm 100,000 + fine on a person 20,000"),
    (
        Code.PERCENT,
        {},
        "15% of that sum",
        "18,000.00",
        "120,000 × 15%, level of the matter: level one · National reward rule of 2018, 第十四条",
    ),
    (Code.ROUNDING, {}, "Rounded to the fen, half up", "15,000.02", "15,000.015 → 15,000.02"),
    (
        Code.EACH,
        {},
        "Confirmed concealed deaths: 2",
        "80,000.00",
        "40,000 × 2, class of the accident: larger accident · National reward rule of 2018, 第十四条",
    ),
    (
        Code.SLICES,
        {},
        "Each slice at its own share",
        "17,000.00",
        "100,000 × 10% + 140,000 × 5% · National reward rule of 2018, 第十四条",
    ),
    (
        Code.LESS,
        {},
        "Paid already 1,000",
        "14,000.00",
        "15,000 − 1,000 · National reward rule of 2018, 第十四条",
    ),
    (Code.LOWEST, {}, "The lowest", "3,000.00", "3,000 / 18,000"),
    (
        Code.CHOICE,
        {},
        "Officer's choice, 500 to 3,000",
        "1,500.00",
        "the reason is on file · National reward rule of 2018, 第十四条",
    ),
    (Code.FLOOR, {}, "Floor 3,000", "3,000.00", "750 is below it · National reward rule of 2018, 第十四条"),
    (Code.OVERLAP, {}, "The highest of 2 findings", "30,000.00", "30,000 / 18,000"),
    (
        Code.UPLIFT,
        {},
        "Employee, plus 15%",
        "+2,700.00",
        "18,000 × 15%, at least 1,000 · National reward rule of 2018, 第十四条",
    ),
    (
        Code.LIMIT,
        {},
        "Limit 1,000, paid before 500",
        "500.00",
        "500 are left · National reward rule of 2018, 第十四条",
    ),
]


@pytest.mark.parametrize(("code", "more", "title", "result", "how"), SAID)
def test_a_step_says_rule_numbers_and_result(
    code: Code, more: Mapping[str, Value], title: str, result: str, how: str
) -> None:
    """Else a reporter cannot check the amount with a pencil."""
    national = shelf.title("national-2018", 1)
    assert national is not None
    line = read(code, **more)
    expected = how.replace("National reward rule of 2018", national.en)
    assert (line.title, line.result, line.how) == (title, result, expected)


def test_a_bound_that_did_not_bite_is_greyed() -> None:
    """Else it reads as if the bound had cut the amount."""
    line = read(Code.CAP, max=50_000_000)
    assert (line.title, line.result, line.idle) == ("Ceiling 500,000", "not reached", True)


def test_what_is_not_confirmed_never_reads_as_law() -> None:
    """Else a guess of the file is quoted as an article."""
    assert read(Code.PERCENT, source=UNSEEN).how.endswith(", to be confirmed")
    assert read(Code.PERCENT, CHINESE, UNSEEN).how.endswith("，待核实")
    unnamed = read(Code.PERCENT, source=Source("national-2018", 1))
    assert unnamed.how.endswith(", article to be confirmed")


def test_a_rule_nobody_knows_is_named_without_its_id() -> None:
    """Else an id of the machine stands in a letter to a citizen."""
    line = read(Code.PERCENT, source=Source("gone-for-good", 7, "第二条"))
    assert line.how.endswith("another rule, 第二条")


def test_the_sum_is_the_last_line() -> None:
    """Else a page shows no amount, or the wrong one."""
    told = explain(derived(step(Code.BASE)), Audience.FINANCE, Reading(CHINESE))
    assert [line.sum for line in told] == [False, True]
    assert told[-1].result == format_yuan(12_000_000)
