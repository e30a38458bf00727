"""Whatever is true of a case, every shipped rule answers; what it pays can be recomputed and was foreseen."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.money import format_yuan
from portal.rewards.rules.case_json import Case, CaseRefused, from_document, read
from portal.rewards.rules.clauses.span import Span, View
from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import Derivation, recompute
from portal.rewards.rules.estimate import estimate
from portal.rewards.rules.given import PENALTY_FACTS, Facts, FactValue, FindingFacts
from portal.rewards.rules.model import Fact, RuleSet
from portal.rewards.rules.outcome import Outcome, Reason, Verdict
from portal.rewards.rules.vocabulary import (
    About,
    AccidentClass,
    FactType,
    Kind,
    PenaltyState,
    RealName,
    Stage,
)
from tests.rewards.rules.shipped import PATHS, shipped

RULES = [shipped(path.stem) for path in PATHS]
PENALISED = (PenaltyState.RECORDED, PenaltyState.FINAL, PenaltyState.COLLECTED)
# Forty rules are drawn from: few cases of each run suffice, and every run draws others.
some = settings(max_examples=50, deadline=None)
_AMOUNTS = st.one_of(
    st.integers(0, 500_000_000),
    st.sampled_from([0, 1, 2_000_000, 1_999_993, 2_000_007, 100_000_000, 200_000_000, 10**11]),
)


def _value(fact: Fact) -> st.SearchStrategy[object]:
    """Return answers to a question as JSON has them."""
    match fact.type:
        case FactType.YES_NO:
            return st.booleans()
        case FactType.CHOICE:
            return st.sampled_from([option.id for option in fact.options])
        case FactType.MONEY:
            return _AMOUNTS.map(lambda fen: format_yuan(fen).replace(",", ""))
        case FactType.NUMBER:
            most = int(fact.max or 1000)
            whole = st.one_of(st.integers(0, min(30, most)), st.integers(0, most))
            return whole.map(str)
        case FactType.DATE:
            return st.dates().map(str)


@st.composite
def _facts(draw: st.DrawFn, rules: RuleSet, about: About, penalised: bool = True) -> dict[str, object]:
    """Return some answers to the questions of a rule."""
    asked = [fact for fact in rules.asked(about) if penalised or fact.id not in PENALTY_FACTS]
    return {fact.id: draw(_value(fact)) for fact in asked if draw(st.integers(0, 9))}


@st.composite
def _findings(draw: st.DrawFn, rules: RuleSet) -> dict[str, object]:
    """Return a finding, with a choice or without."""
    penalty = draw(st.sampled_from(list(PenaltyState)))
    finding: dict[str, object] = {
        "kind": draw(st.sampled_from(list(rules.kinds))).value,
        "penalty": penalty.value,
        "facts": draw(_facts(rules, About.FINDING, penalty in PENALISED)),
    }
    if draw(st.booleans()):
        amount = draw(st.integers(0, 40_000_000))
        finding["choice"] = {"amount": format_yuan(amount), "reasoned": draw(st.booleans())}
    return finding


@st.composite
def cases(draw: st.DrawFn) -> tuple[RuleSet, Case]:
    """Return a shipped rule and a case that it may be asked about."""
    rules = draw(st.sampled_from(RULES))
    document = {
        "findings": draw(st.lists(_findings(rules), min_size=1, max_size=3)),
        "case": draw(_facts(rules, About.CASE)),
        "reporter": {
            "real_name": draw(st.sampled_from(list(RealName))).value,
            "order": draw(st.integers(1, 2)),
            "facts": draw(_facts(rules, About.REPORTER)),
        },
    }
    return rules, from_document(document, rules)


def _compute(rules: RuleSet, case: Case, facts: Facts | None = None) -> Outcome:
    return compute(facts or case.facts, rules, moment=case.moment)


def _derivation(outcome: Outcome) -> Derivation:
    assert outcome.derivation is not None
    return outcome.derivation


@some
@given(cases())
def test_every_case_gets_an_answer_that_can_be_recomputed(given_case: tuple[RuleSet, Case]) -> None:
    """An officer must never see an error where he waits for an amount."""
    rules, case = given_case
    outcome = _compute(rules, case)
    if outcome.verdict is not Verdict.AWARD:
        assert outcome.amount_fen is None
        assert outcome.needs or outcome.reason
        return
    stored = Derivation.from_json(json.loads(_derivation(outcome).canonical()))
    assert recompute(stored) == outcome.amount_fen
    assert outcome.amount_fen is not None
    assert outcome.amount_fen >= 0


@some
@given(cases())
def test_the_order_of_findings_changes_nothing(given_case: tuple[RuleSet, Case]) -> None:
    rules, case = given_case
    turned = replace(case.facts, findings=case.facts.findings[::-1])
    assert _compute(rules, case).amount_fen == _compute(rules, case, turned).amount_fen


@some
@given(cases(), st.data())
def test_an_estimate_foresees_what_is_paid(given_case: tuple[RuleSet, Case], data: st.DataObject) -> None:
    """A reporter who was told 3,000 to 50,000 and gets 60,000, or 500, trusts nothing afterwards."""
    rules, case = given_case
    named = replace(case.facts.reporter, real_name=RealName.CONFIRMED, values={}, order=1)
    settled = compute(replace(case.facts, reporter=named), rules, moment=case.moment)
    if settled.verdict is not Verdict.AWARD or settled.chosen_beyond:
        return
    findings = tuple(_forgotten(one, data) for one in case.facts.findings)
    before = estimate(replace(case.facts, findings=findings), rules)
    assert before is not None
    assert settled.amount_fen is not None
    assert before.low_fen <= settled.amount_fen <= before.high_fen, (rules.id, findings, before)


@some
@given(cases())
def test_a_person_of_whom_the_rule_asks_nothing_changes_no_amount(given_case: tuple[RuleSet, Case]) -> None:
    """Otherwise the amount would tell who reported."""
    rules, case = given_case
    if any(rules.asked(About.REPORTER)):
        return
    other = replace(case.facts.reporter, values={"insider": True, "family": True})
    turned = replace(case.facts, reporter=other)
    assert _compute(rules, case).amount_fen == _compute(rules, case, turned).amount_fen


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["findings", "kind", "facts", "reporter", "order", "choice", "amount", "earlier", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@some
@given(_JSON, st.sampled_from(RULES))
def test_any_document_is_a_case_or_refused_by_name(document: object, rules: RuleSet) -> None:
    """A trace of the program on an official's terminal tells him nothing."""
    for attempt in (
        lambda: read(json.dumps(document), rules),
        lambda: from_document({"findings": [document], "reporter": document}, rules),
    ):
        try:
            case = attempt()
        except CaseRefused:
            continue
        compute(case.facts, rules, moment=case.moment, stage=Stage.MAIN)


def _forgotten(finding: FindingFacts, data: st.DataObject) -> FindingFacts:
    """Return a finding of which some facts are not known yet; a penalty may be open again."""
    open_again = data.draw(st.booleans())
    kept = {
        fact: value
        for fact, value in finding.values.items()
        if data.draw(st.booleans()) and not (open_again and fact in PENALTY_FACTS)
    }
    penalty = PenaltyState.PENDING if open_again else finding.penalty
    if not open_again and penalty in PENALISED:
        # What stands in a recorded penalty is known: a part without a row is nothing.
        kept |= {fact: value for fact, value in finding.values.items() if fact.startswith("fine_")}
    choice = finding.choice if data.draw(st.booleans()) else None
    return replace(finding, values=kept, penalty=penalty, choice=choice)


RISING = {FactType.MONEY, FactType.NUMBER}
CLASSES = [one.value for one in AccidentClass]
STEPS = [0, 1, 1, 2, 2, 3, 3, 9, 10, 11, 40, 60, 85, 199, 200, 201, 999, 1_000, 50_000]


def _any(fact: Fact, chance: Random) -> FactValue:
    """Return some answer to a question, often right at a border that a rule may have."""
    if fact.type is FactType.YES_NO:
        return chance.choice([True, False])
    if fact.type is FactType.CHOICE:
        return chance.choice([option.id for option in fact.options])
    if fact.type is FactType.MONEY:
        return chance.choice([0, 1, 999_99, 1_000_00, 20_000_00, 99_999_99, 100_000_00, 10**9, 10**11])
    return min(chance.choice(STEPS), int(fact.max or 1_000))


def _raised(fact: Fact, value: FactValue, chance: Random) -> FactValue:
    """Return an answer that is graver."""
    if fact.id == "accident_class":
        return chance.choice(CLASSES[CLASSES.index(str(value)) :])
    assert isinstance(value, int)
    more = value + chance.choice([1, 10, 1_000, 10**7])
    return more if fact.type is FactType.MONEY or fact.max is None else min(more, int(fact.max))


@pytest.mark.parametrize("rules", RULES, ids=[rules.id for rules in RULES])
def test_what_is_graver_never_earns_less(rules: RuleSet) -> None:
    """Else concealing more, or a higher fine, is worth less to the reporter under some city's rule."""
    chance = Random(rules.id)
    asked = [fact for fact in rules.asked(About.FINDING) if fact.type is not FactType.DATE]
    used = {fact for kind in rules.kinds for fact in _used(rules, kind)}
    rising = [fact for fact in asked if fact.id in used]
    rising = [fact for fact in rising if fact.type in RISING or fact.id == "accident_class"]
    paid = 0
    for _ in range(25 if rising else 0):
        known = {fact.id: _any(fact, chance) for fact in asked}
        fact = chance.choice(rising)
        graver = {**known, fact.id: _raised(fact, known[fact.id], chance)}
        kind = chance.choice([kind for kind in rules.kinds if fact.id in _used(rules, kind)])
        amounts = [
            compute(
                Facts((FindingFacts(kind, PenaltyState.RECORDED, values),), values={"known_before": "no"}),
                rules,
            )
            for values in (known, graver)
        ]
        less, more = (one.amount_fen for one in amounts)
        # Of some rules the amount for the gravest class was not seen, so that nothing stands there.
        unseen = any(one.reason is Reason.NOT_LISTED for one in amounts)
        if not unseen and Verdict.WAITING not in {one.verdict for one in amounts}:
            assert (less or 0) <= (more or 0), (kind, known, fact.id, graver[fact.id])
            paid += bool(more)
    chooses = any(one.officers_choice for one in map(_first, rules.kinds, [rules] * len(rules.kinds)))
    assert paid or not rising or chooses


def _used(rules: RuleSet, kind: Kind) -> set[str]:
    """Return the facts that decide about a kind."""
    entries = [entry for entry in rules.entries if kind in entry.kinds]
    return {fact for entry in entries for fact in (*entry.when.facts(), *entry.pay.facts())}


def _first(kind: Kind, rules: RuleSet) -> Span:
    """Return what may be paid for a kind while nothing else is known."""
    entry = rules.entry_for(kind)
    assert entry is not None
    return entry.pay.span(View({}, None, rules.rounding)) or Span(0, 0)
