"""The speed of the reward rules: reading a long catalogue, and computing awards with their derivations.

``python -m bench.rules`` prints both; they need no server, and the figures are of one core.
"""

from __future__ import annotations

from time import process_time

from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import recompute
from portal.rewards.rules.given import Facts, FactValue, FindingFacts, ReporterFacts
from portal.rewards.rules.load import parse
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.vocabulary import Kind, PenaltyState, RealName

SITUATIONS = 301
LOAD_MS = 200
PER_SECOND = 5_000
_HEAD = """schema = 1
id = "generated"
version = 1
title = { zh = "生成的目录", en = "A generated catalogue" }
effective_from = 2022-01-01
kinds = ["major_hazard", "illegal_act", "concealed_accident"]
uses = ["fine_firm", "fine_person", "confiscated", "deaths_confirmed", "accident_class", "insider"]
cap = "500000"

[[fact]]
id = "situation"
type = "choice"
label = { zh = "属于哪一种情形", en = "Which situation is it?" }
public = true
"""
_OPTION = """
[[fact.option]]
id = "c{number:03d}"
label = {{ zh = "第{number}种情形", en = "Situation {number}" }}
group = {{ zh = "第{group}类", en = "Group {group}" }}
values = {{ min = {low}, max = {high} }}
"""
_ENTRIES = """
[[award]]
id = "listed"
when = { kind = ["major_hazard", "illegal_act"] }
[award.pay]
percent_of = ["fine_firm", "fine_person"]
rate = "50%"
min = { of = "situation", take = "min" }
max = { of = "situation", take = "max" }

[[award]]
id = "concealed"
when = { kind = ["concealed_accident"] }
[award.pay]
each = { of = "accident_class", is = { ordinary = 30000, larger = 40000 }, other = 60000 }
count = "deaths_confirmed"
max = 300000

[[uplift]]
id = "insider"
when = { insider = true }
add = { percent = "15%", at_least = 1000 }
order = "before_cap"
"""


def catalogue(situations: int = SITUATIONS) -> str:
    """Return a rule file with so many listed situations, each with its own bounds."""
    options = [
        _OPTION.format(number=number, group=number % 23, low=1_000 * (number % 20 + 1), high=500_000)
        for number in range(1, situations + 1)
    ]
    return _HEAD + "".join(options) + _ENTRIES


def cases(count: int) -> list[Facts]:
    """Return cases that differ in their fine, situation and reporter."""
    found = []
    for number in range(count):
        values: dict[str, FactValue] = {
            "fine_firm": 1_000_033 * number,
            "situation": f"c{number % 301 + 1:03d}",
        }
        finding = FindingFacts(Kind.ILLEGAL_ACT, PenaltyState.RECORDED, values)
        insider = ReporterFacts(RealName.CONFIRMED, values={"insider": number % 2 == 0})
        found.append(Facts((finding,), insider))
    return found


def load_ms(body: str) -> float:
    """Return the best of some times that reading and checking takes, in milliseconds."""
    times = []
    for _round in range(5):
        begun = process_time()
        parse(body, name="generated.toml")
        times.append(process_time() - begun)
    return min(times) * 1_000


def per_second(rules: RuleSet, count: int = 2_000) -> tuple[float, float]:
    """Return how many awards are computed, and computed again from what was stored, in a second."""
    facts = cases(count)
    begun = process_time()
    outcomes = [compute(one, rules) for one in facts]
    computed = process_time()
    for outcome in outcomes:
        if outcome.derivation is not None:
            recompute(outcome.derivation)
    return count / (computed - begun), count / (process_time() - computed)


def main() -> None:
    """Print what was measured beside what is wanted."""
    body = catalogue()
    computed, again = per_second(parse(body, name="generated.toml"))
    print(f"read and check {SITUATIONS} situations: {load_ms(body):.1f} ms (target < {LOAD_MS})")
    print(f"computed with derivation: {computed:,.0f} a second (target >= {PER_SECOND:,})")
    print(f"recomputed from a derivation: {again:,.0f} a second")


if __name__ == "__main__":
    main()
