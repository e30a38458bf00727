"""Many at once, with real commits: the fund is never overdrawn, and nobody is paid twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Flask
from sqlalchemy import func, select

from portal.database import db
from portal.people.actor import Actor
from portal.rewards import awards, payouts, shares
from portal.rewards.fund import fund_of, verify
from portal.rewards.models import Award, FundEntry, Payout, PayoutState, Share
from portal.rewards.steps import AwardStatus, ShareStatus
from tests.fixtures.own import at_once
from tests.rewards.world import AT, YUAN, World, approved, claimed, proposed

THREADS = 24


def approving(award_id: int, version: int, amount_fen: int, actor: Actor) -> Callable[[], object]:
    """Return the step of one finance person pressing approve."""
    return lambda: awards.approve(awards.Decision(award_id, version, amount_fen), actor, AT, claim_days=60)


def test_twenty_four_approvals_against_a_small_fund_never_overdraw_it_and_lose_none(own_app: Flask) -> None:
    """The city would promise money that it does not have."""
    with own_app.app_context():
        world = World()
        world.fund(100_000 * YUAN)
        made = [proposed(world) for _ in range(THREADS)]
        steps = [
            approving(one.id, one.version, one.amount_fen, world.actor(("finance", "finance2")[place % 2]))
            for place, one in enumerate(made)
        ]
        db.session.commit()
        db.session.remove()
    # 18,000 each: five fit into 100,000.
    assert at_once(own_app, steps) == {"done": 5, "NotEnoughMoney": THREADS - 5}
    with own_app.app_context():
        fund = fund_of(AT)
        assert fund is not None
        proof = verify(fund)
        assert proof.holds
        assert proof.reserved_fen == 90_000 * YUAN
        rows = db.session.execute(select(Award.status, func.count()).group_by(Award.status))
        counted = {status: count for status, count in rows}
        assert counted == {AwardStatus.APPROVED: 5, AwardStatus.PROPOSED: THREADS - 5}
        db.session.remove()


def test_one_award_approved_by_many_at_once_is_reserved_once(own_app: Flask) -> None:
    with own_app.app_context():
        world = World()
        world.fund()
        award = proposed(world)
        steps = [
            approving(
                award.id, award.version, award.amount_fen, world.actor(("finance", "finance2")[place % 2])
            )
            for place in range(20)
        ]
        db.session.commit()
        db.session.remove()
    assert at_once(own_app, steps)["done"] == 1
    with own_app.app_context():
        fund = fund_of(AT)
        assert fund is not None
        assert verify(fund).holds
        assert fund.reserved_fen == 18_000 * YUAN
        db.session.remove()


def test_twenty_recordings_of_one_payment_are_one_payout(own_app: Flask) -> None:
    """The reporter would be paid twice, and somebody else not at all."""
    with own_app.app_context():
        world = World()
        world.fund()
        share = claimed(world)
        share_id, version, actor = share.id, share.version, world.actor("cashier")
        db.session.commit()
        db.session.remove()

    def paying(place: int) -> Callable[[], object]:
        # Half of them are the same form sent again, half are other forms.
        key = "key-the-same" if place % 2 else f"key-{place:08d}"
        command = payouts.BankAnswer(
            share_id, version, key, PayoutState.PAID, f"HX{place}", date(2026, 11, 10)
        )
        return lambda: payouts.record_answer(command, actor, AT)

    came = at_once(own_app, [paying(place) for place in range(20)])
    assert set(came) <= {"done", "ShareChanged", "NotInThisState"}
    with own_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Payout)) == 1
        fund = fund_of(AT)
        assert fund is not None
        assert verify(fund).holds
        assert fund.paid_fen == 18_000 * YUAN
        db.session.remove()


def test_a_share_expired_by_many_at_once_gives_its_money_back_once(own_app: Flask) -> None:
    with own_app.app_context():
        world = World()
        world.fund()
        claim_by = approved(world).shares[0].claim_by
        assert claim_by is not None
        db.session.commit()
        db.session.remove()
    late = claim_by.replace(year=2028)
    at_once(own_app, [lambda: shares.expire_shares(late)] * 12)
    with own_app.app_context():
        assert db.session.scalars(select(Share.status)).all() == [ShareStatus.EXPIRED]
        assert db.session.scalar(select(func.count()).where(FundEntry.share_id.is_not(None))) == 1
        fund = fund_of(AT)
        assert fund is not None
        assert verify(fund).holds
        assert fund.reserved_fen == 0
        db.session.remove()
