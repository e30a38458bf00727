"""What the database refuses when the code is gone round, by raw SQL: the last guard of the money."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from portal.database import db
from portal.rewards.models import Award
from tests.fixtures.records import make_account
from tests.rewards.world import World, approved, bank_says, claimed, proposed


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    made.fund()
    return made


def refused(statement: str, **values: object) -> bool:
    """Try a statement in a savepoint; True when the database would not have it."""
    db.session.flush()
    try:
        with db.session.begin_nested():
            db.session.execute(text(statement), values)
    except DatabaseError:
        return True
    return False


APPROVE = "UPDATE awards SET status='approved', approved_by=:person, approved_at=proposed_at WHERE id=:award"


def hand(award: Award, person: int, act: str) -> bool:
    return refused(
        "INSERT INTO award_hands (award_id, person_id, act, at)"
        " SELECT id, :person, :act, proposed_at FROM awards WHERE id=:award",
        award=award.id,
        person=person,
        act=act,
    )


def ledger(award: Award, kind: str, fen: int, key: str) -> bool:
    return refused(
        "INSERT INTO fund_entries (fund_id, kind, amount_fen, award_id, key, at)"
        " SELECT f.id, :kind, :fen, a.id, :key, a.proposed_at FROM funds f, awards a WHERE a.id=:award",
        award=award.id,
        kind=kind,
        fen=fen,
        key=key,
    )


def test_the_proposer_cannot_be_the_approver(world: World) -> None:
    award = proposed(world)
    assert refused(APPROVE, award=award.id, person=award.proposed_by)


def test_an_approver_without_a_hand_is_refused_and_one_with_it_and_a_reservation_is_not(world: World) -> None:
    award = proposed(world)
    person = make_account().person_id
    assert refused(APPROVE, award=award.id, person=person)
    assert not hand(award, person, "approve")
    assert refused(APPROVE, award=award.id, person=person)
    assert not ledger(award, "reserve", award.amount_fen, "raw")
    assert not refused(APPROVE, award=award.id, person=person)


def test_a_verifier_of_the_case_gets_no_other_hand(world: World) -> None:
    award = proposed(world)
    assert hand(award, world.person("verifier").id, "approve")
    assert hand(award, world.person("colleague").id, "pay")


def test_one_person_has_one_hand(world: World) -> None:
    award = approved(world)
    assert hand(award, world.person("finance").id, "pay")


def test_a_hand_is_never_changed_or_taken_away(world: World) -> None:
    award = approved(world)
    assert refused("UPDATE award_hands SET act='pay' WHERE award_id=:award", award=award.id)
    assert refused("DELETE FROM award_hands WHERE award_id=:award", award=award.id)


def test_a_case_has_one_live_award_of_a_stage(world: World) -> None:
    award = proposed(world)
    copy = (
        "INSERT INTO awards (number, case_id, stage, status, rule_id, rule_version, facts, derivation,"
        " computed_fen, amount_fen, choice_reason, proposed_at, decision_reason, version)"
        " SELECT 'JL-X', case_id, stage, 'proposed', rule_id, rule_version, facts, derivation,"
        " computed_fen, amount_fen, '', proposed_at, '', 1 FROM awards WHERE id=:award"
    )
    assert refused(copy, award=award.id)
    assert not refused(
        "UPDATE awards SET status='refused', decision_reason='x' WHERE id=:award", award=award.id
    )
    assert not refused(copy, award=award.id)


def test_shares_sum_to_the_award_that_is_approved(world: World) -> None:
    award = proposed(world)
    person = make_account().person_id
    assert not hand(award, person, "approve")
    assert not ledger(award, "reserve", award.amount_fen, "raw")
    assert not refused("UPDATE shares SET amount_fen = amount_fen - 1 WHERE award_id=:award", award=award.id)
    assert refused(APPROVE, award=award.id, person=person)


def test_an_approved_award_keeps_its_amount_its_shares_and_its_approval(world: World) -> None:
    award = approved(world)
    assert refused("UPDATE awards SET amount_fen = amount_fen + 1 WHERE id=:award", award=award.id)
    assert refused("UPDATE awards SET status='proposed' WHERE id=:award", award=award.id)
    assert refused("UPDATE shares SET amount_fen = 1 WHERE award_id=:award", award=award.id)
    assert refused("DELETE FROM shares WHERE award_id=:award", award=award.id)
    assert refused("DELETE FROM awards WHERE id=:award", award=award.id)


def test_a_share_moves_only_after_approval(world: World) -> None:
    award = proposed(world)
    assert refused("UPDATE shares SET status='notified' WHERE award_id=:award", award=award.id)


def payout(share_id: int, person: int, fen: int, key: str = "raw-key") -> bool:
    return refused(
        "INSERT INTO payouts (share_id, amount_fen, key, state, bank_reference, recorded_by, recorded_at)"
        " SELECT id, :fen, :key, 'sent', '', :person, notified_at FROM shares WHERE id=:share",
        share=share_id,
        fen=fen,
        key=key,
        person=person,
    )


def test_a_payout_needs_an_approved_award_the_exact_amount_and_a_payer_with_a_hand(world: World) -> None:
    share = claimed(world)
    cashier = world.person("cashier").id
    assert payout(share.id, cashier, share.amount_fen)
    assert not hand(share.award, cashier, "pay")
    assert payout(share.id, cashier, share.amount_fen + 1)
    assert not payout(share.id, cashier, share.amount_fen)
    assert payout(share.id, cashier, share.amount_fen, "second-key")


def test_a_share_is_not_paid_without_a_payout(world: World) -> None:
    share = claimed(world)
    assert refused("UPDATE shares SET status='paid' WHERE id=:share", share=share.id)


def test_a_paid_share_and_its_payout_stay(world: World) -> None:
    share = claimed(world)
    bank_says(world, share)
    assert refused("UPDATE shares SET status='claimed' WHERE id=:share", share=share.id)
    assert refused("UPDATE payouts SET state='returned' WHERE share_id=:share", share=share.id)
    assert refused("DELETE FROM payouts WHERE share_id=:share", share=share.id)


def test_the_fund_never_goes_below_zero(world: World) -> None:
    assert refused("UPDATE funds SET reserved_fen = total_fen + 1")
    assert refused("UPDATE funds SET paid_fen = total_fen + 1")
    assert refused("UPDATE funds SET reserved_fen = -1")


def test_the_ledger_is_written_once(world: World) -> None:
    award = approved(world)
    assert ledger(award, "reserve", 1, f"reserve:{award.id}")
    assert refused("UPDATE fund_entries SET amount_fen = 1")
    assert refused("DELETE FROM fund_entries")
