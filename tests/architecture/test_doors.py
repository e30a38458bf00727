"""Every door has a row in one table: if these fail, a page stands open that nobody meant to open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.routing import IntegerConverter, Rule

from portal.admin.access import ACCESS, Door
from portal.database import Base
from portal.extensions import csrf
from portal.factory import HEADERS
from portal.fields import KeyConverter
from portal.people.permissions import TABLE, Permission, Role
from tests.fixtures.records import make_account, sign_in
from tests.fixtures.staff import csrf_of

TEMPLATES = Path(__file__).parent.parent.parent / "templates"
PAGES = sorted(TEMPLATES.rglob("*.html"))
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
NOWHERE = "987654321"
# Views that compare the token themselves, so that an old form keeps what was typed into it.
OWN_LOOK = {
    "public.report",
    "public.claim",
    "public.track",
    "public.track_report",
    "public.track_files",
    "public.track_leave",
    "public.track_withdraw",
    "public.track_code",
    "public.track_alerts",
    "public.track_name",
    "public.track_erase",
    # No cookie opens an upload: each request carries a sealed token in a header that no form can send.
    "public.uploads",
    "public.upload",
}
ENTRANCES = frozenset({"desk.login", "desk.login_passkey", "desk.invitation"})
# Drawings of icons are literals of this very file; nothing typed by anybody comes near them.
MARKED_SAFE = {"_macros/icon.html"}


def name_of(path: Path) -> str:
    return path.relative_to(TEMPLATES).as_posix()


def rules(app: Flask) -> Iterator[Rule]:
    yield from app.url_map.iter_rules()


def address(app: Flask, rule: Rule) -> str:
    """An address of the rule, with objects that do not exist."""
    values = {name: _value(rule, name) for name in rule.arguments}
    with app.test_request_context():
        built = app.url_map.bind("localhost").build(rule.endpoint, values)
    return str(built)


def _value(rule: Rule, name: str) -> str:
    converter = rule._converters[name]
    if hasattr(converter, "items"):
        return str(sorted(converter.items)[0])
    return NOWHERE


def permission_of(endpoint: str) -> Permission | None:
    rule = ACCESS[endpoint]
    return rule if isinstance(rule, Permission) else None


def holds(role: Role, endpoint: str) -> bool:
    permission = permission_of(endpoint)
    return permission is None or role in TABLE[permission]


def desk_rules(app: Flask, *, method: str) -> list[Rule]:
    return [
        rule
        for rule in rules(app)
        if method in (rule.methods or ()) and ACCESS[rule.endpoint] is not Door.PUBLIC
    ]


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    assert {rule.endpoint for rule in rules(app)} == set(ACCESS)


def test_every_address_of_the_desk_asks_who_is_there(app: Flask) -> None:
    """Only log-in and one-time links are open under /desk; citizens' pages and both faces' own elsewhere."""
    for rule in rules(app):
        if rule.rule.startswith("/desk") and rule.endpoint not in ENTRANCES:
            assert ACCESS[rule.endpoint] is not Door.PUBLIC, rule
        if ACCESS[rule.endpoint] is Door.PUBLIC:
            assert rule.endpoint.split(".")[0] in {"static", "site", "public"} or rule.endpoint in ENTRANCES


def test_every_permission_opens_something_or_is_asked_for_by_a_verb() -> None:
    used = {rule for rule in ACCESS.values() if isinstance(rule, Permission)}
    by_verbs = {Permission.NOTICE_READ}
    assert set(Permission) - used - by_verbs == set()


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_exactly_its_pages(app: Flask, client: FlaskClient, role: Role) -> None:
    sign_in(client, make_account(role))
    for rule in desk_rules(app, method="GET"):
        if rule.arguments:
            continue
        answer = client.get(rule.rule)
        expected = {200, 302} if holds(role, rule.endpoint) else {403}
        assert answer.status_code in expected, (role, rule.rule, answer.status_code)


@pytest.mark.parametrize("role", list(Role))
def test_what_does_not_exist_is_not_found_where_the_role_may_look_and_closed_elsewhere(
    app: Flask, client: FlaskClient, role: Role
) -> None:
    sign_in(client, make_account(role))
    for rule in desk_rules(app, method="GET"):
        if rule.arguments:
            answer = client.get(address(app, rule))
            expected = 404 if holds(role, rule.endpoint) else 403
            assert answer.status_code == expected, (role, rule.rule, answer.status_code)


# A number of more than 64 bits, a sign that PostgreSQL cannot hold, and the ends of the calendar.
STRANGE = {
    **dict.fromkeys(("after", "at", "before", "district", "from", "of", "with", "year"), str(2**63)),
    **dict.fromkeys(("action", "case", "named", "number", "person", "q"), "a\0b"),
    **{"since": "0001-01-01", "until": "9999-12-31", "week": "9999-12-31"},
}


def test_reading_changes_nothing_and_what_no_row_is_called_is_no_error(app: Flask, session: Session) -> None:
    """Each of these broke pages on one of the two databases, and a broken page is an alarm for somebody."""
    browsers = {role: app.test_client() for role in Role}
    for role, browser in browsers.items():
        sign_in(browser, make_account(role))
    before = counts(session)
    for rule in desk_rules(app, method="GET"):
        numbers = [one for one in rule._converters.values() if isinstance(one, IntegerConverter)]
        assert all(isinstance(one, KeyConverter) for one in numbers), rule.rule
        browser = next(browsers[role] for role in Role if holds(role, rule.endpoint))
        if not rule.arguments:
            assert browser.get(rule.rule, query_string=STRANGE).status_code < 500, rule.rule
    assert counts(session) == before
    administrator = browsers[Role.ADMINISTRATOR]
    for path in (f"/desk/people/{2**63}", f"/desk/people/{'9' * 40}", "/desk/cases/%00", "/desk/%00"):
        assert administrator.get(path).status_code == 404, path
    stranger = app.test_client()
    form = {"username": "li\0na", "password": "a\0b", "code": "1\0", "csrf_token": csrf_of(stranger)}
    assert stranger.post("/desk/login", data=form).status_code == 422


@pytest.mark.parametrize("role", list(Role))
def test_no_role_takes_a_step_that_is_not_its_own(app: Flask, client: FlaskClient, role: Role) -> None:
    sign_in(client, make_account(role))
    token = csrf_of(client, "/desk/account")
    for rule in desk_rules(app, method="POST"):
        if not holds(role, rule.endpoint):
            answer = client.post(address(app, rule), data={"csrf_token": token})
            assert answer.status_code == 403, (role, rule.rule, answer.status_code)


def test_a_stranger_is_sent_to_log_in_from_every_door(app: Flask, client: FlaskClient) -> None:
    token = csrf_of(client)
    for method in ("GET", "POST"):
        for rule in desk_rules(app, method=method):
            answer = client.open(address(app, rule), method=method, data={"csrf_token": token})
            assert (answer.status_code, answer.location) == (302, "/desk/login"), (method, rule.rule)


def test_an_account_without_a_role_opens_its_own_pages_only(app: Flask, client: FlaskClient) -> None:
    sign_in(client, make_account())
    for rule in desk_rules(app, method="GET"):
        if permission_of(rule.endpoint):
            assert client.get(address(app, rule)).status_code == 403, rule.rule


def is_exempt(app: Flask, endpoint: str) -> bool:
    view = app.view_functions[endpoint]
    return f"{view.__module__}.{view.__name__}" in csrf._exempt_views


def counts(session: Session) -> dict[str, int]:
    """How many rows each table has."""
    tables = Base.metadata.sorted_tables
    return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def test_nothing_changes_without_the_token_of_a_form(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    sign_in(client, make_account(Role.ADMINISTRATOR))
    foreign = csrf_of(app.test_client())
    before = counts(session)
    for rule in rules(app):
        for method in sorted((rule.methods or set()) & CHANGING):
            for form in ({}, {"csrf_token": "x"}, {"csrf_token": foreign}):
                answer = client.open(address(app, rule), method=method, data=form)
                if is_exempt(app, rule.endpoint):
                    assert answer.status_code < 500, rule.rule
                else:
                    assert answer.status_code == 400, (method, rule.rule, answer.status_code)
    assert counts(session) == before


def test_only_citizens_pages_look_at_the_token_themselves(app: Flask) -> None:
    """They do so to keep what was typed; on the desk the extension alone decides."""
    for endpoint in app.view_functions:
        assert endpoint in OWN_LOOK or not is_exempt(app, endpoint), endpoint


def plain(page: str) -> str:
    """A page without what differs at each request: its mark and its token."""
    page = re.sub(r'translate="no">[0-9a-f]{8}<', "", page)
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


def test_an_unknown_address_tells_nobody_anything(app: Flask, client: FlaskClient) -> None:
    stranger = client.get("/desk/there-is-nothing")
    assert stranger.status_code == 404
    for role in Role:
        signed = app.test_client()
        sign_in(signed, make_account(role))
        answer = signed.get("/desk/there-is-nothing")
        assert answer.status_code == 404
        assert plain(answer.text) == plain(stranger.text)


@pytest.mark.parametrize(
    "path", ["/", "/desk/login", "/desk/", "/nothing", "/desk/nothing", "/readyz", "/static/css/theme.css"]
)
def test_every_answer_carries_the_protecting_headers(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    answer.close()
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    if not path.startswith("/static"):
        assert "no-store" in answer.headers["Cache-Control"]


def test_refused_answers_carry_them_too(client: FlaskClient) -> None:
    answers = [
        client.post("/desk/login"),
        client.post("/desk/login", headers={"Origin": "https://evil.example"}),
        client.post("/desk/login", data={"username": "x" * 2**22}),
        client.get("/desk/cases/AY-2026-1"),
        client.get("/static/nothing.css"),
        client.get("/static/css/theme.css", headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}),
        client.get("/static/css/theme.css", headers={"Range": "bytes=99999999-"}),
        client.options("/uploads"),
        client.patch("/uploads/nothing", headers={"Tus-Resumable": "1.0.0"}),
        client.put("/desk/"),
    ]
    sign_in(client, make_account(Role.CASHIER))
    answers.append(client.get("/desk/people"))
    assert {one.status_code for one in answers} == {204, 302, 304, 400, 403, 404, 405, 413, 416}
    for answer in answers:
        answer.close()
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (answer.request.path, name)
        assert answer.status_code == 304 or "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_template_is_a_page_a_base_or_a_part(path: Path) -> None:
    text = path.read_text()
    stands_alone = name_of(path) in {"base.html", "demo/outside.html"}
    is_part = path.name.startswith("_") or path.parent.name == "_macros"
    assert is_part or stands_alone or "{% extends " in text


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_no_template_trusts_what_was_typed(path: Path) -> None:
    text = path.read_text()
    if name_of(path) not in MARKED_SAFE:
        assert not re.search(r"\|\s*safe\b", text)
    assert "autoescape" not in text
    assert "render_template_string" not in text


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_no_template_needs_what_the_content_policy_refuses(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert "javascript:" not in text
    assert "data:" not in re.sub(r"[\w-]+-data:|application/\S+", "", text)
