"""Alarms: if these fail, people are in danger and nobody is called, or somebody is called for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from portal.audit.models import Event
from portal.cases import alarms, jobs, merging, triage, verification
from portal.cases.alarms import UndertakenAlready
from portal.cases.models import Alarm, AlarmCall
from portal.cases.steps import CaseStatus
from portal.cases.terms import Terms
from portal.cases.withdrawal import withdraw_report
from portal.clock import frozen
from portal.config import Deadlines
from portal.database import db
from portal.errors import NotFound, NotInThisState
from portal.notices.jobs import deliver
from portal.notices.models import Delivery, DeliveryState, Notice
from portal.notices.texts import outside
from portal.people.duty import Pair
from portal.people.permissions import Role
from portal.reports.models import DangerNow, Report
from tests.cases.alarmed import (
    RAISED,
    WEEK,
    ZONE,
    Watch,
    actor_of,
    after,
    called,
    case_of,
    enter,
    file_danger,
    make_caller,
    make_watch,
    messages_to,
    ring,
    told,
)
from tests.fixtures.records import make_department, make_district

TERMS = Terms(Deadlines(), ZONE)


@pytest.fixture
def watch(app: Flask) -> Watch:
    return make_watch()


def test_filing_calls_the_officer_on_duty_in_the_same_transaction(watch: Watch) -> None:
    """Otherwise a crash between report and alarm leaves somebody in danger unheard."""
    filed = file_danger(watch.district)
    assert filed.duty_called
    assert case_of(filed).urgent
    assert called(filed) == [(0, watch.officer.id)]
    [message] = messages_to(watch.officer)
    assert (message.state, message.available_at) == (DeliveryState.QUEUED, RAISED)
    assert told(filed) == ["report_received", "duty_called"]


@pytest.mark.parametrize("danger", [one for one in DangerNow if one is not DangerNow.NOW])
def test_other_reports_call_nobody(watch: Watch, danger: DangerNow) -> None:
    """Otherwise officers learn to ignore the telephone."""
    filed = file_danger(watch.district, danger=danger)
    assert not filed.duty_called
    assert not case_of(filed).urgent
    assert called(filed) == []


def test_a_district_that_is_not_on_duty_is_not_woken(watch: Watch) -> None:
    """Otherwise the roster of one district rings in another."""
    other = make_district("linzhou", "林州市")
    filed = file_danger(other)
    assert messages_to(watch.officer) == []
    assert messages_to(watch.supervisor) == []
    assert not filed.duty_called


def test_calls_repeat_every_ten_minutes_and_reach_the_supervisor_after_thirty(watch: Watch) -> None:
    """Otherwise an officer who sleeps through the first message is never called again."""
    filed = file_danger(watch.district)
    for half_minutes in range(0, 90):
        ring(filed, half_minutes / 2)
    officer, supervisor = watch.officer.id, watch.supervisor.id
    assert called(filed) == sorted(
        [(step, officer) for step in range(5)] + [(3, supervisor), (4, supervisor)]
    )
    assert len(messages_to(watch.officer)) == 5
    assert len(messages_to(watch.supervisor)) == 2


def test_calls_that_were_missed_are_not_made_up_for_in_a_heap(watch: Watch) -> None:
    """Otherwise a telephone rings thirteen times at once when the portal comes back."""
    filed = file_danger(watch.district)
    assert ring(filed, 125) == 2
    assert called(filed) == sorted([(0, watch.officer.id), (12, watch.officer.id), (12, watch.supervisor.id)])


def test_the_desk_shows_one_notice_for_all_calls(watch: Watch) -> None:
    """Otherwise a night of calls pushes everything else off the page of notices."""
    filed = file_danger(watch.district)
    ring(filed, 10)
    ring(filed, 20)
    mine = select(Notice).where(Notice.account_id == watch.officer.id)
    [notice] = db.session.scalars(mine)
    assert notice.reference == filed.number


def test_undertaking_ends_the_calls_and_tells_the_reporter(watch: Watch) -> None:
    """Otherwise officers are called who are on their way already, and the reporter does not know it."""
    filed = file_danger(watch.district)
    alarms.undertake(case_of(filed), actor_of(watch.officer), after(4))
    assert ring(filed, 10) == 0
    assert called(filed) == [(0, watch.officer.id)]
    case, alarm = case_of(filed), db.session.get_one(Alarm, filed.case_id)
    assert not case.urgent
    assert (alarm.undertaken_at, alarm.undertaken_by) == (after(4), watch.officer.person_id)
    assert told(filed)[-1] == "danger_undertaken"
    event = db.session.scalars(select(Event).where(Event.action == "danger_undertaken")).one()
    assert (event.case_id, event.actor_role) == (filed.case_id, "intake_officer")


def test_the_second_who_undertakes_learns_who_was_faster(app: Flask, watch: Watch) -> None:
    """Otherwise two officers drive out, each thinking he is alone responsible."""
    filed = file_danger(watch.district)
    alarms.undertake(case_of(filed), actor_of(watch.officer), after(4))
    alarms.undertake(case_of(filed), actor_of(watch.officer), after(5))
    with pytest.raises(UndertakenAlready) as refused:
        alarms.undertake(case_of(filed), actor_of(watch.supervisor), after(6))
    with app.test_request_context():
        assert "郭晓燕" in refused.value.sentence()
    assert told(filed).count("danger_undertaken") == 1


@pytest.mark.parametrize("role", [Role.VERIFIER, Role.INTAKE_OFFICER, Role.SUPERVISOR])
def test_nobody_undertakes_a_case_out_of_reach(watch: Watch, role: Role) -> None:
    """Otherwise a case of another district stops ringing where it has to be heard."""
    stranger = make_caller(role, district=make_district("linzhou", "林州市"))
    filed = file_danger(watch.district)
    with pytest.raises(NotFound):
        alarms.undertake(case_of(filed), actor_of(stranger), after(1))
    assert case_of(filed).urgent


def test_a_verifier_of_the_unit_can_undertake_and_a_check_begun_counts_too(watch: Watch) -> None:
    """Otherwise the officer on site has to go home to press a button."""
    unit = make_department()
    verifier = make_caller(Role.VERIFIER, district=watch.district)
    verifier.person.department_id = unit.id
    pressed, begun = file_danger(watch.district), file_danger(watch.district)
    for filed in (pressed, begun):
        case = case_of(filed)
        case.department_id, case.officer_id = unit.id, verifier.person_id
        triage.accept(case, actor_of(watch.supervisor), after(1), version=case.version, terms=TERMS)
    case_of(begun).status = CaseStatus.ASSIGNED
    db.session.flush()
    alarms.undertake(case_of(pressed), actor_of(verifier), after(2))
    verification.undertake(case_of(begun), actor_of(verifier), after(2), version=case_of(begun).version)
    for filed in (pressed, begun):
        assert not case_of(filed).urgent
        assert told(filed).count("danger_undertaken") == 1
        assert ring(filed, 10) == 0


def test_accepting_alone_does_not_end_the_calls(watch: Watch) -> None:
    """Otherwise a case that is only sorted counts as helped."""
    filed = file_danger(watch.district)
    case = case_of(filed)
    triage.accept(case, actor_of(watch.supervisor), after(1), version=case.version, terms=TERMS)
    assert ring(filed, 10) == 1


@pytest.mark.parametrize("end", ["refused", "transferred", "withdrawn"])
def test_a_case_that_ends_stops_ringing(watch: Watch, end: str) -> None:
    """Otherwise a telephone rings for a case that is no longer the office's."""
    filed = file_danger(watch.district)
    case, actor = case_of(filed), actor_of(watch.supervisor)
    if end == "refused":
        triage.refuse(case, actor, after(2), version=case.version, reason="不归本机关管", where="12345")
    elif end == "transferred":
        triage.transfer(case, actor, after(2), version=case.version, authority="消防", reason="火灾")
    else:
        withdraw_report(db.session.get_one(Report, filed.report_id), after(2))
    assert not case_of(filed).urgent
    assert ring(filed, 10) == 0
    with pytest.raises(NotInThisState):
        alarms.undertake(case_of(filed), actor, after(11))


def test_a_case_closed_by_hand_stops_ringing(watch: Watch) -> None:
    """Otherwise an answered case rings for ever."""
    filed = file_danger(watch.district)
    case = case_of(filed)
    db.session.execute(
        text("UPDATE cases SET status = 'answered', conclusion = 'true', due_at = :at WHERE id = :id"),
        {"at": "2026-11-01 00:00:00+00:00", "id": case.id},
    )
    db.session.expire(case)
    triage.close(case, actor_of(watch.supervisor), after(2), version=case.version)
    assert ring(filed, 10) == 0


def test_nobody_on_duty_calls_the_supervisor_and_without_one_all_of_the_scope(watch: Watch) -> None:
    """Otherwise a gap in the roster is silence."""
    enter(watch, {watch.district.id: Pair(None, watch.supervisor.id)})
    assert called(file_danger(watch.district)) == [(0, watch.supervisor.id)]
    enter(watch, {watch.district.id: Pair()})
    second = make_caller(Role.SUPERVISOR, "13900000009")
    make_caller(Role.SUPERVISOR, "13900000010", district=make_district("linzhou", "林州市"))
    make_caller(Role.SUPERVISOR, "")
    expected = sorted([watch.supervisor.id, second.id])
    assert [account for _, account in called(file_danger(watch.district))] == expected
    assert [account for _, account in called(file_danger(None))] == [second.id]


def test_an_officer_without_a_number_or_with_a_closed_account_is_stood_in_for(watch: Watch) -> None:
    """Otherwise the roster is full and nobody's telephone rings."""
    watch.officer.telephone = ""
    assert called(file_danger(watch.district)) == [(0, watch.supervisor.id)]
    watch.officer.telephone, watch.officer.active = "13900000001", False
    db.session.flush()
    assert called(file_danger(watch.district)) == [(0, watch.supervisor.id)]


def test_the_line_of_the_city_stands_in_for_a_district_without_anybody(watch: Watch) -> None:
    """Otherwise each county needs somebody awake every night."""
    city = make_caller(Role.INTAKE_OFFICER, "13900000003", name="宋雨桐")
    enter(watch, {None: Pair(city.id, None)})
    linzhou = make_district("linzhou", "林州市")
    assert called(file_danger(linzhou)) == [(0, city.id)]
    assert called(file_danger(None)) == [(0, city.id)]
    assert called(file_danger(watch.district)) == [(0, watch.officer.id)]


def test_the_roster_of_the_week_in_the_city_counts(watch: Watch) -> None:
    """Otherwise on Monday before eight the officer of last week is called."""
    city = make_caller(Role.INTAKE_OFFICER, "13900000003")
    enter(watch, {watch.district.id: Pair(city.id, None)}, WEEK + timedelta(days=7))
    filed = file_danger(watch.district, RAISED.replace(day=22, hour=16, minute=1))  # Monday 00:01
    assert called(filed) == [(0, city.id)]


def test_nobody_to_call_is_trouble_and_heals_itself(watch: Watch) -> None:
    """Otherwise an urgent report waits in silence and healthz says that all is well."""
    linzhou = make_district("linzhou", "林州市")
    filed = file_danger(linzhou)
    assert (filed.duty_called, case_of(filed).urgent) == (False, True)
    assert alarms.unheard(RAISED) == 1
    late = make_caller(Role.SUPERVISOR, "13900000009", district=linzhou)
    assert ring(filed, 1) == 1
    assert [account for _, account in called(filed)] == [late.id]
    assert alarms.unheard(after(1)) == 0
    assert told(filed) == ["report_received", "duty_called"]


def test_a_call_that_nobody_has_received_is_trouble_after_five_minutes(watch: Watch) -> None:
    """Otherwise the SMS gateway is down and the portal believes that somebody knows."""
    file_danger(watch.district)
    assert alarms.unheard(after(5)) == 0
    assert alarms.unheard(after(5.1)) == 1
    [message] = messages_to(watch.officer)
    message.state = DeliveryState.SENT
    db.session.flush()
    assert alarms.unheard(after(5.1)) == 0


def test_a_merge_takes_the_alarm_along_and_unmerging_gives_it_back(watch: Watch) -> None:
    """Otherwise merging is a way to silence an alarm."""
    urgent, calm = file_danger(watch.district), file_danger(watch.district, danger=DangerNow.ONGOING)
    actor, source, target = actor_of(watch.supervisor), case_of(urgent), case_of(calm)
    merging.merge(source, target, actor, after(5), version=source.version, reason="同一处", terms=TERMS)
    assert (case_of(urgent).urgent, case_of(calm).urgent) == (False, True)
    assert ring(urgent, 10) == 0
    assert ring(calm, 10) == 1
    target = case_of(calm)
    merging.unmerge(
        urgent.report_id, target, actor, after(11), version=target.version, reason="不同", terms=TERMS
    )
    assert case_of(urgent).urgent
    assert ring(urgent, 12) == 1


def test_who_is_merged_into_an_undertaken_case_is_told_and_the_others_are_not(watch: Watch) -> None:
    """Otherwise one reporter learns from the news that another one exists."""
    first, second = file_danger(watch.district), file_danger(watch.district)
    other = file_danger(watch.district, danger=DangerNow.ONGOING)
    actor = actor_of(watch.supervisor)
    alarms.undertake(case_of(first), actor, after(3))
    for filed in (second, other):
        source, target = case_of(filed), case_of(first)
        merging.merge(source, target, actor, after(5), version=source.version, reason="同一处", terms=TERMS)
    assert not case_of(first).urgent
    assert told(second)[-1] == "danger_undertaken"
    assert told(other) == ["report_received"]
    target = case_of(first)
    merging.unmerge(
        second.report_id, target, actor, after(9), version=target.version, reason="不同", terms=TERMS
    )
    assert not case_of(second).urgent


def test_a_message_too_late_is_never_sent(watch: Watch) -> None:
    """Otherwise old calls come in a heap when the gateway is back, for a case long undertaken."""
    file_danger(watch.district)
    [message] = messages_to(watch.officer)
    with frozen(after(10)):
        deliver(message.id)
    db.session.refresh(message)
    assert message.state is DeliveryState.EXPIRED


def test_the_message_says_nothing_of_the_matter(app: Flask) -> None:
    """Otherwise whoever sees the telephone learns what was reported."""
    subject, said = outside("zh_Hans", for_staff=True, urgent=True)
    assert subject in said
    assert "举报" not in said
    assert outside("zh_Hans", for_staff=False, urgent=True) == outside("zh_Hans", for_staff=False)


def test_the_database_refuses_a_second_call_of_the_same_step(watch: Watch) -> None:
    """Otherwise one mistake in the code wakes somebody twice."""
    filed = file_danger(watch.district)
    db.session.flush()
    first = db.session.scalars(select(AlarmCall).where(AlarmCall.case_id == filed.case_id)).one()
    values = {
        "case_id": first.case_id,
        "step": first.step,
        "recipient_id": first.recipient_id,
        "delivery_id": first.delivery_id,
        "called_at": RAISED,
    }
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(insert(AlarmCall).values(**values))


def test_the_database_refuses_an_urgent_case_that_is_closed(watch: Watch) -> None:
    """Otherwise a closed case stands on top of the queue for ever."""
    filed = file_danger(watch.district)
    db.session.flush()
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(text("UPDATE cases SET is_open = false WHERE id = :id"), {"id": filed.case_id})


def test_the_task_rings_all_that_wait(watch: Watch) -> None:
    """Otherwise the schedule forgets the second alarm of a night."""
    first, second = file_danger(watch.district), file_danger(watch.district, after(1))
    db.session.commit()
    with frozen(after(12)):
        jobs.ring_alarms()
        jobs.ring_alarms()
    assert [len(called(filed)) for filed in (first, second)] == [2, 2]
    assert db.session.scalars(select(Delivery.channel).distinct()).all() == ["sms"]


def test_only_who_spoke_of_the_danger_is_told_that_somebody_is_on_it(watch: Watch) -> None:
    """Otherwise a reporter in the same case learns that somebody else reported the danger."""
    urgent, calm = file_danger(watch.district), file_danger(watch.district, danger=DangerNow.ONGOING)
    actor, source, target = actor_of(watch.supervisor), case_of(calm), case_of(urgent)
    merging.merge(source, target, actor, after(2), version=source.version, reason="同一处", terms=TERMS)
    ring(urgent, 10)
    alarms.undertake(case_of(urgent), actor, after(11))
    assert told(urgent)[-1] == "danger_undertaken"
    assert told(calm) == ["report_received"]
