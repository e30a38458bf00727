"""What must hold whatever rule somebody writes: any rule set, any facts."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from random import Random

from portal.rewards.rules.codes import Code
from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import Derivation, recompute
from portal.rewards.rules.estimate import estimate
from portal.rewards.rules.given import PENALTY_FACTS, Facts, FindingFacts, ReporterFacts
from portal.rewards.rules.outcome import Verdict
from portal.rewards.rules.views import outcome_for_verifier
from portal.rewards.rules.vocabulary import PenaltyState
from tests.rewards.rules.made import cases, reporter


def test_a_stored_award_is_recomputed_to_its_amount() -> None:
    """Else an award of today cannot be proved next year."""
    verdicts: Counter[Verdict] = Counter()
    codes: set[Code] = set()
    for rules, facts in [*cases(settled=True), *cases()]:
        outcome = compute(facts, rules)
        verdicts[outcome.verdict] += 1
        if outcome.derivation is None:
            continue
        read = Derivation.from_json(json.loads(outcome.derivation.canonical()))
        assert read == outcome.derivation
        assert recompute(read) == outcome.amount_fen
        codes |= {step.code for step in read.steps}
    # The seeds must go through everything that an engine of this language does.
    assert verdicts.keys() == {*Verdict}
    assert codes == {*Code} - {Code.PENALTY_TOTAL, Code.PER_DEATH, Code.SEALED}


def test_the_same_facts_and_version_give_the_same_bytes() -> None:
    """Else two machines store two derivations of one award."""
    for rules, facts in cases(settled=True):
        turned = tuple(
            replace(one, values=dict(reversed(list(one.values.items())))) for one in facts.findings
        )
        one, other = compute(facts, rules), compute(replace(facts, findings=turned), rules)
        assert one == other
        if one.derivation and other.derivation:
            assert one.derivation.canonical() == other.derivation.canonical()


def values_in(value: object) -> list[object]:
    """All values at the leaves."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in values_in(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in values_in(inner)]
    return [value]


def test_no_derivation_holds_a_binary_fraction() -> None:
    """Else an amount differs by a fen from machine to machine."""
    for rules, facts in cases(settled=True):
        derivation = compute(facts, rules).derivation
        if derivation is not None:
            assert {type(value) for value in values_in(derivation.to_json())} <= {int, str, bool}


def test_no_award_passes_the_caps_that_the_rule_orders() -> None:
    """Else the fund pays more than the rule allows."""
    for rules, facts in cases(settled=True):
        amount_fen = compute(facts, rules).amount_fen
        if amount_fen is None or rules.cap_fen is None:
            continue
        # The uplifts of these rules have a cap of 700,000 of their own, or none but the rule's.
        insider = facts.reporter.values.get("insider") is True
        lifted = [one for one in rules.uplifts if one.cap_fen and (insider or not one.personal)]
        assert 0 <= amount_fen <= (700_000_00 if lifted else rules.cap_fen)


def test_a_verifier_sees_the_same_whoever_reported() -> None:
    """Else a line, a missing line or a sum tells a verifier who reported."""
    different = 0
    for number, (rules, facts) in enumerate([*cases(settled=True), *cases()]):
        outcomes = [
            compute(replace(facts, reporter=reporter(Random(7 * number + other))), rules)
            for other in range(4)
        ]
        views = [outcome_for_verifier(outcome) for outcome in outcomes]
        different += any(outcome != outcomes[0] for outcome in outcomes)
        assert all(view == views[0] for view in views)
        assert views[0].derivation is None or recompute(views[0].derivation) == views[0].amount_fen
    assert different > 100


def test_an_uplift_never_takes_away() -> None:
    """Else an employee is paid less because he is one."""
    for rules, facts in cases(settled=True):
        known = {fact: value for fact, value in facts.reporter.values.items() if fact != "insider"}
        without = replace(facts, reporter=replace(facts.reporter, values=known, asked=frozenset()))
        insider = replace(facts, reporter=replace(without.reporter, values={**known, "insider": True}))
        one, other = compute(insider, rules), compute(without, rules)
        assert one.verdict is other.verdict
        assert (one.amount_fen or 0) >= (other.amount_fen or 0)


def test_an_estimate_holds_what_is_paid_in_the_end() -> None:
    """Else the desk and the calculator promise what the rules do not give."""
    held = 0
    for number, (rules, facts) in enumerate(cases(settled=True)):
        anybody = replace(facts, reporter=ReporterFacts(facts.reporter.real_name))
        outcome = compute(anybody, rules)
        if outcome.amount_fen is None or outcome.chosen_beyond:
            continue
        chance = Random(number)
        early = tuple(forgotten(one, chance) for one in facts.findings)
        expected = estimate(Facts(early, anybody.reporter, facts.values), rules)
        assert expected is not None
        assert expected.low_fen <= outcome.amount_fen + rules.withholding.withheld_fen
        assert outcome.amount_fen <= expected.high_fen
        held += expected.low_fen < expected.high_fen
    assert held > 50


def forgotten(one: FindingFacts, chance: Random) -> FindingFacts:
    """A finding as it was known earlier: without some of its facts, or before its penalty."""
    pending = chance.choice([True, False])
    known = {
        fact: value
        for fact, value in one.values.items()
        if (not pending if fact in PENALTY_FACTS else chance.choice([True, False]))
    }
    return FindingFacts(one.kind, PenaltyState.PENDING if pending else one.penalty, known, one.choice)


def test_an_outcome_is_an_award_or_says_why_not() -> None:
    """Else a case stands still and nobody is told why."""
    for rules, facts in cases():
        outcome = compute(facts, rules)
        assert (outcome.derivation is not None) == (outcome.verdict is Verdict.AWARD)
        assert bool(outcome.needs) or outcome.verdict is not Verdict.WAITING
        assert bool(outcome.reasons) == (outcome.verdict in {Verdict.NOT_COVERED, Verdict.INELIGIBLE})
        assert {missing.fact for missing in outcome.needs} <= {"", *rules.facts}
