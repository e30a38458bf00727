"""The award from the recorded penalty to the decision: who loses what if it fails stands at each test."""

from __future__ import annotations

from itertools import product

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import Event
from portal.cases.models import AccidentClass, FindingKind
from portal.cases.steps import Conclusion
from portal.database import db
from portal.errors import NotAllowed, NotInThisState
from portal.notices.models import Notice
from portal.people.actor import SYSTEM
from portal.people.permissions import Role
from portal.reports.models import RealName, Report
from portal.rewards import awards, hands
from portal.rewards.fund import NoFund, NotEnoughMoney, fund_of, verify
from portal.rewards.models import Act, Award, Fund, FundEntry
from portal.rewards.moves import move_award
from portal.rewards.standing import Block, NotReady, standing
from portal.rewards.steps import AWARD_STEPS, AwardAction, AwardStatus, ShareStatus
from tests.fixtures.records import make_account, make_case, make_report
from tests.rewards.world import (
    AT,
    YUAN,
    World,
    actor_of,
    answer,
    approved,
    claimed,
    exchanged,
    finding,
    named_report,
    penalise,
    proposed,
    verified_case,
)


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    made.fund()
    # Noise: a case that nobody may be paid for by mistake.
    make_report(make_case())
    return made


def test_a_recorded_penalty_proposes_fifteen_percent(world: World) -> None:
    """The reporter would never be paid."""
    award = proposed(world)
    assert award.status is AwardStatus.PROPOSED
    assert award.amount_fen == 18_000 * YUAN
    assert [share.amount_fen for share in award.shares] == [18_000 * YUAN]
    assert award.shares[0].status is ShareStatus.PLANNED


def test_nothing_is_proposed_while_a_penalty_is_pending(world: World) -> None:
    case = verified_case(world)
    named_report(case)
    finding(world, case)
    assert awards.propose_if_payable(case, world.actor("verifier"), AT) is None


def test_a_second_finding_without_its_penalty_makes_the_award_wait(world: World) -> None:
    case = verified_case(world)
    named_report(case)
    finding(world, case, firm=50_000)
    finding(world, case)
    assert awards.propose_if_payable(case, world.actor("verifier"), AT) is None


def test_an_employee_gets_the_uplift_once_the_identity_officer_says_yes(world: World) -> None:
    """An insider would lose the part that makes her dare."""
    assert proposed(world, employee=True).amount_fen == 20_700 * YUAN


def test_a_further_penalty_revises_the_waiting_award(world: World) -> None:
    award = proposed(world)
    case = awards.case_of(award)
    row = db.session.scalars(select(Award.facts).where(Award.id == award.id)).one()["findings"][0]
    found = awards.compute_case(case, {}).findings[0]
    assert found.id == row["id"]
    penalise(world, found, 10_000)
    assert awards.propose_if_payable(case, world.actor("verifier"), AT) is award
    assert award.amount_fen == 19_500 * YUAN
    assert award.shares[0].amount_fen == 19_500 * YUAN


def test_proposing_twice_changes_nothing(world: World) -> None:
    award = proposed(world)
    version = award.version
    awards.propose_if_payable(awards.case_of(award), world.actor("verifier"), AT)
    assert award.version == version


def test_concealed_deaths_are_paid_by_class(world: World) -> None:
    case = verified_case(world)
    named_report(case)
    finding(
        world,
        case,
        FindingKind.CONCEALED_ACCIDENT,
        none=True,
        deaths=2,
        accident=AccidentClass.LARGER,
    )
    award = awards.propose_if_payable(case, world.actor("verifier"), AT)
    assert award is not None
    assert award.amount_fen == 80_000 * YUAN


def test_the_first_effective_report_is_paid_and_the_next_moves_up_when_it_is_withdrawn(world: World) -> None:
    """The wrong person would be paid."""
    case = verified_case(world)
    first, second = named_report(case), named_report(case, name="钱文", received_at=AT)
    finding(world, case, firm=100_000)
    award = awards.propose_if_payable(case, world.actor("verifier"), AT)
    assert award is not None
    assert [share.report_id for share in award.shares] == [first.id]
    first.withdrawn_at = AT
    awards.reporter_withdrew(first, AT)
    assert [share.report_id for share in award.shares] == [second.id]


def test_withdrawing_after_approval_gives_the_money_back(world: World) -> None:
    award = approved(world)
    report = db.session.get_one(Report, award.shares[0].report_id)
    report.withdrawn_at = AT
    awards.reporter_withdrew(report, AT)
    assert award.shares[0].status is ShareStatus.FORFEITED
    assert award.status is AwardStatus.CLOSED
    fund = fund_of(AT)
    assert fund is not None
    assert fund.reserved_fen == 0


def test_withdrawing_after_the_claim_gives_the_money_back_too(world: World) -> None:
    """Who withdrew would still be paid, against what the page says."""
    share = claimed(world)
    report = db.session.get_one(Report, share.report_id)
    report.withdrawn_at = AT
    awards.reporter_withdrew(report, AT)
    assert (share.status, share.award.status) == (ShareStatus.FORFEITED, AwardStatus.CLOSED)


def test_welding_waits_for_the_officers_choice_with_a_reason(world: World) -> None:
    case = verified_case(world)
    named_report(case)
    found = finding(world, case, FindingKind.WELDING_VIOLATION, none=True)
    actor = world.actor("verifier")
    assert awards.propose_if_payable(case, actor, AT) is None
    with pytest.raises(awards.AmountOutsideBand):
        awards.choose_amounts(case, awards.Chosen({found.id: 4_000 * YUAN}, "隐患非常大"), actor, AT)
    with pytest.raises(awards.ReasonMissing):
        awards.choose_amounts(case, awards.Chosen({found.id: 2_000 * YUAN}, " "), actor, AT)
    with pytest.raises(awards.ChoiceIncomplete):
        awards.choose_amounts(case, awards.Chosen({}, "隐患很大啊"), actor, AT)
    award = awards.choose_amounts(
        case, awards.Chosen({found.id: 2_000 * YUAN}, "焊工无证，旁有油漆"), actor, AT
    )
    assert (award.amount_fen, award.choice_reason) == (2_000 * YUAN, "焊工无证，旁有油漆")


def test_an_anonymous_welding_report_is_not_eligible_and_a_later_named_one_is(world: World) -> None:
    case = verified_case(world)
    make_report(case)
    found = finding(world, case, FindingKind.WELDING_VIOLATION, none=True)
    chosen = awards.Chosen({found.id: 1_000 * YUAN}, "焊工无证上岗")
    with pytest.raises(NotReady):
        awards.choose_amounts(case, chosen, world.actor("verifier"), AT)
    named = named_report(case, received_at=AT)
    award = awards.choose_amounts(case, chosen, world.actor("verifier"), AT)
    assert [share.report_id for share in award.shares] == [named.id]


def test_an_anonymous_report_of_a_major_hazard_is_awarded(world: World) -> None:
    """Anonymous reporters would think they get nothing."""
    case = verified_case(world)
    make_report(case)
    finding(world, case, firm=100_000)
    award = awards.propose_if_payable(case, world.actor("verifier"), AT)
    assert award is not None
    assert standing(award) == []


def test_finance_waits_for_the_identity_officer(world: World) -> None:
    case = verified_case(world)
    report = named_report(case)
    finding(world, case, firm=100_000)
    award = awards.propose_if_payable(case, world.actor("verifier"), AT)
    assert award is not None
    with pytest.raises(NotReady) as refused:
        approved(world, award)
    assert refused.value.block is Block.IDENTITY
    assert "uplift_open" in [step["code"] for step in award.derivation["steps"]]
    answer(world, report)
    assert standing(award) == []
    assert "uplift_open" not in [step["code"] for step in award.derivation["steps"]]


def test_an_award_whose_check_was_not_confirmed_cannot_be_approved(world: World) -> None:
    award = proposed(world)
    case = awards.case_of(award)
    case.conclusion = Conclusion.FALSE
    assert standing(award) == [Block.NOT_TRUE]
    with pytest.raises(NotReady):
        approved(world, award)


def test_a_penalty_recorded_behind_the_award_blocks_it_until_it_is_computed_again(world: World) -> None:
    award = proposed(world)
    penalise(world, awards.compute_case(awards.case_of(award), {}).findings[0], 1_000)
    with pytest.raises(NotReady) as refused:
        approved(world, award)
    assert refused.value.block is Block.OUTDATED
    assert awards.refresh(award, AT)
    assert approved(world, award).amount_fen == 18_150 * YUAN


def test_approval_reserves_tells_the_reporter_and_opens_sixty_days(world: World) -> None:
    award = approved(world)
    share = award.shares[0]
    assert (award.status, share.status) == (AwardStatus.APPROVED, ShareStatus.NOTIFIED)
    assert share.claim_by is not None
    assert (share.claim_by - AT).days in (60, 61)
    fund = fund_of(AT)
    assert fund is not None
    assert fund.reserved_fen == award.amount_fen
    assert verify(fund).holds
    kinds = set(db.session.scalars(select(Notice.kind).where(Notice.report_id == share.report_id)))
    assert "reward_ready" in kinds


def test_a_form_that_shows_another_version_or_amount_is_refused(world: World) -> None:
    """Finance would approve what it never saw."""
    award = proposed(world)
    for version, amount in ((award.version - 1, award.amount_fen), (award.version, award.amount_fen + 1)):
        with pytest.raises(awards.AwardChanged):
            awards.approve(
                awards.Decision(award.id, version, amount), world.actor("finance"), AT, claim_days=60
            )


def test_an_award_is_approved_once(world: World) -> None:
    award = approved(world)
    with pytest.raises(NotInThisState):
        approved(world, award, who="finance2")
    assert (
        db.session.scalar(select(func.count()).select_from(FundEntry).where(FundEntry.award_id == award.id))
        == 1
    )


def test_too_little_money_is_a_sentence_with_figures_and_nothing_is_booked(app: Flask) -> None:
    world = World()
    world.fund(10_000 * YUAN)
    award = proposed(world)
    with app.test_request_context(), pytest.raises(NotEnoughMoney) as refused:
        approved(world, award)
    assert refused.value.facts["available"] == "10,000.00"
    assert refused.value.facts["amount"] == "18,000.00"
    fund = fund_of(AT)
    assert fund is not None
    assert (fund.reserved_fen, verify(fund).holds) == (0, True)


def test_without_a_budget_nothing_is_approved(app: Flask) -> None:
    world = World()
    with pytest.raises(NoFund):
        approved(world)
    assert db.session.scalar(select(func.count()).select_from(Fund)) == 0


def test_who_verified_cannot_approve_and_is_told_who_can(app: Flask, world: World) -> None:
    """One person could invent an award and pay it out."""
    award = proposed(world)
    world.accounts["colleague"] = exchanged(world.person("colleague"), Role.FINANCE)
    with pytest.raises(hands.HandTaken) as refused:
        approved(world, award, who="colleague")
    with app.test_request_context():
        assert "王秀兰" in refused.value.sentence()
        assert "陈静" in refused.value.sentence()
        assert "孙海涛" not in refused.value.sentence()


def test_a_second_account_of_the_same_person_is_the_same_person(world: World) -> None:
    award = proposed(world)
    second = exchanged(world.person("verifier"), Role.FINANCE)
    decision = awards.Decision(award.id, award.version, award.amount_fen)
    with pytest.raises(hands.HandTaken):
        awards.approve(decision, actor_of(second), AT, claim_days=60)


def test_the_identity_officer_cannot_approve(world: World) -> None:
    award = proposed(world)
    second = exchanged(world.person("identity"), Role.FINANCE)
    decision = awards.Decision(award.id, award.version, award.amount_fen)
    with pytest.raises(hands.HandTaken) as refused:
        awards.approve(decision, actor_of(second), AT, claim_days=60)
    assert refused.value.held is Act.IDENTIFY


def test_who_verifies_after_the_proposal_cannot_approve_either(world: World) -> None:
    award = proposed(world)
    case = awards.case_of(award)
    late = make_account(Role.FINANCE, name="许进")
    found = finding(world, case, FindingKind.ORDINARY_HAZARD, none=True)
    found.recorded_by = late.person_id
    db.session.flush()
    awards.refresh(award, AT)
    decision = awards.Decision(award.id, award.version, award.amount_fen)
    with pytest.raises(hands.HandTaken):
        awards.approve(decision, actor_of(late), AT, claim_days=60)


def test_only_finance_decides(world: World) -> None:
    award = proposed(world)
    decision = awards.Decision(award.id, award.version, award.amount_fen, "理由写在这里")
    for verb in (awards.send_back, awards.refuse):
        with pytest.raises(NotAllowed):
            verb(decision, world.actor("cashier"), AT)


def test_sent_back_needs_a_reason_and_comes_again(world: World) -> None:
    award = proposed(world)
    decision = awards.Decision(award.id, award.version, award.amount_fen)
    with pytest.raises(awards.ReasonMissing):
        awards.send_back(decision, world.actor("finance"), AT)
    told = awards.Decision(award.id, award.version, award.amount_fen, "罚款依据不清楚")
    awards.send_back(told, world.actor("finance"), AT)
    assert (award.status, award.decision_reason) == (AwardStatus.SENT_BACK, "罚款依据不清楚")
    case = awards.case_of(award)
    awards.propose_again(case, "依据见处罚决定书", world.actor("verifier"), AT)
    assert (award.status, award.decision_reason) == (AwardStatus.PROPOSED, "")
    assert approved(world, award).status is AwardStatus.APPROVED


def test_a_refused_award_is_over_and_the_case_may_have_another(world: World) -> None:
    award = proposed(world)
    told = awards.Decision(award.id, award.version, award.amount_fen, "本机关事先已掌握")
    awards.refuse(told, world.actor("finance"), AT)
    again = awards.propose_if_payable(awards.case_of(award), world.actor("verifier"), AT)
    assert again is not None
    assert again.id != award.id


def test_no_event_of_the_case_tells_what_the_identity_officer_answered(world: World) -> None:
    """The verifier could find out who reported, and so could the firm."""
    histories = []
    for employee in (True, False):
        award = proposed(world, employee=employee)
        rows = db.session.scalars(select(Event).where(Event.case_id == award.case_id).order_by(Event.id))
        histories.append([(row.action, row.reason, str(row.facts)) for row in rows])
    assert histories[0] == histories[1]
    assert histories[0]


def test_no_event_or_notice_holds_an_amount(world: World) -> None:
    award = approved(world)
    facts = [str(row.facts) for row in db.session.scalars(select(Event))]
    assert not [one for one in facts if str(award.amount_fen) in one]


@pytest.mark.parametrize(("status", "action"), list(product(AwardStatus, AwardAction)))
def test_every_pair_of_the_award_moves_as_the_table_says_or_is_refused(
    app: Flask, status: AwardStatus, action: AwardAction
) -> None:
    award = Award(status=status)
    if (status, action) in AWARD_STEPS:
        move_award(award, action, SYSTEM, AT)
        assert award.status is AWARD_STEPS[status, action]
    else:
        with pytest.raises(NotInThisState):
            move_award(award, action, SYSTEM, AT)
        assert award.status is status


def test_a_name_the_identity_officer_cannot_confirm_is_none(world: World) -> None:
    case = verified_case(world)
    report = named_report(case)
    finding(world, case, firm=100_000)
    award = awards.propose_if_payable(case, world.actor("verifier"), AT)
    assert award is not None
    answer(world, report, name=False)
    assert award.facts["real_name"] == "none"
    assert report.real_name is RealName.DECLARED
    assert standing(award) == []


def test_an_identity_officer_who_verified_is_refused(world: World) -> None:
    case = verified_case(world)
    report = named_report(case)
    second = exchanged(world.person("colleague"), Role.IDENTITY_OFFICER)
    world.accounts["other"] = second
    with pytest.raises(hands.HandTaken):
        answer(world, report, who="other")
