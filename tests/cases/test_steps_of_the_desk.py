"""Every (status, action) pair of a case, and what each verb of the desk writes beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from portal import clock
from portal.audit.models import Event
from portal.cases import asking, merging, routing, triage, withdrawal
from portal.cases.models import Case
from portal.cases.moves import step
from portal.cases.routing import Unit
from portal.cases.steps import CASE_STEPS, OPEN_STATUSES, CaseAction, CaseStatus, DueStep
from portal.cases.telling import live_reports
from portal.cases.terms import Terms, due_of
from portal.cases.triage import Correction
from portal.config import Deadlines
from portal.database import db
from portal.errors import NotAllowed, NotFound, NotInThisState, Refusal, Stale
from portal.notices.models import Delivery, Notice
from portal.people.actor import SYSTEM, Actor
from portal.people.permissions import Role
from portal.people.sessions import SignedIn
from portal.reports import conversation
from portal.reports.models import Report
from tests.fixtures.records import (
    WHEN,
    make_account,
    make_case,
    make_department,
    make_district,
    make_person,
    make_report,
)

NOW = WHEN + timedelta(days=1)
TERMS = Terms(Deadlines(), ZoneInfo("Asia/Shanghai"))
EVERY_PAIR = list(product(CaseStatus, CaseAction))


def _actor(*roles: Role, district: str = "wenfeng", department: str | None = None) -> Actor:
    unit = make_department(department) if department else None
    account = make_account(*roles, district=make_district(district), department=unit)
    return SignedIn(account, "").actor


@pytest.fixture
def intake(app: Flask) -> Actor:
    return _actor(Role.INTAKE_OFFICER)


@pytest.fixture
def supervisor(app: Flask) -> Actor:
    return _actor(Role.SUPERVISOR)


def _events(case: Case, action: str) -> list[Event]:
    return list(db.session.query(Event).filter_by(case_id=case.id, action=action))


def _kinds(report: Report) -> list[str]:
    return [notice.kind for notice in db.session.query(Notice).filter_by(report_id=report.id)]


@pytest.mark.parametrize(("status", "action"), EVERY_PAIR)
def test_a_pair_outside_the_table_is_refused_and_leaves_nothing(
    app: Flask, status: CaseStatus, action: CaseAction
) -> None:
    """Otherwise a case can be answered before anybody checked it."""
    case = make_case(status=status)
    target = CASE_STEPS.get((status, action))
    if target is None:
        with pytest.raises(NotInThisState):
            step(case, action, SYSTEM, NOW)
        assert case.status is status
        assert _events(case, f"case_{action.value}") == []
        return
    written = step(case, action, SYSTEM, NOW, "理由")
    assert case.status is target
    assert (written.from_status, written.to_status, written.reason) == (status.value, target.value, "理由")
    assert case.is_open is (target in OPEN_STATUSES)
    assert (case.due_at is None) is (target not in OPEN_STATUSES)


VERBS: dict[CaseAction, Callable[[Case, Actor], None]] = {
    CaseAction.ACCEPT: lambda case, actor: triage.accept(case, actor, NOW, version=case.version, terms=TERMS),
    CaseAction.REFUSE: lambda case, actor: triage.refuse(
        case, actor, NOW, version=case.version, reason="不归我们管", where="12345"
    ),
    CaseAction.TRANSFER: lambda case, actor: triage.transfer(
        case, actor, NOW, version=case.version, authority="煤矿监管", reason="煤矿"
    ),
    CaseAction.ASSIGN: lambda case, actor: routing.assign(
        case, actor, NOW, version=case.version, unit=Unit(make_department().id, make_district().id)
    ),
    CaseAction.CLOSE: lambda case, actor: triage.close(case, actor, NOW, version=case.version),
}


@pytest.mark.parametrize(("status", "action"), list(product(CaseStatus, VERBS)))
def test_each_verb_follows_the_table_whatever_is_posted(
    app: Flask, status: CaseStatus, action: CaseAction
) -> None:
    """Otherwise a forged form does what no button offers."""
    case = make_case(status=status, due_at=WHEN)
    actor = _actor(Role.INTAKE_OFFICER, Role.SUPERVISOR)
    if (status, action) not in CASE_STEPS:
        with pytest.raises(NotInThisState):
            VERBS[action](case, actor)
        return
    VERBS[action](case, actor)
    assert case.status is CASE_STEPS[status, action]
    assert len(_events(case, f"case_{action.value}")) == 1


@pytest.mark.parametrize("action", VERBS)
def test_no_verb_works_out_of_reach_without_the_role_or_on_an_old_form(
    app: Flask, action: CaseAction
) -> None:
    """Otherwise another district, a verifier or an old form decides a case."""
    statuses = [status for status, possible in CASE_STEPS if possible is action]
    case = make_case(status=statuses[0], due_at=WHEN, department=make_department())
    with pytest.raises(NotFound):
        VERBS[action](case, _actor(Role.INTAKE_OFFICER, Role.SUPERVISOR, district="linzhou"))
    with pytest.raises(Refusal):
        VERBS[action](case, _actor(Role.FINANCE))
    if action is not CaseAction.CLOSE:
        with pytest.raises(NotAllowed):
            VERBS[action](case, _actor(Role.VERIFIER, department="emergency"))
    seen = case.version
    case.title = "别人改过"
    db.session.flush()
    assert case.version == seen + 1
    with pytest.raises(Stale):
        triage.accept(case, _actor(Role.INTAKE_OFFICER), NOW, version=seen, terms=TERMS)


def test_accepting_begins_sixty_days_and_tells_every_reporter(intake: Actor) -> None:
    """Otherwise a reporter waits without knowing, and nobody's term runs."""
    report = make_report(alert_channel="sms")
    second = make_report(db.session.get_one(Case, report.case_id))
    withdrawn = make_report(db.session.get_one(Case, report.case_id))
    withdrawn.withdrawn_at = NOW
    case = db.session.get_one(Case, report.case_id)
    correction = Correction(sector="welding", title="焊接", district_id=case.district_id)
    triage.accept(case, intake, NOW, version=case.version, terms=TERMS, correction=correction)
    assert (case.sector, case.title, case.accepted_at, case.due_step) == (
        "welding",
        "焊接",
        NOW,
        DueStep.VERIFY,
    )
    assert case.due_at is not None
    assert timedelta(days=60) <= case.due_at - NOW < timedelta(days=64)
    assert sorted(_events(case, "case_accept")[0].facts["corrected"]) == ["sector", "title"]
    assert (_kinds(report), _kinds(second), _kinds(withdrawn)) == (
        ["report_accepted"],
        ["report_accepted"],
        [],
    )
    assert db.session.query(Delivery).count() == 1


@pytest.mark.parametrize(("reason", "where"), [("", "12345"), ("不归我们管", " ")])
def test_refusing_needs_a_reason_and_a_place_to_go(intake: Actor, reason: str, where: str) -> None:
    """Otherwise a reporter is sent away without knowing where to go."""
    case = make_case()
    with pytest.raises(Refusal):
        triage.refuse(case, intake, NOW, version=case.version, reason=reason, where=where)
    assert case.status is CaseStatus.RECEIVED


def test_a_question_waits_until_the_reporter_answers_and_the_officer_is_told(intake: Actor) -> None:
    """Otherwise an answer lies unread while the term runs."""
    officer = make_account(Role.VERIFIER, name="赵建国", department=make_department())
    case = make_case(status=CaseStatus.VERIFYING, officer=officer.person)
    report, other = make_report(case), make_report()
    with pytest.raises(NotFound):
        asking.ask_reporter(case, other.id, intake, "大门在哪里？", NOW, version=case.version)
    asking.ask_reporter(case, report.id, intake, "大门在哪里？", NOW, version=case.version)
    assert case.waiting_since == NOW
    assert _kinds(report) == ["question_asked"]
    db.session.flush()
    later = NOW + timedelta(hours=2)
    first = asking.hear(report, "北边。", later, once="a" * 32)
    assert asking.hear(report, "北边。", later + timedelta(minutes=1), once="a" * 32) is first
    assert case.waiting_since is None
    assert db.session.query(Notice).filter_by(account_id=officer.id, kind="reporter_wrote").count() == 1
    with pytest.raises(conversation.EmptyMessage):
        asking.hear(report, " \n", later)
    with pytest.raises(conversation.MessageTooLong):
        asking.hear(report, "长" * (conversation.LONGEST + 1), later)


def test_an_officer_is_of_the_unit_and_is_told(intake: Actor) -> None:
    """Otherwise a case lands with somebody who may not even open it."""
    fire, district = make_department("fire_brigade", "消防"), make_district()
    busy = make_account(Role.VERIFIER, name="李", department=fire, district=district)
    free = make_account(Role.VERIFIER, name="赵", department=fire, district=district)
    make_account(Role.VERIFIER, name="钱", department=make_department("gas"), district=district)
    stranger = make_person("没有账号", department=fire, district=district)
    make_case(status=CaseStatus.ASSIGNED, officer=busy.person)
    case = make_case(status=CaseStatus.ACCEPTED, sector="fire")
    found = routing.candidates(clock.city_date(WHEN))
    assert routing.suggest(case, found) == (fire.id, free.person_id)
    for wrong in (
        stranger.id,
        make_account(Role.VERIFIER, department=fire, district=make_district("x")).person_id,
    ):
        with pytest.raises(routing.OfficerElsewhere):
            routing.assign(case, intake, NOW, version=case.version, unit=Unit(fire.id, district.id, wrong))
    with pytest.raises(routing.UnknownUnit):
        routing.assign(case, intake, NOW, version=case.version, unit=Unit(987654, district.id))
    routing.assign(case, intake, NOW, version=case.version, unit=Unit(fire.id, district.id, free.person_id))
    assert (case.status, case.officer_id) == (CaseStatus.ASSIGNED, free.person_id)
    assert db.session.query(Notice).filter_by(account_id=free.id, kind="case_assigned").count() == 1


def test_the_term_is_extended_once_and_the_reporter_reads_why(supervisor: Actor) -> None:
    """Otherwise a check can be put off for ever, in silence."""
    case = make_case(status=CaseStatus.VERIFYING)
    case.accepted_at = NOW
    report = make_report(case)
    triage.extend(case, supervisor, NOW, version=case.version, reason="要等检测报告", terms=TERMS)
    assert case.due_at is not None
    assert case.due_at - NOW >= timedelta(days=90)
    assert [message.text for message in conversation.messages_of([report.id])[report.id]] == ["要等检测报告"]
    assert _kinds(report) == ["deadline_extended"]
    with pytest.raises(triage.ExtendedAlready):
        triage.extend(case, supervisor, NOW, version=case.version, reason="再延", terms=TERMS)
    early = make_case()
    with pytest.raises(NotInThisState):
        triage.extend(early, supervisor, NOW, version=early.version, reason="早", terms=TERMS)


def test_a_case_closes_only_after_the_time_to_object(supervisor: Actor) -> None:
    """Otherwise the reporter's right to object ends when the office is tired of the case."""
    case = make_case(status=CaseStatus.ANSWERED, due_at=NOW + timedelta(days=1))
    case.due_step = DueStep.CLOSE
    with pytest.raises(triage.StillOpenToObjection):
        triage.close(case, supervisor, NOW, version=case.version)
    db.session.flush()
    assert triage.close_answered(NOW) == 0
    assert triage.close_answered(NOW + timedelta(days=2)) == 1
    assert (case.status, case.is_open, case.due_at) == (CaseStatus.CLOSED, False, None)


def test_merging_keeps_the_order_of_receipt_and_can_be_undone(intake: Actor) -> None:
    """Otherwise a merge decides who is rewarded, and a wrong merge stays wrong."""
    early = make_case(opened_at=WHEN)
    late = make_case(opened_at=WHEN + timedelta(days=3))
    first, second = make_report(early), make_report(late, received_at=WHEN + timedelta(days=3))
    alone = due_of(late, TERMS)
    assert alone is not None
    merging.merge(early, late, intake, NOW, version=early.version, reason="同一家", terms=TERMS)
    assert [report.id for report in live_reports(late)] == [first.id, second.id]
    assert (early.merged_into_id, early.is_open, early.due_at) == (late.id, False, None)
    assert late.opened_at == WHEN
    assert late.due_at is not None
    assert late.due_at < alone[1]
    assert len(_events(early, "case_merged")) == len(_events(late, "case_absorbed")) == 1
    with pytest.raises(NotInThisState):
        triage.accept(early, intake, NOW, version=early.version, terms=TERMS)
    with pytest.raises(merging.BelongsHere):
        merging.unmerge(second.id, late, intake, NOW, version=late.version, reason="x", terms=TERMS)
    back = merging.unmerge(first.id, late, intake, NOW, version=late.version, reason="不是", terms=TERMS)
    assert back is early
    assert (early.is_open, early.merged_into_id, first.case_id) == (True, None, early.id)
    assert early.due_at is not None
    assert (late.opened_at, late.due_at) == (WHEN + timedelta(days=3), alone[1])
    assert len(_events(early, "case_unmerged")) == len(_events(late, "case_unmerged")) == 1


def test_a_reporter_who_was_told_accepted_stays_so_after_unmerging(intake: Actor) -> None:
    """Otherwise the receipt page goes back from accepted to received, and says that a merge happened."""
    target = make_case(status=CaseStatus.VERIFYING)
    source = make_case()
    make_report(target)
    report = make_report(source)
    merging.merge(source, target, intake, NOW, version=source.version, reason="同一家", terms=TERMS)
    assert _kinds(report) == ["report_accepted"]
    origin = merging.unmerge(
        report.id, target, intake, NOW, version=target.version, reason="不是", terms=TERMS
    )
    assert (origin.status, origin.due_step) == (CaseStatus.ACCEPTED, DueStep.VERIFY)


def test_what_cannot_be_merged(intake: Actor) -> None:
    """Otherwise a verified case disappears inside one that nobody looked at."""
    received, verifying = make_case(), make_case(status=CaseStatus.VERIFYING)
    accepted, closed = make_case(status=CaseStatus.ACCEPTED), make_case(status=CaseStatus.CLOSED)
    hidden = make_case(district=make_district("linzhou"))
    for source, target, refusal in (
        (received, received, merging.SameCase),
        (verifying, received, merging.VerifiedAlready),
        (accepted, received, merging.FurtherOn),
        (received, closed, NotInThisState),
        (received, hidden, NotFound),
    ):
        with pytest.raises(refusal):
            merging.merge(source, target, intake, NOW, version=source.version, reason="同", terms=TERMS)


@pytest.mark.parametrize("status", CaseStatus)
def test_withdrawing_closes_only_a_case_that_nobody_accepted(app: Flask, status: CaseStatus) -> None:
    """Otherwise a boss makes his worker withdraw and the danger stays."""
    case = make_case(status=status)
    one, two = make_report(case), make_report(case)
    withdrawal.withdraw_report(one, NOW)
    assert case.status is status
    withdrawal.withdraw_report(two, NOW)
    withdrawal.withdraw_report(two, NOW + timedelta(days=1))
    assert two.withdrawn_at == NOW
    assert case.status is (CaseStatus.CLOSED if status is CaseStatus.RECEIVED else status)
    assert len(_events(case, "report_withdrawn")) == 2
    with pytest.raises(conversation.ConversationOver):
        conversation.say(one, "还有", NOW)
