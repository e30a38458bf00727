"""The queue: what is due first on top, only what one may see, the same cost for few rows and for many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.cases.models import Case
from portal.cases.steps import CaseStatus
from portal.database import db
from portal.people.models import Account
from portal.people.permissions import Role
from tests.fixtures.desk import counted
from tests.fixtures.records import (
    WHEN,
    make_account,
    make_case,
    make_department,
    make_district,
    make_report,
    sign_in,
)


@pytest.fixture
def intake(app: Flask) -> Account:
    return make_account(Role.INTAKE_OFFICER, district=make_district("wenfeng"))


def _numbers(page: str, cases: list[Case]) -> list[str]:
    """Return the numbers of these cases in the order in which the page shows them."""
    shown = [case.number for case in cases if case.number in page]
    return sorted(shown, key=page.index)


def test_what_is_due_first_stands_on_top(client: FlaskClient, intake: Account) -> None:
    """Otherwise an officer works the newest case while another's term runs out."""
    later = make_case(due_at=WHEN + timedelta(days=9))
    first = make_case(due_at=WHEN + timedelta(days=1))
    between = make_case(due_at=WHEN + timedelta(days=5))
    sign_in(client, intake)
    page = client.get("/desk/cases").text
    assert _numbers(page, [later, first, between]) == [first.number, between.number, later.number]


def test_another_districts_cases_do_not_appear_in_list_search_or_counts(
    client: FlaskClient, intake: Account
) -> None:
    """Otherwise an officer reads about a report that is none of his business."""
    mine = make_case()
    other = make_case(district=make_district("linzhou", "林州市"), subject="林州某厂")
    sign_in(client, intake)
    page = client.get("/desk/cases").text
    assert mine.number in page
    assert other.number not in page
    assert other.number not in client.get(f"/desk/cases?q={other.number}").text.replace(
        f'value="{other.number}"', ""
    ).replace(f"“{other.number}”", "")
    assert other.title not in client.get(f"/desk/cases?case={other.number}&status=closed").text
    assert client.get(f"/desk/cases/{other.number}").status_code == 404
    assert client.get("/desk/cases/AY-2026-000000").status_code == 404


def test_a_verifier_begins_with_his_own_cases(client: FlaskClient, app: Flask) -> None:
    """Otherwise each morning begins with a search for one's own work."""
    department, district = make_department(), make_district()
    account = make_account(Role.VERIFIER, department=department, district=district)
    unit = {"department": department, "district": district, "status": CaseStatus.ASSIGNED}
    mine = make_case(officer=account.person, **unit)  # type: ignore[arg-type]
    colleague = make_case(**unit)  # type: ignore[arg-type]
    elsewhere = make_case(department=make_department("gas", "燃气"), district=district)
    sign_in(client, account)
    page = client.get("/desk/cases").text
    assert mine.number in page
    assert colleague.number not in page
    unit_page = client.get("/desk/cases?view=all").text
    assert colleague.number in unit_page
    assert elsewhere.number not in unit_page


def test_filters_narrow_the_list(client: FlaskClient, intake: Account) -> None:
    """Otherwise nobody finds the gas cases among the others."""
    fire = make_case(sector="fire")
    gas = make_case(sector="gas", status=CaseStatus.ACCEPTED)
    sign_in(client, intake)
    assert _numbers(client.get("/desk/cases?sector=gas").text, [fire, gas]) == [gas.number]
    assert _numbers(client.get("/desk/cases?status=received").text, [fire, gas]) == [fire.number]
    assert _numbers(client.get("/desk/cases?view=to_accept").text, [fire, gas]) == [fire.number]
    assert _numbers(client.get("/desk/cases?officer=me").text, [fire, gas]) == []
    assert client.get("/desk/cases?status=nonsense&district=x&view=%00&at=n.1").status_code == 200


@pytest.mark.parametrize("query", ["number", "digits", "firm"])
def test_search_finds_by_prefix_in_closed_cases_too_but_not_in_merged(
    client: FlaskClient, intake: Account, query: str
) -> None:
    """Otherwise a case that somebody calls about cannot be found once it is closed."""
    closed = make_case(status=CaseStatus.CLOSED, subject="洹北铸造有限公司")
    merged = make_case(subject="洹北铸造有限公司")
    merged.merged_into_id, merged.is_open, merged.due_at = closed.id, False, None
    noise = make_case(subject="别的公司")
    db.session.flush()
    sign_in(client, intake)
    text = {"number": closed.number[:-1].lower(), "digits": closed.number[-6:], "firm": "洹北铸"}[query]
    page = client.get("/desk/cases", query_string={"q": text}).text
    assert closed.number in page
    if query == "firm":
        assert merged.number not in page
        assert noise.number not in page


def test_pages_by_key_show_every_case_once_forwards_and_back(client: FlaskClient, intake: Account) -> None:
    """Otherwise a case between two pages is never seen by anybody."""
    cases = [make_case(due_at=WHEN + timedelta(hours=i // 3)) for i in range(120)]
    sign_in(client, intake)
    pages, url = [], "/desk/cases"
    while url:
        pages.append(client.get(url).text)
        url = _link(pages[-1], "next")
    shown = [number for page in pages for number in _numbers(page, cases)]
    assert shown == [case.number for case in cases]
    back = client.get(_link(pages[2], "prev")).text
    assert _numbers(back, cases) == _numbers(pages[1], cases)
    assert not _link(client.get(_link(back, "prev")).text, "prev")


def _link(page: str, rel: str) -> str:
    start = page.find(f'rel="{rel}" href="')
    if start < 0:
        return ""
    return page[start:].split('href="', 1)[1].split('"', 1)[0].replace("&amp;", "&")


def test_the_number_of_queries_does_not_grow_with_rows(client: FlaskClient, intake: Account) -> None:
    """Otherwise the queue is fast in the demonstration and slow in a city."""
    person = make_account(Role.VERIFIER, district=make_district()).person
    for _ in range(3):
        make_report(make_case(officer=person, department=make_department()))
    sign_in(client, intake)
    with counted() as few:
        client.get("/desk/cases")
    for i in range(57):
        make_case(officer=person, department=make_department(f"d{i % 9}"))
    with counted() as many:
        client.get("/desk/cases")
    assert few
    assert len(many) == len(few)


def test_a_chosen_case_stands_beside_the_list(client: FlaskClient, intake: Account) -> None:
    """Otherwise the officer loses the list each time he looks at one case."""
    case = make_report(narrative="车间二楼住人，夜里锁门。").case_id
    number = db.session.get_one(Case, case).number
    sign_in(client, intake)
    page = client.get(f"/desk/cases?case={number}").text
    assert "车间二楼住人" in page
    assert f"/desk/cases/{number}/accept" in page
