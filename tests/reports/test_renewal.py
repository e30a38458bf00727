"""If these fail, a lost code shuts its owner out for ever, or one officer alone gives a report away."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from portal.audit.models import Event
from portal.cases import renewal
from portal.cases.renewal import NewCode, Stage
from portal.database import db
from portal.errors import NotAllowed, NotFound, Refusal
from portal.notices.models import Delivery, Notice
from portal.people.actor import Actor
from portal.people.permissions import Role
from portal.reports import codes, receipt, timeline, visits
from portal.reports.models import CodeRenewal, Report
from portal.vault.fields import destroy_fields
from portal.vault.groups import FieldGroup
from portal.vault.keys import Purpose
from portal.vault.seconds import OwnRequest
from tests.fixtures.own import at_once
from tests.fixtures.records import make_account, make_case, make_report
from tests.reports.lost import Office, asked, confirmed, give_code, opened, printed, seal_name
from tests.rewards.world import AT, World, actor_of, keyring, named_report, verified_case

LATER = AT + timedelta(minutes=5)
REFUSED = (IntegrityError, OperationalError)


@pytest.fixture
def office(app: Flask) -> Office:
    return Office()


@pytest.fixture
def report(app: Flask) -> Report:
    made = make_report(alert_channel="sms")
    seal_name(made)
    return made


def events(report: Report) -> list[tuple[str, str]]:
    rows = db.session.scalars(select(Event).where(Event.report_id == report.id).order_by(Event.id))
    return [(row.action, row.reason) for row in rows]


def test_two_officers_renew_a_lost_code_and_the_old_one_opens_nothing(office: Office, report: Report) -> None:
    old = give_code(report)
    token = visits.begin(report, AT)
    row, new = printed(report, office)
    assert visits.find_report(old) is None
    assert visits.find_report(new) is report
    assert visits.current(token, AT) is None
    assert report.code_known_to_staff
    assert report.receipt_key_id == keyring().current(Purpose.RECEIPT)[0]
    assert (row.asked_person_id, row.second_person_id) == (
        office.actor("first").person_id,
        office.actor("supervisor").person_id,
    )
    assert events(report) == [
        ("identity_opened", "to_renew_a_lost_code"),
        ("code_renewal_asked", "code_lost"),
        ("code_renewal_agreed", ""),
        ("code_renewed", "code_lost"),
    ]


def test_the_code_is_in_no_event_notice_or_row(office: Office, report: Report) -> None:
    """The log would open every report whose code was ever lost."""
    old = give_code(report)
    row, new = printed(report, office)
    kept = [str(vars(one)) for one in db.session.scalars(select(Event))]
    kept += [str(vars(one)) for one in db.session.scalars(select(Notice))]
    kept += [str(vars(row)), repr(NewCode(row.id, new))]
    assert not [one for one in kept if new in one or old in one]


def test_the_owner_reads_who_asked_who_confirmed_and_why(app: Flask, office: Office, report: Report) -> None:
    printed(report, office)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        told = {item.title: item.text for item in timeline.past(report)}
    assert len([title for title in told if "code" in title or "查询码" in title]) == 2
    words = " ".join(told.values())
    assert "周" not in words


def test_the_owner_is_told_at_each_step_and_by_an_alert(office: Office, report: Report) -> None:
    printed(report, office)
    kinds = db.session.execute(
        select(Notice.kind, Delivery.channel)
        .join(Delivery, Delivery.notice_id == Notice.id)
        .where(Notice.report_id == report.id)
        .order_by(Notice.id)
    )
    assert [tuple(one) for one in kinds] == [("code_asked", "sms"), ("code_renewed", "sms")]


def test_who_may_have_the_second_word_is_told_and_nobody_else(office: Office, report: Report) -> None:
    own = make_account(Role.SUPERVISOR, person=office.accounts["first"].person)
    others = [make_account(Role.INTAKE_OFFICER), make_account(Role.AUDITOR), make_account(Role.CASHIER)]
    asked(report, office.actor("first"))
    told = set(db.session.scalars(select(Notice.account_id).where(Notice.kind == "second_person")))
    assert told == {office.accounts["second"].id, office.accounts["supervisor"].id}
    assert not told & {own.id, *(one.id for one in others)}


@pytest.mark.parametrize("role", list(Role))
def test_only_identity_officers_and_supervisors_confirm(office: Office, report: Report, role: Role) -> None:
    row = asked(report, office.actor("first"))
    actor = actor_of(make_account(role))
    if role in {Role.IDENTITY_OFFICER, Role.SUPERVISOR}:
        assert renewal.answer(row.id, True, actor, AT).agreed
    else:
        with pytest.raises(NotAllowed):
            renewal.answer(row.id, True, actor, AT)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.IDENTITY_OFFICER])
def test_only_identity_officers_ask_and_print(office: Office, report: Report, role: Role) -> None:
    actor = actor_of(make_account(role))
    row = confirmed(report, office)
    for step in (
        lambda: renewal.find(report.number, actor),
        lambda: renewal.record_opening(report, actor, AT),
        lambda: renewal.ask(report, "passport", actor, AT),
        lambda: renewal.print_sheet(NewCode(row.id, receipt.mint()), actor, AT, keyring()),
    ):
        with pytest.raises(NotAllowed):
            step()


def test_all_pairs_of_accounts_two_persons_or_none(office: Office, report: Report) -> None:
    """One person with two accounts would be two persons."""
    accounts = [
        *office.accounts.values(),
        make_account(Role.SUPERVISOR, person=office.accounts["first"].person),
        make_account(Role.IDENTITY_OFFICER, person=office.accounts["supervisor"].person),
    ]
    askers = [one for one in accounts if Role.IDENTITY_OFFICER in one.roles]
    for asker in askers:
        for second in accounts:
            row = asked(report, actor_of(asker))
            if asker.person_id == second.person_id:
                with pytest.raises(OwnRequest):
                    renewal.answer(row.id, True, actor_of(second), AT)
                row.ended_at = AT
            else:
                renewal.answer(row.id, False, actor_of(second), AT)
            db.session.flush()
            assert row.agreed is (None if asker.person_id == second.person_id else False)


def test_the_database_refuses_the_same_person_whatever_the_account(
    session: Session, office: Office, report: Report
) -> None:
    row = asked(report, office.actor("first"))
    own = make_account(Role.SUPERVISOR, person=office.accounts["first"].person)
    other = office.accounts["second"]
    for account_id, person_id in ((own.id, own.person_id), (own.id, other.person_id)):
        with pytest.raises(REFUSED), session.begin_nested():
            session.execute(
                update(CodeRenewal)
                .where(CodeRenewal.id == row.id)
                .values(second_account_id=account_id, second_person_id=person_id, second_at=AT, agreed=True)
            )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE code_renewals SET shown = 'passport'",
        "UPDATE code_renewals SET agreed = NULL, second_at = NULL, second_person_id = NULL",
        "UPDATE code_renewals SET asked_person_id = second_person_id",
        "DELETE FROM code_renewals",
    ],
)
def test_the_database_keeps_what_was_asked_and_answered(
    session: Session, office: Office, report: Report, statement: str
) -> None:
    confirmed(report, office)
    with pytest.raises(REFUSED), session.begin_nested():
        session.execute(text(statement))


def test_the_database_takes_no_request_without_an_opened_name(
    session: Session, office: Office, report: Report
) -> None:
    opening = renewal.record_opening(report, office.actor("first"), AT)
    session.flush()
    row = CodeRenewal(
        id="0" * 32, report_id=report.id, opening_id=opening.id, shown="other",
        asked_account_id=opening.account_id, asked_person_id=opening.person_id,
        asked_role="identity_officer", asked_at=AT,
    )  # fmt: skip
    with pytest.raises(REFUSED), session.begin_nested():
        session.add(row)


def test_an_anonymous_report_is_told_plainly_why_not(office: Office) -> None:
    """Whoever knows a number and tells a story would get the code of a stranger."""
    anonymous = make_report()
    with pytest.raises(renewal.NobodyNamed):
        renewal.record_opening(anonymous, office.actor("first"), AT)
    with pytest.raises(renewal.NobodyNamed):
        renewal.ask(anonymous, "passport", office.actor("first"), AT)


def test_a_withdrawn_or_destroyed_name_renews_nothing(office: Office, report: Report) -> None:
    row = confirmed(report, office)
    new = NewCode(row.id, receipt.mint())
    destroy_fields(report.id, [FieldGroup.LEGAL])
    with pytest.raises(renewal.NobodyNamed):
        renewal.print_sheet(new, office.actor("first"), AT, keyring())
    seal_name(report)
    report.withdrawn_at = AT
    with pytest.raises(renewal.WasWithdrawn):
        renewal.print_sheet(new, office.actor("first"), AT, keyring())


def test_nobody_asks_without_having_opened_the_name_just_now(office: Office, report: Report) -> None:
    first, second = office.actor("first"), office.actor("second")
    with pytest.raises(renewal.NotCompared):
        renewal.ask(report, "passport", first, AT)
    opened(report, second)  # a colleague's eyes are not one's own
    with pytest.raises(renewal.NotCompared):
        renewal.ask(report, "passport", first, AT)
    opened(report, first)
    with pytest.raises(renewal.NotCompared):
        renewal.ask(report, "passport", first, AT + renewal.COMPARED + timedelta(seconds=1))
    with pytest.raises(renewal.NothingShown):
        renewal.ask(report, "", first, AT)
    assert renewal.ask(report, "passport", first, AT).ended_at is None


def test_who_verified_the_case_has_no_hand_in_its_codes(app: Flask) -> None:
    """Who checked the firm would learn, and could claim, what the reporter gets."""
    world, office = World(), Office()
    report = named_report(verified_case(world))
    verifier = world.person("verifier")
    person_id = verifier.id
    officer = actor_of(make_account(Role.SUPERVISOR, person=verifier))
    row = asked(report, office.actor("first"))
    assert office.accounts["second"].person_id != person_id
    with pytest.raises(renewal.MayNotHelp):
        renewal.answer(row.id, True, officer, AT)
    assert renewal.waiting_for(officer, AT) == []
    with pytest.raises(REFUSED), db.session.begin_nested():
        db.session.execute(
            update(CodeRenewal)
            .where(CodeRenewal.id == row.id)
            .values(
                second_account_id=officer.account_id, second_person_id=person_id, second_at=AT, agreed=True
            )
        )


def test_a_tie_to_the_firm_keeps_apart(office: Office) -> None:
    report = make_report(make_case(subject="安禾家具有限公司"))
    seal_name(report)
    tied = office.actor("second")
    row = asked(report, office.actor("first"))
    barred = type(tied)(**{name: getattr(tied, name) for name in tied.__slots__} | {"ties": ("安禾家具",)})
    with pytest.raises(renewal.MayNotHelp):
        renewal.answer(row.id, True, barred, AT)


def test_without_a_second_word_it_lapses_after_a_day_and_can_be_asked_anew(
    office: Office, report: Report
) -> None:
    first, supervisor = office.actor("first"), office.actor("supervisor")
    row = asked(report, first)
    late = AT + renewal.WAITS
    with pytest.raises(renewal.AskedAlready):
        asked(report, office.actor("second"))
    assert len(renewal.waiting_for(supervisor, late - timedelta(seconds=1))) == 1
    assert renewal.waiting_for(supervisor, late) == []
    with pytest.raises(renewal.RequestOver):
        renewal.answer(row.id, True, supervisor, late)
    assert renewal.stage_of(row, late) is Stage.OVER
    opening = renewal.record_opening(report, first, late)
    opening.served_at = late
    db.session.flush()
    again = renewal.ask(report, "other", first, late)
    assert (row.ended_at, again.ended_at) == (late, None)


def test_what_was_not_confirmed_or_waited_too_long_prints_nothing(office: Office, report: Report) -> None:
    old, first = give_code(report), office.actor("first")
    waiting = asked(report, first)
    with pytest.raises(renewal.RequestOver):
        renewal.print_sheet(NewCode(waiting.id, receipt.mint()), first, AT, keyring())
    renewal.answer(waiting.id, False, office.actor("second"), AT)
    with pytest.raises(renewal.RequestOver):
        renewal.print_sheet(NewCode(waiting.id, receipt.mint()), first, AT, keyring())
    agreed = confirmed(report, office)
    with pytest.raises(renewal.RequestOver):
        renewal.print_sheet(NewCode(agreed.id, receipt.mint()), first, AT + renewal.WAITS, keyring())
    with pytest.raises(NotFound):
        renewal.print_sheet(NewCode(agreed.id, receipt.mint()), office.actor("second"), AT, keyring())
    assert visits.find_report(old) is report


def test_a_sheet_is_printed_once_and_a_second_press_is_the_same_sheet(office: Office, report: Report) -> None:
    row, code = printed(report, office)
    first, before = office.actor("first"), events(report)
    renewal.print_sheet(NewCode(row.id, code), first, AT + timedelta(seconds=3), keyring())
    assert events(report) == before
    with pytest.raises(renewal.RequestOver):
        renewal.print_sheet(NewCode(row.id, receipt.mint()), first, AT, keyring())
    with pytest.raises(renewal.RequestOver):
        renewal.print_sheet(
            NewCode(row.id, code), first, AT + renewal.AGAIN + timedelta(seconds=1), keyring()
        )
    assert visits.find_report(code) is report


def test_nothing_is_claimed_for_72_hours_after_a_renewal(office: Office, report: Report) -> None:
    """Somebody with a false document would take the reward before its owner hears of it."""
    printed(report, office)
    with pytest.raises(codes.CodeKnownToStaff):
        codes.check_claimable(report, AT)
    report.code_known_to_staff = False
    with pytest.raises(codes.ClaimOnHold):
        codes.check_claimable(report, AT + timedelta(hours=71, minutes=59))
    codes.check_claimable(report, AT + codes.HOLD)


def test_two_confirmations_and_two_printings_at_once_are_one_code(module_app: Flask) -> None:
    """Two sheets would lie on the table, and one of them would be dead."""
    with module_app.app_context():
        office = Office()
        report = make_report()
        seal_name(report)
        row_id = asked(report, office.actor("first")).id
        seconds = [office.actor("second"), office.actor("supervisor")] * 4
        first, ring, report_id = office.actor("first"), keyring(), report.id
        db.session.commit()
        db.session.remove()
    came = at_once(module_app, [partial(renewal.answer, row_id, True, who, AT) for who in seconds])
    assert came == Counter({"RequestOver": 7, "done": 1})
    minted = [receipt.mint() for _ in range(8)]
    came = at_once(
        module_app,
        [partial(renewal.print_sheet, NewCode(row_id, code), first, AT, ring) for code in minted],
    )
    assert came == Counter({"RequestOver": 7, "done": 1})
    with module_app.app_context():
        report = db.session.get_one(Report, report_id)
        assert sum(codes.is_digest_of(code, report.receipt_digest, ring) for code in minted) == 1
        steps = Event.action.in_(("code_renewed", "code_renewal_agreed"))
        counted = select(func.count()).where(steps, Event.report_id == report_id)
        assert db.session.scalar(counted) == 2
        db.session.remove()


def test_of_two_officers_who_ask_at_once_one_request_stands(module_app: Flask) -> None:
    with module_app.app_context():
        office = Office()
        report = make_report()
        seal_name(report)
        actors = [office.actor("first"), office.actor("second")]
        for actor in actors:
            opened(report, actor)
        report_id = report.id
        db.session.commit()
        db.session.remove()

    def asking(who: Actor) -> None:
        renewal.ask(db.session.get_one(Report, report_id), "passport", who, AT)

    came = at_once(module_app, [partial(asking, who) for who in actors * 3])
    assert came == Counter({"AskedAlready": 5, "done": 1})


def test_every_refusal_says_what_to_do_in_chinese(app: Flask) -> None:
    refusals: list[Refusal] = [
        renewal.NobodyNamed(), renewal.WasWithdrawn(), renewal.MayNotHelp(), renewal.NotCompared(minutes=30),
        renewal.NothingShown(), renewal.AskedAlready(), renewal.RequestOver(), codes.CodeKnownToStaff(),
        codes.ClaimOnHold(AT),
    ]  # fmt: skip
    with app.test_request_context():
        for refusal in refusals:
            said = refusal.sentence()
            assert not any("a" <= letter <= "z" for letter in said), said
