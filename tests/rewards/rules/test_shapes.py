"""The twenty-three shapes seen in force, each as a few lines of data: any city's rule can be said."""

from __future__ import annotations

from fractions import Fraction

import pytest

from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import recompute
from portal.rewards.rules.given import Choice, Earlier, Facts, FactValue, FindingFacts, ReporterFacts
from portal.rewards.rules.load import parse
from portal.rewards.rules.vocabulary import Kind, PenaltyState, RealName, Stage

HEAD = """schema = 1
id = "shape"
version = 1
title = { zh = "示例", en = "Example" }
effective_from = 2024-01-01
kinds = ["major_hazard", "illegal_act", "ordinary_hazard", "concealed_accident"]
uses = ["fine_firm", "deaths_confirmed", "accident_class", "evidence_quality", "hazard_level", "merit",
        "goods_value", "ordered_to_correct", "insider"]
"""
FACTS = """
[[fact]]
id = "count"
type = "number"
decimals = 3
label = { zh = "数量", en = "Quantity" }
[[fact]]
id = "tip"
type = "choice"
label = { zh = "情形", en = "Situation" }
[[fact.option]]
id = "a"
label = { zh = "甲", en = "A" }
values = { pay = 1000, min = 20000, max = 100000 }
[[fact.option]]
id = "b"
label = { zh = "乙", en = "B" }
values = { pay = 800, min = 300000, max = 500000 }
"""
REST = """
[[award]]
id = "rest"
pay = { fixed = 1 }
"""
SHARE = "pay = { percent_of = ['fine_firm'], rate = '15%', min = 3000, max = 300000 }"
DEATHS = "{ of = 'accident_class', is = { ordinary = 30000, larger = 40000, major = 50000 }, other = 60000 }"
BOTTLES = (
    "{ of = 'count', tiers = [{ from = 50, below = 200, is = 5000 }, "
    "{ from = 200, below = 1000, is = 10000 }, "
)
Known = dict[str, FactValue]
Row = tuple[str, str, Kind, str, Known, str]
ACT, MAJOR, ORDINARY, ACCIDENT = (
    Kind.ILLEGAL_ACT,
    Kind.MAJOR_HAZARD,
    Kind.ORDINARY_HAZARD,
    Kind.CONCEALED_ACCIDENT,
)

# Shape, the entries as data, what was found, the penalty and a choice, the facts, the award in yuan.
SHAPES: list[Row] = [
    ("S1 share, floor and cap", SHARE, ACT, "fined", {"fine_firm": 120_000_00}, "18000"),
    ("S1 the floor", SHARE, ACT, "fined", {"fine_firm": 1_00}, "3000"),
    (
        "S1 deaths",
        f"pay = {{ each = {DEATHS}, count = 'deaths_confirmed', max = 300000 }}",
        ACCIDENT,
        "fined",
        {"deaths_confirmed": 3, "accident_class": "larger"},
        "120000",
    ),
    (
        "S2 two rates",
        "pay = { percent_of = ['fine_firm'], rate = '20%', min = 5000, max = 300000 }\n"
        "when = { kind = ['major_hazard'] }\n[[award]]\nid = 'act'\nwhen = { kind = ['illegal_act'] }\n"
        "pay = { percent_of = ['fine_firm'], rate = '15%', min = 2000, max = 100000 }",
        ACT,
        "fined",
        {"fine_firm": 900_000_00},
        "100000",
    ),
    (
        "S3 another rate",
        "pay = { percent_of = ['fine_firm'], rate = '50%', min = 5000, max = 500000 }",
        MAJOR,
        "fined",
        {"fine_firm": 100_000_00},
        "50000",
    ),
    (
        "S4 a catalogue with its own bands",
        "pay = { percent_of = ['fine_firm'], rate = '50%', "
        "min = { of = 'tip', take = 'min' }, max = { of = 'tip', take = 'max' } }",
        MAJOR,
        "fined",
        {"fine_firm": 100_000_00, "tip": "b"},
        "300000",
    ),
    (
        "S5 the rate by level",
        "pay = { percent_of = ['fine_firm'], rate = { of = 'hazard_level', "
        "is = { one = '15%', two = '12%' } }, min = 3000 }",
        MAJOR,
        "fined",
        {"fine_firm": 100_000_00, "hazard_level": "two"},
        "12000",
    ),
    (
        "S6 flat without a penalty",
        f"{SHARE}\nwithout_penalty = {{ fixed = 3000 }}",
        MAJOR,
        "none",
        {},
        "3000",
    ),
    (
        "S7 a soft cap is kept",
        "pay = { percent_of = ['fine_firm'], rate = '15%', soft_max = 300000 }",
        MAJOR,
        "fined",
        {"fine_firm": 4_000_000_00},
        "300000",
    ),
    (
        "S7 a soft cap is passed",
        "pay = { percent_of = ['fine_firm'], rate = '15%', soft_max = 300000 }",
        MAJOR,
        "400000",
        {"fine_firm": 4_000_000_00},
        "400000",
    ),
    (
        "S8 a cap in a month",
        "pay = { fixed = 500 }\n[[limit]]\nid = 'monthly'\nper = 'reporter'\n"
        "period = 'month'\nsame = ['kind']\nmax = 1000",
        ORDINARY,
        "none",
        {},
        "300",
    ),
    (
        "S9 for each item",
        "pay = { each = 50, count = 'count', max = 500 }",
        ORDINARY,
        "none",
        {"count": 11},
        "500",
    ),
    (
        "S10 the officer chooses in a range",
        "pay = { choose = { min = 500, max = 2000 } }",
        ORDINARY,
        "1800",
        {},
        "1800",
    ),
    (
        "S11 fixed by class",
        "pay = { fixed = { of = 'accident_class', is = { ordinary = 10000, larger = 20000, "
        "major = 30000, especially_major = 50000 } } }",
        ACCIDENT,
        "none",
        {"accident_class": "major"},
        "30000",
    ),
    (
        "S12 fixed by behaviour",
        "pay = { fixed = { of = 'tip', is = { a = 3000, b = 10000 } } }",
        ACT,
        "none",
        {"tip": "b"},
        "10000",
    ),
    (
        "S13 steps by quantity",
        f"pay = {{ fixed = {BOTTLES}{{ from = 1000, is = 30000 }}] }} }}",
        ACT,
        "none",
        {"count": Fraction(999_999, 1_000)},
        "10000",
    ),
    (
        "S13 the last step",
        f"pay = {{ fixed = {BOTTLES}{{ from = 1000, is = 30000 }}] }} }}",
        ACT,
        "none",
        {"count": 1_000},
        "30000",
    ),
    (
        "S14 steps by value",
        "pay = { fixed = { of = 'goods_value', tiers = [{ from = 10000, below = 20000, "
        "is = 20000 }, { from = 20000, is = 30000 }] } }",
        ACT,
        "none",
        {"goods_value": 19_999_99},
        "20000",
    ),
    (
        "S15 by the loss averted",
        "when = { merit = true }\npay = { choose = { min = 100000, max = 300000 } }",
        MAJOR,
        "250000",
        {"merit": True},
        "250000",
    ),
    (
        "S16 up to so much for each",
        "pay = { choose = { min = 0, max = { each = 10000, count = 'count' } }, max = 100000 }",
        ACT,
        "29999",
        {"count": 3},
        "29999",
    ),
    (
        "S17 no floor",
        "pay = { percent_of = ['fine_firm'], rate = '50%' }",
        ACT,
        "fined",
        {"fine_firm": 3},
        "0.02",
    ),
    (
        "S18 the first of two stages",
        "pay = { fixed = 1000 }\n[[award]]\nid = 'later'\nstage = 'additional'\n"
        "pay = { percent_of = ['main_award'], rate = '100%' }",
        ACT,
        "none",
        {},
        "1000",
    ),
    (
        "S19 steps by evidence",
        "when = { penalised = false }\npay = { fixed = { of = 'evidence_quality', "
        "is = { clue = 300, evidence = 500 }, other = 500 } }\n[[award]]\nid = 'fined'\n"
        "pay = { choose = { min = 500, max = 3000 } }",
        ACT,
        "none",
        {"evidence_quality": "clue"},
        "300",
    ),
    (
        "S20 ordered to correct, no fine",
        f"{SHARE}\nwithout_penalty = {{ fixed = {{ of = 'ordered_to_correct', "
        "is = { yes = 500, no = 300 } } }",
        ACT,
        "none",
        {"ordered_to_correct": True},
        "500",
    ),
    (
        "S21 doubled for merit",
        "pay = { choose = { min = 5000, max = 300000 } }\n[[uplift]]\nid = 'merit'\n"
        "when = { merit = true }\nadd = { percent = '100%' }\norder = 'after_cap'\ncap = 500000",
        ACT,
        "300000",
        {"merit": True},
        "500000",
    ),
    (
        "S22 small sums",
        "when = { kind = ['ordinary_hazard'] }\npay = { fixed = 50 }\n[[award]]\nid = 'major'\n"
        "pay = { fixed = 500 }",
        MAJOR,
        "none",
        {},
        "500",
    ),
    (
        "S23 flat by the type of tip",
        "pay = { fixed = { of = 'tip', take = 'pay' } }",
        ACT,
        "none",
        {"tip": "b"},
        "800",
    ),
]


@pytest.mark.parametrize(
    ("shape", "entry", "kind", "penalty", "known", "yuan"), SHAPES, ids=[s[0] for s in SHAPES]
)
def test_a_shape_is_said_as_data_and_pays(
    shape: str, entry: str, kind: Kind, penalty: str, known: Known, yuan: str
) -> None:
    """Else a city whose rule has this shape cannot use the portal without a change of code."""
    body = f"{HEAD}{FACTS}\n[[award]]\nid = 'one'\n{entry}\n"
    rules = parse(body + (REST if shape.startswith("S2 ") else ""), name="shape.toml")
    state = PenaltyState.NONE if penalty == "none" else PenaltyState.RECORDED
    choice = Choice(int(penalty) * 100, reasoned=True) if penalty.isdecimal() else None
    earlier = {"monthly:ordinary_hazard": Earlier(2, 700_00)}
    values: Known = {"merit": False, **known}
    facts = Facts(
        (FindingFacts(kind, state, values, choice),), ReporterFacts(RealName.CONFIRMED, earlier=earlier)
    )
    outcome = compute(facts, rules)
    assert outcome.amount_fen == int(Fraction(yuan) * 100)
    assert outcome.derivation is not None
    assert recompute(outcome.derivation) == outcome.amount_fen


def test_every_shape_stands_here() -> None:
    """Else a shape is forgotten."""
    assert {row[0].split()[0] for row in SHAPES} == {f"S{number}" for number in range(1, 24)}


def test_the_second_stage_is_reckoned_from_the_first() -> None:
    """Else Longyan's additional award cannot be said."""
    entry = next(row[1] for row in SHAPES if row[0].startswith("S18"))
    rules = parse(f"{HEAD}{FACTS}\n[[award]]\nid = 'one'\n{entry}\n", name="shape.toml")
    facts = Facts((FindingFacts(Kind.ILLEGAL_ACT, PenaltyState.NONE),), ReporterFacts(RealName.CONFIRMED))
    later = compute(facts, rules, stage=Stage.ADDITIONAL, main_award_fen=1_000_00)
    assert later.amount_fen == 1_000_00
