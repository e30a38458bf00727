"""The pages of a verification: if these fail, a check is lost, or somebody records what is not theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from werkzeug.test import TestResponse

from portal import clock
from portal.admin.access import ACCESS
from portal.admin.verification import panel
from portal.cases import findings
from portal.cases.models import Case, Finding, Penalty, PenaltyState, SiteCheck
from portal.cases.steps import CaseStatus, Conclusion, RectificationAction, RectificationStatus
from portal.database import db
from portal.people.models import RoleGrant
from portal.people.permissions import Permission, Role
from portal.rewards import awards, fund
from portal.rewards.live import live_award
from portal.rewards.models import Award
from portal.rewards.steps import AwardStatus
from tests.cases.office import AT, Office, events_of, penalty
from tests.fixtures.records import sign_in

NOW = AT + timedelta(days=1)
ENDPOINTS = (
    ("POST", "undertake"),
    ("GET", "site-checks/new"),
    ("GET", "findings/new"),
    ("GET", "findings/{finding}"),
    ("GET", "findings/{finding}/remove"),
    ("GET", "findings/{finding}/penalties"),
    ("GET", "findings/{finding}/no-penalty"),
    ("GET", "findings/{finding}/rectification"),
    ("GET", "findings/{finding}/rectification/start"),
    ("GET", "conclude"),
    ("GET", "answer"),
)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    """A day after the records were made."""
    with clock.frozen(NOW):
        yield


@pytest.fixture
def office(app: Flask) -> Office:
    """The office that verifies."""
    return Office()


class Desk:
    """A browser in which somebody of the office is signed in, on the pages of one case."""

    def __init__(self, client: FlaskClient, office: Office, case: Case, who: str = "verifier") -> None:
        self.client, self.case = client, case
        sign_in(client, office.accounts[who])

    def url(self, path: str = "") -> str:
        return f"/desk/cases/{self.case.number}" + (f"/{path}" if path else "")

    def get(self, path: str = "") -> TestResponse:
        return self.client.get(self.url(path))

    def fields(self, path: str) -> dict[str, str]:
        """What a browser would send of the page's form without a change, hidden fields first."""
        page = self.get(path).text
        hidden = re.findall(r'<input[^>]*name="(csrf_token|version|seen)"[^>]*value="([^"]*)"', page)
        return dict(hidden)

    def send(self, path: str, **typed: str) -> TestResponse:
        answer = self.client.post(self.url(path), data={**self.fields(path), **typed})
        db.session.expire_all()
        return answer


def visit(office: Office, **changed: str) -> dict[str, str]:
    given = {
        "checked_on": "2026-11-09",
        "officer_one": str(office.person().id),
        "certificate_one": office.person().certificate_number,
        "officer_two": str(office.person("colleague").id),
        "certificate_two": "",
        "found": "东侧安全出口被木料堵塞。",
    }
    return {**given, **changed}


def part(index: int = 0, /, **changed: str) -> dict[str, str]:
    given = {
        "decision_number": "安应急罚〔2026〕118 号",
        "decided_on": "2026-11-09",
        "part": "firm",
        "amount": "１００，０００．００",
    }
    return {f"row{index}-{name}": text for name, text in {**given, **changed}.items()}


FIVE_POINTS = {
    "responsible": "厂长王某",
    "measures": "清空通道",
    "funds": "自筹 5,000 元",
    "deadline": "2026-11-20",
    "contingency": "停用二楼",
}


def test_from_undertaking_to_the_answer_on_the_pages(client: FlaskClient, office: Office) -> None:
    case = office.case(CaseStatus.ASSIGNED)
    desk = Desk(client, office, case)
    page = desk.get().text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    done = client.post(desk.url("undertake"), data={"csrf_token": token, "version": str(case.version)})
    assert done.status_code == 302
    assert desk.send("site-checks/new", **visit(office)).status_code == 302
    assert desk.send("findings/new", kind="major_hazard", description="出口上锁").status_code == 302
    (finding,) = findings.findings_of(case)
    at = f"findings/{finding.id}"
    second = part(1, decision_number="", decided_on="", part="person", amount="20000")
    assert desk.send(f"{at}/penalties", **part(), **second).status_code == 302
    assert desk.send(f"{at}/rectification", **FIVE_POINTS).status_code == 302
    assert desk.send("conclude", conclusion="true", note="已责令停产并处罚").status_code == 302
    draft = desk.get("answer").text
    assert "已责令停产并处罚" in draft
    assert desk.send("answer", answer="查实了，已处罚。").status_code == 302
    db.session.refresh(case)
    assert (case.status, case.conclusion, case.answer) == (
        CaseStatus.ANSWERED,
        Conclusion.TRUE,
        "查实了，已处罚。",
    )
    (finding,) = findings.findings_of(case)
    assert [(row.amount_fen, row.decision_number) for row in finding.penalties] == [
        (10_000_000, "安应急罚〔2026〕118 号"),
        (2_000_000, "安应急罚〔2026〕118 号"),
    ]
    award = live_award(case.id)
    assert award is not None
    assert award.amount_fen == 1_800_000
    assert "120,000.00" in desk.get().text


def test_every_page_of_a_verification_asks_for_the_verifiers_permission() -> None:
    names = {name for name, rule in ACCESS.items() if rule is Permission.CASE_VERIFY}
    assert names >= {
        "desk.undertake",
        "desk.site_check",
        "desk.finding_new",
        "desk.finding_change",
        "desk.finding_remove",
        "desk.penalty_new",
        "desk.penalty_change",
        "desk.penalty_remove",
        "desk.no_penalty",
        "desk.rectification_order",
        "desk.rectification_step",
        "desk.case_conclude",
        "desk.case_answer",
    }


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("supervisor", 403), ("finance", 403)])
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_outside_the_unit_a_case_does_not_exist_and_other_roles_are_refused(
    client: FlaskClient, office: Office, who: str, status: int, method: str, path: str
) -> None:
    case = office.case()
    finding = office.find(case)
    office.order(case, finding)
    desk = Desk(client, office, case, who)
    url = desk.url(path.format(finding=finding.id))
    if method == "GET":
        assert client.get(url).status_code == status
    token = client.get("/desk/account").text.split('name="csrf_token" value="')[1].split('"')[0]
    assert client.post(url, data={"csrf_token": token, "version": str(case.version)}).status_code == status


def test_who_reads_the_district_verifies_only_for_the_own_unit(client: FlaskClient, office: Office) -> None:
    case = office.case()
    office.accounts["stranger"].grants.append(RoleGrant(role=Role.INTAKE_OFFICER.value))
    desk = Desk(client, office, case, "stranger")
    page = desk.get()
    assert page.status_code == 200
    assert "site-checks/new" not in page.text
    assert desk.get("site-checks/new").status_code == 403


def test_a_form_that_somebody_overtook_keeps_what_was_typed_and_says_what_changed(
    client: FlaskClient, office: Office
) -> None:
    case = office.case()
    desk = Desk(client, office, case)
    old = desk.fields("findings/new")
    office.check(case)
    db.session.commit()
    answer = client.post(
        desk.url("findings/new"), data={**old, "kind": "illegal_act", "description": "无证电焊作业"}
    )
    assert answer.status_code == 409
    assert "无证电焊作业" in answer.text
    assert "赵建国" in answer.text or office.person().name in answer.text
    assert findings.findings_of(case) == []
    again = dict(re.findall(r'<input[^>]*name="(csrf_token|version|seen)"[^>]*value="([^"]*)"', answer.text))
    sent = client.post(
        desk.url("findings/new"), data={**again, "kind": "illegal_act", "description": "无证电焊作业"}
    )
    assert sent.status_code == 302


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"checked_on": "2026-11-12"}, "checked_on"),
        ({"checked_on": "2026-10-01"}, "checked_on"),
        ({"checked_on": "gestern"}, "checked_on"),
        ({"checked_on": "2026-02-30"}, "checked_on"),
        ({"officer_two": ""}, "officer_two"),
        ({"officer_two": "abc"}, "officer_two"),
        ({"officer_two": "99999999999999999999"}, "officer_two"),
        ({"found": " \x00 "}, "found"),
        ({"found": "长" * 4001}, "found"),
        ({"certificate_one": "号" * 41}, "certificate_one"),
    ],
)
def test_a_faulty_check_is_explained_at_its_field_and_nothing_is_lost(
    client: FlaskClient, office: Office, changed: dict[str, str], field: str
) -> None:
    case = office.case()
    desk = Desk(client, office, case)
    answer = desk.send("site-checks/new", **visit(office, **{"found": "看到的情况", **changed}))
    assert answer.status_code == 422
    assert f'id="{field}-e"' in answer.text
    assert f'href="#{field}"' in answer.text
    if "found" not in changed:
        assert "看到的情况" in answer.text
    assert db.session.scalar(select(func.count(SiteCheck.id)).where(SiteCheck.case_id == case.id)) == 0


def test_the_same_officer_twice_is_explained_at_the_second(client: FlaskClient, office: Office) -> None:
    desk = Desk(client, office, office.case())
    answer = desk.send("site-checks/new", **visit(office, officer_two=str(office.person().id)))
    assert answer.status_code == 422
    assert 'id="officer_two-e"' in answer.text


def test_the_one_who_records_is_prefilled_with_the_certificate_on_record(
    client: FlaskClient, office: Office
) -> None:
    page = Desk(client, office, office.case(), "colleague").get("site-checks/new").text
    assert f'selected value="{office.person("colleague").id}"' in page
    assert f'value="{office.person("colleague").certificate_number}"' in page
    assert 'value="2026-11-11"' in page


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount": ""}, "row0-amount"),
        ({"amount": "0"}, "row0-amount"),
        ({"amount": "-5"}, "row0-amount"),
        ({"amount": "1.234"}, "row0-amount"),
        ({"amount": "十万"}, "row0-amount"),
        ({"amount": "9" * 20}, "row0-amount"),
        ({"decision_number": ""}, "row0-decision_number"),
        ({"decided_on": "2026-11-30"}, "row0-decided_on"),
        ({"decided_on": ""}, "row0-decided_on"),
        ({"part": "cashier"}, "row0-part"),
    ],
)
def test_a_faulty_penalty_is_explained_at_its_field(
    client: FlaskClient, office: Office, changed: dict[str, str], field: str
) -> None:
    case = office.case()
    finding = office.find(case)
    desk = Desk(client, office, case)
    answer = desk.send(f"findings/{finding.id}/penalties", **part(**changed))
    assert answer.status_code == 422
    assert f'id="{field}-e"' in answer.text
    assert db.session.scalars(select(Penalty).where(Penalty.finding_id == finding.id)).all() == []


def test_a_fault_in_the_second_row_is_shown_there(client: FlaskClient, office: Office) -> None:
    case = office.case()
    finding = office.find(case)
    desk = Desk(client, office, case)
    rows = {**part(), **part(2, decided_on="2026-11-30", amount="7")}
    answer = desk.send(f"findings/{finding.id}/penalties", **rows)
    assert answer.status_code == 422
    assert 'id="row2-decided_on-e"' in answer.text
    assert "１００，０００．００" in answer.text


def test_a_corrected_penalty_revises_the_award_until_it_is_approved(
    client: FlaskClient, office: Office
) -> None:
    case = office.case()
    finding = office.find(case)
    desk = Desk(client, office, case)
    desk.send(f"findings/{finding.id}/penalties", **part())
    row = db.session.scalars(select(Penalty).where(Penalty.finding_id == finding.id)).one()
    assert desk.send(f"penalties/{row.id}", **part(amount="200,000")).status_code == 422
    assert desk.send(f"penalties/{row.id}", **part(amount="200,000"), reason="看错一位").status_code == 302
    award = live_award(case.id)
    assert award is not None
    assert award.amount_fen == 3_000_000
    assert events_of(case)[-1].action == "award_revise"
    _approve(award, office)
    assert desk.get(f"penalties/{row.id}").location == desk.url()
    assert f"penalties/{row.id}" not in desk.get().text


def _approve(award: Award, office: Office) -> None:
    """Approve by the shortest way that the database allows."""
    fund.add_budget(2026, 500_000_000, "test", office.actor("finance"), NOW)
    decision = awards.Decision(award.id, award.version, award.amount_fen)
    awards.approve(decision, office.actor("finance"), NOW, claim_days=60)
    db.session.commit()
    assert award.status is AwardStatus.APPROVED


def test_a_forged_correction_after_approval_is_refused(client: FlaskClient, office: Office) -> None:
    case = office.case()
    finding = office.find(case)
    desk = Desk(client, office, case)
    desk.send(f"findings/{finding.id}/penalties", **part())
    row = db.session.scalars(select(Penalty).where(Penalty.finding_id == finding.id)).one()
    form = desk.fields(f"penalties/{row.id}")
    award = live_award(case.id)
    assert award is not None
    _approve(award, office)
    answer = client.post(desk.url(f"penalties/{row.id}"), data={**form, **part(amount="1"), "reason": "再改"})
    assert answer.status_code == 409
    assert "再改" in answer.text
    db.session.refresh(row)
    assert row.amount_fen == 10_000_000


def test_no_penalty_needs_its_reason_and_shows_it(client: FlaskClient, office: Office) -> None:
    case = office.case()
    finding = office.find(case)
    desk = Desk(client, office, case)
    assert desk.send(f"findings/{finding.id}/no-penalty", reason=" ").status_code == 422
    assert desk.send(f"findings/{finding.id}/no-penalty", reason="首违不罚").status_code == 302
    assert "首违不罚" in desk.get().text
    fresh = findings.find_finding(case, finding.id)
    assert fresh.penalty_state is PenaltyState.NONE


def test_a_finding_changes_on_its_page(client: FlaskClient, office: Office) -> None:
    case = office.case()
    finding = office.find(case)
    desk = Desk(client, office, case)
    typed = {"kind": "concealed_accident", "description": "瞒报", "deaths": "３", "accident_class": ""}
    assert desk.send(f"findings/{finding.id}", **typed).status_code == 302
    assert findings.find_finding(case, finding.id).deaths_confirmed == 3
    page = desk.get().text
    assert "待确认" in page
    assert 'selected value="larger"' in desk.get(f"findings/{finding.id}").text
    for wrong in ({"deaths": "drei"}, {"deaths": "1000"}, {"kind": "fire"}, {"accident_class": "huge"}):
        assert desk.send(f"findings/{finding.id}", **{**typed, **wrong}).status_code == 422
    assert desk.send(f"findings/{finding.id}/remove", reason="记错了").status_code == 302
    assert db.session.get(Finding, finding.id) is None


def test_a_rectification_runs_to_its_end_on_the_pages(client: FlaskClient, office: Office) -> None:
    case = office.case()
    finding = office.find(case)
    desk = Desk(client, office, case)
    at = f"findings/{finding.id}/rectification"
    assert desk.send(at, **{**FIVE_POINTS, "funds": ""}).status_code == 422
    assert desk.send(at, **{**FIVE_POINTS, "deadline": "2026-11-01"}).status_code == 422
    assert desk.send(at, **FIVE_POINTS).status_code == 302
    assert desk.send(f"{at}/start").status_code == 302
    seen = {"inspected_at": "2026-11-11T10:00", "note": "门已打开"}
    assert desk.send(f"{at}/reinspect", **{**seen, "inspected_at": "2026-12-01T09:30"}).status_code == 422
    assert desk.send(f"{at}/reinspect", **{**seen, "inspected_at": "bald"}).status_code == 422
    early = {**seen, "inspected_at": "2026-11-11 09:59"}
    assert desk.send(f"{at}/reinspect", **early).status_code == 422
    assert desk.send(f"{at}/reinspect", **seen).status_code == 302
    assert desk.send(f"{at}/extend", deadline="2026-11-19", reason="等配件").status_code == 422
    assert desk.send(f"{at}/extend", deadline="2026-11-25", reason="等配件").status_code == 302
    assert desk.send(f"{at}/reinspect", **seen).status_code == 302
    assert desk.send(f"{at}/escalate", reason="拒不整改").status_code == 302
    assert desk.send(f"{at}/reinspect", **seen).status_code == 302
    assert desk.send(f"{at}/close").status_code == 302
    row = findings.find_finding(case, finding.id).rectification
    assert row is not None
    assert row.status is RectificationStatus.CLOSED
    assert row.reinspected_at is not None
    assert clock.in_city(row.reinspected_at).hour == 10


@pytest.mark.parametrize("action", RectificationAction)
def test_a_forged_step_out_of_order_changes_nothing(
    client: FlaskClient, office: Office, action: RectificationAction
) -> None:
    case = office.case()
    finding = office.find(case)
    office.order(case, finding)
    row = finding.rectification
    assert row is not None
    row.status = RectificationStatus.CLOSED
    row.reinspected_at = row.closed_at = NOW
    db.session.commit()
    desk = Desk(client, office, case)
    typed = {
        "reason": "x",
        "note": "x",
        "deadline": "2026-12-24",
        "inspected_at": "2026-11-11 09:30",
        **desk.fields("findings/new"),
    }
    answer = client.post(desk.url(f"findings/{finding.id}/rectification/{action.value}"), data=typed)
    assert answer.status_code == 409
    db.session.refresh(row)
    assert row.status is RectificationStatus.CLOSED


def test_an_unknown_step_and_a_finding_of_another_case_are_not_found(
    client: FlaskClient, office: Office
) -> None:
    case, other = office.case(), office.case()
    finding = office.find(other)
    office.fine(other, finding, penalty(), penalty(2))
    office.order(case, office.find(case))
    db.session.commit()
    desk = Desk(client, office, case)
    for path in (
        f"findings/{finding.id}",
        f"findings/{finding.id}/penalties",
        f"findings/{finding.id}/rectification/start",
        f"penalties/{finding.penalties[0].id}",
        f"penalties/{finding.penalties[0].id}/remove",
        "findings/999999999999999999",
        f"findings/{finding.id}/rectification/burn",
    ):
        assert desk.get(path).status_code == 404


def test_what_nobody_checked_is_not_concluded_as_true(client: FlaskClient, office: Office) -> None:
    case = office.case()
    desk = Desk(client, office, case)
    answer = desk.send("conclude", conclusion="true", note="停产整顿")
    assert answer.status_code == 422
    assert 'id="conclusion-e"' in answer.text
    assert "停产整顿" in answer.text
    assert desk.send("conclude", conclusion="", note="停产整顿").status_code == 422
    assert desk.send("conclude", conclusion="perhaps", note="停产整顿").status_code == 422
    assert desk.send("conclude", conclusion="false", note="现场未见异常").status_code == 302


def test_a_page_whose_step_is_over_leads_back_to_the_case(client: FlaskClient, office: Office) -> None:
    case = office.case(CaseStatus.ANSWERED)
    desk = Desk(client, office, case)
    for path in ("site-checks/new", "findings/new", "conclude", "answer"):
        answer = desk.get(path)
        assert answer.status_code == 302
        assert answer.location == desk.url()


def test_a_form_without_its_token_is_refused(client: FlaskClient, office: Office) -> None:
    case = office.case(CaseStatus.ASSIGNED)
    desk = Desk(client, office, case)
    answer = client.post(desk.url("undertake"), data={"version": str(case.version)})
    assert answer.status_code == 400
    db.session.refresh(case)
    assert case.status is CaseStatus.ASSIGNED


def test_an_undertaking_that_somebody_overtook_says_so(client: FlaskClient, office: Office) -> None:
    case = office.case(CaseStatus.ASSIGNED)
    desk = Desk(client, office, case)
    token = desk.get().text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(
        desk.url("undertake"), data={"csrf_token": token, "version": "0"}, follow_redirects=True
    )
    assert "有人改动了" in answer.text or "改动" in answer.text
    db.session.refresh(case)
    assert case.status is CaseStatus.ASSIGNED


def test_the_panel_asks_the_database_no_more_for_more_findings(app: Flask, office: Office) -> None:
    """A big case must not slow the desk."""
    counts = []
    for extra in (1, 6):
        case = office.case()
        for _ in range(extra):
            office.check(case)
            finding = office.fine(case, office.find(case), penalty(), penalty(3))
            office.order(case, finding)
        db.session.commit()
        db.session.expire_all()
        fresh = db.session.get_one(Case, case.id)
        statements: list[str] = []

        def listen(*args: Any, into: list[str] = statements) -> None:
            into.append(args[2])

        engine = db.session.connection().engine
        event.listen(engine, "before_cursor_execute", listen)
        panel(fresh, office.actor())
        event.remove(engine, "before_cursor_execute", listen)
        counts.append(len(statements))
    assert counts[0] == counts[1]
