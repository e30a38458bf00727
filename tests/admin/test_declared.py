"""What the rule asks the verifier: if these fail, a rule cannot be fed, or pays what it never said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.cases.models import Case
from portal.cases.steps import CaseStatus
from portal.clock import city_date
from portal.database import db
from portal.reports.models import RealName
from portal.rewards import rulebook
from portal.rewards.facts import compute_case
from portal.rewards.live import live_award
from portal.rewards.recomputation import recompute_all
from portal.rewards.rule_files import FOLDER
from portal.rewards.rule_models import FindingFact
from tests.admin.test_verification import Desk, visit
from tests.cases.office import AT, Office
from tests.fixtures.desk import counted
from tests.fixtures.records import make_report
from tests.rewards.test_rule_versions import Office as RuleOffice

NOW = AT + timedelta(days=1)
TONGZHOU = (FOLDER / "beijing-tongzhou-2020.toml").read_text(encoding="utf-8")
ILLEGAL = {"kind": "illegal_act", "description": "无证储存危险化学品"}


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def office(app: Flask) -> Office:
    made = Office()
    RuleOffice().in_force(TONGZHOU, city_date(NOW), ("hazchem",))
    return made


def hazchem(office: Office) -> Case:
    """A case of dangerous chemicals that was accepted today, with a report under a real name."""
    case = office.case(CaseStatus.VERIFYING)
    case.sector, case.accepted_at = "hazchem", NOW
    make_report(case, real_name=RealName.CONFIRMED)
    db.session.commit()
    return case


def kept() -> dict[str, str]:
    return {row.fact_id: row.value for row in db.session.scalars(select(FindingFact))}


def test_the_finding_form_asks_what_the_rule_of_the_trade_needs(client: FlaskClient, office: Office) -> None:
    desk = Desk(client, office, hazchem(office))
    page = desk.get("findings/new").text
    for words in ("查获的物品", "危险化学品数量", "公斤", "燃气钢瓶"):
        assert words in page
    case = office.case(CaseStatus.VERIFYING)
    assert "危险化学品数量" not in Desk(client, office, case).get("findings/new").text


def test_answers_are_kept_with_who_gave_them_and_pay_the_tier(client: FlaskClient, office: Office) -> None:
    """300 kg of chemicals earn 10,000 yuan by the rule of Tongzhou, once the check is concluded."""
    case = hazchem(office)
    desk = Desk(client, office, case)
    typed = {"illegal_act-fact-goods": "chemicals", "illegal_act-fact-kilograms": "３００"}
    assert desk.send("findings/new", **ILLEGAL, **typed).status_code == 302
    assert kept() == {"goods": "chemicals", "kilograms": "300"}
    assert {row.confirmed_by for row in db.session.scalars(select(FindingFact))} == {office.person().id}
    page = desk.get().text
    assert "10,000.00" in page
    assert "北京市通州区" in page
    assert live_award(case.id) is None
    desk.send("site-checks/new", **visit(office))
    assert desk.send("conclude", conclusion="true", note="已查封").status_code == 302
    award = live_award(case.id)
    assert award is not None
    assert (award.amount_fen, award.rule_id, award.rule_version) == (1_000_000, "beijing-tongzhou-2020", "1")
    assert recompute_all().different == 0


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"kilograms": "很多"}, "这不是数字"),
        ({"kilograms": "9999999"}, "公斤"),
        ({"kilograms": "1.2345"}, "最多 3 位"),
        ({"goods": "nonsense"}, "请从列表中选择"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_field_and_stays(
    client: FlaskClient, office: Office, typed: dict[str, str], sentence: str
) -> None:
    case = hazchem(office)
    desk = Desk(client, office, case)
    fields = {f"illegal_act-fact-{name}": text for name, text in typed.items()}
    answer = desk.send("findings/new", **ILLEGAL, **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert ILLEGAL["description"] in answer.text
    for text in typed.values():
        if text != "nonsense":
            assert f'value="{text}"' in answer.text
    assert kept() == {}


def test_answers_can_follow_later_on_a_page_of_their_own(client: FlaskClient, office: Office) -> None:
    case = hazchem(office)
    desk = Desk(client, office, case)
    desk.send("findings/new", **ILLEGAL)
    (finding,) = compute_case(case, {}).findings
    at = f"findings/{finding.id}/facts"
    name = f"f{finding.id}-fact-"
    answered = desk.send(at, **{f"{name}goods": "chemicals", f"{name}kilograms": "1000"})
    assert answered.status_code == 302
    assert "30,000.00" in desk.get().text
    desk.send(at, **{f"{name}goods": "chemicals", f"{name}kilograms": ""})
    assert kept() == {"goods": "chemicals"}


def test_figures_are_tried_without_being_kept(client: FlaskClient, office: Office) -> None:
    """Without script the same button shows the same computation."""
    case = hazchem(office)
    desk = Desk(client, office, case)
    desk.send("findings/new", **ILLEGAL)
    (finding,) = compute_case(case, {}).findings
    name = f"f{finding.id}-fact-"
    fields = desk.fields(f"findings/{finding.id}/facts")
    tried = client.post(
        desk.url("award/try"), data={**fields, f"{name}goods": "gas_bottles", f"{name}bottles": "12"}
    )
    assert tried.status_code == 200
    assert "5,000.00" in tried.text
    assert kept() == {}


def test_a_later_version_changes_no_case_that_is_open(client: FlaskClient, office: Office) -> None:
    case = hazchem(office)
    desk = Desk(client, office, case)
    typed = {"illegal_act-fact-goods": "chemicals", "illegal_act-fact-kilograms": "300"}
    desk.send("findings/new", **ILLEGAL, **typed)
    later = TONGZHOU.replace("version             = 1", "version             = 2").replace("10000", "12000")
    RuleOffice().in_force(later, city_date(NOW) + timedelta(days=1), ("hazchem",))
    with clock.frozen(NOW + timedelta(days=30)):
        assert compute_case(case, {}).outcome.amount_fen == 1_000_000
        case.accepted_at = NOW + timedelta(days=2)
        assert compute_case(case, {}).outcome.amount_fen == 1_200_000


def test_the_case_page_asks_the_database_as_often_whatever_it_holds(
    client: FlaskClient, office: Office
) -> None:
    counts = []
    for findings in (1, 4):
        case = hazchem(office)
        desk = Desk(client, office, case)
        for number in range(findings):
            typed = {"illegal_act-fact-goods": "chemicals", "illegal_act-fact-kilograms": str(100 + number)}
            desk.send("findings/new", **ILLEGAL, **typed)
        desk.get()
        with counted() as statements:
            desk.get()
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert rulebook.in_force(city_date(NOW))
