"""The case page: all that was told and done, never who told it; and only within reach."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.audit.events import record
from portal.audit.models import Event
from portal.cases.models import Case
from portal.cases.steps import CaseStatus
from portal.database import db
from portal.evidence.models import CleanState, Evidence
from portal.notices.models import Notice
from portal.people.actor import SYSTEM
from portal.people.models import Account
from portal.people.permissions import Role
from portal.reports import conversation
from portal.reports.models import RealName, Report
from portal.vault.fields import keep_fields
from portal.vault.groups import FieldGroup
from tests.fixtures.desk import counted, hidden, submit
from tests.fixtures.records import (
    WHEN,
    make_account,
    make_case,
    make_department,
    make_district,
    make_report,
    sign_in,
)

TELEPHONE = "13800138000"


@pytest.fixture
def intake(app: Flask, client: FlaskClient) -> Account:
    account = make_account(Role.INTAKE_OFFICER, name="李敏", district=make_district())
    sign_in(client, account)
    return account


def _case_of(report: Report) -> Case:
    return db.session.get_one(Case, report.case_id)


def _seal_contact(app: Flask, report: Report) -> None:
    fields = {"telephone": TELEPHONE, "email": ""}
    keep_fields(app.extensions["portal_keyring"], report.id, report.uuid, FieldGroup.CONTACT, fields, WHEN)
    db.session.flush()


def _evidence(
    app: Flask, report: Report, state: CleanState = CleanState.CLEAN, kind: str = "image/png"
) -> Evidence:
    stored = app.extensions["portal_store"].put(io.BytesIO(b"clean " + uuid.uuid4().bytes))
    item = Evidence(
        uuid=uuid.uuid4().hex,
        report_id=report.id,
        position=1,
        media_type=kind,
        size=stored.size,
        digest=stored.digest,
        clean_state=state,
        clean_digest=stored.digest,
        clean_type=kind,
        thumb_digest=stored.digest if kind.startswith("image/") else "",
        received_at=WHEN,
    )
    db.session.add(item)
    db.session.flush()
    return item


def test_reports_stand_in_order_of_receipt_with_their_conversation(
    client: FlaskClient, intake: Account
) -> None:
    """Otherwise the award goes to whoever happens to stand first on the page."""
    case = make_case()
    second = make_report(case, received_at=WHEN + timedelta(hours=5), narrative="第二个人说的话。")
    first = make_report(case, received_at=WHEN, narrative="第一个人说的话。", real_name=RealName.DECLARED)
    conversation.say(second, "大门在北边。", WHEN)
    db.session.commit()
    page = client.get(f"/desk/cases/{case.number}").text
    assert page.index(first.narrative) < page.index(second.narrative) < page.index("大门在北边。")


def test_identity_and_its_answers_never_reach_the_page(
    app: Flask, client: FlaskClient, intake: Account
) -> None:
    """Otherwise whoever reads a case learns who told it."""
    report = make_report(real_name=RealName.DECLARED)
    _seal_contact(app, report)
    record("identity_answered", at=WHEN, actor=SYSTEM, report_id=report.id, reason="在该厂上班")
    record("identity_answered", at=WHEN, actor=SYSTEM, case_id=report.case_id, reason="在该厂上班")
    db.session.commit()
    page = client.get(f"/desk/cases/{report.number}").text
    assert TELEPHONE not in page
    assert "在该厂上班" not in page


def test_opening_the_telephone_leaves_an_event_and_a_notice_before_it_is_shown(
    app: Flask, client: FlaskClient, intake: Account
) -> None:
    """Otherwise an officer could look up who reported and nobody would know."""
    report = make_report()
    _seal_contact(app, report)
    db.session.commit()
    path = f"/desk/cases/{report.number}/contact/{report.number}"
    assert TELEPHONE not in client.get(path).text
    short = submit(client, path, reason="问")
    assert short.status_code == 422
    assert TELEPHONE not in short.text
    assert db.session.query(Event).filter_by(action="contact_opened").count() == 0
    opened = submit(client, path, reason="确认大门位置")
    assert TELEPHONE in opened.text
    assert opened.headers["Cache-Control"] == "no-store"
    event = db.session.query(Event).filter_by(action="contact_opened").one()
    assert (event.report_id, event.actor_account_id, event.reason) == (report.id, intake.id, "确认大门位置")
    assert db.session.query(Notice).filter_by(report_id=report.id, kind="contact_opened").count() == 1


def test_no_telephone_without_its_event(
    app: Flask, client: FlaskClient, intake: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a full disk would be a way to look without a trace."""
    report = make_report()
    _seal_contact(app, report)
    db.session.commit()
    path = f"/desk/cases/{report.number}/contact/{report.number}"
    revealed: list[str] = []
    monkeypatch.setattr(app.extensions["portal_vault"], "reveal", revealed.append)

    def broken() -> None:
        raise OSError("no space left")

    opened = client.get(path).text
    # The view's own commit alone: the session's would already fail before the view is reached.
    monkeypatch.setattr("portal.admin.contact.db", SimpleNamespace(session=SimpleNamespace(commit=broken)))
    with pytest.raises(OSError, match="no space"):
        client.post(path, data={**hidden(opened), "reason": "确认大门位置"})
    assert revealed == []


@pytest.mark.parametrize("role", [Role.VERIFIER, Role.SUPERVISOR])
def test_only_intake_opens_a_telephone(app: Flask, client: FlaskClient, role: Role) -> None:
    """Otherwise more people than need be can learn who reported."""
    department = make_department()
    report = make_report(make_case(department=department))
    _seal_contact(app, report)
    sign_in(client, make_account(role, department=department, district=make_district()))
    path = f"/desk/cases/{report.number}/contact/{report.number}"
    assert client.get(path).status_code == 403
    assert client.post(path, data={"reason": "确认大门位置"}).status_code in {400, 403}
    assert path not in client.get(f"/desk/cases/{report.number}").text


def test_similar_cases_are_of_the_same_firm_or_place_and_within_reach(
    client: FlaskClient, intake: Account
) -> None:
    """Otherwise two officers check one matter twice, or a stranger's case shows through."""
    case = make_case(subject="安禾家具有限公司")
    make_report(case)
    firm = make_case(subject="安禾家具厂")
    firm.address = "别处"
    place = make_case(subject="")
    far = make_case(subject="洹北铸造")
    far.address = "另一条路"
    hidden = make_case(subject="安禾家具", district=make_district("linzhou"))
    old = make_case(subject="", opened_at=WHEN - timedelta(days=91))
    db.session.commit()
    page = client.get(f"/desk/cases/{case.number}").text
    for other in (firm, place):
        assert other.number in page
    for other in (far, hidden, old):
        assert other.number not in page


def test_the_number_of_queries_does_not_grow_with_reports(
    app: Flask, client: FlaskClient, intake: Account
) -> None:
    """Otherwise a matter that sixty people report cannot be opened any more."""
    case = make_case()
    for _ in range(3):
        _evidence(app, make_report(case))
    db.session.commit()
    client.get(f"/desk/cases/{case.number}")  # lists that change seldom are read once
    with counted() as few:
        client.get(f"/desk/cases/{case.number}")
    for _ in range(57):
        report = make_report(case)
        _evidence(app, report)
        conversation.say(report, "补充", WHEN)
    db.session.commit()
    with counted() as many:
        assert client.get(f"/desk/cases/{case.number}").status_code == 200
    assert few
    assert len(many) == len(few)


def test_buttons_are_those_of_the_step_and_the_role(client: FlaskClient, app: Flask) -> None:
    """Otherwise people click on what is then refused."""
    department, district = make_department(), make_district()
    case = make_case(status=CaseStatus.ASSIGNED, department=department)
    sign_in(client, make_account(Role.INTAKE_OFFICER, district=district))
    page = client.get(f"/desk/cases/{case.number}").text
    assert f"/desk/cases/{case.number}/assign" in page
    assert f"/desk/cases/{case.number}/accept" not in page
    assert f"/desk/cases/{case.number}/extend" not in page
    sign_in(client, make_account(Role.SUPERVISOR, district=district))
    assert f"/desk/cases/{case.number}/extend" in client.get(f"/desk/cases/{case.number}").text


def test_the_case_page_says_what_the_reporter_agreed_to_and_where_the_danger_is(
    client: FlaskClient, intake: Account
) -> None:
    place = "36.09770, 114.39251 ±12 m"
    report = make_report()
    report.consent_version, report.consented_at, report.position = "2026-1", WHEN, place
    db.session.flush()
    page = client.get(f"/desk/cases/{_case_of(report).number}").get_data(as_text=True)
    assert "已同意告知书 2026-1 版" in page
    assert place in page


def test_what_an_officer_typed_in_was_agreed_to_by_nobody(client: FlaskClient, intake: Account) -> None:
    page = client.get(f"/desk/cases/{_case_of(make_report()).number}").get_data(as_text=True)
    assert "已同意告知书" not in page
