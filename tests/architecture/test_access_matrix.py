"""If these fail, a role reaches more than was reviewed, or learns of a case that is not within its reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from portal.access_matrix import matrix
from portal.admin.access import ACCESS, Door
from portal.cases.models import Case
from portal.cases.steps import CaseStatus
from portal.people.models import Account
from portal.people.permissions import Role
from tests.fixtures.evidence import make_evidence
from tests.fixtures.records import (
    make_account,
    make_case,
    make_department,
    make_district,
    make_report,
    sign_in,
)
from tests.fixtures.staff import csrf_of

REVIEWED = Path(__file__).parents[2] / "docs" / "access-matrix.md"
SCOPED = (Role.INTAKE_OFFICER, Role.VERIFIER, Role.SUPERVISOR)
ABSENT = {"number": "AY-2026-999999", "uuid": "0" * 32, "report": "AY-2026-999998"}


def test_the_reviewed_matrix_is_what_the_tables_say(app: Flask) -> None:
    """After a wanted change: python -m portal.access_matrix > docs/access-matrix.md"""
    assert REVIEWED.read_text(encoding="utf-8") == matrix(app)


@pytest.fixture
def far(app: Flask, session: Session) -> dict[str, object]:
    """A case with a report and a file, in another department and district than whoever looks."""
    case = make_case(
        status=CaseStatus.VERIFYING,
        department=make_department("gas", "燃气"),
        district=make_district("far", "远区"),
        subject="恒昌化工有限公司",
    )
    report = make_report(case, narrative="夜里在锁着的车间里焊接")
    evidence = make_evidence(app, report)
    session.commit()
    return {"number": case.number, "uuid": evidence.uuid, "report": report.number, "case": case}


def near(role: Role) -> Account:
    return make_account(
        role, department=make_department("fire_brigade", "消防"), district=make_district("near", "近区")
    )


def of_objects(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every route of the desk that names a case or a file, with each of its methods."""
    for rule in app.url_map.iter_rules():
        named = rule.rule.startswith(("/desk/cases/<number>", "/desk/evidence/<uuid>"))
        if named and ACCESS[rule.endpoint] is not Door.PUBLIC:
            yield from ((rule, method) for method in sorted(set(rule.methods or ()) & {"GET", "POST"}))


def address(app: Flask, rule: Rule, objects: dict[str, object]) -> str:
    values = {name: objects.get(name, 1) for name in rule.arguments}
    if rule.endpoint in {"desk.evidence_page", "desk.evidence_redacted"}:
        values = {name: objects["uuid"] if name == "uuid" else 1 for name in rule.arguments}
    with app.test_request_context():
        return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def plain(page: str, objects: dict[str, object]) -> str:
    """A page without its mark, its token, and the address that was asked for."""
    page = re.sub(r'translate="no">[0-9a-f]{8}<', "", page)
    page = re.sub(r'name="csrf_token" value="[^"]*"', "", page)
    for value in objects.values():
        page = page.replace(str(value), "")
    return page


@pytest.mark.parametrize("role", SCOPED)
def test_what_is_out_of_reach_is_what_does_not_exist(
    app: Flask, client: FlaskClient, far: dict[str, object], role: Role
) -> None:
    sign_in(client, near(role))
    token = csrf_of(client, "/desk/account")
    there = {key: value for key, value in far.items() if key != "case"}
    tried = 0
    for rule, method in of_objects(app):
        answers = [
            client.open(address(app, rule, objects), method=method, data={"csrf_token": token, "action": "x"})
            for objects in (there, ABSENT)
        ]
        assert answers[0].status_code == answers[1].status_code, (method, rule.rule)
        assert answers[0].status_code in {403, 404}, (method, rule.rule, answers[0].status_code)
        assert plain(answers[0].text, there) == plain(answers[1].text, ABSENT), (method, rule.rule)
        tried += 1
    assert tried > 40


@pytest.mark.parametrize("role", SCOPED)
def test_no_list_count_or_search_knows_of_it(client: FlaskClient, far: dict[str, object], role: Role) -> None:
    sign_in(client, near(role))
    case = far["case"]
    assert isinstance(case, Case)
    for path in (
        "/desk/",
        "/desk/cases",
        "/desk/cases?view=all",
        f"/desk/cases?q={case.number}",
        "/desk/cases?q=恒昌",
        "/desk/cases?view=mine",
    ):
        page = client.get(path).text.replace(f'value="{case.number}"', "").replace('value="恒昌"', "")
        assert case.subject_name not in page, path
        assert f"/desk/cases/{case.number}" not in page, path


@pytest.mark.parametrize("role", [role for role in Role if role not in SCOPED])
def test_nobody_else_reads_a_case_at_all(
    app: Flask, client: FlaskClient, far: dict[str, object], role: Role
) -> None:
    """Administrators, finance, cashiers and auditors among them."""
    sign_in(client, make_account(role))
    there = {key: value for key, value in far.items() if key != "case"}
    for rule, method in of_objects(app):
        if method == "GET":
            page = client.get(address(app, rule, there))
            if (role, rule.endpoint) == (Role.AUDITOR, "desk.case_hold"):
                # Holding a case is not reading it: its number, and why it is held.
                assert str(cast(Case, far["case"]).subject_name) not in page.text
                continue
            assert page.status_code == 403, rule.rule


def test_fields_that_a_form_does_not_have_change_nothing(client: FlaskClient, session: Session) -> None:
    district = make_district("near", "近区")
    account = make_account(Role.INTAKE_OFFICER, district=district)
    case = make_case(district=district)
    make_report(case)
    session.commit()
    sign_in(client, account)
    path = f"/desk/cases/{case.number}/accept"
    page = client.get(path).text
    form = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
    form |= {name: value for name, value in re.findall(r'name="([a-z_]+)"[^>]*value="([^"]*)"', page)}
    form |= {
        "sector": case.sector,
        "subject_name": case.subject_name,
        "address": case.address,
        "district": str(district.id),
        "status": "closed",
        "is_open": "",
        "officer_id": str(account.person_id),
        "number": "AY-2026-000001",
        "role": "administrator",
        "roles": "administrator",
        "amount_fen": "1",
        "conclusion": "true",
        "opened_at": "2020-01-01",
    }
    before = (case.number, case.officer_id, case.opened_at, case.conclusion)
    client.post(path, data=form)
    session.refresh(case)
    session.refresh(account)
    assert case.status in {CaseStatus.RECEIVED, CaseStatus.ACCEPTED}
    assert (case.number, case.officer_id, case.opened_at, case.conclusion) == before
    assert account.roles == {Role.INTAKE_OFFICER}
