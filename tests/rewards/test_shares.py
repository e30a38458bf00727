"""Claiming, expiring and paying a share: nobody is paid twice, and no share is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.audit.models import Event
from portal.database import db
from portal.errors import NotAllowed, NotFound, NotInThisState, Refusal
from portal.notices.models import Notice
from portal.people.actor import SYSTEM
from portal.people.permissions import Role
from portal.reports.models import Question, RealName, Report
from portal.rewards import awards, hands, payouts, shares
from portal.rewards.fund import Proof, fund_of, verify
from portal.rewards.models import Act, Payout, PayoutState, Share
from portal.rewards.moves import move_share
from portal.rewards.payee import Payee, PayeeFault, faults, masked, typed_payee
from portal.rewards.steps import SHARE_STEPS, AwardStatus, ShareAction, ShareStatus
from portal.vault.models import FieldGroup, SealedField
from portal.vault.persons import same_name
from tests.fixtures.records import make_report
from tests.fixtures.vault import in_process, opened
from tests.rewards.world import (
    AT,
    YUAN,
    World,
    actor_of,
    answer,
    approved,
    bank_says,
    claimed,
    exchanged,
    finding,
    keyring,
    luhn_card,
    payee,
    verified_case,
)


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    made.fund()
    return made


def proof() -> Proof:
    fund = fund_of(AT)
    assert fund is not None
    return verify(fund)


def report_of(share: Share) -> Report:
    return db.session.get_one(Report, share.report_id)


def test_a_claim_seals_the_payee_and_tells_the_cashier(world: World) -> None:
    """A reporter's bank account would lie open in the database."""
    share = claimed(world)
    assert share.status is ShareStatus.CLAIMED
    row = db.session.scalars(select(SealedField).where(SealedField.field_group == FieldGroup.PAYEE)).one()
    assert luhn_card().encode() not in row.blob
    assert "赵明".encode() not in row.blob
    report = report_of(share)
    assert opened(report, FieldGroup.PAYEE)["account"] == luhn_card()
    told = select(Notice.kind).where(Notice.account_id == world.accounts["cashier"].id)
    assert list(db.session.scalars(told)) == ["share_to_pay"]


def test_no_event_holds_the_payee(world: World) -> None:
    claimed(world)
    written = "".join(str(row.facts) + row.reason for row in db.session.scalars(select(Event)))
    assert luhn_card() not in written
    assert "赵明" not in written


def test_another_account_may_be_given_until_the_money_leaves(world: World) -> None:
    share = claimed(world)
    report = report_of(share)
    other = luhn_card("622848123456789012")
    version = share.version
    shares.claim(report, payee(other), AT, keyring())
    assert share.version > version
    assert opened(report, FieldGroup.PAYEE)["account"] == other
    bank_says(world, share)
    with pytest.raises(NotInThisState):
        shares.claim(report, payee(), AT, keyring())


def test_a_payee_changed_after_the_cashier_opened_it_is_not_paid(world: World) -> None:
    """Money would go to an account that nobody looked at."""
    share = claimed(world)
    seen = share.version
    shares.claim(report_of(share), payee(luhn_card("622848123456789012")), AT, keyring())
    command = payouts.BankAnswer(share.id, seen, "key-stale-1", PayoutState.PAID, "HX1", date(2026, 11, 10))
    with pytest.raises(payouts.ShareChanged):
        payouts.record_answer(command, world.actor("cashier"), AT)
    assert db.session.scalar(select(func.count()).select_from(Payout)) == 0


def test_who_filed_anonymously_seals_a_name_with_the_claim(world: World) -> None:
    """Anonymous reporters would never be paid, or paid without the name the rule asks for."""
    case = verified_case(world)
    report = make_report(case)
    finding(world, case, firm=100_000)
    award = awards.propose_if_payable(case, world.actor("verifier"), AT)
    share = claimed(world, award)
    assert report.real_name is RealName.DECLARED
    assert opened(report, FieldGroup.LEGAL)["name"] == "赵明"
    with pytest.raises(payouts.NameNotConfirmed):
        bank_says(world, share)
    answer(world, report)
    assert hands.held_by(share.award_id, world.person("identity").id) is Act.IDENTIFY
    assert bank_says(world, share).state is PayoutState.PAID


def test_a_name_that_was_not_confirmed_can_be_given_again(world: World) -> None:
    case = verified_case(world)
    report = make_report(case)
    finding(world, case, firm=100_000)
    award = awards.propose_if_payable(case, world.actor("verifier"), AT)
    claimed(world, award)
    answer(world, report, name=False)
    assert shares.needs_name(report)
    again = typed_payee("钱明", "中国银行", luhn_card())
    share = shares.claim(report, again, AT, keyring())
    assert not shares.needs_name(report)
    checks = shares.checks_of(report.id)
    assert checks[Question.REAL_NAME].answer is None
    assert share.status is ShareStatus.CLAIMED


def test_nothing_can_be_claimed_before_approval_or_without_a_share(world: World) -> None:
    with pytest.raises(NotFound):
        shares.claim(make_report(), payee(), AT, keyring())


def test_a_claim_after_its_last_day_is_refused_and_the_money_goes_back(world: World) -> None:
    award = approved(world)
    share = award.shares[0]
    assert share.claim_by is not None
    late = share.claim_by + timedelta(seconds=1)
    with pytest.raises(shares.ClaimTooLate):
        shares.claim(report_of(share), payee(), late, keyring())
    assert shares.expire_shares(share.claim_by) == 0
    assert shares.expire_shares(late) == 1
    assert shares.expire_shares(late) == 0
    assert (share.status, award.status) == (ShareStatus.EXPIRED, AwardStatus.CLOSED)
    assert proof().holds
    assert proof().reserved_fen == 0


def test_a_claimed_share_does_not_expire(world: World) -> None:
    share = claimed(world)
    assert shares.expire_shares(AT + timedelta(days=400)) == 0
    assert share.status is ShareStatus.CLAIMED


def test_a_payment_is_recorded_and_the_books_agree(world: World) -> None:
    share = claimed(world)
    payout = bank_says(world, share)
    assert (payout.state, payout.amount_fen) == (PayoutState.PAID, 18_000 * YUAN)
    assert (share.status, share.award.status) == (ShareStatus.PAID, AwardStatus.CLOSED)
    assert proof().holds
    assert (proof().reserved_fen, proof().paid_fen) == (0, 18_000 * YUAN)


def test_the_same_form_sent_twice_is_one_payout(world: World) -> None:
    """Money would leave twice."""
    share = claimed(world)
    version = share.version
    command = payouts.BankAnswer(share.id, version, "key-same-1", PayoutState.PAID, "HX1", date(2026, 11, 10))
    first = payouts.record_answer(command, world.actor("cashier"), AT)
    assert payouts.record_answer(command, world.actor("cashier"), AT) is first
    with pytest.raises(payouts.ShareChanged):
        payouts.record_answer(replace(command, key="key-other-1"), world.actor("cashier"), AT)
    assert db.session.scalar(select(func.count()).select_from(Payout)) == 1


def test_a_form_of_another_share_is_refused(world: World) -> None:
    first, second = claimed(world), claimed(world)
    bank_says(world, first, key="key-first-1")
    with pytest.raises(payouts.KeyOfAnother):
        bank_says(world, second, key="key-first-1")


def test_returned_money_stays_reserved_and_another_account_is_asked_for(world: World) -> None:
    share = claimed(world)
    bank_says(world, share, PayoutState.RETURNED)
    assert share.status is ShareStatus.RETURNED
    assert proof().reserved_fen == 18_000 * YUAN
    told = set(db.session.scalars(select(Notice.kind).where(Notice.report_id == share.report_id)))
    assert "reward_returned" in told
    shares.claim(report_of(share), payee(luhn_card("622848123456789012")), AT, keyring())
    bank_says(world, share)
    assert (share.status, proof().paid_fen) == (ShareStatus.PAID, 18_000 * YUAN)
    assert [one.state for one in share.payouts] == [PayoutState.RETURNED, PayoutState.PAID]


@pytest.mark.parametrize("end", [PayoutState.PAID, PayoutState.RETURNED])
def test_an_unknown_outcome_is_settled_later_without_a_second_payout(world: World, end: PayoutState) -> None:
    share = claimed(world)
    first = bank_says(world, share, PayoutState.UNKNOWN)
    assert share.status is ShareStatus.UNKNOWN
    assert bank_says(world, share, end) is first
    assert len(share.payouts) == 1
    assert proof().holds


def test_the_cashier_may_not_have_approved_or_verified(world: World) -> None:
    """One person could approve and pay."""
    share = claimed(world)
    for who in ("finance", "verifier", "identity"):
        second = exchanged(world.person(who), Role.CASHIER)
        world.accounts["second"] = second
        with pytest.raises(hands.HandTaken):
            bank_says(world, share, who="second")
        with pytest.raises(hands.HandTaken):
            payouts.record_opening(share, actor_of(second), AT)


def test_only_the_cashier_records(world: World) -> None:
    share = claimed(world)
    with pytest.raises(NotAllowed):
        bank_says(world, share, who="finance2")


@pytest.mark.parametrize(
    ("reference", "on", "refusal"),
    [
        ("", date(2026, 11, 10), payouts.ReferenceMissing),
        ("x" * 61, date(2026, 11, 10), payouts.ReferenceMissing),
        ("HX1", None, payouts.DayNotPossible),
        ("HX1", date(2026, 11, 11), payouts.DayNotPossible),
        ("HX1", date(2024, 11, 11), payouts.DayNotPossible),
    ],
)
def test_a_payment_needs_a_reference_and_a_possible_day(
    world: World, reference: str, on: date | None, refusal: type[Exception]
) -> None:
    share = claimed(world)
    command = payouts.BankAnswer(share.id, share.version, "key-wrong-1", PayoutState.PAID, reference, on)
    with pytest.raises(refusal):
        payouts.record_answer(command, world.actor("cashier"), AT)


def test_the_payee_is_opened_only_with_an_event_and_compared_with_the_name(app: Flask, world: World) -> None:
    share = claimed(world)
    vault = in_process(app, db.session.connection())
    with pytest.raises(Refusal):
        vault.reveal("0" * 32)
    opening = payouts.record_opening(share, world.actor("cashier"), clock.now())
    db.session.flush()
    opened = payouts.OpenedPayee.of(vault.reveal(opening.id))
    assert (opened.holder, opened.account, opened.is_the_reporter) == ("赵明", luhn_card(), True)
    assert "赵明" not in repr(opened)


@pytest.mark.parametrize(("status", "action"), list(product(ShareStatus, ShareAction)))
def test_every_pair_of_the_share_moves_as_the_table_says_or_is_refused(
    app: Flask, status: ShareStatus, action: ShareAction
) -> None:
    share = Share(status=status)
    if (status, action) in SHARE_STEPS:
        move_share(share, action, SYSTEM, AT)
        assert share.status is SHARE_STEPS[status, action]
    else:
        with pytest.raises(NotInThisState):
            move_share(share, action, SYSTEM, AT)
        assert share.status is status


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        (typed_payee("赵明", "工行", "6222 0202 0011 2233 44"), None),
        (typed_payee("赵明", "工商银行", "1234"), PayeeFault.ACCOUNT_LENGTH),
        (typed_payee("赵明", "工商银行", "62220202001122334x"), PayeeFault.ACCOUNT_CHARACTERS),
        (typed_payee("赵明", "工商银行", ""), PayeeFault.ACCOUNT_EMPTY),
        (
            typed_payee("赵明", "工商银行", luhn_card()[:-1] + str((int(luhn_card()[-1]) + 1) % 10)),
            PayeeFault.ACCOUNT_CHECK,
        ),
        (typed_payee("赵", "工商银行", luhn_card()), PayeeFault.HOLDER),
        (typed_payee("赵\x00明", "工商银行", luhn_card()), PayeeFault.HOLDER),
        (typed_payee("赵明", "", luhn_card()), PayeeFault.BANK),
        (typed_payee("赵明", "工商银行", luhn_card(), "call me"), PayeeFault.TELEPHONE),
    ],
)
def test_what_is_wrong_with_a_payee_is_named(typed: Payee, fault: PayeeFault | None) -> None:
    found = list(faults(typed).values())
    if fault is None:
        assert PayeeFault.ACCOUNT_CHARACTERS not in found
        assert PayeeFault.ACCOUNT_LENGTH not in found
    else:
        assert found == [fault]


def test_full_width_digits_and_spaces_are_folded() -> None:
    wide = "".join(chr(0xFF10 + int(ch)) for ch in luhn_card())
    assert typed_payee("赵明", "工商银行", wide[:4] + "　" + wide[4:]).account == luhn_card()


def test_a_masked_account_shows_its_last_four_digits_only() -> None:
    assert masked(luhn_card()) == f"**** {luhn_card()[-4:]}"
    assert masked("123") == "****"


def test_names_are_compared_without_spaces_and_dots() -> None:
    assert same_name("买买提·艾力", "买买提 艾力")
    assert not same_name("赵明", "钱明")
    assert not same_name("", "")
