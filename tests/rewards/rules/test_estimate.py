"""The estimate before the penalty is recorded: a promise that the rules do not give would be broken later."""

from __future__ import annotations

import pytest

from portal.rewards.rules.estimate import estimate
from portal.rewards.rules.given import Facts
from portal.rewards.rules.load import parse
from portal.rewards.rules.outcome import Estimate
from portal.rewards.rules.vocabulary import AccidentClass, Kind
from tests.rewards.rules.anyang import ANYANG
from tests.rewards.rules.cases import case, deaths, fined, pending, unpunished, welding


@pytest.mark.parametrize(
    ("facts", "low", "high", "choice"),
    [
        (case(pending()), 3_000, 300_000, False),
        (case(pending(Kind.MAJOR_HAZARD)), 3_000, 300_000, False),
        (case(fined("120000")), 18_000, 18_000, False),
        (case(fined("120000"), employee=True), 18_000, 18_000, False),
        (case(unpunished()), 3_000, 3_000, True),
        (case(welding()), 500, 3_000, True),
        (case(welding("1500")), 1_500, 1_500, True),
        (case(deaths(None, None)), 30_000, 300_000, False),
        (case(deaths(None, AccidentClass.LARGER)), 40_000, 300_000, False),
        (case(deaths(2, None)), 60_000, 120_000, False),
        (case(deaths(2, AccidentClass.LARGER)), 80_000, 80_000, False),
        (case(deaths(12, None)), 300_000, 300_000, False),
        (case(welding(), pending()), 3_000, 300_000, True),
        (case(fined("120000"), deaths(1)), 30_000, 30_000, False),
    ],
)
def test_an_estimate_gives_the_band_that_is_known(facts: Facts, low: int, high: int, *, choice: bool) -> None:
    """Else the desk tells the reporter a wrong sum."""
    assert estimate(facts, ANYANG) == Estimate(low * 100, high * 100, choice)


@pytest.mark.parametrize("facts", [case(), case(pending(Kind.ORDINARY_HAZARD)), case(deaths(0))])
def test_what_no_rule_covers_has_no_estimate(facts: Facts) -> None:
    """Else somebody waits for a reward that will never come."""
    assert estimate(facts, ANYANG) is None


HIGHEST = """schema = 1
id = "parts"
version = 1
title = { zh = "示例", en = "An example" }
invented = true
effective_from = 2026-01-01
kinds = ["concealed_accident"]
uses = ["deaths_confirmed"]
[[award]]
id = "higher"
pay = { %s = [{ fixed = 500 }, { each = 2000, count = "deaths_confirmed" }] }
"""


@pytest.mark.parametrize(
    ("how", "low", "high"),
    [("highest_of", 500, 20_000_000), ("sum_of", 500, 20_000_500), ("lowest_of", 500, 20_000_000)],
)
def test_a_part_that_may_come_to_nothing_is_not_promised(how: str, low: int, high: int) -> None:
    """Else the desk says "at least 2,000", and no death is confirmed."""
    parts = parse(HIGHEST % how, name="parts.toml")
    assert estimate(case(deaths(None, None)), parts) == Estimate(low * 100, high * 100, False)
    assert estimate(case(deaths(3, None)), parts) is not None
