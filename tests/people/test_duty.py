"""The duty roster: if these fail, the wrong person is called at night, or a gap is seen too late."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from portal.doctor import examine
from portal.errors import NotAllowed
from portal.people import duty
from portal.people.duty import NotForDuty, Pair, PastWeek
from portal.people.permissions import Role
from tests.cases.alarmed import RAISED, TODAY, WEEK, Watch, actor_of, enter, make_caller, make_watch
from tests.fixtures.records import make_account, make_district

NEXT = WEEK + timedelta(days=7)


@pytest.fixture
def watch(app: Flask) -> Watch:
    return make_watch()


@pytest.mark.parametrize("day", [date(2026, 11, 16), date(2026, 11, 18), date(2026, 11, 22)])
def test_a_week_begins_on_monday(day: date) -> None:
    assert duty.week_of(day) == date(2026, 11, 16)


def test_last_weeks_roster_is_copied_only_where_nobody_is_entered(watch: Watch) -> None:
    """Otherwise copying undoes what somebody agreed on with his colleagues."""
    linzhou = make_district("linzhou", "林州市")
    there = make_caller(Role.INTAKE_OFFICER, "13900000004", district=linzhou)
    instead = make_caller(Role.INTAKE_OFFICER, "13900000005", district=watch.district)
    enter(watch, {linzhou.id: Pair(there.id, None)})
    enter(watch, {watch.district.id: Pair(instead.id, None)}, NEXT)
    actor = actor_of(watch.administrator)
    assert duty.copy_last(NEXT, actor=actor, at=RAISED, today=TODAY) == 1
    assert duty.on_duty(linzhou.id, NEXT).officer is there
    assert duty.on_duty(watch.district.id, NEXT).officer is instead
    assert duty.copy_last(NEXT, actor=actor, at=RAISED, today=TODAY) == 0


def test_who_left_is_not_copied(watch: Watch) -> None:
    """Otherwise somebody who left is on duty for years."""
    watch.officer.active = False
    actor = actor_of(watch.administrator)
    assert duty.copy_last(NEXT, actor=actor, at=RAISED, today=TODAY) == 1
    place = next(one for one in duty.roster(NEXT) if one.key == watch.district.id)
    assert place.entered == Pair(None, watch.supervisor.id)


def test_a_week_that_is_over_is_not_changed(watch: Watch) -> None:
    """Otherwise nobody can say afterwards who was on duty."""
    with pytest.raises(PastWeek):
        enter(watch, {watch.district.id: Pair()}, WEEK - timedelta(days=7))


def test_only_who_reads_the_cases_of_the_place_can_be_on_duty(watch: Watch) -> None:
    """Otherwise somebody is called who cannot open what he is called for."""
    linzhou = make_district("linzhou", "林州市")
    for account in (
        make_caller(Role.INTAKE_OFFICER, "13900000004", district=linzhou),
        make_caller(Role.VERIFIER, "13900000005", district=watch.district),
        make_caller(Role.FINANCE, "13900000006"),
    ):
        with pytest.raises(NotForDuty):
            enter(watch, {watch.district.id: Pair(account.id, None)})
    with pytest.raises(NotForDuty):
        enter(watch, {watch.district.id: Pair(None, watch.officer.id)})
    with pytest.raises(NotForDuty):
        enter(watch, {None: Pair(watch.officer.id, None)})


def test_a_supervisor_changes_the_lines_of_the_own_district_only(watch: Watch) -> None:
    """Otherwise one county sends another county's officers out at night."""
    linzhou = make_district("linzhou", "林州市")
    actor = actor_of(watch.supervisor)
    pair = Pair(watch.officer.id, None)
    duty.enter(NEXT, {watch.district.id: pair}, actor=actor, at=RAISED, today=TODAY)
    for place in (linzhou.id, None):
        with pytest.raises(NotAllowed):
            duty.enter(NEXT, {place: Pair()}, actor=actor, at=RAISED, today=TODAY)
    stranger = actor_of(make_account(Role.INTAKE_OFFICER, district=watch.district))
    with pytest.raises(NotAllowed):
        duty.enter(NEXT, {watch.district.id: Pair()}, actor=stranger, at=RAISED, today=TODAY)


def test_gaps_name_the_places_where_nobody_can_be_called(watch: Watch) -> None:
    """Otherwise the gap is seen on the night on which it counts."""
    linzhou = make_district("linzhou", "林州市")
    assert watch.district.id not in {place.key for place in duty.gaps(WEEK)}
    assert {0, linzhou.id} <= {place.key for place in duty.gaps(WEEK)}
    city = make_caller(Role.INTAKE_OFFICER, "13900000003")
    enter(watch, {None: Pair(city.id, None)})
    assert duty.gaps(WEEK) == []
    city.telephone = ""
    assert linzhou.id in {place.key for place in duty.gaps(WEEK)}


def test_the_doctor_names_the_gaps(app: Flask, watch: Watch) -> None:
    """Otherwise only who opens the page learns of a gap."""
    make_district("linzhou", "林州市")
    said = " ".join(finding.sentence for finding in examine(app.extensions["portal_settings"]))
    assert "nobody on duty can be called for" in said
    assert "linzhou" in said
