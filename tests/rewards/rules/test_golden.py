"""Awards reckoned by hand from the published figures: an error here pays somebody the wrong sum."""

from __future__ import annotations

import pytest

from portal.money import parse_yuan
from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import recompute
from portal.rewards.rules.given import Facts
from portal.rewards.rules.outcome import Need, Outcome, Reason, Verdict
from portal.rewards.rules.vocabulary import AccidentClass, Kind, Moment, RealName
from tests.rewards.rules.anyang import ANYANG
from tests.rewards.rules.cases import case, deaths, fined, pending, unpunished, welding

LARGER, MAJOR, ESPECIALLY = AccidentClass.LARGER, AccidentClass.MAJOR, AccidentClass.ESPECIALLY_MAJOR
HAZARD, ORDINARY = Kind.MAJOR_HAZARD, Kind.ORDINARY_HAZARD

AWARDS = [
    # 15 % of the fines, 3,000 to 300,000
    (case(fined("120000")), "18000"),
    (case(fined("100000", "20000")), "18000"),
    (case(fined("100000", "20000", kind=HAZARD)), "18000"),
    (case(fined("0", "120000")), "18000"),
    (case(fined("100000", "20000", confiscated="5000000")), "18000"),
    (case(fined(confiscated="5000000")), "3000"),
    (case(fined()), "3000"),
    (case(fined("0.01")), "3000"),
    (case(fined("5000")), "3000"),
    (case(fined("19999.93")), "3000"),
    (case(fined("19999.96")), "3000"),
    (case(fined("19999.97")), "3000"),
    (case(fined("20000")), "3000"),
    (case(fined("20000.03")), "3000"),
    (case(fined("20000.04")), "3000.01"),
    (case(fined("20000.07")), "3000.01"),
    (case(fined("20000.10")), "3000.02"),
    (case(fined("20000.09")), "3000.01"),
    (case(fined("33333.30")), "5000"),
    (case(fined("33333.33")), "5000"),
    (case(fined("33333.37")), "5000.01"),
    (case(fined("45000")), "6750"),
    (case(fined("102000")), "15300"),
    (case(fined("100000.10")), "15000.02"),
    (case(fined("100000.09")), "15000.01"),
    (case(fined("99999.99")), "15000"),
    (case(fined("60000.05", "60000.05")), "18000.02"),
    (case(fined("843333.33")), "126500"),
    (case(fined("1999999.90")), "299999.99"),
    (case(fined("1999999.93")), "299999.99"),
    (case(fined("1999999.96")), "299999.99"),
    (case(fined("1999999.97")), "300000"),
    (case(fined("2000000")), "300000"),
    (case(fined("2000000.07")), "300000"),
    (case(fined("50000000")), "300000"),
    (case(fined("1500000", "500000")), "300000"),
    # employee: 15 % of the award on top, at least 1,000, together at most 300,000
    (case(fined("120000"), employee=True), "20700"),
    (case(fined("120000"), employee=False), "18000"),
    (case(fined("120000"), employee=False, declared=True), "18000"),
    (case(fined("60000"), employee=True), "10350"),
    (case(fined("5000"), employee=True), "4000"),
    (case(fined("44444.40"), employee=True), "7666.66"),
    (case(fined("44444.47"), employee=True), "7666.67"),
    (case(fined("44444.50"), employee=True), "7666.68"),
    (case(fined("44400"), employee=True), "7660"),
    (case(fined("44500"), employee=True), "7676.25"),
    (case(fined("100000.10"), employee=True), "17250.02"),
    (case(fined("1739130.40"), employee=True), "299999.99"),
    (case(fined("1739130.43"), employee=True), "299999.99"),
    (case(fined("1739131"), employee=True), "300000"),
    (case(fined("1800000"), employee=True), "300000"),
    (case(fined("2000000"), employee=True), "300000"),
    # no penalty: a marked officer's choice, 3,000
    (case(unpunished()), "3000"),
    (case(unpunished("3000")), "3000"),
    (case(unpunished(kind=HAZARD)), "3000"),
    (case(unpunished(), employee=True), "4000"),
    # concealed deaths, by class, at most 300,000
    (case(deaths(1)), "30000"),
    (case(deaths(2)), "60000"),
    (case(deaths(2), employee=True), "69000"),
    (case(deaths(3, LARGER)), "120000"),
    (case(deaths(7, LARGER)), "280000"),
    (case(deaths(7, LARGER), employee=True), "300000"),
    (case(deaths(8, LARGER)), "300000"),
    (case(deaths(1, MAJOR)), "50000"),
    (case(deaths(6, MAJOR)), "300000"),
    (case(deaths(7, MAJOR)), "300000"),
    (case(deaths(4, ESPECIALLY)), "240000"),
    (case(deaths(5, ESPECIALLY)), "300000"),
    (case(deaths(31, ESPECIALLY)), "300000"),
    (case(deaths(10)), "300000"),
    (case(deaths(11)), "300000"),
    # welding: 500 to 3,000 as chosen; the uplift comes on top of the band
    (case(welding("500")), "500"),
    (case(welding("1500")), "1500"),
    (case(welding("1500"), name=RealName.DECLARED), "1500"),
    (case(welding("3000")), "3000"),
    (case(welding("500"), employee=True), "1500"),
    (case(welding("3000"), employee=True), "4000"),
    # several findings: the highest single award, each by the rule of its own kind
    (case(fined("120000"), fined("60000")), "18000"),
    (case(fined("60000"), fined("120000")), "18000"),
    (case(fined("120000"), deaths(1)), "30000"),
    (case(fined("300000"), deaths(1)), "45000"),
    (case(welding("3000"), fined("60000")), "9000"),
    (case(welding("3000"), unpunished("3000")), "3000"),
    (case(fined("60000"), fined("120000"), employee=True), "20700"),
    (case(pending(ORDINARY), fined("60000")), "9000"),
    (case(welding("3000"), fined("60000", kind=HAZARD), name=RealName.NONE), "9000"),
    # an anonymous report may be paid by the general rule: the name is asked for at the claim
    (case(fined("120000"), name=RealName.NONE), "18000"),
    (case(deaths(1), name=RealName.NONE), "30000"),
]

NOTHING = [
    (case(), Verdict.NOT_COVERED, Reason.NO_FINDING),
    (case(pending(ORDINARY)), Verdict.NOT_COVERED, Reason.KIND_NOT_COVERED),
    (case(fined("120000", kind=ORDINARY)), Verdict.NOT_COVERED, Reason.KIND_NOT_COVERED),
    (case(unpunished(kind=ORDINARY)), Verdict.NOT_COVERED, Reason.KIND_NOT_COVERED),
    (case(deaths(0)), Verdict.NOT_COVERED, Reason.NO_CONFIRMED_DEATH),
    (case(deaths(0, None)), Verdict.NOT_COVERED, Reason.NO_CONFIRMED_DEATH),
    (case(welding("1500"), name=RealName.NONE), Verdict.INELIGIBLE, Reason.REAL_NAME_MISSING),
    (case(pending(ORDINARY), welding(), name=RealName.NONE), Verdict.INELIGIBLE, Reason.REAL_NAME_MISSING),
]

WAITING = [
    (case(pending()), [(Need.PENALTY, 0)]),
    (case(pending(HAZARD)), [(Need.PENALTY, 0)]),
    (case(deaths(None)), [(Need.DEATHS, 0)]),
    (case(deaths(2, None)), [(Need.ACCIDENT_CLASS, 0)]),
    (case(deaths(None, None)), [(Need.DEATHS, 0), (Need.ACCIDENT_CLASS, 0)]),
    (case(welding()), [(Need.CHOICE, 0)]),
    (case(welding("499.99")), [(Need.CHOICE_INSIDE_BAND, 0)]),
    (case(welding("3000.01")), [(Need.CHOICE_INSIDE_BAND, 0)]),
    (case(welding("1500", reasoned=False)), [(Need.CHOICE_REASON, 0)]),
    (case(unpunished("3000.01")), [(Need.CHOICE_INSIDE_BAND, 0)]),
    (case(unpunished("3000", reasoned=False)), [(Need.CHOICE_REASON, 0)]),
    (case(fined("120000"), pending()), [(Need.PENALTY, 1)]),
    (case(welding(), pending()), [(Need.CHOICE, 0), (Need.PENALTY, 1)]),
]


def needs_of(outcome: Outcome) -> list[tuple[Need, int | None]]:
    """The open needs and their findings."""
    return [(missing.need, missing.finding) for missing in outcome.needs]


@pytest.mark.parametrize(("facts", "yuan"), AWARDS)
def test_an_award_is_what_a_hand_reckons(facts: Facts, yuan: str) -> None:
    """Else reporters are paid too little or the fund pays too much."""
    outcome = compute(facts, ANYANG)
    assert outcome.verdict is Verdict.AWARD
    assert outcome.amount_fen == parse_yuan(yuan)
    assert outcome.derivation is not None
    assert recompute(outcome.derivation) == outcome.amount_fen


@pytest.mark.parametrize(("facts", "verdict", "reason"), NOTHING)
def test_what_earns_nothing_says_why(facts: Facts, verdict: Verdict, reason: Reason) -> None:
    """Else a reporter is told nothing, or is paid against the rule."""
    outcome = compute(facts, ANYANG)
    assert (outcome.verdict, outcome.reason, outcome.amount_fen) == (verdict, reason, None)
    assert not outcome.ready


@pytest.mark.parametrize(("facts", "needs"), WAITING)
def test_what_is_missing_is_named_and_nothing_is_paid(
    facts: Facts, needs: list[tuple[Need, int | None]]
) -> None:
    """Else an award is proposed on half the facts."""
    outcome = compute(facts, ANYANG)
    assert (outcome.verdict, outcome.amount_fen, outcome.derivation) == (Verdict.WAITING, None, None)
    assert needs_of(outcome) == needs


def test_the_employee_question_stays_open_until_it_is_answered() -> None:
    """Else an employee who said so is approved without the uplift."""
    asked = compute(case(fined("120000"), declared=True), ANYANG)
    assert (asked.amount_fen, needs_of(asked), asked.ready) == (
        18_000_00,
        [(Need.IDENTITY_ANSWER, None)],
        False,
    )
    for answer, amount in ((True, 20_700_00), (False, 18_000_00)):
        answered = compute(case(fined("120000"), declared=True, employee=answer), ANYANG)
        assert (answered.amount_fen, answered.needs, answered.ready) == (amount, (), True)


def test_without_a_penalty_an_officer_has_to_confirm_the_sum() -> None:
    """Else a figure that no document gives is paid as if it were law."""
    proposed, confirmed = compute(case(unpunished()), ANYANG), compute(case(unpunished("3000")), ANYANG)
    assert needs_of(proposed) == [(Need.CHOICE_CONFIRMATION, 0)]
    assert (proposed.officers_choice, proposed.ready) == (True, False)
    assert (confirmed.officers_choice, confirmed.ready) == (True, True)


def test_a_need_names_the_band_to_choose_from() -> None:
    """Else the officer has to guess what the rule allows."""
    band = compute(case(welding()), ANYANG).needs[0].band
    assert band is not None
    assert (band.min_fen, band.max_fen) == (500_00, 3_000_00)


def test_the_name_is_asked_for_when_the_rule_says() -> None:
    """Else an anonymous reporter loses a reward that the rule gives, or gets one that it does not."""
    anonymous = case(fined("120000"), name=RealName.NONE)
    assert compute(anonymous, ANYANG).real_name_due is Moment.CLAIM
    assert compute(anonymous, moment=Moment.CLAIM, rules=ANYANG).reason is Reason.REAL_NAME_MISSING
    assert compute(case(fined("120000")), moment=Moment.CLAIM, rules=ANYANG).amount_fen == 18_000_00
    assert compute(case(fined("120000")), ANYANG).real_name_due is None
    unnamed_welding = case(welding("1500"), name=RealName.NONE)
    assert compute(unnamed_welding, moment=Moment.FILING, rules=ANYANG).real_name_due is Moment.CONCLUSION


def test_the_finding_that_is_paid_is_named() -> None:
    """Else the award hangs on the wrong finding."""
    outcome = compute(case(welding("3000"), fined("60000")), ANYANG)
    assert outcome.finding == 1
    assert outcome.derivation is not None
    assert outcome.derivation.kind is Kind.ILLEGAL_ACT
    assert not outcome.officers_choice
