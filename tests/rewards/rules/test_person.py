"""Uplifts, caps, limits, stages and who may be paid at all, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portal.rewards.rules.codes import Code
from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import recompute
from portal.rewards.rules.given import Earlier, Facts, FactValue, FindingFacts, ReporterFacts
from portal.rewards.rules.model import RuleSet, Sharing
from portal.rewards.rules.outcome import Need, Outcome, Reason, Verdict
from portal.rewards.rules.sharing import split
from portal.rewards.rules.views import outcome_for_verifier
from portal.rewards.rules.vocabulary import Kind, Moment, PenaltyState, RealName, SharingMode, Stage
from tests.rewards.rules.made import FACTS, HEAD, rules

KINDS = 'kinds = ["major_hazard", "illegal_act", "concealed_accident"]'
ONE_KIND = HEAD.replace(KINDS, 'kinds = ["illegal_act"]').replace('\n        "merit"', ' "merit"')
SHARE = "[[award]]\nid = 'share'\npay = { percent_of = ['fine_firm'], rate = '15%' }\n"
INSIDER = "[[uplift]]\nid = 'insider'\nwhen = { insider = true }\n"
MERIT = "[[uplift]]\nid = 'merit'\nwhen = { merit = true }\n"
NAMED = ReporterFacts(RealName.CONFIRMED)


def made(body: str, head: str = "") -> RuleSet:
    """A rule set that pays a share of the fine on the firm."""
    return rules(f"{head}\n{SHARE}{body}", ONE_KIND, FACTS)


def worked(
    rule_set: RuleSet, fine: int, who: ReporterFacts = NAMED, merit: bool = False, **asked: Any
) -> Outcome:
    """What a fine of so many yuan earns."""
    values: dict[str, FactValue] = {"fine_firm": fine * 100, "merit": merit}
    findings = (FindingFacts(Kind.ILLEGAL_ACT, PenaltyState.RECORDED, values),)
    outcome = compute(Facts(findings, who, {"known_before": "no"}), rule_set, **asked)
    if outcome.derivation is not None:
        assert recompute(outcome.derivation) == outcome.amount_fen
    return outcome


def employed(answer: bool | None = True, **more: FactValue) -> ReporterFacts:
    """Somebody with a name who works there, or not, or was asked only."""
    values: dict[str, FactValue] = dict(more) if answer is None else {"insider": answer, **more}
    return ReporterFacts(RealName.CONFIRMED, values=values, asked=frozenset({"insider"}))


UPLIFTED = [
    # Henan 2025: 15 % on top, at least 1,000, then the cap of 300,000 bites
    ("add = { percent = '15%', at_least = 1000 }\norder = 'before_cap'", 120_000, 20_700),
    ("add = { percent = '15%', at_least = 1000 }\norder = 'before_cap'", 20_000, 4_000),
    ("add = { percent = '15%', at_least = 1000 }\norder = 'before_cap'", 1_800_000, 300_000),
    ("add = { percent = '15%', at_least = 1000 }\norder = 'before_cap'", 9_000_000, 300_000),
    # the cap first, the uplift on top of it
    ("add = { percent = '15%' }\norder = 'after_cap'", 9_000_000, 345_000),
    ("add = { percent = '15%' }\norder = 'after_cap'\ncap = 320000", 9_000_000, 320_000),
    ("add = { fixed = 500 }\norder = 'after_cap'", 9_000_000, 300_500),
    # Xiamen: 30 %, the cap is lifted to 390,000
    ("add = { percent = '30%' }\norder = 'lifts_cap'\ncap = 390000", 120_000, 23_400),
    ("add = { percent = '30%' }\norder = 'lifts_cap'\ncap = 390000", 1_900_000, 370_500),
    ("add = { percent = '30%' }\norder = 'lifts_cap'\ncap = 390000", 9_000_000, 390_000),
]


@pytest.mark.parametrize(("uplift", "fine", "yuan"), UPLIFTED)
def test_an_uplift_and_the_cap_come_in_the_order_the_rule_gives(uplift: str, fine: int, yuan: int) -> None:
    """Else an employee of Xiamen loses 90,000, or Henan pays 45,000 too much."""
    rule_set = made(INSIDER + uplift + "\n", "cap = 300000")
    assert worked(rule_set, fine, employed()).amount_fen == yuan * 100
    assert worked(rule_set, fine).amount_fen == min(fine * 15, 300_000_00)
    view = outcome_for_verifier(worked(rule_set, fine, employed()))
    assert view == outcome_for_verifier(worked(rule_set, fine, employed(answer=False)))


def test_an_uplift_that_nobody_asked_about_is_not_added_and_one_asked_is_left_open() -> None:
    """Else somebody is paid as an employee unasked, or an employee without his uplift."""
    rule_set = made(INSIDER + "add = { percent = '15%' }\n", "cap = 300000")
    unasked, opened = worked(rule_set, 120_000), worked(rule_set, 120_000, employed(None))
    assert (unasked.amount_fen, unasked.needs) == (18_000_00, ())
    assert [missing.need for missing in opened.needs] == [Need.IDENTITY_ANSWER]
    assert opened.derivation is not None
    assert Code.UPLIFT_OPEN in {step.code for step in opened.derivation.steps}


TWO = MERIT.replace("merit'", "one'").replace("merit = true", "insider = true, merit = false")
TOGETHER = [("highest", 300_00), ("sum", 500_00), ("first", 200_00)]


@pytest.mark.parametrize(("together", "added"), TOGETHER)
def test_several_uplifts_are_put_together_as_the_rule_says(together: str, added: int) -> None:
    """Else family and employee are both added where only the higher counts."""
    rule_set = made(
        TWO
        + "add = { percent = '10%', at_least = 200 }\norder = 'after_cap'\n"
        + INSIDER
        + "add = { percent = '20%' }\norder = 'after_cap'\n",
        f"uplifts = '{together}'",
    )
    # 15 % of 10,000 is 1,500: 10 % of it is 150, at least 200; 20 % of it is 300; both of the award itself.
    assert worked(rule_set, 10_000, employed()).amount_fen == 1_500_00 + added


def test_merit_doubles_openly_and_the_person_comes_after_it() -> None:
    """Else the verifier who recorded outstanding merit cannot see that it counted."""
    rule_set = made(
        MERIT
        + "add = { percent = '100%' }\norder = 'lifts_cap'\ncap = 500000\n"
        + INSIDER
        + "add = { percent = '10%' }\n",
        "cap = 300000",
    )
    assert worked(rule_set, 100_000, merit=True).amount_fen == 30_000_00
    assert worked(rule_set, 9_000_000, merit=True).amount_fen == 500_000_00
    assert worked(rule_set, 9_000_000).amount_fen == 300_000_00
    assert worked(rule_set, 100_000, employed(), merit=True).amount_fen == 33_000_00
    view = outcome_for_verifier(worked(rule_set, 100_000, employed(), merit=True))
    assert view.amount_fen == 30_000_00
    assert view.derivation is not None
    assert Code.MERIT in {step.code for step in view.derivation.steps}


LIMITED = "[[limit]]\nid = 'monthly'\nper = 'reporter'\nperiod = 'month'\nsame = ['kind']\nmax = 1000\n"


def paid_before(sum_yuan: int, count: int = 1, key: str = "monthly:illegal_act") -> ReporterFacts:
    """Somebody who was paid before."""
    return replace(NAMED, earlier={key: Earlier(count, sum_yuan * 100)})


def test_a_limit_leaves_what_is_not_yet_used_of_it() -> None:
    """Else one person is paid for ever, or not what is left to him."""
    rule_set = made(LIMITED)
    assert worked(rule_set, 10_000, paid_before(0)).amount_fen == 1_000_00
    assert worked(rule_set, 10_000, paid_before(700)).amount_fen == 300_00
    assert worked(rule_set, 1_000, paid_before(700)).amount_fen == 150_00
    assert worked(rule_set, 10_000, paid_before(900, key="monthly:major_hazard")).amount_fen == 1_000_00
    used_up = worked(rule_set, 10_000, paid_before(1_000))
    assert (used_up.verdict, used_up.reason) == (Verdict.INELIGIBLE, Reason.CAP_REACHED)
    assert used_up.reasons[0].facts == {"limit": "monthly"}
    views = [outcome_for_verifier(worked(rule_set, 10_000, paid_before(sum_yuan))) for sum_yuan in (0, 1_000)]
    assert views[0] == views[1]


def test_a_limit_may_count_awards() -> None:
    """Else "three a year" cannot be said."""
    rule_set = made(LIMITED.replace("max = 1000", "count = 3"))
    assert worked(rule_set, 10_000, paid_before(9_000, 2)).amount_fen == 1_500_00
    assert worked(rule_set, 10_000, paid_before(9_000, 3)).reason is Reason.CAP_REACHED


def barred(body: str, **who: Any) -> list[Reason]:
    """Why a reporter gets nothing."""
    reporter = ReporterFacts(**{"real_name": RealName.CONFIRMED, **who})
    return [one.code for one in worked(made("\n" + body), 10_000, reporter).reasons]


WHO = "[eligibility]\n"
BARRED: list[tuple[str, dict[str, Any], list[Reason]]] = [
    ("", {"values": {"staff_or_relative": True}}, [Reason.STAFF_OR_RELATIVE]),
    ("", {"values": {"principal": True}}, [Reason.PRINCIPAL]),
    (
        "staff_or_relatives = 'allowed'\nprincipal = 'allowed'",
        {"values": {"principal": True, "staff_or_relative": True}},
        [],
    ),
    ("", {"order": 2}, [Reason.NOT_FIRST]),
    ("first_only = false", {"order": 2}, []),
    ("", {"claim_window_over": True}, [Reason.WINDOW_OVER]),
    ("anonymous = 'excluded'", {"real_name": RealName.NONE}, [Reason.ANONYMOUS]),
    ("anonymous = 'with_proof'", {"real_name": RealName.NONE}, []),
    ("anonymous = 'with_proof'", {"real_name": RealName.NONE, "proof": False}, [Reason.ANONYMOUS]),
    ("anonymous = 'allowed'", {"real_name": RealName.NONE, "proof": False}, []),
    ("real_name_by = 'conclusion'", {"real_name": RealName.NONE}, [Reason.REAL_NAME_MISSING]),
    ("", {"order": 2, "values": {"principal": True}}, [Reason.NOT_FIRST, Reason.PRINCIPAL]),
]


@pytest.mark.parametrize(("who", "reporter", "reasons"), BARRED)
def test_who_is_excluded_gets_nothing_and_every_reason(
    who: str, reporter: dict[str, Any], reasons: list[Reason]
) -> None:
    """Else staff of the authority are paid, or an employee's colleague is refused without a word."""
    assert barred(WHO + who, **reporter) == reasons


KNOWN = [
    ("excluded", "no", True),
    ("excluded", "yes", False),
    ("excluded", "yes_not_dealt_with", False),
    ("unless_not_dealt_with", "yes", False),
    ("unless_not_dealt_with", "yes_not_dealt_with", True),
    ("allowed", "yes", True),
]


@pytest.mark.parametrize(("rule", "answer", "paid"), KNOWN)
def test_what_was_known_before_is_paid_as_the_rule_says(rule: str, answer: str, *, paid: bool) -> None:
    """Else the fund pays for what the authority knew, or not for what it left lying."""
    rule_set = made(f"\n[eligibility]\nknown_before = '{rule}'")
    findings = (FindingFacts(Kind.ILLEGAL_ACT, PenaltyState.RECORDED, {"fine_firm": 100_00, "merit": False}),)
    outcome = compute(Facts(findings, NAMED, {"known_before": answer}), rule_set)
    assert (outcome.verdict is Verdict.AWARD, outcome.reason is Reason.KNOWN_BEFORE) == (paid, not paid)
    asked = compute(Facts(findings, NAMED), rule_set)
    assert [missing.fact for missing in asked.needs] == ([] if rule == "allowed" else ["known_before"])


def test_a_verifier_does_not_learn_that_the_principal_reported() -> None:
    """Else the award page says who reported: the firm's own principal."""
    rule_set = made("")
    principal = worked(rule_set, 10_000, employed(answer=False, principal=True))
    assert principal.verdict is Verdict.INELIGIBLE
    assert outcome_for_verifier(principal) == outcome_for_verifier(worked(rule_set, 10_000))
    # What everybody may know is still told, alone.
    second = worked(rule_set, 10_000, replace(employed(principal=True), order=2))
    assert [one.code for one in outcome_for_verifier(second).reasons] == [Reason.NOT_FIRST]


def test_a_declared_name_is_enough_until_the_claim() -> None:
    """Else money goes to a name that nobody has checked."""
    rule_set = made("")
    declared = ReporterFacts(RealName.DECLARED)
    assert worked(rule_set, 10_000, declared).amount_fen == 1_500_00
    assert worked(rule_set, 10_000, declared, moment=Moment.CLAIM).reason is Reason.REAL_NAME_NOT_CONFIRMED
    never = made("\n[eligibility]\nreal_name_by = 'never'\nanonymous = 'allowed'")
    nobody = worked(never, 10_000, ReporterFacts(), moment=Moment.CLAIM)
    assert (nobody.amount_fen, nobody.real_name_due) == (1_500_00, None)


STAGES = """
[[award]]
id = "later"
stage = "additional"
pay = { percent_of = ["main_award"], rate = "50%" }

[[award]]
id = "second"
stage = "corroboration"
pay = { percent_of = ["main_award"], rate = "10%", max = 100 }
"""


def test_a_later_award_is_reckoned_from_the_main_one_inside_the_cap_of_both() -> None:
    """Else the second stage pays past the cap of the whole award."""
    rule_set = made(STAGES, "cap = 2000")
    additional: dict[str, Any] = {"stage": Stage.ADDITIONAL, "main_award_fen": 1_500_00}
    assert worked(rule_set, 10_000).amount_fen == 1_500_00
    assert worked(rule_set, 10_000, **additional).amount_fen == 500_00
    second: dict[str, Any] = {"stage": Stage.CORROBORATION, "main_award_fen": 900_00}
    assert worked(rule_set, 10_000, replace(NAMED, order=2), **second).amount_fen == 90_00
    assert worked(made(""), 10_000, **additional).reason is Reason.KIND_NOT_COVERED


def test_several_findings_are_added_where_the_rule_says_so() -> None:
    """Else a reporter of three matters is paid for one, or for one three times."""
    for overlap, expected in (("sum", 4_500_00), ("highest", 3_000_00)):
        rule_set = made("", f"overlap = '{overlap}'")
        findings = tuple(
            FindingFacts(Kind.ILLEGAL_ACT, PenaltyState.RECORDED, {"fine_firm": fine, "merit": False})
            for fine in (10_000_00, 20_000_00)
        )
        outcome = compute(Facts(findings, NAMED, {"known_before": "no"}), rule_set)
        assert outcome.amount_fen == expected
        assert outcome.derivation is not None
        assert recompute(outcome.derivation) == expected


EXCLUDED = """
[[exclude]]
id = "light"
when = { kilograms = { below = 5 } }
reason = { zh = "太少", en = "Too little" }
"""


def test_what_a_rule_excludes_is_never_paid_and_named() -> None:
    """Else what the document excludes is paid, or refused without a reason."""
    rule_set = made(EXCLUDED)
    for kilograms, excluded in ((4, True), (5, False)):
        values: dict[str, FactValue] = {"fine_firm": 100_00, "merit": False, "kilograms": kilograms}
        findings = (FindingFacts(Kind.ILLEGAL_ACT, PenaltyState.RECORDED, values),)
        outcome = compute(Facts(findings, NAMED, {"known_before": "no"}), rule_set)
        assert [dict(one.facts) for one in outcome.reasons] == ([{"exclusion": "light"}] if excluded else [])
    assert [missing.fact for missing in worked(rule_set, 100).needs] == ["kilograms"]


PAYABLE = [
    ("verified", [True, True, True, True, True]),
    ("penalty_recorded", [False, True, True, True, True]),
    ("penalty_final", [False, False, True, True, True]),
    ("penalty_collected", [False, False, False, True, True]),
]


@pytest.mark.parametrize(("when", "payable"), PAYABLE)
def test_an_amount_is_an_estimate_until_the_rule_says_it_is_payable(when: str, payable: list[bool]) -> None:
    """Else an award is paid on a penalty that a court still cancels."""
    rule_set = rules(
        f"payable_when = '{when}'\n[[award]]\nid = 'one'\npay = {{ fixed = 100 }}\n", ONE_KIND, FACTS
    )
    found = []
    for state in PenaltyState:
        facts = Facts((FindingFacts(Kind.ILLEGAL_ACT, state),), NAMED, {"known_before": "no"})
        outcome = compute(facts, rule_set)
        assert outcome.amount_fen == 100_00
        assert outcome.estimate_only is not outcome.payable
        found.append(outcome.payable)
    assert found == payable


@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_shares_sum_to_the_award(number: int) -> None:
    """Else a fen is lost or made when several share."""
    assert split(100_01, number, Sharing())[1:] == [0] * (number - 1)
    for mode in SharingMode:
        assert sum(split(100_01, number, Sharing(mode))) == 100_01
    equal = split(100_01, number, Sharing(SharingMode.EQUAL))
    assert max(equal) - min(equal) <= 1


def test_a_tax_is_kept_back_last_and_never_more_than_there_is() -> None:
    """Else the reporter reads one sum and gets another."""
    rule_set = made("", "withhold = 20")
    assert worked(rule_set, 10_000).amount_fen == 1_480_00
    assert worked(rule_set, 1).amount_fen == 0
