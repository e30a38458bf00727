"""If these fail, a reporter who asked for alerts waits in vain, or a message says too much."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from flask import Flask, current_app
from sqlalchemy import select, text
from werkzeug.serving import make_server

from portal import clock
from portal.database import db
from portal.demo.outside import Mailbox, MailSink, make_gateway
from portal.notices import jobs, sweeper
from portal.notices.jobs import FIRST_WAIT, LONGEST_WAIT, MOST_ATTEMPTS, backoff, deliver
from portal.notices.models import Delivery, DeliveryState
from portal.notices.outbox import NoticeKind, tell_reporter, tell_staff
from portal.notices.texts import IN_DESK, NOWHERE, ON_PAGE, outside
from portal.people.permissions import Role
from portal.vault.client import VaultClient, VaultRefused
from portal.vault.fields import keep_fields
from portal.vault.groups import FieldGroup
from portal.vault.neutral import NEWS, TEXTS, text_of
from tests.fixtures.app import make_settings
from tests.fixtures.portal_process import three_free_ports
from tests.fixtures.records import WHEN, make_account, make_report
from tests.fixtures.vault import handler_on, in_process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Outside:
    box: Mailbox
    port: int


@pytest.fixture
def outside_world(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """A real SMTP server and a real SMS gateway; the application is told where they are."""
    port = three_free_ports()
    box = Mailbox()
    settings = make_settings(
        tmp_path_factory.mktemp("outside"),
        SMS_GATEWAY_URL=f"http://127.0.0.1:{port}/sms",
        SMS_GATEWAY_TOKEN="a-token-for-tests-only",
        SMTP_URL=f"smtp://127.0.0.1:{port + 1}",
    )
    server = make_server("127.0.0.1", port, make_gateway(settings, box), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    mail = Controller(MailSink(box), hostname="127.0.0.1", port=port + 1)
    mail.start()
    before = app.extensions["portal_settings"]
    app.extensions["portal_settings"] = settings
    try:
        yield Outside(box, port)
    finally:
        app.extensions["portal_settings"] = before
        mail.stop()
        server.shutdown()
        thread.join()
        server.server_close()


def queue_alert(channel: str, address: str) -> Delivery:
    report = make_report(alert_channel=channel)
    ring = current_app.extensions["portal_keyring"]
    fields = {"channel": channel, "address": address}
    keep_fields(ring, report.id, report.uuid, FieldGroup.ALERT, fields, WHEN)
    tell_reporter(report.id, NoticeKind.ANSWER_READY, alert_channel=channel, at=WHEN)
    db.session.commit()
    return db.session.scalars(select(Delivery)).one()


def test_an_alert_reaches_the_telephone_once(app: Flask, outside_world: Outside) -> None:
    delivery = queue_alert("sms", "13800000001")
    deliver(delivery.id)
    deliver(delivery.id)
    db.session.refresh(delivery)
    assert delivery.state is DeliveryState.SENT
    assert [message.to for message in outside_world.box.all()] == ["13800000001"]


def test_an_alert_reaches_the_mailbox_in_the_reporters_language(app: Flask, outside_world: Outside) -> None:
    delivery = queue_alert("email", "someone@example.cn")
    deliver(delivery.id)
    [letter] = outside_world.box.all()
    assert letter.to == "someone@example.cn"
    assert letter.subject == "您有一条新消息"


def test_a_message_taken_twice_by_two_workers_is_one_message(app: Flask, outside_world: Outside) -> None:
    delivery = queue_alert("sms", "13800000001")
    deliver(delivery.id)
    # The first worker was killed after the gateway took the message and before the row was marked.
    delivery.state = DeliveryState.QUEUED
    delivery.lease_until = None
    db.session.commit()
    deliver(delivery.id)
    assert len(outside_world.box.all()) == 1


def test_a_gateway_that_is_down_costs_nothing_but_time(app: Flask, outside_world: Outside) -> None:
    delivery = queue_alert("sms", "13800000001")
    app.extensions["portal_settings"] = make_settings(
        app.extensions["portal_settings"].data,
        SMS_GATEWAY_URL=f"http://127.0.0.1:{free_port()}/sms",
        SMS_GATEWAY_TOKEN="a-token-for-tests-only",
    )
    deliver(delivery.id)
    db.session.refresh(delivery)
    assert delivery.state is DeliveryState.QUEUED
    assert delivery.available_at > clock.now()
    assert delivery.error.startswith("sms_")


def test_a_refused_address_is_left_to_a_person(app: Flask, outside_world: Outside) -> None:
    delivery = queue_alert("sms", "not a number")
    deliver(delivery.id)
    db.session.refresh(delivery)
    assert delivery.state is DeliveryState.DEAD
    assert "not a number" not in delivery.error


def test_the_sweeper_delivers_when_redis_is_lost(
    app: Flask, outside_world: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_alert("sms", "13800000001")
    monkeypatch.setitem(app.extensions, "portal_ring", lambda _job, _row: False)
    sweeper.sweep()
    assert len(outside_world.box.all()) == 1


def test_the_sweeper_delivers_itself_when_nobody_answers_the_bell(
    app: Flask, outside_world: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = queue_alert("sms", "13800000001")
    delivery.available_at = clock.now() - sweeper.PATIENCE * 2
    db.session.commit()
    monkeypatch.setitem(app.extensions, "portal_ring", lambda _job, _row: True)
    sweeper.sweep()
    assert len(outside_world.box.all()) == 1


def test_a_row_in_somebodys_hands_is_left_alone(app: Flask, outside_world: Outside) -> None:
    delivery = queue_alert("sms", "13800000001")
    delivery.lease_until = clock.now() + timedelta(seconds=30)
    db.session.commit()
    assert sweeper.due(clock.now()) == []
    deliver(delivery.id)
    assert outside_world.box.all() == []


def test_waits_grow_and_end_at_an_hour() -> None:
    assert backoff(1) <= FIRST_WAIT * 1.2
    assert all(backoff(n) <= LONGEST_WAIT * 1.2 for n in range(1, MOST_ATTEMPTS + 1))
    assert backoff(MOST_ATTEMPTS) >= LONGEST_WAIT * 0.8


def test_every_message_that_leaves_is_the_same_sentence(app: Flask) -> None:
    """No message says what was reported, about whom, or how much: it does not even depend on it."""
    assert outside("zh_Hans", for_staff=False) == outside("zh_Hans", for_staff=False)
    subject, said = outside("zh_Hans", for_staff=False)
    for word in ("举报", "奖", "元", "单位", "安全"):
        assert word not in subject + said
    assert "%(" not in said


def test_staff_are_told_by_mail_without_the_matter(app: Flask, outside_world: Outside) -> None:
    account = make_account(Role.FINANCE)
    account.email = "finance@example.cn"
    tell_staff(account.id, NoticeKind.AWARD_TO_DECIDE, reference="JL-2026-000001", by_mail=True, at=WHEN)
    db.session.commit()
    deliver(db.session.scalars(select(Delivery.id)).one())
    [letter] = outside_world.box.all()
    assert "JL-2026" not in letter.subject + letter.text


def test_every_kind_has_a_sentence() -> None:
    assert set(ON_PAGE) | set(IN_DESK) | NOWHERE == set(NoticeKind)


def test_the_lease_is_longer_than_a_channel_may_take() -> None:
    assert jobs.LEASE.total_seconds() > 2 * 15


def test_one_address_gets_at_most_so_many_a_day_and_the_rest_the_next_morning(
    app: Flask, outside_world: Outside
) -> None:
    """A flood of messages would itself say that something goes on."""
    app.extensions["portal_vault"] = in_process(app, db.session.connection(), alerts=2)
    first = queue_alert("sms", "13800000001")
    deliver(first.id)
    for number in ("13800000001", "+8613800000001"):  # the same telephone, as others would write it
        report = make_report(alert_channel="sms")
        ring = current_app.extensions["portal_keyring"]
        fields = {"channel": "sms", "address": number}
        keep_fields(ring, report.id, report.uuid, FieldGroup.ALERT, fields, WHEN)
        tell_reporter(report.id, NoticeKind.ANSWER_READY, alert_channel="sms", at=WHEN)
        db.session.commit()
    second, third = db.session.scalars(select(Delivery).where(Delivery.id > first.id).order_by(Delivery.id))
    deliver(second.id)
    deliver(third.id)
    db.session.expire_all()
    assert len(outside_world.box.all()) == 2
    assert (second.state, third.state) == (DeliveryState.SENT, DeliveryState.QUEUED)
    assert third.available_at > clock.now()
    assert (third.attempts, third.error) == (0, "daily_limit")
    counted = db.session.execute(text("SELECT digest FROM alert_counts")).scalars().all()
    assert len(counted) == 1
    assert b"13800000001" not in bytes(counted[0])


def test_the_worker_never_holds_the_address(
    app: Flask, outside_world: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = queue_alert("sms", "13800000001")
    said: list[bytes] = []
    handler = handler_on(app, db.session.connection())

    def overheard(message: bytes, _seconds: float) -> bytes:
        said.extend((message, answer := handler.answer(message)))
        return answer

    monkeypatch.setitem(app.extensions, "portal_vault", VaultClient(Path("/nowhere"), overheard))
    deliver(delivery.id)
    assert [message.to for message in outside_world.box.all()] == ["13800000001"]
    assert json.loads(said[0]) == {"do": "send_alert", "delivery": delivery.id}
    assert b"1380" not in b"".join(said)


def test_while_the_vault_is_closed_an_alert_waits_and_is_never_given_up(
    app: Flask, outside_world: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = queue_alert("sms", "13800000001")
    monkeypatch.setitem(app.extensions, "portal_vault", VaultClient(Path("/nowhere/vault.sock")))
    for _ in range(MOST_ATTEMPTS + 2):
        deliver(delivery.id)
        db.session.refresh(delivery)
        assert (delivery.state, delivery.error) == (DeliveryState.QUEUED, "vault_closed")
        delivery.available_at = clock.now()
        db.session.commit()


@pytest.mark.parametrize("change", ["done", "not_due", "free", "staff"])
def test_the_vault_sends_nothing_that_no_worker_holds(
    app: Flask, outside_world: Outside, change: str
) -> None:
    """Who takes over the web process cannot make it send messages."""
    delivery = queue_alert("sms", "13800000001")
    delivery.lease_until = clock.now() + timedelta(seconds=30)
    if change == "done":
        delivery.state = DeliveryState.SENT
    elif change == "not_due":
        delivery.available_at = clock.now() + timedelta(minutes=5)
    elif change == "free":
        delivery.lease_until = None
    else:
        account = make_account(Role.FINANCE)
        tell_staff(account.id, NoticeKind.AWARD_TO_DECIDE, reference="x", by_mail=True, at=WHEN)
        db.session.flush()
        delivery = db.session.scalars(select(Delivery).order_by(Delivery.id.desc())).first() or delivery
        delivery.lease_until = clock.now() + timedelta(seconds=30)
    db.session.commit()
    with pytest.raises(VaultRefused):
        app.extensions["portal_vault"].send_alert(delivery.id)
    assert outside_world.box.all() == []


def test_the_vaults_own_texts_name_neither_the_portal_nor_the_matter() -> None:
    assert set(TEXTS[NEWS]) == {"zh_Hans", "en"}
    for subject, message in TEXTS[NEWS].values():
        for word in (
            "举报",
            "奖",
            "元",
            "单位",
            "安全",
            "啄木鸟",
            "%",
            "{",
            "report",
            "Woodpecker",
            "reward",
        ):
            assert word not in subject + message
    assert text_of(NEWS, "de") == TEXTS[NEWS]["zh_Hans"]
