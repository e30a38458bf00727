"""If these fail, an officer handles the case of a brother's firm, or cases lie while he is away."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.models import Event
from portal.cases import queries, routing, standing_aside
from portal.cases.models import Case
from portal.cases.routing import Unit
from portal.cases.scope import reaches
from portal.cases.steps import CaseStatus
from portal.database import db
from portal.errors import NotAllowed, NotFound
from portal.notices.models import Notice
from portal.people import absences, ties
from portal.people.declared import TieKind
from portal.people.models import Account
from portal.people.permissions import Permission, Role
from portal.people.sessions import SignedIn
from portal.people.ties import Barred, DeclaredAlready, NameTooShort, is_barred
from portal.rewards import hands
from portal.rewards.models import Act
from tests.fixtures.desk import counted
from tests.fixtures.records import WHEN, make_account, make_case, make_department, make_district, sign_in
from tests.fixtures.staff import csrf_of
from tests.rewards.world import AT, World, proposed

TODAY = clock.city_date(clock.now())


def now_actor(account: Account) -> object:
    """The actor with everything that a request would know of him."""
    stood = absences.stood_in_for(account.person_id, TODAY)
    return SignedIn(
        account,
        "",
        ties=ties.keys_of(account.person_id),
        stands_in_for=frozenset(one.person_id for one in stood),
    ).actor


@pytest.mark.parametrize(
    ("declared", "subject", "barred"),
    [
        ("安禾家具有限公司", "安禾家具有限公司", True),
        ("安禾家具", "安禾家具有限公司", True),
        ("安禾家具有限公司", "安禾家具", True),
        ("安禾家具(安阳)有限公司", "安禾家具（安阳） 有限公司", True),
        ("ANHE Furniture", "anhe furniture co", True),
        ("安禾家具有限公司", "家具", False),
        ("安禾家具有限公司", "恒昌化工有限公司", False),
        ("安禾家具有限公司", "", False),
        ("100%化工", "1000化工厂", False),
    ],
)
def test_a_tie_bars_in_python_and_in_the_query_alike(
    app: Flask, declared: str, subject: str, barred: bool
) -> None:
    case = make_case(subject=subject)
    keys = (ties.key_of(declared),)
    condition = ties.barring(keys, Case.subject_name)
    assert condition is not None
    found = db.session.scalar(select(Case.id).where(Case.id == case.id, condition)) is not None
    assert is_barred(keys, subject) is barred
    assert found is barred


@pytest.fixture
def office(session: Session) -> dict[str, Account]:
    """Two verifiers of one department, one of another, a supervisor and an intake officer."""
    here, there = make_department("fire_brigade", "消防"), make_department("gas", "燃气")
    district = make_district()
    made = {
        "li": make_account(Role.VERIFIER, name="李敏", department=here, district=district),
        "sun": make_account(Role.VERIFIER, name="孙海涛", department=here, district=district),
        "far": make_account(Role.VERIFIER, name="马远", department=there, district=district),
        "boss": make_account(Role.SUPERVISOR, name="周督办", district=district),
        "intake": make_account(Role.INTAKE_OFFICER, name="王受理", district=district),
    }
    session.commit()
    return made


def case_of(account: Account, *, subject: str = "安禾家具有限公司") -> Case:
    person = account.person
    return make_case(
        status=CaseStatus.VERIFYING,
        district=person.district,
        department=person.department,
        officer=person,
        subject=subject,
    )


def test_declared_ties_hide_cases_and_let_go_of_them(office: dict[str, Account]) -> None:
    li = office["li"]
    mine, other = case_of(li), case_of(li, subject="恒昌化工有限公司")
    _tie, let_go = standing_aside.declare_tie(TieKind.FIRM, "安禾家具", now_actor(li), WHEN)
    assert let_go == 1
    assert mine.officer_id is None
    assert other.officer_id == li.person_id
    barred = now_actor(li)
    with pytest.raises(NotFound):
        queries.find_case(mine.number, barred, Permission.CASE_READ)
    assert not reaches(mine, barred, Permission.CASE_VERIFY)
    assert queries.find_case(other.number, barred, Permission.CASE_READ) is other
    actions = db.session.scalars(select(Event.action).where(Event.case_id == mine.id)).all()
    assert actions == ["case_officer_barred"]


def test_a_barred_case_is_the_same_404_as_one_that_is_not_there(
    client: FlaskClient, office: dict[str, Account], session: Session
) -> None:
    case = case_of(office["li"])
    standing_aside.declare_tie(TieKind.FIRM, "安禾家具", now_actor(office["li"]), WHEN)
    session.commit()
    sign_in(client, office["li"])
    barred, absent = client.get(f"/desk/cases/{case.number}"), client.get("/desk/cases/AY-2026-999999")
    assert barred.status_code == absent.status_code == 404
    # What is left out: the reference of the event, and the address that was asked for.
    same = [
        re.sub(r'<b class="num nb"[^>]*>[0-9a-f]{8}</b>', "", one.text).replace(number, "")
        for one, number in ((barred, case.number), (absent, "AY-2026-999999"))
    ]
    assert same[0] == same[1]
    assert case.number not in client.get("/desk/cases").text


def test_nobody_is_given_a_case_he_is_tied_to(office: dict[str, Account]) -> None:
    case = case_of(office["sun"])
    standing_aside.declare_tie(TieKind.FIRM, "安禾家具", now_actor(office["li"]), WHEN)
    unit = Unit(case.department_id or 0, case.district_id, office["li"].person_id)
    with pytest.raises(Barred):
        routing.assign(case, now_actor(office["boss"]), WHEN, version=case.version, unit=unit)


def test_who_is_tied_to_the_firm_has_no_hand_in_its_award(app: Flask) -> None:
    world = World()
    world.fund()
    award = proposed(world)
    subject = db.session.get_one(Case, award.case_id).subject_name
    ties.declare(TieKind.FIRM, subject, world.actor("finance"), AT)
    with pytest.raises(hands.TiedToCase):
        hands.take(award, world.person("finance").id, Act.APPROVE, AT)
    hands.take(award, world.person("finance2").id, Act.APPROVE, AT)


def test_a_tie_ends_and_stays_on_record(office: dict[str, Account]) -> None:
    li = office["li"]
    tie = ties.declare(TieKind.FIRM, "安禾家具", now_actor(li), WHEN)
    with pytest.raises(DeclaredAlready):
        ties.declare(TieKind.FIRM, " 安禾 家具", now_actor(li), WHEN)
    with pytest.raises(NotFound):
        ties.end(tie.id, now_actor(office["sun"]), WHEN)
    ties.end(tie.id, now_actor(li), WHEN)
    assert ties.keys_of(li.person_id) == ()
    assert [one.name for one in ties.ties_of(li.person_id)] == ["安禾家具"]
    with pytest.raises(NameTooShort):
        ties.declare(TieKind.FIRM, "公司", now_actor(li), WHEN)


def declare_absence(
    account: Account, deputy: Account, since: date = TODAY, until: date = TODAY + timedelta(days=3)
) -> object:
    return absences.declare(since, until, deputy.person_id, now_actor(account), WHEN, TODAY)


def test_a_deputy_sees_the_cases_and_is_told(office: dict[str, Account], session: Session) -> None:
    li, sun = office["li"], office["sun"]
    case = case_of(li)
    wanted = queries.Filter(view=queries.View.MINE)
    assert queries.queue(now_actor(sun), wanted, clock.now()).rows == []
    declare_absence(li, sun)
    rows = queries.queue(now_actor(sun), wanted, clock.now()).rows
    assert [row.number for row in rows] == [case.number]
    unit = Unit(case.department_id or 0, case.district_id, li.person_id)
    routing.assign(case, now_actor(office["boss"]), clock.now(), version=case.version, unit=unit)
    told = set(session.scalars(select(Notice.account_id).where(Notice.reference == case.number)))
    assert told == {li.id, sun.id}


def test_an_absence_needs_a_deputy_who_is_there_with_the_same_role(office: dict[str, Account]) -> None:
    li, sun, far = office["li"], office["sun"], office["far"]
    with pytest.raises(absences.NoDeputy):
        declare_absence(li, far)
    with pytest.raises(absences.NoDeputy):
        declare_absence(li, li)
    with pytest.raises(absences.DaysUnlikely):
        declare_absence(li, sun, TODAY, TODAY - timedelta(days=1))
    declare_absence(li, sun)
    with pytest.raises(absences.AwayAlready):
        declare_absence(li, sun, TODAY + timedelta(days=3), TODAY + timedelta(days=9))
    with pytest.raises(absences.DeputyAway):
        declare_absence(sun, li, TODAY + timedelta(days=2), TODAY + timedelta(days=5))


def test_who_is_away_is_not_suggested(office: dict[str, Account]) -> None:
    declare_absence(office["li"], office["sun"])
    found = {one.person.id: one.away_until for one in routing.candidates(TODAY)}
    assert found[office["li"].person_id] == TODAY + timedelta(days=3)
    assert found[office["sun"].person_id] is None


def test_all_open_cases_change_hands_in_one_step(office: dict[str, Account]) -> None:
    li, sun = office["li"], office["sun"]
    cases = [case_of(li, subject=f"第{number}化工厂") for number in range(3)]
    tied, closed = case_of(li, subject="安禾家具有限公司"), case_of(li)
    closed.is_open, closed.due_at, closed.due_step = False, None, None
    elsewhere = case_of(li)
    elsewhere.department_id = office["far"].person.department_id
    ties.declare(TieKind.FIRM, "安禾家具", now_actor(sun), WHEN)
    boss = now_actor(office["boss"])
    done = standing_aside.hand_over(li.person_id, sun.person_id, "调离", boss, clock.now())
    assert (done.moved, done.stayed) == (3, 2)
    assert {case.officer_id for case in cases} == {sun.person_id}
    assert {tied.officer_id, closed.officer_id, elsewhere.officer_id} == {li.person_id}
    with pytest.raises(NotAllowed):
        standing_aside.hand_over(li.person_id, sun.person_id, "调离", now_actor(office["intake"]), WHEN)


def test_a_request_asks_no_more_for_many_ties(
    client: FlaskClient, office: dict[str, Account], session: Session
) -> None:
    sign_in(client, office["li"])
    client.get("/desk/")

    def queries_of_page() -> int:
        session.expire_all()
        with counted() as asked:
            assert client.get("/desk/cases").status_code == 200
        return len(asked)

    before = queries_of_page()
    for number in range(20):
        ties.declare(TieKind.FIRM, f"第{number}号化工厂", now_actor(office["li"]), WHEN)
    session.commit()
    assert queries_of_page() == before


def test_the_pages_keep_what_was_typed_and_say_what_is_wrong(
    client: FlaskClient, office: dict[str, Account], session: Session
) -> None:
    sign_in(client, office["li"])
    token = csrf_of(client, "/desk/ties")
    refused = client.post("/desk/ties", data={"csrf_token": token, "kind": "firm", "name": "公司"})
    assert refused.status_code == 422
    assert 'value="公司"' in refused.text
    assert (
        client.post("/desk/ties", data={"csrf_token": token, "kind": "x", "name": "安禾家具"}).status_code
        == 422
    )
    taken = client.post("/desk/ties", data={"csrf_token": token, "kind": "firm", "name": "安禾家具"})
    assert taken.status_code == 302
    assert "安禾家具" in client.get("/desk/ties").text
    form = {"csrf_token": token, "since": "x", "until": str(TODAY), "deputy": str(office["sun"].person_id)}
    assert client.post("/desk/absence", data=form).status_code == 422
    assert client.post("/desk/absence", data={**form, "since": str(TODAY)}).status_code == 302
    assert "孙海涛" in client.get("/desk/absence").text


def test_a_supervisor_hands_over_on_a_page(client: FlaskClient, office: dict[str, Account]) -> None:
    case = case_of(office["li"])
    sign_in(client, office["boss"])
    token = csrf_of(client, "/desk/hand-over")
    form = {
        "csrf_token": token,
        "source": office["li"].person_id,
        "to": office["li"].person_id,
        "reason": "病假",
    }
    assert client.post("/desk/hand-over", data=form).status_code == 422
    answer = client.post("/desk/hand-over", data={**form, "to": office["sun"].person_id})
    assert answer.status_code == 302
    assert case.officer_id == office["sun"].person_id
