"""If these fail, one person lets a large award through, or a wanting signature is seen too late."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from portal.database import db
from portal.people.permissions import Role
from portal.rewards import awards, fund, signatures
from portal.rewards.awards import Decision
from portal.rewards.hands import HandTaken
from portal.rewards.models import Award
from portal.rewards.signatures import HadAHand, SignatureMissing, SignedAlready
from portal.rewards.signing import MANY_FEN, VERY_MANY_FEN, Profile, SigningStep, needed
from portal.rewards.staffing import ROLE_OF, Duty, gaps, unfilled
from portal.rewards.steps import AwardStatus
from tests.fixtures.records import make_account, sign_in
from tests.rewards.world import AT, World, actor_of, proposed

REVIEW, COSIGN = SigningStep.REVIEW, SigningStep.COSIGN


@pytest.mark.parametrize(
    ("profile", "fen", "major", "beyond", "steps"),
    [
        (Profile.SMALL, 30_000_000, True, False, ()),
        (Profile.SMALL, 1, False, True, (COSIGN,)),
        (Profile.CITY, MANY_FEN - 1, False, False, ()),
        (Profile.CITY, MANY_FEN - 1, False, True, (COSIGN,)),
        (Profile.CITY, MANY_FEN - 1, True, False, (COSIGN,)),
        (Profile.CITY, MANY_FEN, False, False, (COSIGN,)),
        (Profile.CITY, VERY_MANY_FEN - 1, True, True, (COSIGN,)),
        (Profile.CITY, VERY_MANY_FEN, False, True, (REVIEW, COSIGN)),
    ],
)
def test_more_people_sign_as_the_amount_grows(
    profile: Profile, fen: int, major: bool, beyond: bool, steps: tuple[SigningStep, ...]
) -> None:
    assert needed(profile, fen, major=major, beyond=beyond) == steps


@given(st.integers(0, 10**10), st.integers(0, 10**10), st.booleans(), st.booleans())
def test_a_larger_award_never_needs_fewer_people(one: int, other: int, major: bool, beyond: bool) -> None:
    low, high = sorted((one, other))
    fewer = needed(Profile.CITY, low, major=major, beyond=beyond)
    more = needed(Profile.CITY, high, major=major, beyond=beyond)
    assert set(fewer) <= set(more)


@pytest.fixture
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    """An office of a city that lets many sign."""
    settings = replace(app.extensions["portal_settings"], signing_profile="city")
    monkeypatch.setitem(app.extensions, "portal_settings", settings)
    made = World()
    made.fund()
    return made


def seen(award: Award) -> Decision:
    return Decision(award.id, award.version, award.amount_fen)


def approve(world: World, award: Award, who: str = "finance") -> Award:
    return awards.approve(seen(award), world.actor(who), AT, claim_days=60)


def test_an_award_of_many_yuan_waits_for_a_second_person(world: World) -> None:
    award = proposed(world, firm=100_000)
    with pytest.raises(SignatureMissing):
        approve(world, award)
    second = actor_of(make_account(Role.FINANCE, name="钱副签"))
    awards.cosign(seen(award), second, AT)
    assert [one.name for one in signatures.state_of(award, Profile.CITY)] == ["钱副签"]
    with pytest.raises(SignedAlready):
        awards.cosign(seen(award), world.actor("finance"), AT)
    with pytest.raises(HadAHand):
        awards.approve(seen(award), second, AT, claim_days=60)
    assert approve(world, award).status is AwardStatus.APPROVED
    assert award.signatures_needed == 1


def test_a_very_large_award_is_reviewed_by_a_supervisor_first(world: World) -> None:
    award = proposed(world, firm=1_000_000, person=0)
    case = awards.case_of(award)
    second = actor_of(make_account(Role.FINANCE))
    with pytest.raises(SignedAlready):
        awards.cosign(seen(award), second, AT)
    supervisor = actor_of(make_account(Role.SUPERVISOR))
    awards.review(case, award.version, supervisor, AT)
    awards.cosign(seen(award), second, AT)
    assert approve(world, award).signatures_needed == 2


def test_who_verified_the_case_signs_nothing_of_it(world: World) -> None:
    award = proposed(world, firm=1_000_000, person=0)
    # A supervisor may be a verifier too, in one account or in two.
    verifier = world.accounts["verifier"]
    again = actor_of(make_account(Role.SUPERVISOR, person=verifier.person))
    with pytest.raises(HadAHand):
        awards.review(awards.case_of(award), award.version, again, AT)


def test_a_signature_dies_with_the_amount_it_was_given_for(world: World) -> None:
    award = proposed(world, firm=100_000)
    awards.cosign(seen(award), actor_of(make_account(Role.FINANCE)), AT)
    award.amount_fen += 1
    assert signatures.still_missing(award, Profile.CITY) == (COSIGN,)


def refused(statement: str, **values: object) -> str:
    """Try a statement in a savepoint; why the database would not have it, empty when it would."""
    db.session.flush()
    try:
        with db.session.begin_nested():
            db.session.execute(text(statement), values)
    except DatabaseError as error:
        return str(error.orig)
    return ""


SIGN = (
    "INSERT INTO award_signatures (award_id, step, person_id, amount_fen, digest, at)"
    " SELECT id, 'cosign', :person, amount_fen, 'x', proposed_at FROM awards WHERE id = :award"
)
HAND = (
    "INSERT INTO award_hands (award_id, person_id, act, at)"
    " SELECT id, :person, 'approve', proposed_at FROM awards WHERE id = :award"
)
APPROVE = (
    "UPDATE awards SET status = 'approved', approved_by = :person, approved_at = proposed_at,"
    " signatures_needed = 1 WHERE id = :award"
)


def test_the_database_keeps_signatures_and_hands_apart(world: World) -> None:
    award = proposed(world, firm=100_000)
    finance, other = make_account(Role.FINANCE).person_id, make_account(Role.FINANCE).person_id
    assert not refused(HAND, award=award.id, person=finance)
    assert refused(SIGN, award=award.id, person=finance)
    assert refused(SIGN, award=award.id, person=world.accounts["verifier"].person_id)
    fund.reserve(award, world.actor("finance"), AT)
    assert "signatures are missing" in refused(APPROVE, award=award.id, person=finance)
    assert not refused(SIGN, award=award.id, person=other)
    assert refused(HAND, award=award.id, person=other)
    assert refused("UPDATE award_signatures SET digest = 'y'")
    assert refused("DELETE FROM award_signatures")
    assert not refused(APPROVE, award=award.id, person=finance)


def test_a_full_small_town_lacks_nobody(world: World) -> None:
    make_account(Role.VERIFIER)
    make_account(Role.IDENTITY_OFFICER)
    assert gaps(Profile.SMALL, AT.date()) == []


def test_a_city_is_told_which_signature_it_lacks_from_which_amount(app: Flask) -> None:
    for role in (Role.VERIFIER, Role.VERIFIER, Role.IDENTITY_OFFICER, Role.FINANCE, Role.CASHIER):
        make_account(role)
    found = {gap.duty: gap.from_fen for gap in gaps(Profile.CITY, AT.date())}
    assert found == {Duty.APPROVE: MANY_FEN, Duty.REVIEW: VERY_MANY_FEN}


def test_one_person_in_two_accounts_fills_one_duty(app: Flask) -> None:
    account = make_account(Role.VERIFIER)
    make_account(Role.VERIFIER, person=account.person)
    assert Duty.CHECK_TOO in {gap.duty for gap in gaps(Profile.SMALL, AT.date())}


@given(
    st.dictionaries(st.sampled_from(list(Role)), st.frozensets(st.integers(1, 4), max_size=3)),
    st.lists(st.sampled_from(list(Duty)), max_size=4, unique=True),
)
def test_no_duty_is_called_open_that_another_distribution_would_fill(
    people: dict[Role, frozenset[int]], duties: list[Duty]
) -> None:
    everybody = sorted(set().union(*people.values())) if people else []
    best = 0
    for size in range(len(duties), 0, -1):
        for chosen in permutations(everybody, size) if len(everybody) >= size else ():
            for some in permutations(duties, size):
                if all(
                    person in people.get(ROLE_OF[duty], ()) for person, duty in zip(chosen, some, strict=True)
                ):
                    best = max(best, size)
                    break
            if best == size:
                break
        if best:
            break
    assert len(duties) - len(unfilled(duties, people)) == best


def test_finance_sees_who_has_to_sign(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "profile", lambda: Profile.CITY)
    award = proposed(world, firm=100_000)
    sign_in(client, world.accounts["finance"])
    page = client.get(f"/desk/awards/{award.number}").text
    assert "财务第二人" in page
    assert 'value="approve"' not in page
    assert 'value="cosign"' in page


def test_a_supervisor_signs_on_the_case_page(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "profile", lambda: Profile.CITY)
    award = proposed(world, firm=1_000_000, person=0)
    number = awards.case_of(award).number
    sign_in(client, make_account(Role.SUPERVISOR))
    page = client.get(f"/desk/cases/{number}").text
    assert f"/desk/cases/{number}/award/review" in page
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "award_version": award.version}
    assert client.post(f"/desk/cases/{number}/award/review", data=form).status_code == 302
    assert signatures.still_missing(award, Profile.CITY) == (COSIGN,)


def test_the_error_of_a_second_hand_is_the_same_whichever_guard_finds_it() -> None:
    assert HandTaken.status == HadAHand.status == 403
