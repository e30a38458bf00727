"""If these fail, a reporter's alerts go to somebody else, never come, or flood a stranger's telephone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import clock
from portal.audit.models import Event
from portal.database import db
from portal.notices.jobs import deliver
from portal.notices.models import Delivery, DeliveryState, Notice
from portal.notices.outbox import TEST_LASTS, NoticeKind, tell_reporter
from portal.reports.models import Report
from portal.vault.fields import keep_fields
from portal.vault.groups import FieldGroup
from portal.vault.models import SealedField, SealedKey
from portal.vault.neutral import TEST, TEXTS
from tests.fixtures.records import make_report
from tests.fixtures.vault import in_process, opened
from tests.fixtures.visitors import enter, make_receipt, token_of
from tests.notices.test_delivery import Outside, outside_world  # noqa: F401 - a fixture

PHONE = "13800000001"
OTHER = "13900000002"


@pytest.fixture
def outside(outside_world: Outside) -> Iterator[Outside]:  # noqa: F811
    """A real gateway and a real mail server, and the vault that knows them."""
    return outside_world


def seal(report: Report, address: str = PHONE, channel: str = "sms") -> None:
    ring = current_app.extensions["portal_keyring"]
    fields = {"channel": channel, "address": address}
    keep_fields(ring, report.id, report.uuid, FieldGroup.ALERT, fields, clock.now())
    report.alert_channel = channel
    db.session.commit()


@pytest.fixture
def told(app: Flask, client: FlaskClient, outside: Outside) -> tuple[Report, str]:
    """A reporter with alerts, in front of the receipt page, and the code."""
    report, code = make_receipt()
    seal(report)
    assert enter(client, code).status_code == 303
    return report, code


def act(client: FlaskClient, action: str, **typed: str) -> TestResponse:
    page = client.get("/track/alerts").text
    return client.post("/track/alerts", data={"csrf_token": token_of(page), "action": action, **typed})


def deliver_all() -> list[Delivery]:
    rows = list(db.session.scalars(select(Delivery).order_by(Delivery.id)))
    for row in rows:
        deliver(row.id)
    db.session.expire_all()
    return rows


def test_without_a_visit_there_is_no_page(client: FlaskClient) -> None:
    assert client.get("/track/alerts").headers["Location"] == "/track"
    assert client.post("/track/alerts", data={"action": "stop"}).status_code == 403


def test_the_page_says_how_and_never_where(client: FlaskClient, told: tuple[Report, str]) -> None:
    page = client.get("/track/alerts").text
    assert "提醒已开启：短信" in page
    assert PHONE not in page
    assert "啄木鸟" not in TEXTS[TEST]["zh_Hans"][1]
    assert "提醒" in client.get("/track/report").text


def test_a_test_line_comes_at_once_and_says_nothing(
    client: FlaskClient, told: tuple[Report, str], outside: Outside
) -> None:
    assert act(client, "test").status_code == 303
    assert "正在路上" in client.get("/track/alerts").text
    deliver_all()
    [message] = outside.box.all()
    assert (message.to, message.text) == (PHONE, TEXTS[TEST]["zh_Hans"][1])
    assert "收到了" in client.get("/track/alerts").text
    hint = act(client, "lost")
    assert "号码可能写错了" in hint.text
    assert "收到了" not in client.get("/track/alerts").text
    # It is no news, and does not stand among what happened.
    assert "test" not in client.get("/track/report").text.partition("<main")[2].partition("</main")[0]


def test_three_test_lines_a_day_and_a_late_one_is_not_sent(
    client: FlaskClient, told: tuple[Report, str], outside: Outside
) -> None:
    for _ in range(3):
        assert act(client, "test").status_code == 303
    assert act(client, "test").status_code == 429
    rows = list(db.session.scalars(select(Delivery).order_by(Delivery.id)))
    rows[0].expires_at = clock.now() - timedelta(seconds=1)
    db.session.commit()
    deliver_all()
    assert [row.state for row in rows] == [DeliveryState.EXPIRED, DeliveryState.SENT, DeliveryState.SENT]
    assert len(outside.box.all()) == 2
    assert timedelta(minutes=5) <= TEST_LASTS <= timedelta(hours=1)


def test_one_number_in_many_reports_gets_three_test_lines(
    app: Flask, told: tuple[Report, str], outside: Outside
) -> None:
    """Else whoever makes reports with somebody's number lets the portal ring at night."""
    app.extensions["portal_vault"] = in_process(app, db.session.connection(), alerts=5)
    browser = app.test_client()
    for number in (PHONE, f"+86{PHONE}", PHONE, PHONE):
        report, code = make_receipt()
        seal(report, number)
        enter(browser, code)
        assert act(browser, "test").status_code == 303
    rows = deliver_all()
    assert len(outside.box.all()) == 3
    assert (rows[3].state, rows[3].error) == (DeliveryState.EXPIRED, "daily_limit")
    assert "今天的消息已经发满" in browser.get("/track/alerts").text


@pytest.mark.parametrize("reports", [12, pytest.param(100, marks=pytest.mark.assure)])
@pytest.mark.parametrize(
    ("channel", "address"), [("sms", "13800000001"), ("email", "victim+{number}@example.cn")]
)
def test_a_hundred_reports_with_one_address_are_five_messages_a_day(
    app: Flask, outside: Outside, channel: str, address: str, reports: int
) -> None:
    """Else the portal is a tool to flood a telephone or a mailbox."""
    app.extensions["portal_vault"] = in_process(app, db.session.connection(), alerts=5)
    for number in range(reports):
        report = make_report()
        seal(report, address.format(number=number), channel)
        if number % 2:
            tell_reporter(report.id, NoticeKind.ANSWER_READY, alert_channel=channel, at=clock.now())
        else:
            db.session.add(notice := Notice(kind="alert_test", report_id=report.id, created_at=clock.now()))
            db.session.add(
                Delivery(notice=notice, channel=channel, key=str(number), available_at=clock.now())
            )
    db.session.commit()
    for row in db.session.scalars(select(Delivery)):
        row.available_at = clock.now()
    db.session.commit()
    deliver_all()
    assert len(outside.box.all()) == 5


def test_a_new_address_needs_the_code_and_takes_over_what_waits(
    client: FlaskClient, told: tuple[Report, str], outside: Outside
) -> None:
    report, code = told
    tell_reporter(report.id, NoticeKind.ANSWER_READY, alert_channel="sms", at=clock.now())
    db.session.commit()
    wrong = act(client, "set", alert_channel="email", alert_address="w@example.cn", code="A" * 25)
    assert wrong.status_code == 422
    assert opened(report, FieldGroup.ALERT)["address"] == PHONE
    assert act(client, "set", alert_channel="email", alert_address="nobody", code=code).status_code == 422
    assert act(client, "set", alert_channel="fax", alert_address=OTHER, code=code).status_code == 422
    done = act(client, "set", alert_channel="email", alert_address="w@example.cn", code=code)
    assert done.status_code == 303
    assert opened(report, FieldGroup.ALERT) == {"channel": "email", "address": "w@example.cn"}
    page = client.get("/track/alerts").text
    assert "提醒已开启：邮箱" in page
    assert "w@example.cn" not in page
    db.session.expire_all()
    row = db.session.scalars(select(Delivery)).one()
    row.available_at = clock.now()
    db.session.commit()
    deliver(row.id)
    assert [message.to for message in outside.box.all()] == ["w@example.cn"]
    assert "您填写了接收提醒的" in client.get("/track/report").text
    events = list(db.session.scalars(select(Event).where(Event.action == "alerts_set")))
    assert [(event.report_id, event.reason, event.facts) for event in events] == [(report.id, "", {})]


def test_stopping_destroys_the_address_and_what_waits(
    client: FlaskClient, told: tuple[Report, str], outside: Outside
) -> None:
    report, code = told
    tell_reporter(report.id, NoticeKind.ANSWER_READY, alert_channel="sms", at=clock.now())
    db.session.commit()
    assert act(client, "stop").status_code == 303
    assert db.session.scalars(select(SealedField)).all() == []
    assert db.session.scalars(select(SealedKey)).all() == []
    db.session.refresh(report)
    assert report.alert_channel == ""
    db.session.expire_all()
    row = db.session.scalars(select(Delivery)).one()
    row.available_at = clock.now()
    db.session.commit()
    deliver(row.id)
    assert row.state is DeliveryState.EXPIRED
    assert outside.box.all() == []
    assert act(client, "test").status_code == 409
    assert "提醒未开启" in client.get("/track/alerts").text
    assert act(client, "set", alert_channel="sms", alert_address=OTHER, code=code).status_code == 303
    assert opened(report, FieldGroup.ALERT) == {"channel": "sms", "address": OTHER}


def test_where_the_city_has_no_channel_nothing_is_offered(app: Flask, client: FlaskClient) -> None:
    report, code = make_receipt()
    seal(report)
    enter(client, code)
    page = client.get("/track/alerts").text
    assert 'name="alert_address"' not in page
    assert 'value="test"' not in page
    assert 'value="stop"' in page
    assert act(client, "set", alert_channel="sms", alert_address=OTHER, code=code).status_code == 422


def test_a_failed_hand_over_does_not_use_up_the_day(
    app: Flask, client: FlaskClient, told: tuple[Report, str], outside: Outside
) -> None:
    report, _ = told
    app.extensions["portal_vault"] = in_process(app, db.session.connection(), alerts=1)
    seal(report, "not a number")
    act(client, "test")
    deliver_all()
    assert outside.box.all() == []
    assert "没有发出去" in client.get("/track/alerts").text
    counts = db.session.execute(db.text("SELECT sent FROM alert_counts")).scalars().all()
    assert set(counts) == {0}
