"""Each clause by itself, worked by hand: an error in one is an error in every city's rule that uses it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from portal.rewards.rules.codes import Code
from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import recompute
from portal.rewards.rules.given import Choice, Facts, FactValue, FindingFacts, ReporterFacts
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.outcome import Need, Outcome, Reason, Verdict
from portal.rewards.rules.vocabulary import Kind, PenaltyState, RealName
from tests.rewards.rules.made import FACTS, HEAD, rules

KINDS = 'kinds = ["major_hazard", "illegal_act", "concealed_accident"]'
ONE_KIND = HEAD.replace(KINDS, 'kinds = ["illegal_act"]')
Known = dict[str, FactValue]


def paying(pay: str, more: str = "", head: str = "") -> RuleSet:
    """A rule set with one entry."""
    body = f'{head}\n[[award]]\nid = "one"\nwhen = {{ kind = ["illegal_act"] }}\npay = {pay}\n{more}'
    return rules(body, ONE_KIND, FACTS)


def worked(
    made: RuleSet,
    known: Known | None = None,
    *,
    penalty: PenaltyState = PenaltyState.RECORDED,
    choice: str = "",
    reasoned: bool = True,
) -> Outcome:
    """What one finding earns for a reporter with a name."""
    chosen = Choice(int(Fraction(choice) * 100), reasoned) if choice else None
    finding = FindingFacts(Kind.ILLEGAL_ACT, penalty, known or {}, chosen)
    reporter = ReporterFacts(RealName.CONFIRMED)
    outcome = compute(Facts((finding,), reporter, {"known_before": "no"}), made)
    if outcome.derivation is not None:
        assert recompute(outcome.derivation) == outcome.amount_fen
    return outcome


def codes(outcome: Outcome) -> list[Code]:
    """The steps of an award but for the last one, the tax, and the rule's cap."""
    assert outcome.derivation is not None
    return [step.code for step in outcome.derivation.steps if step.code is not Code.TAX]


ACCIDENTS = "{ of = 'accident_class', is = { ordinary = 30000, larger = '40000.50' }, other = 60000 }"
WEIGHTS = "{ of = 'kilograms', tiers = [{ from = 50, below = 200, is = 5000 }, { from = 200, is = 10000 }] }"
VALUES = (
    "{ of = 'goods_value', tiers = [{ from = 10000, below = '20000.50', is = 1 }, "
    "{ from = '20000.50', is = 2 }] }"
)
HALF_KILO: Known = {"kilograms": Fraction(1, 2)}

AWARDS: list[tuple[str, Known, str]] = [
    # fixed: an amount that the rule names, or looks up by an answer, a quantity or a value
    ("{ fixed = 3000 }", {}, "3000"),
    ("{ fixed = '0.01' }", {}, "0.01"),
    (f"{{ fixed = {ACCIDENTS} }}", {"accident_class": "ordinary"}, "30000"),
    (f"{{ fixed = {ACCIDENTS} }}", {"accident_class": "larger"}, "40000.50"),
    (f"{{ fixed = {ACCIDENTS} }}", {"accident_class": "especially_major"}, "60000"),
    ("{ fixed = { of = 'merit', is = { yes = 800, no = 300 } } }", {"merit": True}, "800"),
    ("{ fixed = { of = 'situation', take = 'max' } }", {"situation": "b"}, "100000.50"),
    (f"{{ fixed = {WEIGHTS} }}", {"kilograms": 50}, "5000"),
    (f"{{ fixed = {WEIGHTS} }}", {"kilograms": Fraction(199_999, 1_000)}, "5000"),
    (f"{{ fixed = {WEIGHTS} }}", {"kilograms": 200}, "10000"),
    (f"{{ fixed = {VALUES} }}", {"goods_value": 20_000_49}, "1"),
    (f"{{ fixed = {VALUES} }}", {"goods_value": 20_000_50}, "2"),
    ("{ fixed = { each = 7, count = 'workers' } }", {"workers": 3}, "21"),
    # percent: of named parts, at a rate that may be looked up, rounded to the fen, then bounded
    ("{ percent_of = ['fine_firm'], rate = '15%' }", {"fine_firm": 20_000_03}, "3000"),
    ("{ percent_of = ['fine_firm'], rate = '15%' }", {"fine_firm": 20_000_04}, "3000.01"),
    (
        "{ percent_of = ['fine_firm', 'confiscated'], rate = '0.5%' }",
        {"fine_firm": 1_00, "confiscated": 99_00},
        "0.50",
    ),
    (
        "{ percent_of = ['goods_value'], rate = { of = 'situation', take = 'rate' } }",
        {"goods_value": 1_000_00, "situation": "b"},
        "75",
    ),
    ("{ percent_of = ['fine_firm'], rate = '15%', min = 3000, max = 5000 }", {"fine_firm": 1_00}, "3000"),
    ("{ percent_of = ['fine_firm'], rate = '15%', min = 3000, max = 5000 }", {"fine_firm": 10**9}, "5000"),
    (
        "{ percent_of = ['fine_firm'], rate = '50%', max = { each = 1000, count = 'workers' } }",
        {"fine_firm": 10**9, "workers": 4},
        "4000",
    ),
    (
        "{ percent_of = ['fine_firm'], rate = '50%', min = { of = 'situation', take = 'min' } }",
        {"fine_firm": 0, "situation": "b"},
        "20000",
    ),
    # each: an amount for each of what was counted, with its bounds
    (
        f"{{ each = {ACCIDENTS}, count = 'deaths_confirmed', max = 100000 }}",
        {"deaths_confirmed": 2, "accident_class": "larger"},
        "80001",
    ),
    (
        f"{{ each = {ACCIDENTS}, count = 'deaths_confirmed', max = 100000 }}",
        {"deaths_confirmed": 4, "accident_class": "ordinary"},
        "100000",
    ),
    ("{ each = '0.01', count = 'kilograms' }", HALF_KILO, "0.01"),
    ("{ each = 50, count = 'workers', max = 500 }", {"workers": 10}, "500"),
    ("{ each = 50, count = 'workers', max = 500 }", {"workers": 11}, "500"),
    # several together: a part that is not covered pays nothing
    ("{ sum_of = [{ fixed = 100 }, { each = 50, count = 'workers' }], max = 180 }", {"workers": 1}, "150"),
    ("{ sum_of = [{ fixed = 100 }, { each = 50, count = 'workers' }], max = 180 }", {"workers": 2}, "180"),
    ("{ sum_of = [{ fixed = 100 }, { each = 50, count = 'workers' }] }", {"workers": 0}, "100"),
    ("{ highest_of = [{ fixed = 100 }, { each = 50, count = 'workers' }] }", {"workers": 3}, "150"),
    ("{ highest_of = [{ fixed = 100 }, { each = 50, count = 'workers' }] }", {"workers": 1}, "100"),
    ("{ highest_of = [{ sum_of = [{ fixed = 60 }, { fixed = 50 }] }, { fixed = 100 }] }", {}, "110"),
]


@pytest.mark.parametrize(("pay", "known", "yuan"), AWARDS)
def test_a_clause_pays_what_a_hand_reckons(pay: str, known: Known, yuan: str) -> None:
    """Else every rule that uses the clause pays a wrong sum."""
    assert worked(paying(pay), known).amount_fen == int(Fraction(yuan) * 100)


NOTHING: list[tuple[str, Known, Reason]] = [
    (f"{{ fixed = {WEIGHTS} }}", {"kilograms": Fraction(49_999, 1_000)}, Reason.BELOW_LEAST),
    ("{ each = 50, count = 'workers' }", {"workers": 0}, Reason.NOTHING_COUNTED),
    ("{ each = 50, count = 'deaths_confirmed' }", {"deaths_confirmed": 0}, Reason.NO_CONFIRMED_DEATH),
    (
        "{ sum_of = [{ each = 50, count = 'workers' }, { each = 9, count = 'workers' }] }",
        {"workers": 0},
        Reason.NOTHING_COUNTED,
    ),
]


@pytest.mark.parametrize(("pay", "known", "reason"), NOTHING)
def test_a_clause_says_why_it_pays_nothing(pay: str, known: Known, reason: Reason) -> None:
    """Else a reporter waits for what will never come."""
    outcome = worked(paying(pay), known)
    assert (outcome.verdict, outcome.reason) == (Verdict.NOT_COVERED, reason)


MISSING: list[tuple[str, Known, list[tuple[Need, str]]]] = [
    ("{ percent_of = ['goods_value'], rate = '15%' }", {}, [(Need.FACT, "goods_value")]),
    (
        "{ percent_of = ['goods_value'], rate = { of = 'situation', take = 'rate' } }",
        {},
        [(Need.FACT, "goods_value"), (Need.FACT, "situation")],
    ),
    (
        f"{{ each = {ACCIDENTS}, count = 'deaths_confirmed' }}",
        {},
        [(Need.DEATHS, ""), (Need.ACCIDENT_CLASS, "")],
    ),
    ("{ fixed = 9000, max = { each = 10000, count = 'workers' } }", {}, [(Need.FACT, "workers")]),
    (
        "{ sum_of = [{ each = 1, count = 'workers' }, { each = 2, count = 'kilograms' }] }",
        {"workers": 0},
        [(Need.FACT, "kilograms")],
    ),
    (f"{{ fixed = {WEIGHTS} }}", {}, [(Need.FACT, "kilograms")]),
]


@pytest.mark.parametrize(("pay", "known", "needs"), MISSING)
def test_a_clause_names_what_it_misses(pay: str, known: Known, needs: list[tuple[Need, str]]) -> None:
    """Else the verifier does not know what to find out."""
    outcome = worked(paying(pay), known)
    assert outcome.verdict is Verdict.WAITING
    assert [(missing.need, missing.fact) for missing in outcome.needs] == needs


def test_a_penalty_that_is_not_recorded_is_waited_for_and_its_missing_parts_are_nothing() -> None:
    """Else an award is paid on half a penalty, or never because there was no fine on a person."""
    made = paying("{ percent_of = ['fine_firm', 'fine_person'], rate = '15%', min = 3000, max = 300000 }")
    waiting = worked(made, penalty=PenaltyState.PENDING)
    assert [(missing.need, missing.band and missing.band.max_fen) for missing in waiting.needs] == [
        (Need.PENALTY, 300_000_00)
    ]
    assert worked(made, {"fine_firm": 100_000_00}).amount_fen == 15_000_00


def test_no_penalty_is_a_branch_of_its_own() -> None:
    """Else a verified hazard without a fine earns the floor of a share, or nothing at all."""
    share = "{ percent_of = ['fine_firm'], rate = '15%', min = 3000 }"
    without = worked(paying(share), penalty=PenaltyState.NONE)
    assert (without.verdict, without.reason) == (Verdict.NOT_COVERED, Reason.NO_PENALTY_NO_AWARD)
    branch = paying(share, "without_penalty = { fixed = 500 }")
    assert worked(branch, penalty=PenaltyState.NONE).amount_fen == 500_00
    assert worked(branch, penalty=PenaltyState.PENDING).verdict is Verdict.WAITING
    # What uses no penalty is paid with and without one.
    assert worked(paying("{ fixed = 700 }"), penalty=PenaltyState.NONE).amount_fen == 700_00


BAND = "{ choose = { min = 500, max = 3000 } }"
DEFAULT = "{ choose = { min = 500, max = 3000, default = 1000 } }"


def test_an_officer_chooses_inside_the_band_and_writes_why() -> None:
    """Else an amount is paid that nobody stands for."""
    made = paying(BAND)
    for choice, reasoned, need in (
        ("", True, Need.CHOICE),
        ("499.99", True, Need.CHOICE_INSIDE_BAND),
        ("3000.01", True, Need.CHOICE_INSIDE_BAND),
        ("1500", False, Need.CHOICE_REASON),
    ):
        outcome = worked(made, choice=choice, reasoned=reasoned)
        assert [missing.need for missing in outcome.needs] == [need]
        assert outcome.amount_fen is None
    chosen = worked(made, choice="1500")
    assert (chosen.amount_fen, chosen.officers_choice, chosen.computed_fen) == (1_500_00, True, None)


def test_a_default_is_proposed_and_stays_beside_what_was_chosen() -> None:
    """Else nobody sees later that an officer went away from what the rule proposes."""
    made = paying(DEFAULT)
    proposed, chosen = worked(made), worked(made, choice="2500")
    assert [missing.need for missing in proposed.needs] == [Need.CHOICE_CONFIRMATION]
    assert (proposed.amount_fen, proposed.ready) == (1_000_00, False)
    assert (chosen.amount_fen, chosen.computed_fen, chosen.ready) == (2_500_00, 1_000_00, True)


SOFT = "{ percent_of = ['fine_firm'], rate = '15%', soft_max = 300000 }"
RICH: Known = {"fine_firm": 4_000_000_00}


def test_a_soft_cap_holds_until_an_officer_goes_beyond_it_with_a_reason() -> None:
    """Else "in principle" means nothing, or means always."""
    made = paying(SOFT)
    capped, beyond = worked(made, RICH), worked(made, RICH, choice="450000")
    assert (capped.amount_fen, capped.chosen_beyond) == (300_000_00, False)
    assert (beyond.amount_fen, beyond.chosen_beyond, beyond.computed_fen) == (450_000_00, True, 300_000_00)
    assert codes(beyond)[-2:] == [Code.SOFT_CAP, Code.BEYOND]
    # 15 % of four million is 600,000: the cap is waived, not the formula.
    assert [missing.need for missing in worked(made, RICH, choice="600000.01").needs] == [
        Need.CHOICE_INSIDE_BAND
    ]
    assert [missing.need for missing in worked(made, RICH, choice="299999").needs] == [
        Need.CHOICE_INSIDE_BAND
    ]
    assert [missing.need for missing in worked(made, RICH, choice="450000", reasoned=False).needs] == [
        Need.CHOICE_REASON
    ]
    # Where the cap does not bite there is nothing to choose.
    assert worked(made, {"fine_firm": 100_00}, choice="450000").amount_fen == 15_00


def test_a_hard_bound_stands_behind_a_soft_one() -> None:
    """Else "may be exceeded" has no end."""
    made = paying(SOFT.replace("}", ", may_reach = 400000 }"))
    assert worked(made, RICH, choice="400000").amount_fen == 400_000_00
    assert worked(made, RICH, choice="400000.01").needs[0].need is Need.CHOICE_INSIDE_BAND


ROUNDED = [
    ("0.01", "half-up", "1000.02"),
    ("0.01", "down", "1000.01"),
    ("0.1", "up", "1000.1"),
    ("1", "half-up", "1000"),
    ("10", "up", "1010"),
    ("100", "down", "1000"),
]


@pytest.mark.parametrize(("unit", "mode", "yuan"), ROUNDED)
def test_a_share_is_rounded_as_the_rule_says(unit: str, mode: str, yuan: str) -> None:
    """Else an award is a yuan off in a city that pays whole yuan."""
    made = paying(
        "{ percent_of = ['fine_firm'], rate = '15%' }",
        head=f"rounding = {{ unit = '{unit}', mode = '{mode}' }}",
    )
    # 15 % of 6,666.77 is 1,000.0155.
    assert worked(made, {"fine_firm": 6_666_77}).amount_fen == int(Fraction(yuan) * 100)


def test_named_amounts_are_never_rounded() -> None:
    """Else a rule of whole hundreds does not pay the 50 yuan it names."""
    made = paying("{ fixed = 50 }", head="rounding = { unit = '100', mode = 'down' }")
    assert worked(made).amount_fen == 50_00


def test_what_decided_an_amount_stands_in_its_step() -> None:
    """Else the derivation says 10,000 and nobody can say why."""
    derivation = worked(paying(f"{{ fixed = {WEIGHTS} }}"), {"kilograms": Fraction(401, 2)}).derivation
    assert derivation is not None
    assert derivation.steps[0].given == {"amount": 10_000_00, "fact.kilograms": "200.5", "tier_from": 200}
    assert derivation.steps[0].entry == "one"
