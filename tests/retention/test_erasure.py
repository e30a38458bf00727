"""The right of erasure. If these fail, details stay that a reporter took back, or a payment is cut off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask, current_app
from sqlalchemy import select

from portal.audit.models import Event
from portal.database import db
from portal.errors import Refusal
from portal.evidence.models import CleanState, Evidence
from portal.people.permissions import Role
from portal.reports import contact, identity
from portal.reports.models import IdentityCheck, RealName, Report
from portal.reports.naming import CodeSeenByStaff
from portal.retention import holds
from portal.retention.erasure import Kept, NothingChosen, StillNeeded, erase, offers
from portal.retention.kinds import ERASABLE, Kind
from portal.retention.models import HoldGround
from portal.retention.originals import remove_bytes
from portal.retention.run import terms
from portal.rewards import awards, shares
from portal.rewards.models import PayoutState, Share
from portal.rewards.steps import ShareStatus
from portal.vault.asking import vault
from portal.vault.groups import FieldGroup
from tests.fixtures.records import make_account
from tests.fixtures.vault import opened
from tests.retention.lives import SEALED, close, events_of, fill, full_report, kinds_of, passed, store_has
from tests.rewards.world import (
    AT,
    World,
    actor_of,
    answer,
    approved,
    bank_says,
    claimed,
    named_report,
    proposed,
    verified_case,
)


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    made.fund()
    return made


def erased(report: Report, *kinds: Kind) -> list[Kind]:
    gone = erase(report, kinds, AT, terms())
    db.session.commit()
    remove_bytes(current_app.extensions["portal_store"], gone.digests)
    return gone.kinds


def claimed_report(app: Flask, share: Share) -> Report:
    return fill(app, db.session.get_one(Report, share.report_id))


def offered(report: Report) -> dict[Kind, Kept | None]:
    return {offer.kind: offer.kept for offer in offers(report, terms())}


def test_what_is_chosen_goes_at_once_and_nothing_else(app: Flask) -> None:
    report = full_report(app)
    assert erased(report, Kind.CONTACT) == [Kind.CONTACT]
    assert kinds_of(report) == set(Kind) - {Kind.CONTACT}
    assert opened(report, FieldGroup.CONTACT) == {}
    assert opened(report, FieldGroup.LEGAL)["name"] == "赵明"


def test_all_of_it_leaves_the_text_and_the_cleaned_copies(app: Flask) -> None:
    report = full_report(app)
    item = db.session.scalars(select(Evidence).where(Evidence.report_id == report.id)).one()
    assert erased(report, *ERASABLE) == list(ERASABLE)
    assert kinds_of(report) == {Kind.TEXT}
    assert report.narrative
    assert not store_has(item.original)
    assert store_has(item.clean_digest)
    assert (report.real_name, report.alert_channel) == (RealName.NONE, "")


def test_twice_is_once_and_says_nothing_of_what_it_was(app: Flask) -> None:
    """The log would tell whoever handles the case that there had been a name."""
    report = full_report(app)
    erased(report, Kind.NAME, Kind.CONTACT)
    assert erased(report, Kind.NAME, Kind.CONTACT) == []
    (event,) = events_of(report, "details_erased")
    assert (event.reason, event.case_id) == ("", report.case_id)
    assert event.facts == {"kinds": ["contact", "name"]}


def test_without_a_choice_nothing_happens(app: Flask) -> None:
    with pytest.raises(NothingChosen):
        erase(full_report(app), (), AT, terms())


def test_a_code_that_staff_know_erases_nothing(app: Flask) -> None:
    report = full_report(app)
    report.code_known_to_staff = True
    with pytest.raises(CodeSeenByStaff):
        erase(report, (Kind.NAME,), AT, terms())
    assert kinds_of(report) == set(Kind)


@pytest.mark.parametrize(
    ("state", "name", "account"),
    [
        (PayoutState.UNKNOWN, Kept.UNDER_WAY, Kept.UNDER_WAY),
        (PayoutState.PAID, None, Kept.PAID),
        (PayoutState.RETURNED, None, None),
    ],
)
def test_money_that_left_keeps_its_account(
    app: Flask, world: World, state: PayoutState, name: Kept | None, account: Kept | None
) -> None:
    """A payment whose outcome nobody knows could never be cleared up, and a voucher would have no payee."""
    share = claimed(world)
    bank_says(world, share, state)
    report = claimed_report(app, share)
    db.session.commit()
    found = offered(report)
    assert (found[Kind.NAME], found[Kind.PAYEE]) == (name, account)
    for kind, kept in ((Kind.NAME, name), (Kind.PAYEE, account)):
        if kept:
            with pytest.raises(StillNeeded):
                erase(report, (Kind.CONTACT, kind), AT, terms())
            db.session.rollback()
    assert kinds_of(report) == set(Kind), "all or none"


@pytest.mark.parametrize("kind", [Kind.NAME, Kind.PAYEE])
def test_taking_back_name_or_account_gives_up_what_was_claimed(app: Flask, world: World, kind: Kind) -> None:
    """The share would wait for ever, and the city's money with it."""
    share = claimed(world)
    report = claimed_report(app, share)
    erased(report, kind)
    assert share.status is ShareStatus.FORFEITED


def test_erasing_locks_awards_before_their_shares_as_finance_does(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the other order she and finance would wait for each other, and one of them would lose her step."""
    report = claimed_report(app, claimed(world))
    order: list[str] = []
    for module, name in ((awards, "lock_award"), (shares, "lock_share")):
        real = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda row, name=name, real=real: (order.append(name), real(row))[1]
        )
    erase(report, [Kind.NAME], AT, terms())
    assert order[:2] == ["lock_award", "lock_share"]


def test_an_unclaimed_reward_waits_for_its_claim_all_the_same(app: Flask, world: World) -> None:
    share = approved(world).shares[0]
    erased(claimed_report(app, share), Kind.NAME, Kind.CONTACT)
    assert share.status is ShareStatus.NOTIFIED


def test_an_award_that_waits_is_computed_anew_without_the_name(app: Flask, world: World) -> None:
    """Finance would sign for an employee's bonus of somebody who is nobody any more."""
    award = proposed(world, employee=True)
    with_bonus = award.amount_fen
    erased(claimed_report(app, award.shares[0]), Kind.NAME)
    assert award.amount_fen < with_bonus
    assert award.facts["real_name"] == "none"


def test_nothing_is_asked_about_a_name_that_is_gone(app: Flask, world: World) -> None:
    report = named_report(verified_case(world))
    answer(world, report)
    open_one = named_report(verified_case(world))
    for one in (report, open_one):
        erased(one, Kind.NAME)
    assert open_one.id not in {asked.report.id for asked in identity.open_reports()}
    reasons = db.session.scalars(select(IdentityCheck.reason).where(IdentityCheck.report_id == report.id))
    assert set(reasons) == {""}, "on what a yes rested may tell who it was"


def test_a_hold_keeps_originals_and_lets_go_what_says_who_somebody_is(app: Flask) -> None:
    report = full_report(app)
    case = close(report)
    holds.set_hold(case, HoldGround.CRIMINAL, "已移送公安机关", actor_of(make_account(Role.AUDITOR)), AT)
    found = offered(report)
    assert found[Kind.ORIGINALS] is Kept.HELD
    assert {kind for kind, kept in found.items() if kept is None} == SEALED


def test_a_held_case_outlives_its_time_until_the_hold_ends(app: Flask) -> None:
    report = full_report(app)
    case, auditor = close(report), actor_of(make_account(Role.AUDITOR))
    holds.set_hold(case, HoldGround.APPEAL, "复查正在进行", auditor, AT)
    passed(AT + timedelta(days=5000))
    assert kinds_of(report) == set(Kind)
    holds.end_hold(case, "复查已结束", auditor, AT + timedelta(days=5000))
    passed(AT + timedelta(days=5001))
    assert kinds_of(report) == set()


def test_an_original_without_a_copy_yet_stays_until_there_is_one(app: Flask) -> None:
    """Evidence would be lost that nobody has seen."""
    report = full_report(app)
    item = db.session.scalars(select(Evidence).where(Evidence.report_id == report.id)).one()
    item.clean_state = CleanState.PENDING
    db.session.flush()
    assert offered(report)[Kind.ORIGINALS] is Kept.PENDING


def test_an_opening_that_was_asked_for_before_finds_nothing(app: Flask) -> None:
    """The officer pressed the button a moment too late: a sentence, and no number."""
    report = full_report(app)
    officer = actor_of(make_account(Role.INTAKE_OFFICER))
    opening = contact.record_opening(report, officer, "需要核实地点", AT)
    db.session.commit()
    erased(report, Kind.CONTACT)
    with pytest.raises(Refusal) as refused:
        vault().reveal(opening.id)
    with app.test_request_context():
        assert "138" not in refused.value.sentence()
    asked = db.session.scalars(select(Event).where(Event.action == "contact_opened")).all()
    assert len(asked) == 1
