"""Rule sets and facts made at random from a seed: whatever somebody may write, whatever may be found."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from random import Random

from portal.rewards.rules.given import (
    PENALTY_FACTS,
    Choice,
    Earlier,
    Facts,
    FactValue,
    FindingFacts,
    ReporterFacts,
)
from portal.rewards.rules.load import parse
from portal.rewards.rules.model import Fact, RuleSet
from portal.rewards.rules.vocabulary import About, FactType, PenaltyState, RealName

HEAD = """schema = 1
id = "made"
version = 1
title = { zh = "示例", en = "An example" }
effective_from = 2024-01-01
kinds = ["major_hazard", "illegal_act", "concealed_accident"]
uses = ["fine_firm", "fine_person", "confiscated", "goods_value", "deaths_confirmed", "accident_class",
        "merit", "insider", "staff_or_relative", "principal", "known_before"]
"""
FACTS = """
[[fact]]
id = "kilograms"
type = "number"
decimals = 3
min = 0
max = 1000000
label = { zh = "数量", en = "Quantity" }

[[fact]]
id = "workers"
type = "number"
max = 1000
label = { zh = "人数", en = "Workers" }

[[fact]]
id = "situation"
type = "choice"
label = { zh = "情形", en = "Situation" }
[[fact.option]]
id = "a"
label = { zh = "甲", en = "A" }
values = { min = 1000, max = 20000, rate = "50%" }
[[fact.option]]
id = "b"
label = { zh = "乙", en = "B" }
values = { min = 20000, max = "100000.50", rate = "7.5%" }
"""

SEEDS = 60


def rules(body: str, head: str = HEAD, facts: str = FACTS) -> RuleSet:
    """A rule set with the facts above."""
    return parse(head + body.split("[[", 1)[0] + facts + "[[" + body.split("[[", 1)[1], name="made.toml")


ACCIDENTS = "{ of = 'accident_class', is = { ordinary = %d, larger = %d }, other = %d }"
GOODS = "{ of = 'goods_value', tiers = [{ from = 0, below = 20000, is = %d }, { from = 20000, is = %d }] }"
WEIGHT = (
    "{ of = 'kilograms', tiers = [{ from = '0.5', below = 200, is = %d }, "
    "{ from = 200, below = 1000, is = %d }, { from = 1000, is = %d }] }"
)


def value(chance: Random) -> str:
    """An amount, written down or looked up."""
    one, two, three = (chance.randint(0, 900_000) for _ in range(3))
    return chance.choice(
        [
            f"{one}",
            f"'{one}.{chance.randint(0, 99):02d}'",
            ACCIDENTS % (one, two, three),
            chance.choice(["{ of = 'situation', take = 'min' }", "{ of = 'situation', take = 'max' }"]),
            f"{{ of = 'situation', is = {{ a = {one}, b = {two} }} }}",
            f"{{ of = 'merit', is = {{ yes = {one}, no = {two} }} }}",
            GOODS % (one, two),
            WEIGHT % (one, two, three),
            f"{{ each = {one // 100}, count = 'workers' }}",
        ]
    )


def rate(chance: Random) -> str:
    """A rate, written down or looked up."""
    parts = chance.randint(1, 9_999)
    written = [f"'{chance.randint(1, 100)}%'", f"'{parts // 100}.{parts % 100:02d}%'"]
    return chance.choice([*written, "{ of = 'situation', take = 'rate' }"])


SLICES = "slices = [{ from = %d, below = 20000, is = %s }, { from = 20000, is = %s }]"


def slices(chance: Random) -> str:
    """A sum or a count in slices."""
    begin = chance.choice([0, 0, 5])
    if chance.choice([True, False]):
        return f"slices_of = 'kilograms', {SLICES % (begin, value(chance), value(chance))}"
    return f"slices_of = ['fine_firm', 'fine_person'], {SLICES % (begin, rate(chance), rate(chance))}"


def clause(chance: Random, *, chooses: bool = True, deep: bool = True) -> str:
    """A clause with bounds that do not contradict each other."""
    forms = ["percent", "each", "fixed", "slices"] + ["choose"] * chooses + ["combine"] * deep
    form = chance.choice(forms)
    low = chance.randint(0, 5_000)
    bounds = chance.choice(["", f", min = {low}", f", max = {low + 300_000}", f", min = {low}, max = 400000"])
    if form == "fixed":
        return f"{{ fixed = {value(chance)} }}"
    if form == "choose":
        default = chance.choice(["", f", default = {low + 10}"])
        return f"{{ choose = {{ min = {low}, max = {low + chance.randint(10, 900_000)}{default} }} }}"
    if form == "combine":
        parts = ", ".join(clause(chance, chooses=False, deep=False) for _ in range(chance.randint(1, 3)))
        word = chance.choice(["sum_of", "highest_of", "lowest_of"])
        return f"{{ {word} = [{parts}]{bounds} }}"
    if chance.random() * 5 < 1:
        bounds += ", less = 'goods_value'"
    if form == "slices":
        return f"{{ {slices(chance)}{bounds} }}"
    if form == "each":
        count = chance.choice(["deaths_confirmed", "workers", "kilograms"])
        return f"{{ each = {value(chance)}, count = '{count}'{bounds} }}"
    by_base = "{ of = 'base', tiers = [{ from = 0, below = 9000, is = '5%' }, { from = 9000, is = '4%' }] }"
    share = chance.choice([rate(chance), rate(chance), by_base])
    base = chance.sample(["fine_firm", "fine_person", "confiscated", "goods_value"], chance.randint(1, 3))
    soft = chance.choice(["", ", soft_max = 300000"]) if chooses and deep else ""
    return f"{{ percent_of = {base}, rate = {share}{bounds}{soft} }}"


def file(chance: Random) -> str:
    """A rule file but for its head and facts."""
    units, modes = ["0.01", "0.1", "1", "10", "100"], ["half-up", "half-even", "up", "down"]
    lines = [
        f"rounding = {{ unit = '{chance.choice(units)}', mode = '{chance.choice(modes)}' }}",
        f"overlap = '{chance.choice(['highest', 'sum'])}'",
        f"uplifts = '{chance.choice(['highest', 'sum', 'first'])}'",
        f"cap = {chance.randint(400_000, 600_000)}",
        f"withhold = {chance.choice([0, 20])}",
        "",
    ]
    for number, kind in enumerate(("major_hazard", "illegal_act", "concealed_accident")):
        for narrow in ("merit = true, ", ""):
            without = chance.choice(["", f"without_penalty = {clause(chance, deep=False)}\n"])
            when = f"when = {{ {narrow}kind = ['{kind}'] }}\n"
            lines.append(f"[[award]]\nid = 'e{number}{len(narrow)}'\n{when}pay = {clause(chance)}\n{without}")
    for number, when in enumerate(("insider = true", "merit = true", "insider = true, merit = true")):
        order = chance.choice(["before_cap", "after_cap", "lifts_cap"])
        cap = "cap = 700000\n" if order != "before_cap" else ""
        add = chance.choice(["percent = '15%', at_least = 1000", "percent = '100%'", "fixed = 500"])
        lines.append(
            f"[[uplift]]\nid = 'u{number}'\nwhen = {{ {when} }}\nadd = {{ {add} }}\norder = '{order}'\n{cap}"
        )
    lines.append("[[limit]]\nid = 'yearly'\nper = 'reporter'\nperiod = 'year'\nmax = 800000\ncount = 5\n")
    return "\n".join(lines)


@cache
def rule_set(seed: int) -> RuleSet:
    """The rule set of a seed."""
    return rules(file(Random(seed)))


def answer(fact: Fact, chance: Random) -> FactValue:
    """Any answer that a question allows."""
    if fact.type is FactType.YES_NO:
        return chance.choice([True, False])
    if fact.type is FactType.CHOICE:
        return chance.choice([option.id for option in fact.options])
    if fact.type is FactType.MONEY:
        return chance.choice([0, chance.randint(0, 10**8), chance.randint(0, 10**12)])
    if fact.decimals and chance.random() * 2 < 1:
        return Fraction(chance.randint(0, 2_000_000), 1_000)
    return chance.choice([0, 1, chance.randint(0, min(int(fact.max or 1_000), 2_000))])


def finding(made: RuleSet, chance: Random, *, settled: bool) -> FindingFacts:
    """A finding with its facts; settled: nothing that the rules could ask for is missing."""
    states = [state for state in PenaltyState if not settled or state is not PenaltyState.PENDING]
    state = chance.choice(states)
    known: dict[str, FactValue] = {}
    for fact in made.asked(About.FINDING):
        of_penalty = fact.id in PENALTY_FACTS
        if of_penalty and state in {PenaltyState.PENDING, PenaltyState.NONE}:
            continue
        if settled or of_penalty or chance.choice([True, False]):
            known[fact.id] = answer(fact, chance)
    chosen = chance.choice([None, Choice(chance.randint(0, 10**8), reasoned=True)])
    return FindingFacts(chance.choice(made.kinds), state, known, chosen)


def reporter(chance: Random) -> ReporterFacts:
    """Whoever may have reported; with a confirmed name, for the name is known to all."""
    known: dict[str, FactValue] = {}
    for fact, answers in (
        ("insider", [None, True, True, False]),
        ("staff_or_relative", [None] * 9 + [True]),
        ("principal", [None] * 9 + [True]),
    ):
        said = chance.choice(answers)
        if said is not None:
            known[fact] = said
    asked = frozenset(chance.choice([(), ("insider",)]))
    earlier = {"yearly": Earlier(chance.randint(0, 6), chance.randint(0, 900_000_00))}
    return ReporterFacts(RealName.CONFIRMED, values=known, asked=asked, earlier=chance.choice([{}, earlier]))


def cases(*, settled: bool = False, seeds: int = SEEDS, each: int = 6) -> Iterator[tuple[RuleSet, Facts]]:
    """Rule sets with cases under them."""
    for seed in range(seeds):
        made = rule_set(seed)
        for number in range(each):
            chance = Random(1_000 * seed + number)
            findings = tuple(finding(made, chance, settled=settled) for _ in range(chance.randint(1, 3)))
            known: dict[str, FactValue] = {}
            if settled or chance.choice([True, False]):
                known["known_before"] = chance.choice(["no", "no", "no", "no", "yes"])
            yield made, Facts(findings, reporter(chance), known)
