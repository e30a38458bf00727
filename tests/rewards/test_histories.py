"""Random histories of awards, shares and the fund: whatever is clicked in whatever order, the books agree."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from portal.database import db
from portal.errors import Refusal
from portal.reports.models import Report
from portal.rewards import awards, payouts, shares
from portal.rewards.fund import fund_of, verify
from portal.rewards.hands import hands_of
from portal.rewards.models import Act, Award, Payout, PayoutState, Share
from portal.rewards.steps import AwardStatus, ShareStatus
from tests.rewards.world import (
    AT,
    YUAN,
    World,
    answer,
    finding,
    keyring,
    luhn_card,
    named_report,
    payee,
    verified_case,
)

LATE = AT + timedelta(days=100)
RESERVED = {
    ShareStatus.NOTIFIED,
    ShareStatus.CLAIMED,
    ShareStatus.PAYING,
    ShareStatus.RETURNED,
    ShareStatus.UNKNOWN,
}
place = st.integers(0, 9)
people = st.sampled_from(["verifier", "colleague", "identity", "finance", "finance2", "cashier"])


class Office(RuleBasedStateMachine):
    """A handful of cases, every verb by everybody, in any order."""

    @initialize(total=st.sampled_from([20_000, 40_000, 90_000]))
    def open(self, total: int) -> None:
        self.world = World()
        self.world.fund(total * YUAN)
        self.key = 0

    def teardown(self) -> None:
        db.session.rollback()
        db.session.expunge_all()

    def attempt(self, step: Callable[[], Any]) -> None:
        """Take a step; a refusal leaves nothing behind, as at the edge of a view."""
        try:
            with db.session.begin_nested():
                step()
        except Refusal:
            db.session.expire_all()

    def award(self, number: int) -> Award | None:
        every = db.session.scalars(select(Award).order_by(Award.id)).all()
        return every[number % len(every)] if every else None

    @rule(fine=st.integers(1_000, 150_000), employee=st.booleans())
    def a_penalty_is_recorded(self, fine: int, employee: bool) -> None:
        case = verified_case(self.world)
        report = named_report(case)
        finding(self.world, case, firm=fine)
        awards.propose_if_payable(case, self.world.actor("verifier"), AT)
        answer(self.world, report, employee=employee)

    @rule(number=place, who=people, verb=st.sampled_from(["approve", "send_back", "refuse"]))
    def decide(self, number: int, who: str, verb: str) -> None:
        award = self.award(number)
        if award is None:
            return
        decision = awards.Decision(award.id, award.version, award.amount_fen, "理由写在这里")
        actor = self.world.actor(who)
        if verb == "approve":
            self.attempt(lambda: awards.approve(decision, actor, AT, claim_days=60))
        else:
            self.attempt(lambda: getattr(awards, verb)(decision, actor, AT))

    @rule(number=place)
    def propose_again(self, number: int) -> None:
        award = self.award(number)
        if award is not None:
            case = awards.case_of(award)
            self.attempt(lambda: awards.propose_again(case, "补充了依据", self.world.actor("verifier"), AT))

    @rule(number=place, late=st.booleans())
    def claim(self, number: int, late: bool) -> None:
        report = self.report(number)
        if report is not None:
            self.attempt(lambda: shares.claim(report, payee(luhn_card()), LATE if late else AT, keyring()))

    @rule(number=place, who=people, state=st.sampled_from(list(PayoutState)), again=st.booleans())
    def the_bank_answers(self, number: int, who: str, state: PayoutState, again: bool) -> None:
        award = self.award(number)
        if award is None:
            return
        share = award.shares[0]
        self.key += 0 if again else 1
        key = f"key-{self.key:06d}"
        command = payouts.BankAnswer(share.id, share.version, key, state, "HX1", date(2026, 11, 10))
        self.attempt(lambda: payouts.record_answer(command, self.world.actor(who), AT))

    @rule()
    def the_claim_window_ends(self) -> None:
        self.attempt(lambda: shares.expire_shares(LATE))

    @rule(number=place)
    def the_reporter_withdraws(self, number: int) -> None:
        report = self.report(number)
        if report is not None:
            report.withdrawn_at = AT
            self.attempt(lambda: awards.reporter_withdrew(report, AT))

    def report(self, number: int) -> Report | None:
        award = self.award(number)
        return db.session.get(Report, award.shares[0].report_id) if award else None

    @invariant()
    def the_fund_equals_its_ledger_and_is_never_overdrawn(self) -> None:
        if not hasattr(self, "world"):
            return
        fund = fund_of(AT)
        assert fund is not None
        proof = verify(fund)
        assert proof.holds
        every = db.session.scalars(select(Share).join(Award).where(Award.status != AwardStatus.REFUSED)).all()
        assert proof.reserved_fen == sum(one.amount_fen for one in every if one.status in RESERVED)
        assert proof.paid_fen == sum(one.amount_fen for one in every if one.status is ShareStatus.PAID)

    @invariant()
    def a_share_is_paid_once_and_exactly(self) -> None:
        for share in db.session.scalars(select(Share)):
            rows = db.session.scalars(select(Payout).where(Payout.share_id == share.id)).all()
            assert len([one for one in rows if one.state is not PayoutState.RETURNED]) <= 1
            assert all(one.amount_fen == share.amount_fen for one in rows)
            paid = [one for one in rows if one.state is PayoutState.PAID]
            assert bool(paid) is (share.status is ShareStatus.PAID)

    @invariant()
    def nobody_acts_twice(self) -> None:
        for award in db.session.scalars(select(Award)):
            acts = {person.id: hand.act for hand, person in hands_of(award.id)}
            assert sum(one.amount_fen for one in award.shares) == award.amount_fen
            if award.status in {AwardStatus.APPROVED, AwardStatus.CLOSED}:
                assert award.approved_by is not None
                assert acts[award.approved_by] is Act.APPROVE
                verifiers = {self.world.person("verifier").id, self.world.person("colleague").id}
                assert all(acts[one] is Act.VERIFY for one in verifiers)


@pytest.mark.timeout(300)
def test_any_order_of_steps_leaves_the_books_in_agreement(app: Flask) -> None:
    """Money would be lost or made by an unlucky order of clicks."""
    play(histories=12, steps=25)


@pytest.mark.assure
@pytest.mark.timeout(3600)
def test_thousands_of_histories_leave_the_books_in_agreement(app: Flask) -> None:
    """The same, long enough to meet orders of clicks that nobody thinks of."""
    play(histories=int(os.environ.get("ASSURE_HISTORIES", "1000")), steps=50)


def play(histories: int, steps: int) -> None:
    """Play so many histories of so many steps, the same ones in each run."""
    wanted = settings(
        max_examples=histories,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    run_state_machine_as_test(Office, settings=wanted)
