"""The administrator's pages: if these fail, somebody holds two roles that together pay himself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.models import Event
from portal.people import accounts, links, sessions
from portal.people.credentials import Link
from portal.people.links import LinkRevoked
from portal.people.models import Account, Department, District
from portal.people.permissions import Role
from tests.fixtures.records import make_account, make_department, make_district, sign_in
from tests.fixtures.staff import NOON, csrf_of, log_in, make_staff


@pytest.fixture
def admin(client: FlaskClient, session: Session) -> Account:
    """An administrator, signed in."""
    account = make_account(Role.ADMINISTRATOR, name="管理员")
    sign_in(client, account)
    return account


def post(client: FlaskClient, path: str, page: str = "", **form: Any) -> tuple[int, str, str]:
    """Send a form with the page's token: status, text, and where it leads."""
    token = csrf_of(client, page or path)
    answer = client.post(path, data={"csrf_token": token, **form})
    return answer.status_code, answer.text, answer.location or ""


def new_account(client: FlaskClient, **changed: Any) -> tuple[int, str, str]:
    form = {"name": "王建国", "username": "wang.jianguo", "roles": ["verifier"], **changed}
    return post(client, "/desk/people/new", **form)


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(Event.action).order_by(Event.id)))


def token_in(page: str) -> str:
    """The code of the one link that a page shows."""
    found = re.findall(r"/desk/invitation#([\w-]{43})<", page)
    assert len(found) == 1
    return str(found[0])


def test_a_new_account_is_handed_over_as_a_link_that_is_shown_once(
    client: FlaskClient, session: Session, admin: Account
) -> None:
    department, district = make_department(), make_district()
    status, page, _ = new_account(
        client, department_id=department.id, district_id=district.id, certificate_number="豫E-1"
    )
    assert status == 200
    made = session.scalars(select(Account).where(Account.username == "wang.jianguo")).one()
    assert (made.person.department_id, made.person.district_id) == (department.id, district.id)
    assert made.roles == {Role.VERIFIER}
    token = token_in(page)
    assert token not in client.get(f"/desk/people/{made.id}").text
    kept = session.scalars(select(Link)).one()
    assert token.encode() not in kept.token_digest
    assert (made.password_hash, made.totp_sealed) == (accounts.UNSET, None)


def test_an_administrator_is_shown_no_password_and_no_secret(
    app: Flask, client: FlaskClient, session: Session, admin: Account
) -> None:
    officer = make_staff(app, Role.VERIFIER)
    page = f"/desk/people/{officer.account.id}"
    shown = [
        new_account(client)[1],
        post(client, f"{page}/password", page)[1],
        post(client, f"{page}/loss", page, reason="stood before me")[1],
    ]
    for text in shown:
        assert "secret=" not in text
        assert "otpauth" not in text


@pytest.mark.parametrize(
    "roles",
    [
        ["verifier", "finance"],
        ["finance", "cashier"],
        ["auditor", "intake_officer"],
        ["administrator", "supervisor"],
    ],
)
def test_roles_that_exclude_each_other_are_refused_with_a_sentence_and_kept(
    client: FlaskClient, session: Session, admin: Account, roles: list[str]
) -> None:
    status, page, _ = new_account(client, roles=roles)
    assert status == 422
    assert "同一个人不能同时担任" in page
    assert 'value="王建国"' in page
    assert session.scalar(select(Account.id).where(Account.username == "wang.jianguo")) is None


def test_the_second_account_of_a_person_is_compared_with_the_first(
    client: FlaskClient, session: Session, admin: Account
) -> None:
    verifier = make_account(Role.VERIFIER)
    path = f"/desk/people/new?of={verifier.id}"
    status, page, _ = post(client, path, username="zhang.2", roles=["finance"])
    assert status == 422
    assert "同一个人不能同时担任" in page
    assert post(client, path, username="zhang.2", roles=["supervisor"], name="别人")[0] == 200
    second = session.scalars(select(Account).where(Account.username == "zhang.2")).one()
    assert second.person_id == verifier.person_id
    assert second.person.name == verifier.person.name


def test_a_closed_account_opens_again_only_when_its_roles_still_agree(
    client: FlaskClient, session: Session, admin: Account
) -> None:
    first = make_account(Role.VERIFIER)
    session.commit()
    page = f"/desk/people/{first.id}"
    assert post(client, f"{page}/disable", page)[0] == 302
    make_account(Role.FINANCE, person=first.person)
    assert post(client, f"{page}/enable", page)[0] == 422
    session.refresh(first)
    assert not first.active


def test_nobody_gives_himself_roles_or_renews_his_own_account(
    client: FlaskClient, session: Session, admin: Account
) -> None:
    other = make_account(Role.VERIFIER)
    token = csrf_of(client, f"/desk/people/{other.id}")
    form = {"csrf_token": token, "name": "管理员", "roles": ["finance"]}
    assert client.post(f"/desk/people/{admin.id}", data=form).status_code == 422
    steps = (
        "disable",
        "enable",
        "password",
        "invite",
        "link/revoke",
        "loss",
        "loss/confirm",
        "loss/withdraw",
    )
    for step in (*steps, "sessions/end"):
        assert client.post(f"/desk/people/{admin.id}/{step}", data=form).status_code == 422, step
    second = {**form, "username": "second"}
    assert client.post(f"/desk/people/new?of={admin.id}", data=second).status_code == 422
    session.refresh(admin)
    assert admin.roles == {Role.ADMINISTRATOR}
    assert actions(session) == []


def test_changes_are_written_and_logged_in_codes(
    client: FlaskClient, session: Session, admin: Account
) -> None:
    account = make_account(Role.VERIFIER, name="王建国")
    district = make_district()
    page = f"/desk/people/{account.id}"
    form: dict[str, Any] = {
        "name": "王建国",
        "roles": ["intake_officer", "supervisor"],
        "district_id": district.id,
    }
    assert post(client, page, **form, email="w@example.cn")[0] == 302
    session.refresh(account)
    assert account.roles == {Role.INTAKE_OFFICER, Role.SUPERVISOR}
    assert account.person.district_id == district.id
    assert actions(session) == ["unit_changed", "account_changed", "roles_changed"]
    for event in session.scalars(select(Event)):
        assert event.actor_account_id == admin.id
        assert event.actor_role == "administrator"
        assert "王" not in str(event.facts)
        assert "example" not in str(event.facts)


def test_extra_form_fields_change_nothing(client: FlaskClient, session: Session, admin: Account) -> None:
    account = make_account(Role.VERIFIER, name="王建国")
    before = (account.username, account.password_hash, account.person_id, account.active)
    extra: dict[str, Any] = {
        "username": "other",
        "password_hash": "x",
        "person_id": admin.person_id,
        "active": "",
        "role": "administrator",
        "must_change_password": "",
        "grants": "administrator",
        "status": "approved",
        "amount": "1",
        "id": admin.id,
    }
    form: dict[str, Any] = {
        "name": account.person.name,
        "certificate_number": account.person.certificate_number,
    }
    assert post(client, f"/desk/people/{account.id}", **form, roles=["verifier"], **extra)[0] == 302
    session.refresh(account)
    assert (account.username, account.password_hash, account.person_id, account.active) == before
    assert account.roles == {Role.VERIFIER}
    assert actions(session) == []


def test_a_role_that_does_not_exist_is_refused(client: FlaskClient, session: Session, admin: Account) -> None:
    assert new_account(client, roles=["emperor"])[0] == 422
    assert new_account(client, roles=[])[0] == 422


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 61},
        {"name": "王\u0007建国"},
        {"username": ""},
        {"username": "Wang Jianguo"},
        {"username": "王建国"},
        {"username": "x" * 61},
        {"email": "no address"},
        {"email": "a@example.cn\nBcc: b@example.cn"},
        {"department_id": "999999"},
        {"department_id": "9" * 20},
        {"district_id": "x"},
        {"district_id": "999999"},
    ],
)
def test_bad_input_gets_a_sentence(
    client: FlaskClient, session: Session, admin: Account, changed: dict[str, str]
) -> None:
    status, page, _ = new_account(client, **changed)
    assert status == 422
    assert "note-risk" in page
    assert session.scalar(select(Account.id).where(Account.username.like("wang%"))) is None


def test_a_taken_user_name_is_refused_whatever_its_case(
    client: FlaskClient, session: Session, admin: Account
) -> None:
    assert new_account(client)[0] == 200
    assert new_account(client, username="WANG.jianguo")[0] == 422


def test_asking_for_a_new_password_locks_nobody_out_until_the_link_is_used(
    app: Flask, client: FlaskClient, session: Session, admin: Account
) -> None:
    officer = make_staff(app, Role.VERIFIER)
    theirs = app.test_client()
    page = f"/desk/people/{officer.account.id}"
    status, shown, _ = post(client, f"{page}/password", page)
    assert status == 200
    token_in(shown)
    with clock.frozen(NOON):
        assert log_in(theirs, officer, NOON).status_code == 302


def test_an_invitation_is_given_out_again_and_taken_back(
    client: FlaskClient, session: Session, admin: Account
) -> None:
    first = token_in(new_account(client)[1])
    made = session.scalars(select(Account).where(Account.username == "wang.jianguo")).one()
    page = f"/desk/people/{made.id}"
    second = token_in(post(client, f"{page}/invite", page)[1])
    with pytest.raises(LinkRevoked):
        links.look_up(first, clock.now())
    assert links.look_up(second, clock.now()).account_id == made.id
    assert post(client, f"{page}/link/revoke", page)[0] == 302
    with pytest.raises(LinkRevoked):
        links.look_up(second, clock.now())
    assert actions(session) == ["account_created", "link_issued", "link_issued", "link_revoked"]


def test_what_does_not_fit_is_refused_with_a_sentence(
    app: Flask, client: FlaskClient, session: Session, admin: Account
) -> None:
    officer = make_staff(app, Role.VERIFIER)
    page = f"/desk/people/{officer.account.id}"
    assert post(client, f"{page}/invite", page)[0] == 409
    new_account(client)
    made = session.scalars(select(Account).where(Account.username == "wang.jianguo")).one()
    assert post(client, f"/desk/people/{made.id}/password", f"/desk/people/{made.id}")[0] == 409


def test_an_administrator_ends_the_sessions_of_another(
    app: Flask, client: FlaskClient, session: Session, admin: Account
) -> None:
    account = make_account(Role.VERIFIER)
    theirs = app.test_client()
    sign_in(theirs, account)
    page = f"/desk/people/{account.id}"
    assert post(client, f"{page}/sessions/end", page)[0] == 302
    assert theirs.get("/desk/").status_code == 302
    assert client.get("/desk/").status_code == 200
    assert actions(session) == ["sessions_ended"]


def test_closing_an_account_ends_its_sessions(
    app: Flask, client: FlaskClient, session: Session, admin: Account
) -> None:
    account = make_account(Role.VERIFIER)
    theirs = app.test_client()
    sign_in(theirs, account)
    page = f"/desk/people/{account.id}"
    assert post(client, f"{page}/disable", page)[0] == 302
    assert theirs.get("/desk/").status_code == 302
    assert sessions.open_of(account.id, clock.now()) == []


def test_an_administrator_finds_no_way_to_a_report(client: FlaskClient, admin: Account) -> None:
    page = client.get("/desk/").text
    assert "/desk/cases" not in page
    assert "/desk/queue" not in page


def test_the_list_shows_who_is_sought_and_nobody_else(
    client: FlaskClient, session: Session, admin: Account
) -> None:
    make_account(Role.VERIFIER, name="赵敏")
    make_account(Role.FINANCE, name="钱进")
    closed = make_account(Role.VERIFIER, name="孙力")
    closed.active = False
    page = client.get("/desk/people?q=赵").text
    assert "赵敏" in page
    assert "钱进" not in page
    page = client.get("/desk/people?role=verifier&active=yes").text
    assert "赵敏" in page
    assert "孙力" not in page
    assert "没有找到人" in client.get("/desk/people?q=%25").text


def test_the_list_goes_on_by_key(client: FlaskClient, session: Session, admin: Account) -> None:
    made = [make_account(Role.VERIFIER, name=f"员工{number:03}") for number in range(60)]
    first = client.get("/desk/people").text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = client.get(following[1].replace("&amp;", "&")).text
    seen = re.findall(r"员工\d{3}", first) + re.findall(r"员工\d{3}", second)
    assert sorted(seen) == sorted(account.person.name for account in made)


def test_a_unit_is_added_renamed_and_taken_out_of_use(
    client: FlaskClient, session: Session, admin: Account
) -> None:
    form = {"code": "fire-brigade", "name_zh": "消防救援支队", "name_en": "Fire brigade"}
    assert post(client, "/desk/units/departments", "/desk/units", **form)[0] == 302
    unit = session.scalars(select(Department).where(Department.code == "fire-brigade")).one()
    changed = {"name_zh": "消防救援局", "name_en": "Fire service", "code": "other"}
    assert post(client, f"/desk/units/departments/{unit.id}", "/desk/units", **changed)[0] == 302
    session.refresh(unit)
    assert (unit.code, unit.name_zh, unit.active) == ("fire-brigade", "消防救援局", False)
    assert "消防救援局" not in client.get("/desk/people/new").text
    assert new_account(client, department_id=unit.id)[0] == 422
    assert actions(session) == ["unit_added", "unit_renamed", "unit_closed"]


@pytest.mark.parametrize("code", ["", "消防", "a b", "wenfeng", "x" * 60])
def test_a_bad_or_taken_code_of_a_unit_is_refused_and_what_was_typed_stays(
    client: FlaskClient, session: Session, admin: Account, code: str
) -> None:
    make_district()
    form = {"code": code, "name_zh": "新城区", "name_en": "New town"}
    status, page, _ = post(client, "/desk/units/districts", "/desk/units", **form)
    assert status == 422
    assert 'value="新城区"' in page
    assert session.scalar(select(District.id).where(District.name_zh == "新城区")) is None
