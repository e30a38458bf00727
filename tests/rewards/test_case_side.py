"""Between a finding and its award: if these fail, a rule in force is read one way and paid another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from portal import clock
from portal.cases.models import Case, FindingKind
from portal.cases.steps import Conclusion
from portal.clock import city_date
from portal.database import db
from portal.reports import identity
from portal.reports.models import Question, RealName, Report
from portal.rewards import answers, awards, earlier, personal, signatures, staged
from portal.rewards.decided import locked_penalties
from portal.rewards.declared import asked_about_case
from portal.rewards.declaring import record_case_facts
from portal.rewards.facts import compute_case, penalty_state
from portal.rewards.live import live_award
from portal.rewards.models import Award, Stage
from portal.rewards.panel import panel
from portal.rewards.public_view import RewardStage, reward_of
from portal.rewards.queries import share_of_award
from portal.rewards.recomputation import recompute_all
from portal.rewards.rule_files import FOLDER
from portal.rewards.rules.outcome import Reason, Verdict
from portal.rewards.rules.vocabulary import PenaltyState as State
from portal.rewards.signing import Profile, SigningStep
from portal.rewards.standing import Block, standing
from portal.rewards.steps import AwardStatus
from portal.vault.client import VaultClosed
from tests.fixtures.rule_texts import rule_text
from tests.rewards.test_rule_versions import Office as RuleOffice
from tests.rewards.world import (
    AT,
    YUAN,
    World,
    answer,
    approved,
    finding,
    named_report,
    penalise,
    verified_case,
)

SECTOR = "fire"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.frozen(AT):
        yield


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    with app.test_request_context("/"):
        made = World()
        made.fund()
        yield made


def in_force(body: str, *, days: int = 0) -> None:
    RuleOffice().in_force(body, city_date(AT) + timedelta(days=days), (SECTOR,))


def shipped(name: str) -> str:
    return (FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def case_of_trade(world: World) -> Case:
    case = verified_case(world)
    case.sector, case.accepted_at = SECTOR, AT
    db.session.flush()
    return case


def proposed(world: World, case: Case) -> Award:
    award = awards.propose_if_payable(case, world.actor("verifier"), AT)
    assert award is not None
    return award


def two_reports(case: Case) -> tuple[Report, Report]:
    first = named_report(case)
    return first, named_report(case, name="钱亮", received_at=AT - timedelta(days=2))


TWENTY_PERCENT = rule_text()
EQUAL = TWENTY_PERCENT.replace("first_only         = true", "first_only         = false").replace(
    "[[award]]", '[sharing]\nmode = "equal"\n\n[[award]]', 1
)
SOFT = TWENTY_PERCENT.replace("max = 500000", "soft_max = 30000, may_reach = 40000")
TWO_STAGES = (
    shipped("example-two-stages")
    .replace("invented            = true", "invented            = false")
    .replace('"example-two-stages"', '"city-two-stages"')
)
USES = 'uses                = ["'
PERSONAL = TWENTY_PERCENT.replace(USES, f'{USES}principal", "family", "').replace(
    'principal          = "allowed"', 'principal          = "excluded"'
)
FINAL = TWENTY_PERCENT.replace('"penalty_recorded"', '"penalty_final"')
KNOWN = (
    rule_text(version=2)
    .replace(USES, f'{USES}known_before", "')
    .replace('known_before       = "allowed"', 'known_before       = "excluded"')
)


def test_the_rule_of_the_trade_computes_and_stored_facts_give_the_same_again(world: World) -> None:
    in_force(TWENTY_PERCENT)
    case = case_of_trade(world)
    named_report(case)
    finding(world, case, firm=100_000, person=20_000)
    award = proposed(world, case)
    assert (award.rule_id, award.amount_fen) == ("test-city", 24_000 * YUAN)
    db.session.commit()
    assert recompute_all().different == 0


def test_a_later_version_leaves_an_open_award_as_it_was(world: World) -> None:
    in_force(TWENTY_PERCENT)
    case = case_of_trade(world)
    report = named_report(case)
    finding(world, case, firm=100_000)
    award = proposed(world, case)
    in_force(rule_text(version=2, rate="30%"), days=1)
    answer(world, report)
    assert standing(award) == []
    assert (award.rule_version, award.amount_fen) == ("1", 20_000 * YUAN)


def test_equal_shares_sum_to_the_award_and_are_paid_one_by_one(world: World) -> None:
    in_force(EQUAL)
    case = case_of_trade(world)
    reports = [*two_reports(case), named_report(case, name="孙丽", received_at=AT - timedelta(days=1))]
    finding(world, case, firm=50_000, person=1)
    award = proposed(world, case)
    assert [share.report_id for share in award.shares] == [one.id for one in reports]
    assert sum(share.amount_fen for share in award.shares) == award.amount_fen == 10_000_20
    assert Block.IDENTITY in standing(award)
    for report in reports:
        answer(world, report)
    approved(world, award)
    numbers = [share.number for share in award.shares]
    assert numbers == [award.number, f"{award.number}-2", f"{award.number}-3"]
    assert [share_of_award(number).id for number in numbers] == [share.id for share in award.shares]


def test_two_stages_and_a_corroboration_have_awards_of_their_own(world: World) -> None:
    in_force(TWO_STAGES)
    case = case_of_trade(world)
    first, second = two_reports(case)
    found = finding(world, case)
    award = proposed(world, case)
    assert award.amount_fen == 800 * YUAN
    answer(world, first)
    approved(world, award)
    penalise(world, found, 100_000)
    shown = panel(case, world.actor("verifier"), AT)
    assert shown is not None
    assert [(row.stage, row.may_propose) for row in shown.stages] == [
        (Stage.ADDITIONAL, True),
        (Stage.CORROBORATION, True),
    ]
    more = staged.propose_stage(case, Stage.ADDITIONAL, {}, "", world.actor("verifier"), AT)
    assert (more.amount_fen, [share.report_id for share in more.shares]) == (8_000 * YUAN, [first.id])
    help_ = staged.propose_stage(case, Stage.CORROBORATION, {}, "", world.actor("verifier"), AT)
    assert (help_.amount_fen, [share.report_id for share in help_.shares]) == (160 * YUAN, [second.id])
    answer(world, second)
    approved(world, help_)
    db.session.commit()
    assert recompute_all().different == 0
    reward = reward_of(first)
    assert reward is not None
    assert (reward.stage, reward.amount_fen) == (RewardStage.READY, 800 * YUAN)
    assert [one.stage for one in reward.others] == [RewardStage.WAITING]


def test_beyond_a_soft_cap_the_computed_amount_stays_beside_the_chosen_one(world: World) -> None:
    in_force(SOFT)
    case = case_of_trade(world)
    report = named_report(case)
    found = finding(world, case, firm=200_000)
    award = proposed(world, case)
    assert award.amount_fen == 30_000 * YUAN
    actor = world.actor("verifier")
    chosen = awards.Chosen({found.id: 35_000 * YUAN}, "举报避免了重大伤亡")
    awards.choose_amounts(case, chosen, actor, AT)
    assert (award.computed_fen, award.amount_fen) == (30_000 * YUAN, 35_000 * YUAN)
    shown = panel(case, actor, AT)
    assert shown is not None
    assert shown.deviation is not None
    assert (shown.deviation.computed_fen, shown.deviation.chosen_fen) == (30_000 * YUAN, 35_000 * YUAN)
    answer(world, report)
    assert signatures.still_missing(award, Profile.SMALL) == (SigningStep.COSIGN,)
    beyond = awards.Chosen({found.id: 41_000 * YUAN}, "举报避免了重大伤亡")
    with pytest.raises(awards.AmountOutsideBand):
        awards.choose_amounts(case, beyond, actor, AT)
    db.session.commit()
    assert recompute_all().different == 0


def test_further_questions_about_the_reporter_are_asked_and_stay_sealed(world: World) -> None:
    in_force(PERSONAL)
    case = case_of_trade(world)
    report = named_report(case)
    finding(world, case, firm=100_000)
    award = proposed(world, case)
    answer(world, report)
    assert standing(award) == [Block.IDENTITY]
    assert [one.report.id for one in personal.waiting()] == [report.id]
    seen = panel(case, world.actor("verifier"), AT)
    for fact_id in ("principal", "family"):
        command = personal.FactAnswer(report.id, fact_id, False, "已与登记核对")
        answers.answer_fact(command, world.actor("identity"), AT)
    assert standing(award) == []
    after = panel(case, world.actor("verifier"), AT)
    assert seen is not None
    assert after is not None
    assert seen.lines == after.lines
    assert personal.waiting() == []


def test_the_firms_own_principal_gets_nothing_and_the_verifier_does_not_learn_why(world: World) -> None:
    in_force(PERSONAL)
    case = case_of_trade(world)
    report = named_report(case)
    finding(world, case, firm=100_000)
    before = panel(case, world.actor("verifier"), AT)
    command = personal.FactAnswer(report.id, "principal", True, "营业执照上的法定代表人")
    answers.answer_fact(command, world.actor("identity"), AT)
    outcome = compute_case(case, {}).outcome
    assert (outcome.verdict, outcome.reason) == (Verdict.INELIGIBLE, Reason.PRINCIPAL)
    after = panel(case, world.actor("verifier"), AT)
    assert before is not None
    assert after is not None
    assert (before.now.lines, before.now.nothing) == (after.now.lines, after.now.nothing)
    assert awards.propose_if_payable(case, world.actor("verifier"), AT) is None


def test_no_award_before_the_penalty_is_final(world: World) -> None:
    in_force(FINAL)
    case = case_of_trade(world)
    named_report(case)
    found = finding(world, case, firm=100_000)
    assert awards.propose_if_payable(case, world.actor("verifier"), AT) is None
    shown = panel(case, world.actor("verifier"), AT)
    assert shown is not None
    assert shown.now.waits
    assert shown.now.lines
    found.penalties[0].final_on = date(2026, 11, 10)
    assert penalty_state(found) is State.FINAL
    assert proposed(world, case).amount_fen == 20_000 * YUAN


def test_a_reporter_reads_why_there_is_nothing_and_never_that_others_reported(world: World) -> None:
    in_force(TWENTY_PERCENT)
    case = case_of_trade(world)
    first, second = two_reports(case)
    finding(world, case, firm=100_000)
    award = proposed(world, case)
    assert reward_of(second) is None
    answer(world, first)
    approved(world, award)
    late = reward_of(second)
    assert late is not None
    assert late.stage is RewardStage.NONE

    in_force(KNOWN, days=1)
    other = verified_case(world)
    other.sector, other.accepted_at = SECTOR, AT + timedelta(days=2)
    alone = named_report(other)
    finding(world, other, firm=100_000)
    said = {"known_before": "yes"}
    with clock.frozen(AT + timedelta(days=3)):
        record_case_facts(
            other,
            ["known_before"],
            said,
            world.actor("verifier"),
            AT,
            version=other.version,
        )
        told = reward_of(alone)
    assert told is not None
    assert told.sentences == late.sentences


def test_a_rule_that_bars_what_was_known_before_can_be_told_so_though_it_does_not_ask(world: World) -> None:
    """Else the city pays for what its own officers had found, and the page has no place to say it."""
    case = verified_case(world)
    named_report(case)
    finding(world, case, firm=100_000)
    unsaid = compute_case(case, {})
    assert unsaid.payable
    assert unsaid.rules is not None
    assert "known_before" not in unsaid.rules.facts
    assert [fact.id for fact in asked_about_case(unsaid.rules)] == ["known_before"]
    said = {"known_before": "yes"}
    actor = world.actor("verifier")
    record_case_facts(case, ["known_before"], said, actor, AT, version=case.version)
    barred = compute_case(case, {}).outcome
    assert barred.verdict is Verdict.INELIGIBLE
    assert [one.code for one in barred.reasons] == [Reason.KNOWN_BEFORE]


def test_who_is_not_named_by_the_rules_time_is_told_so(world: World) -> None:
    in_force(TWENTY_PERCENT.replace('real_name_by       = "claim"', 'real_name_by       = "conclusion"'))
    case = case_of_trade(world)
    report = named_report(case)
    report.real_name = RealName.NONE
    finding(world, case, firm=100_000)
    reward = reward_of(report)
    assert reward is not None
    assert reward.stage is RewardStage.NAME_MISSING


def test_an_answer_about_the_reporter_changes_the_award_and_recomputes(world: World) -> None:
    case = verified_case(world)
    report = named_report(case)
    finding(world, case, firm=100_000)
    award = proposed(world, case)
    before = award.amount_fen
    db.session.commit()
    assert recompute_all().different == 0
    command = identity.Answer(report.id, Question.EMPLOYEE, True, "已与社保记录核对")
    answers.answer_identity(command, world.actor("identity"), AT)
    assert award.amount_fen > before
    db.session.commit()
    assert recompute_all().different == 0


def test_what_a_penalty_free_award_rests_on_stays_and_the_penalty_may_still_come(world: World) -> None:
    """Of two stages the second waits for the penalty: it must be recordable after the first was approved."""
    in_force(TWO_STAGES)
    case = case_of_trade(world)
    report = named_report(case)
    found = finding(world, case, kind=FindingKind.MAJOR_HAZARD)
    award = proposed(world, case)
    answer(world, report)
    assert approved(world, award).status is AwardStatus.APPROVED
    assert locked_penalties(case) == frozenset()
    penalise(world, found, 100_000)
    more = staged.propose_stage(case, Stage.ADDITIONAL, {}, "", world.actor("verifier"), AT)
    approved(world, more)
    assert locked_penalties(case) == {found.id}


def test_nothing_is_proposed_for_what_was_not_confirmed(world: World) -> None:
    in_force(TWO_STAGES)
    case = verified_case(world, conclusion=None)
    case.sector, case.accepted_at = SECTOR, AT
    named_report(case)
    finding(world, case)
    assert awards.propose_if_payable(case, world.actor("verifier"), AT) is None
    case.conclusion = Conclusion.TRUE
    assert awards.propose_if_payable(case, world.actor("verifier"), AT) is not None
    assert live_award(case.id, Stage.ADDITIONAL) is None


def test_a_later_stage_that_was_sent_back_is_proposed_again(world: World) -> None:
    in_force(TWO_STAGES)
    case = case_of_trade(world)
    report = named_report(case)
    found = finding(world, case)
    award = proposed(world, case)
    answer(world, report)
    approved(world, award)
    penalise(world, found, 100_000)
    actor = world.actor("verifier")
    more = staged.propose_stage(case, Stage.ADDITIONAL, {}, "", actor, AT)
    seen = awards.Decision(more.id, more.version, more.amount_fen, "请补充依据")
    awards.send_back(seen, world.actor("finance"), AT)
    with pytest.raises(awards.ReasonMissing):
        staged.propose_stage(case, Stage.ADDITIONAL, {}, "", actor, AT)
    again = staged.propose_stage(case, Stage.ADDITIONAL, {}, "已补充处罚决定书", actor, AT)
    assert (again.id, again.status) == (more.id, AwardStatus.PROPOSED)


LIMITED = (
    TWENTY_PERCENT
    + """
[[limit]]
id     = "yearly"
per    = "reporter"
period = "year"
max    = "25000"
"""
)


def test_what_a_person_was_paid_this_year_counts_against_the_rules_limit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_force(LIMITED)
    asked: list[tuple[int, datetime]] = []

    def paid(report_id: int, since: datetime) -> list[tuple[str, int]]:
        asked.append((report_id, since))
        return [("illegal_act", 20_000 * YUAN)]

    monkeypatch.setattr(earlier, "payments_to_same_person", paid)
    case = case_of_trade(world)
    report = named_report(case)
    finding(world, case, firm=100_000)
    award = proposed(world, case)
    assert award.amount_fen == 5_000 * YUAN
    assert {one for one, _since in asked} == {report.id}
    assert {city_date(since) for _one, since in asked} == {date(2026, 1, 1)}
    shown = panel(case, world.actor("verifier"), AT)
    assert shown is not None
    assert shown.lines[-1].amount_fen == 20_000 * YUAN
    db.session.commit()
    assert recompute_all().different == 0


@pytest.mark.parametrize(("kind", "fen"), [("major_hazard", 5_000), ("illegal_act", 20_000)])
def test_a_limit_for_one_kind_counts_what_the_person_was_paid_for_that_kind_in_any_report(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str, fen: int
) -> None:
    """Otherwise the same welder is paid for the same kind without end, a report at a time."""
    in_force(LIMITED.replace('period = "year"', 'period = "year"\nsame   = ["kind"]'))
    monkeypatch.setattr(earlier, "payments_to_same_person", lambda _id, _since: [(kind, 20_000 * YUAN)])
    case = case_of_trade(world)
    named_report(case)
    finding(world, case, firm=100_000)
    assert proposed(world, case).amount_fen == fen * YUAN


def test_while_the_vault_is_closed_the_case_is_shown_and_nothing_is_proposed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_force(LIMITED)

    def closed(_report_id: int, _since: datetime) -> list[tuple[str, int]]:
        raise VaultClosed

    monkeypatch.setattr(earlier, "payments_to_same_person", closed)
    case = case_of_trade(world)
    report = named_report(case)
    finding(world, case, firm=100_000)
    shown = panel(case, world.actor("verifier"), AT)
    assert shown is not None
    assert shown.now.needs
    assert not shown.now.lines
    reward = reward_of(report)
    assert reward is not None
    assert reward.stage is RewardStage.COMPUTING
    with pytest.raises(VaultClosed):
        awards.propose_if_payable(case, world.actor("verifier"), AT)
