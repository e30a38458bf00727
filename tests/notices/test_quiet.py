"""If these fail somebody who watches the reporter's telephone pairs a message with what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from portal.database import db
from portal.notices.models import Delivery
from portal.notices.outbox import NoticeKind, tell_reporter
from portal.notices.quiet import alert_time, by_day
from tests.fixtures.records import make_report

CITY = ZoneInfo("Asia/Shanghai")
DELAY = (5, 60)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, tzinfo=CITY).astimezone(UTC)


def test_an_alert_comes_five_to_sixty_minutes_later_and_never_at_the_same_time() -> None:
    waits = [alert_time(at(12), CITY, DELAY) - at(12) for _ in range(300)]
    assert min(waits) >= timedelta(minutes=5)
    assert max(waits) <= timedelta(minutes=60)
    assert len(set(waits)) > 200
    assert max(waits) - min(waits) > timedelta(minutes=40)


@pytest.mark.parametrize("hour", range(24))
def test_none_goes_out_between_nine_at_night_and_eight_in_the_morning(hour: int) -> None:
    for _ in range(50):
        local = alert_time(at(hour, 30), CITY, DELAY).astimezone(CITY)
        assert 8 <= local.hour < 21
        assert timedelta() < local - at(hour, 30) <= timedelta(hours=13)


def test_what_waited_for_the_morning_does_not_come_all_at_once() -> None:
    assert len({alert_time(at(23), CITY, DELAY) for _ in range(100)}) > 80


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"), [(20, 59, False), (21, 0, True), (7, 59, True), (8, 0, False)]
)
def test_the_edges_of_the_quiet_hours(hour: int, minute: int, quiet: bool) -> None:
    assert (by_day(at(hour, minute), CITY) != at(hour, minute)) is quiet


def test_the_outbox_holds_an_alert_back(app: Flask) -> None:
    report = make_report(alert_channel="sms")
    tell_reporter(report.id, NoticeKind.ANSWER_READY, alert_channel="sms", at=at(20, 30))
    db.session.flush()
    available = db.session.scalars(select(Delivery.available_at)).one()
    assert available >= at(20, 35)


def test_a_demonstration_sends_at_once() -> None:
    assert alert_time(at(23), CITY, (0, 0)) == at(23)
