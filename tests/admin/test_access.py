"""The guard and the navigation: if these fail, a page is offered or opened to somebody it is not for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from portal import clock
from portal.admin.access import ACCESS
from portal.admin.navigation import ITEMS, NOTICE_PAGES
from portal.notices.outbox import NoticeKind, tell_staff
from portal.people import sessions, ties
from portal.people.declared import Absence, TieKind
from portal.people.permissions import Permission, Role
from portal.people.sessions import SignedIn
from tests.fixtures.desk import counted
from tests.fixtures.records import make_account, sign_in
from tests.fixtures.staff import NOON, csrf_of

# What each role finds in the bar, besides the overview and its own account.
OFFERED = {
    Role.INTAKE_OFFICER: {"desk.queue", "desk.report_new", "desk.openings", "desk.rule_sets"},
    Role.VERIFIER: {"desk.queue", "desk.rule_sets"},
    Role.SUPERVISOR: {
        "desk.queue",
        "desk.openings",
        "desk.hand_over",
        "desk.duty",
        "desk.catalogue",
        "desk.boards",
        "desk.rule_sets",
    },
    Role.IDENTITY_OFFICER: {"desk.identity", "desk.openings"},
    Role.FINANCE: {"finance.awards", "finance.fund", "desk.rule_sets"},
    Role.CASHIER: {"finance.awards", "finance.payouts", "finance.fund", "desk.openings"},
    Role.AUDITOR: {
        "finance.awards",
        "finance.fund",
        "desk.events",
        "desk.deviations",
        "desk.samples",
        "desk.rule_sets",
        "desk.retention",
    },
    Role.ADMINISTRATOR: {
        "desk.retention",
        "desk.people",
        "desk.duty",
        "desk.units",
        "desk.catalogue",
        "desk.boards",
        "desk.rule_sets",
        "desk.register",
    },
}


def offered(app: Flask, page: str) -> set[str]:
    """The entries whose address stands in the bar."""
    bar = page.split('class="desk-nav"')[1].split("</nav>")[0]
    with app.test_request_context():
        return {item.endpoint for item in ITEMS if f'href="{app.url_for(item.endpoint)}"' in bar}


@pytest.mark.parametrize("role", list(Role))
def test_the_bar_offers_each_role_its_own_pages_only(app: Flask, client: FlaskClient, role: Role) -> None:
    sign_in(client, make_account(role))
    page = client.get("/desk/").text
    assert offered(app, page) == OFFERED[role] | {"desk.home", "desk.account"}


# What stands in the bar itself; all else that a role is offered waits behind "more".
DAILY = {
    Role.SUPERVISOR: {"desk.home", "desk.queue"},
    Role.ADMINISTRATOR: {"desk.home", "desk.people"},
    Role.AUDITOR: {"desk.home", "finance.awards", "finance.fund", "desk.events", "desk.deviations"},
}


@pytest.mark.parametrize("role", list(DAILY))
def test_the_bar_holds_what_is_opened_daily_and_a_menu_holds_the_rest(
    app: Flask, client: FlaskClient, role: Role
) -> None:
    """Else the bar grows with every page and wraps over what one works on."""
    sign_in(client, make_account(role))
    bar, menu = client.get("/desk/").text.split("<details", 1)
    assert offered(app, bar) == DAILY[role]
    menu = menu.split("</details>")[0]
    assert offered(app, f'class="desk-nav"{menu}') == (OFFERED[role] | {"desk.account"}) - DAILY[role]


def test_a_page_of_the_menu_marks_the_menu(client: FlaskClient) -> None:
    """Else one does not see in the bar where one is."""
    sign_in(client, make_account(Role.SUPERVISOR))
    assert '<summary class="here">' in client.get("/desk/duty").text
    assert '<summary class="here">' not in client.get("/desk/").text


def test_a_menu_of_one_entry_is_no_menu(client: FlaskClient) -> None:
    sign_in(client, make_account())
    page = client.get("/desk/").text
    assert "<details" not in page.split('class="desk-nav"')[1].split("</nav>")[0]
    assert 'href="/desk/account"' in page


def test_somebody_with_two_roles_is_offered_the_pages_of_both(app: Flask, client: FlaskClient) -> None:
    sign_in(client, make_account(Role.INTAKE_OFFICER, Role.IDENTITY_OFFICER))
    found = offered(app, client.get("/desk/").text)
    assert {"desk.queue", "desk.identity", "desk.report_new"} <= found


def test_an_endpoint_without_a_row_is_not_found_even_for_whoever_may_do_most(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, make_account(Role.ADMINISTRATOR))
    monkeypatch.delitem(ACCESS, "desk.people")
    assert client.get("/desk/people").status_code == 404


def test_a_closed_page_says_so_and_changes_nothing(client: FlaskClient) -> None:
    sign_in(client, make_account(Role.CASHIER))
    answer = client.get("/desk/people")
    assert answer.status_code == 403
    assert "什么都没有改动" in answer.text


def test_every_entry_of_the_bar_has_a_row(app: Flask) -> None:
    assert {item.endpoint for item in ITEMS} <= set(ACCESS)


def test_a_notice_leads_to_its_case_only_for_who_may_open_it(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    for role, leads in ((Role.VERIFIER, True), (Role.CASHIER, False)):
        account = make_account(role)
        tell_staff(account.id, NoticeKind.CASE_ASSIGNED, reference="AY-2026-400001", at=NOON)
        sign_in(client, account)
        page = client.get("/desk/").text
        assert "AY-2026-400001" in page
        assert ('href="/desk/cases/AY-2026-400001"' in page) is leads


def test_every_page_that_a_notice_leads_to_exists(app: Flask) -> None:
    for endpoint, argument in NOTICE_PAGES.values():
        rules = list(app.url_map.iter_rules(endpoint))
        assert rules, endpoint
        shown = {"q", "named", "report"} | ({"number"} if endpoint == "desk.lost_code" else set())
        assert argument in rules[0].arguments | shown, endpoint  # what a list shows


def test_nobody_reads_the_notices_of_another(client: FlaskClient, session: Session) -> None:
    other, own = make_account(Role.VERIFIER), make_account(Role.VERIFIER)
    tell_staff(other.id, NoticeKind.CASE_ASSIGNED, reference="AY-2026-400001", at=NOON)
    sign_in(client, own)
    assert "AY-2026-400001" not in client.get("/desk/").text


def test_reading_leaves_what_came_later_new(client: FlaskClient, session: Session) -> None:
    account = make_account(Role.VERIFIER)
    first = tell_staff(account.id, NoticeKind.CASE_ASSIGNED, reference="AY-2026-400001", at=NOON)
    session.flush()
    later = tell_staff(account.id, NoticeKind.CASE_ASSIGNED, reference="AY-2026-400002", at=NOON)
    strange = tell_staff(make_account().id, NoticeKind.CASE_ASSIGNED, reference="AY-2026-4", at=NOON)
    sign_in(client, account)
    form = {"csrf_token": csrf_of(client, "/desk/"), "up_to": first.id}
    assert client.post("/desk/notices/read", data=form).status_code == 302
    for notice in (first, later, strange):
        session.refresh(notice)
    assert (first.read_at is None, later.read_at, strange.read_at) == (False, None, None)


def test_who_is_there_and_what_he_may_is_asked_in_two_queries(app: Flask, session: Session) -> None:
    """Every click of everybody pays for these, with roles, declared ties and somebody who is away."""
    account, away = make_account(Role.INTAKE_OFFICER, Role.SUPERVISOR), make_account(Role.SUPERVISOR)
    actor, now = SignedIn(account, "").actor, clock.now()
    ties.declare(TieKind.FIRM, "安禾家具有限公司", actor, now)
    today = clock.city_date(now)
    absence = {"since": today, "until": today, "declared_at": now}
    session.add(Absence(person_id=away.person_id, deputy_id=account.person_id, **absence))
    token = sessions.start(account, now).token
    session.commit()
    session.expunge_all()
    with counted() as statements:
        found = sessions.find(token, now)
        assert found is not None
        assert found.actor.may(Permission.CASE_EXTEND)
    assert (found.ties, found.stands_in_for) == (("安禾家具有限公司",), {away.person_id})
    assert len(statements) == 2
    # Closed by whatever way, also one that did not end the session.
    found.account.active = False
    assert sessions.find(token, now) is None


def test_the_number_of_queries_does_not_grow_with_the_staff(client: FlaskClient, session: Session) -> None:
    sign_in(client, make_account(Role.ADMINISTRATOR))
    with clock.frozen(clock.now() + timedelta(seconds=1)):
        few = _queries(client, session)
        for _ in range(40):
            make_account(Role.VERIFIER)
        assert _queries(client, session) == few


def _queries(client: FlaskClient, session: Session) -> int:
    seen: list[str] = []
    connection = session.connection()

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    event.listen(connection, "before_cursor_execute", note)
    try:
        assert client.get("/desk/people").status_code == 200
    finally:
        event.remove(connection, "before_cursor_execute", note)
    return len([statement for statement in seen if "SAVEPOINT" not in statement])
