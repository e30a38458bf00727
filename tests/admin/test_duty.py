"""The pages of the duty roster: if these fail, nobody can say who is called tonight."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.clock import frozen
from portal.people import duty
from portal.people.duty import Pair
from portal.people.models import Account
from portal.people.permissions import Role
from tests.cases.alarmed import RAISED, WEEK, Watch, enter, make_caller, make_watch
from tests.fixtures.records import make_account, make_district, sign_in
from tests.fixtures.staff import csrf_of

NEXT = WEEK + timedelta(days=7)
PAGE = f"/desk/duty?week={NEXT.isoformat()}"


@pytest.fixture
def watch(app: Flask) -> Watch:
    return make_watch()


def _post(client: FlaskClient, path: str, **typed: str) -> str:
    data = {"csrf_token": csrf_of(client, PAGE), **typed}
    return client.post(path, data=data, follow_redirects=True).text


def test_a_week_ahead_is_entered_and_shown(client: FlaskClient, watch: Watch) -> None:
    with frozen(RAISED):
        sign_in(client, watch.administrator)
        place = watch.district.id
        page = _post(
            client, PAGE,
            **{f"officer-{place}": str(watch.officer.id), f"supervisor-{place}": str(watch.supervisor.id)},
        )  # fmt: skip
        assert "值班表改了 1 行" in page
        assert f'<option value="{watch.officer.id}" selected>郭晓燕' in page
    assert duty.on_duty(place, NEXT).officer is watch.officer


def test_last_week_is_copied_with_one_press(client: FlaskClient, watch: Watch) -> None:
    with frozen(RAISED):
        sign_in(client, watch.administrator)
        page = _post(client, f"/desk/duty/copy?week={NEXT.isoformat()}")
        assert "值班表改了 1 行" in page
        assert "没有改动" in _post(client, f"/desk/duty/copy?week={NEXT.isoformat()}")
    assert duty.on_duty(watch.district.id, NEXT).supervisor is watch.supervisor


def test_gaps_stand_on_the_page(client: FlaskClient, watch: Watch) -> None:
    make_district("linzhou", "林州市")
    with frozen(RAISED):
        sign_in(client, watch.administrator)
        page = client.get("/desk/duty").text
        assert "以下地方没有能呼叫到的值班人员" in page
        city = make_caller(Role.INTAKE_OFFICER, "13900000003", name="宋雨桐")
        enter(watch, {None: Pair(city.id, None)})
        page = client.get("/desk/duty").text
        assert "以下地方没有能呼叫到的值班人员" not in page
        assert "呼叫：宋雨桐" in page


def test_a_supervisor_of_a_district_changes_that_line_only(client: FlaskClient, watch: Watch) -> None:
    linzhou = make_district("linzhou", "林州市")
    there = make_caller(Role.INTAKE_OFFICER, "13900000004", district=linzhou)
    with frozen(RAISED):
        sign_in(client, watch.supervisor)
        page = client.get(PAGE).text
        assert f'name="officer-{watch.district.id}"' in page
        assert f'name="officer-{linzhou.id}"' not in page
        said = _post(client, PAGE, **{f"officer-{linzhou.id}": str(there.id)})
        assert "没有改动" in said
    assert duty.on_duty(linzhou.id, NEXT).officer is None


def test_a_week_that_is_over_is_shown_and_not_changed(client: FlaskClient, watch: Watch) -> None:
    past = f"/desk/duty?week={(WEEK - timedelta(days=7)).isoformat()}"
    with frozen(RAISED):
        sign_in(client, watch.administrator)
        assert "保存值班表" not in client.get(past).text
        copied = client.post(
            past.replace("/duty?", "/duty/copy?"), data={"csrf_token": csrf_of(client, PAGE)}
        )
        assert copied.status_code == 200 or copied.status_code == 409
        assert "已经过去" in copied.text


@pytest.mark.parametrize("week", ["", "nonsense", "0001-01-01", "9999-12-31", "2026-13-40"])
def test_an_odd_address_shows_this_week(client: FlaskClient, watch: Watch, week: str) -> None:
    with frozen(RAISED):
        sign_in(client, watch.administrator)
        page = client.get("/desk/duty", query_string={"week": week})
        assert page.status_code == 200
        assert "2026 年 11 月 16 日" in page.text


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMINISTRATOR, Role.SUPERVISOR}])
def test_others_have_no_roster(client: FlaskClient, app: Flask, role: Role) -> None:
    sign_in(client, make_account(role))
    assert client.get("/desk/duty").status_code == 403


def _account(role: Role) -> Account:
    return make_account(role, district=make_district())


def test_everybody_keeps_the_own_mobile_number(client: FlaskClient, app: Flask) -> None:
    """Otherwise the number of somebody who changed it is wrong until an administrator has time."""
    account = _account(Role.INTAKE_OFFICER)
    sign_in(client, account)
    token = csrf_of(client, "/desk/account")
    wrong = client.post("/desk/account/telephone", data={"csrf_token": token, "telephone": "12345"})
    assert (wrong.status_code, account.telephone) == (422, "")
    assert "12345" in wrong.text
    client.post("/desk/account/telephone", data={"csrf_token": token, "telephone": "139 0000 0001"})
    assert account.telephone == "13900000001"
    client.post("/desk/account/telephone", data={"csrf_token": token, "telephone": ""})
    assert account.telephone == ""


def test_an_administrator_sets_the_number_of_others(client: FlaskClient, app: Flask) -> None:
    account = _account(Role.INTAKE_OFFICER)
    sign_in(client, make_account(Role.ADMINISTRATOR))
    form = {
        "csrf_token": csrf_of(client, f"/desk/people/{account.id}"),
        "name": account.person.name,
        "district_id": str(account.person.district_id),
        "roles": "intake_officer",
    }
    wrong = client.post(f"/desk/people/{account.id}", data={**form, "telephone": "0372-5110000"})
    assert (wrong.status_code, account.telephone) == (422, "")
    client.post(f"/desk/people/{account.id}", data={**form, "telephone": "139-0000-0007"})
    assert account.telephone == "13900000007"
