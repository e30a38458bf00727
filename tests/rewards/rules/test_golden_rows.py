"""Awards worked by hand from the published figures: an error here pays somebody the wrong sum."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import pytest

from portal.money import parse_yuan
from portal.rewards.rules.compute import compute
from portal.rewards.rules.outcome import Need, Outcome, Reason, Verdict
from tests.rewards.rules.golden_rows import Row, rows
from tests.rewards.rules.shipped import PATHS, shipped

ROWS = rows()
SHAPES = {
    "S1": ("national-2018", "ningxia", "hefei"),
    "S2": ("taizhou-2020",),
    "S3": ("shandong-2021",),
    "S4": ("shandong-2022", "example-catalogue"),
    "S5": ("mine-2021", "example-points"),
    "S6": ("shenzhen", "zhangzhou", "yunxiao"),
    "S7": ("shenzhen",),
    "S8": ("shenzhen-longhua",),
    "S9": ("nanchang-xihu",),
    "S10": ("hubei-2019", "jian", "daye"),
    "S11": ("tianjin-2021", "ningbo-2019"),
    "S12": ("chongqing-2021",),
    "S13": ("beijing-tongzhou-2020",),
    "S14": ("liangshan-fireworks",),
    "S15": ("anhui-2017",),
    "S16": ("tang-county",),
    "S17": ("zhongshan-fire", "dongguan-fire"),
    "S18": ("example-two-stages",),
    "S19": ("example-evidence-steps",),
    "S20": ("example-ordered-to-correct",),
    "S21": ("shanxi-2022",),
    "S22": ("luan-jinan-fire", "hami"),
    "S23": ("hunan-housing",),
}
_NUMBER = r"[0-9][0-9,]*(?:\.[0-9]+)?"
_EQUATION = re.compile(rf"({_NUMBER}) ([×+-]) ({_NUMBER})( %)? = ({_NUMBER})(?: ≈ ({_NUMBER}))?")


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_amount_is_the_one_worked_by_hand(row: Row) -> None:
    outcome = _outcome(row)
    said = f"{row.name}\n  by hand: {row.content['worked']}\n  engine:  {outcome}"
    assert _answer(outcome) == _expected(row), said
    assert outcome.chosen_beyond == row.content.get("beyond", False), said


def test_a_failure_names_its_row() -> None:
    """Without the name nobody finds the row among four hundred."""
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names) >= 200


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_arithmetic_of_the_note_is_right(row: Row) -> None:
    """The note stands for the hand that worked it: a wrong sum in it would bless a wrong amount."""
    note = str(row.content["worked"])
    for left, sign, right, per_cent, exact, rounded in _EQUATION.findall(note):
        result = _result(_fraction(left), sign, _fraction(right) / (100 if per_cent else 1))
        assert result == _fraction(exact), note
        if rounded:
            assert Fraction(math.floor(result * 100 + Fraction(1, 2)), 100) == _fraction(rounded), note
    if "pays" in row.content:
        assert _fraction(row.content["pays"]) in [_fraction(one) for one in re.findall(_NUMBER, note)], note


def test_every_shape_in_force_and_every_shipped_rule_has_rows() -> None:
    """A shape without rows may be wrong for years before somebody is paid by it."""
    written = {row.rules for row in ROWS}
    assert list(SHAPES) == [f"S{number}" for number in range(1, 24)]
    assert {rule for rules in SHAPES.values() for rule in rules} <= written
    assert written == {path.stem for path in PATHS}


def _outcome(row: Row) -> Outcome:
    rules = shipped(row.rules)
    case = row.case(rules)
    return compute(
        case.facts, rules, moment=case.moment, stage=case.stage, main_award_fen=case.main_award_fen
    )


def _answer(outcome: Outcome) -> tuple[str, object]:
    """Return the outcome in one word and one value, as the rows have it."""
    if outcome.verdict is Verdict.AWARD:
        return "pays", outcome.amount_fen
    if outcome.verdict is Verdict.WAITING:
        return "waits", {missing.need for missing in outcome.needs}
    return "nothing", outcome.reason


def _expected(row: Row) -> tuple[str, object]:
    content = row.content
    if "pays" in content:
        return "pays", parse_yuan(content["pays"])
    if "waits" in content:
        return "waits", {Need(content["waits"])}
    return "nothing", Reason(content["nothing"])


def _result(left: Fraction, sign: str, right: Fraction) -> Fraction:
    match sign:
        case "×":
            return left * right
        case "+":
            return left + right
        case _:
            return left - right


def _fraction(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))
