"""People in danger in the desk: if these fail, an urgent case is overlooked, or two officers drive out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.cases.models import Case
from portal.database import db
from portal.people.permissions import Role
from tests.admin.test_queue import _link, _numbers
from tests.cases.alarmed import RAISED, Watch, case_of, file_danger, make_watch, told
from tests.fixtures.desk import counted
from tests.fixtures.records import make_account, make_case, make_department, make_district, sign_in
from tests.fixtures.staff import csrf_of


@pytest.fixture
def watch(app: Flask) -> Watch:
    return make_watch()


def _undertake(client: FlaskClient, number: str) -> str:
    token = csrf_of(client, f"/desk/cases/{number}")
    page = client.post(f"/desk/cases/{number}/danger", data={"csrf_token": token}, follow_redirects=True)
    assert page.status_code == 200
    return page.text


def test_an_urgent_case_stands_on_top_in_red_until_somebody_undertakes_it(
    client: FlaskClient, watch: Watch
) -> None:
    overdue = make_case(due_at=RAISED - timedelta(days=30))
    filed = file_danger(watch.district)
    urgent = case_of(filed)
    sign_in(client, watch.officer)
    page = client.get("/desk/cases").text
    assert _numbers(page, [overdue, urgent]) == [urgent.number, overdue.number]
    assert page.count('<tr class="urgent">') == 1
    assert "还没有人处理" in page
    said = _undertake(client, urgent.number)
    assert "由您处理" in said
    assert "险情由 郭晓燕 处理" in said
    page = client.get("/desk/cases").text
    assert _numbers(page, [overdue, urgent]) == [overdue.number, urgent.number]
    assert '<tr class="urgent">' not in page
    assert told(filed)[-1] == "danger_undertaken"


def test_the_view_of_urgent_cases_stands_first_and_only_when_there_are_some(
    client: FlaskClient, watch: Watch
) -> None:
    """Otherwise somebody who looks at his own cases only does not see that people are in danger."""
    make_case()
    sign_in(client, watch.officer)
    assert "view=urgent" not in client.get("/desk/cases?view=mine").text
    urgent = case_of(file_danger(watch.district))
    assert "view=urgent" in client.get("/desk/cases?view=mine").text
    page = client.get("/desk/cases?view=urgent").text
    assert urgent.number in page
    assert page.count("<tr") == 2


def test_pages_show_every_case_once_with_the_urgent_first_forwards_and_back(
    client: FlaskClient, watch: Watch
) -> None:
    """Otherwise a case between the urgent and the others is never seen by anybody."""
    calm = [make_case(due_at=RAISED + timedelta(hours=i)) for i in range(70)]
    urgent = [case_of(file_danger(watch.district, RAISED + timedelta(minutes=i))) for i in range(60)]
    sign_in(client, watch.officer)
    pages, url = [], "/desk/cases"
    while url:
        pages.append(client.get(url).text)
        url = _link(pages[-1], "next")
    expected = [case.number for case in [*urgent, *calm]]
    cases: list[Case] = [*urgent, *calm]
    assert [number for page in pages for number in _numbers(page, cases)] == expected
    assert [len(_numbers(page, cases)) for page in pages] == [50, 50, 30]
    second = client.get(_link(pages[2], "prev")).text
    assert _numbers(second, cases) == _numbers(pages[1], cases)
    first = client.get(_link(second, "prev")).text
    assert _numbers(first, cases) == _numbers(pages[0], cases)
    assert not _link(first, "prev")


def test_a_second_officer_reads_who_was_faster(client: FlaskClient, watch: Watch) -> None:
    number = case_of(file_danger(watch.district)).number
    sign_in(client, watch.officer)
    _undertake(client, number)
    sign_in(client, watch.supervisor)
    assert "郭晓燕 已经在处理了" in _undertake(client, number)


def test_the_case_page_says_who_was_called_and_when_the_next_call_comes(
    client: FlaskClient, watch: Watch
) -> None:
    number = case_of(file_danger(watch.district)).number
    sign_in(client, watch.supervisor)
    page = client.get(f"/desk/cases/{number}").text
    assert "最近一次呼叫：郭晓燕，11:00" in page
    assert "由我处理" in page
    nobody = case_of(file_danger(make_district("linzhou", "林州市"))).number
    sign_in(client, make_account(Role.SUPERVISOR))
    assert "没有呼叫到任何人" in client.get(f"/desk/cases/{nobody}").text


@pytest.mark.parametrize("role", [Role.INTAKE_OFFICER, Role.VERIFIER, Role.SUPERVISOR, Role.FINANCE])
def test_nobody_out_of_reach_undertakes(client: FlaskClient, watch: Watch, role: Role) -> None:
    filed = file_danger(watch.district)
    stranger = make_account(role, district=make_district("linzhou", "林州市"), department=make_department())
    sign_in(client, stranger)
    token = csrf_of(client, "/desk/account")
    answer = client.post(f"/desk/cases/{case_of(filed).number}/danger", data={"csrf_token": token})
    assert answer.status_code in {403, 404}
    assert case_of(filed).urgent


def test_the_queue_asks_the_same_number_of_questions_for_few_and_for_many(
    client: FlaskClient, watch: Watch
) -> None:
    """Otherwise the queue is slow on the very day of an accident."""
    make_case()
    file_danger(watch.district)
    sign_in(client, watch.officer)
    with counted() as few:
        client.get("/desk/cases")
    for _ in range(20):
        make_case()
        file_danger(watch.district)
    with counted() as many:
        client.get("/desk/cases")
    assert len(many) == len(few)


def test_the_urgent_and_the_others_are_each_read_by_an_index(sqlite_app: Flask) -> None:
    """Otherwise a hundred thousand open cases are sorted for one page."""
    plans = {}
    with sqlite_app.app_context(), db.engine.connect() as connection:
        for name, condition in (("urgent", "cases.urgent"), ("calm", "cases.is_open AND NOT cases.urgent")):
            rows = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN SELECT id FROM cases WHERE {condition} AND cases.district_id = 1"
                " ORDER BY cases.due_at, cases.id LIMIT 51"
            )
            plans[name] = " ".join(str(row[3]) for row in rows)
    assert "ix_cases_urgent" in plans["urgent"]
    assert "ix_cases_open_district_due" in plans["calm"]
    assert "TEMP B-TREE" not in plans["calm"] + plans["urgent"]
