"""What must hold for all facts, not only for those somebody thought of."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from portal.rewards.rules.codes import Code
from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import Derivation, recompute
from portal.rewards.rules.estimate import estimate
from portal.rewards.rules.given import Facts, FindingFacts, PenaltyPart, penalty_values
from portal.rewards.rules.outcome import Outcome, Verdict
from portal.rewards.rules.sharing import split_equally
from portal.rewards.rules.views import outcome_for_verifier, without_sealed_lines
from portal.rewards.rules.vocabulary import AccidentClass, Kind, Part, PenaltyState, RealName
from tests.rewards.rules.anyang import ANYANG
from tests.rewards.rules.cases import (
    any_facts,
    case,
    deaths,
    fen,
    named,
    paid_facts,
    parts,
    reporter,
    settled,
)

CAP = 300_000_00
people = st.builds(Facts, st.just(()), named)
fined_kinds = st.sampled_from([Kind.ILLEGAL_ACT, Kind.MAJOR_HAZARD])


def amount(facts: Facts) -> int:
    """The award for facts that earn one."""
    outcome = compute(facts, ANYANG)
    assert outcome.amount_fen is not None
    return outcome.amount_fen


def derived(outcome: Outcome) -> Derivation:
    """The derivation of an award."""
    assert outcome.derivation is not None
    return outcome.derivation


def as_person(
    facts: Facts, employee: bool | None, *, asked: bool = False, name: RealName | None = None
) -> Facts:
    """The same case reported by somebody else."""
    return replace(facts, reporter=reporter(name or facts.reporter.real_name, employee, asked=asked))


def recorded(kind: Kind, *penalty: PenaltyPart) -> FindingFacts:
    """A finding with these penalty parts."""
    return FindingFacts(kind, PenaltyState.RECORDED, penalty_values(penalty))


@given(any_facts)
def test_the_same_facts_give_the_same_outcome(facts: Facts) -> None:
    """Else two officers see two sums."""
    assert compute(facts, ANYANG) == compute(replace(facts), ANYANG)


@given(any_facts)
def test_an_outcome_is_an_award_or_says_what_is_missing_or_why_not(facts: Facts) -> None:
    """Else a case stands still and nobody is told why."""
    outcome = compute(facts, ANYANG)
    assert (outcome.amount_fen is not None) == (outcome.verdict is Verdict.AWARD)
    assert (outcome.derivation is not None) == (outcome.verdict is Verdict.AWARD)
    assert bool(outcome.needs) or outcome.verdict is not Verdict.WAITING
    assert (outcome.reason is not None) == (outcome.verdict in {Verdict.NOT_COVERED, Verdict.INELIGIBLE})


@given(paid_facts)
def test_no_award_leaves_the_bounds_even_with_the_uplift(facts: Facts) -> None:
    """Else the fund pays more than the rule allows, or a reporter gets less than its least."""
    derivation = derived(compute(facts, ANYANG))
    least = 500_00 if derivation.kind is Kind.WELDING_VIOLATION else 3_000_00
    assert least + (1_000_00 if facts.reporter.values.get("insider") else 0) <= derivation.amount_fen <= CAP


@given(paid_facts)
def test_every_step_takes_up_where_the_last_one_ended(facts: Facts) -> None:
    """Else the lines that a reporter reads do not add up."""
    derivation = derived(compute(facts, ANYANG))
    at = 0
    for step in derivation.steps:
        assert step.before_fen == at
        at = step.after_fen
    assert at == derivation.amount_fen == recompute(derivation)


@given(fined_kinds, people, st.lists(parts, min_size=1, max_size=4), st.data())
def test_splitting_a_penalty_part_changes_nothing(
    kind: Kind, person: Facts, penalty: list[PenaltyPart], data: st.DataObject
) -> None:
    """Else the way an officer types a decision changes the reward."""
    first = penalty[0]
    piece = data.draw(st.integers(0, first.amount_fen))
    halves = (PenaltyPart(first.part, first.amount_fen - piece), PenaltyPart(first.part, piece))
    whole = replace(person, findings=(recorded(kind, *penalty),))
    split = replace(person, findings=(recorded(kind, *penalty[1:], *halves),))
    assert compute(whole, ANYANG) == compute(split, ANYANG)


@given(fined_kinds, people, st.lists(parts, max_size=3), parts)
def test_a_higher_penalty_never_earns_less(
    kind: Kind, person: Facts, penalty: list[PenaltyPart], more: PenaltyPart
) -> None:
    """Else a graver case is worth less than a light one."""
    lower = amount(replace(person, findings=(recorded(kind, *penalty),)))
    assert lower <= amount(replace(person, findings=(recorded(kind, *penalty, more),)))


@given(fined_kinds, people, fen, fen)
def test_confiscated_income_is_recorded_but_not_counted(
    kind: Kind, person: Facts, fine: int, taken: int
) -> None:
    """Else the award is a share of something the rule does not name."""
    fined = recorded(kind, PenaltyPart(Part.FINE_FIRM, fine))
    both = recorded(kind, PenaltyPart(Part.FINE_FIRM, fine), PenaltyPart(Part.CONFISCATED, taken))
    with_it = compute(replace(person, findings=(both,)), ANYANG)
    assert with_it.amount_fen == amount(replace(person, findings=(fined,)))
    assert with_it.derivation is not None
    assert with_it.derivation.steps[0].given["confiscated"] == taken


@given(people, st.integers(1, 40), st.integers(0, 5), st.sampled_from(AccidentClass))
def test_more_confirmed_deaths_never_earn_less(
    person: Facts, few: int, more: int, accident: AccidentClass
) -> None:
    """Else concealing more is revealed for less."""
    lower = amount(replace(person, findings=(deaths(few, accident),)))
    assert lower <= amount(replace(person, findings=(deaths(few + more, accident),)))


@given(people, st.integers(1, 40))
def test_a_higher_class_never_earns_less(person: Facts, count: int) -> None:
    """Else a graver accident is worth less."""
    earned = [amount(replace(person, findings=(deaths(count, accident),))) for accident in AccidentClass]
    assert earned == sorted(earned)


@given(paid_facts)
def test_being_an_employee_never_earns_less_and_at_least_a_thousand_below_the_cap(facts: Facts) -> None:
    """Else the people who know most are the worst paid."""
    without = amount(as_person(facts, False))
    assert amount(as_person(facts, True)) >= min(without + 1_000_00, CAP)


@given(paid_facts, st.randoms(use_true_random=False))
def test_the_order_of_findings_does_not_change_the_amount(facts: Facts, random: Random) -> None:
    """Else it matters which finding an officer typed first."""
    shuffled = list(facts.findings)
    random.shuffle(shuffled)
    other = compute(replace(facts, findings=tuple(shuffled)), ANYANG)
    assert (other.verdict, other.amount_fen) == (
        compute(facts, ANYANG).verdict,
        compute(facts, ANYANG).amount_fen,
    )


@given(paid_facts, settled)
def test_the_highest_single_award_is_paid_and_never_a_sum(facts: Facts, extra: FindingFacts) -> None:
    """Else one matter is paid twice."""
    every = (*facts.findings, extra)
    single = [amount(replace(facts, findings=(finding,))) for finding in every]
    outcome = compute(replace(facts, findings=every), ANYANG)
    assert outcome.amount_fen == max(single)
    # The lines must be those of the finding that is paid, not of another one lifted up to it.
    overlap = next(step for step in derived(outcome).steps if step.code is Code.OVERLAP)
    assert overlap.before_fen == overlap.after_fen
    assert outcome.finding is not None
    assert single[outcome.finding] == max(single)


@given(paid_facts)
def test_a_verifier_sees_the_same_whoever_reported(facts: Facts) -> None:
    """Else the award page tells a verifier that an employee of the firm reported it."""
    people_who_may_report = [
        as_person(facts, answer, asked=declared)
        for answer in (None, True, False)
        for declared in (True, False)
    ]
    views = [outcome_for_verifier(compute(one, ANYANG)) for one in people_who_may_report]
    assert all(view == views[0] for view in views)
    texts = {view.derivation.canonical() if view.derivation else "" for view in views}
    assert len(texts) == 1


@given(paid_facts)
def test_the_sealed_view_sums_to_what_stands_before_the_sealed_lines(facts: Facts) -> None:
    """Else the verifier's sum lets the uplift be reckoned back."""
    view = without_sealed_lines(derived(compute(facts, ANYANG)))
    assert view.sealed
    assert [step.code for step in view.steps].count(Code.SEALED) == 1
    assert view.amount_fen == recompute(view) == amount(as_person(facts, False))
    assert without_sealed_lines(view) == view


@given(paid_facts)
def test_a_stored_derivation_reads_back_as_itself(facts: Facts) -> None:
    """Else an award of today cannot be explained next year."""
    derivation = derived(compute(facts, ANYANG))
    assert Derivation.from_json(derivation.to_json()) == derivation


@given(any_facts)
def test_an_estimate_holds_the_award_of_a_named_reporter_without_uplift(facts: Facts) -> None:
    """Else the desk promises what the rules do not give."""
    outcome = compute(as_person(facts, None, name=RealName.CONFIRMED), ANYANG)
    expected = estimate(facts, ANYANG)
    if outcome.amount_fen is not None:
        assert expected is not None
        assert expected.low_fen <= outcome.amount_fen <= expected.high_fen
    assert (expected is None) == (outcome.verdict is Verdict.NOT_COVERED)


@given(any_facts, people)
def test_an_estimate_knows_nothing_about_the_person(facts: Facts, person: Facts) -> None:
    """Else the estimate on the desk gives the reporter away."""
    assert estimate(facts, ANYANG) == estimate(replace(person, findings=facts.findings), ANYANG)


@given(fen, st.integers(1, 50))
def test_shares_sum_to_the_award_and_differ_by_a_fen_at_most(award_fen: int, n: int) -> None:
    """Else a fen is lost or made when several reporters share."""
    shares = split_equally(award_fen, n)
    assert len(shares) == n
    assert sum(shares) == award_fen
    assert max(shares) - min(shares) <= 1
    assert shares == sorted(shares, reverse=True)


def test_the_uplift_is_kept_out_of_a_case_without_an_answer() -> None:
    """Else somebody is paid as an employee who never was asked."""
    derivation = compute(case(deaths(1), declared=True), ANYANG).derivation
    assert derivation is not None
    assert [step.code for step in derivation.steps] == [Code.EACH, Code.CAP, Code.UPLIFT_OPEN, Code.TAX]
