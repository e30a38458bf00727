"""If these fail, one person verifies and approves one award by way of other roles, or wipes a trace of it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.audit import events
from portal.cases.steps import CaseStatus
from portal.database import db
from portal.people.permissions import Role
from portal.rewards import awards, hands
from portal.rewards.models import Act
from tests.fixtures.desk import submit
from tests.fixtures.records import make_account, make_department, sign_in
from tests.rewards.test_signing import HAND, SIGN, refused
from tests.rewards.world import AT, World, actor_of, bank_says, claimed, exchanged, proposed


@pytest.fixture
def world(app: Flask) -> World:
    """An office with money."""
    made = World()
    made.fund()
    return made


EVENT = (
    "INSERT INTO events (at, action, actor_kind, actor_account_id, actor_role, case_id, from_status,"
    " to_status, reason, facts) SELECT proposed_at, 'finding_changed', 'staff', :account, 'verifier',"
    " case_id, '', '', '', '{}' FROM awards WHERE id = :award"
)
CHECK = (
    "INSERT INTO site_checks (case_id, checked_on, officer_one_id, certificate_one, officer_two_id,"
    " certificate_two, found, recorded_by, recorded_at) SELECT case_id, '2026-11-01', :person, 'a', :other,"
    " 'b', 'x', :other, proposed_at FROM awards WHERE id = :award"
)


def test_who_corrected_what_was_found_verified_it_whatever_role_he_has_now(world: World) -> None:
    """What he wrote may be another's now, or gone; the log keeps that he had a hand in it."""
    award = proposed(world)
    third = make_account(Role.VERIFIER, name="许进")
    events.record(
        "finding_changed", at=AT, actor=actor_of(third), role=Role.VERIFIER.value, case_id=award.case_id
    )
    second = exchanged(third.person, Role.FINANCE)
    with pytest.raises(hands.HandTaken) as taken:
        awards.approve(
            awards.Decision(award.id, award.version, award.amount_fen), actor_of(second), AT, claim_days=60
        )
    assert taken.value.held is Act.VERIFY
    fourth = make_account(Role.VERIFIER)
    assert not refused(EVENT, account=fourth.id, award=award.id)
    assert "verified the case" in refused(HAND, award=award.id, person=fourth.person_id)
    assert "verified the case" in refused(SIGN, award=award.id, person=fourth.person_id)


def test_who_signed_does_not_verify_afterwards(app: Flask, client: FlaskClient, world: World) -> None:
    award = proposed(world)
    account = make_account(Role.SUPERVISOR, Role.VERIFIER, department=make_department())
    other, case = world.person("colleague").id, awards.case_of(award)
    assert not refused(CHECK, award=award.id, person=account.person_id, other=other)
    case.status, case.conclusion, case.concluded_at = CaseStatus.VERIFYING, None, None
    late = make_account(Role.SUPERVISOR, Role.VERIFIER, department=make_department())
    assert not refused(SIGN, award=award.id, person=late.person_id)
    assert "does not verify" in refused(CHECK, award=award.id, person=late.person_id, other=other)
    assert "does not verify" in refused(EVENT, account=late.id, award=award.id)
    sign_in(client, late)
    answer = submit(
        client, f"/desk/cases/{case.number}/findings/new", kind="major_hazard", description="出口上锁"
    )
    assert answer.status_code == 403
    assert "请由其他人办理" in answer.text


# What raw SQL tries, with the word of the answer; {person} is somebody without a hand.
REWRITTEN = {
    "UPDATE site_checks SET officer_one_id = :person": "written once",
    "UPDATE site_checks SET recorded_by = :person": "written once",
    "DELETE FROM site_checks": "written once",
    "UPDATE awards SET case_id = :elsewhere": "stays with its case",
    "UPDATE awards SET approved_by = :person": "who approved",
    "UPDATE awards SET proposed_by = :person": "who approved",
    "UPDATE awards SET signatures_needed = 9": "who approved",
    "UPDATE payouts SET recorded_by = :person": "paid by whom",
}


def test_who_did_what_in_an_award_is_written_once(world: World) -> None:
    share = claimed(world)
    bank_says(world, share)
    waiting = proposed(world)
    person, elsewhere = make_account().person_id, waiting.case_id
    for statement, why in REWRITTEN.items():
        bound = {"person": person, "elsewhere": elsewhere}
        named = {name: value for name, value in bound.items() if f":{name}" in statement}
        only = f" WHERE id = {share.award_id}" if " awards " in statement else ""
        assert why in refused(statement + only, **named), statement
    closing = "UPDATE awards SET status = 'closed', approved_by = :person, approved_at = proposed_at"
    assert "only an approved award" in refused(f"{closing} WHERE id = {waiting.id}", person=person)


def test_what_is_never_deleted_is_neither_replaced_nor_emptied(world: World) -> None:
    """SQLite's REPLACE and PostgreSQL's TRUNCATE go past triggers that look at deleted rows."""
    award = proposed(world)
    verifier = world.person("verifier").id
    replace = (
        f"INSERT OR REPLACE INTO award_hands (award_id, person_id, act, at) SELECT id, {verifier}, 'verify',"
        f" proposed_at FROM awards WHERE id = {award.id}"
    )
    tried = {
        "sqlite": (replace, "INSERT OR REPLACE INTO events SELECT * FROM events"),
        "postgresql": ("TRUNCATE award_hands", "TRUNCATE events CASCADE", "TRUNCATE site_checks"),
    }
    hands.note_verifiers(award, AT)
    for statement in tried[db.engine.dialect.name]:
        assert refused(statement), statement
