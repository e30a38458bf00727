"""Due times: if they failed, an officer would be told the wrong day and a promise to a reporter broken."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.cases.due import due_at
from portal.cases.steps import DueStep
from portal.config import Deadlines

ZONE = ZoneInfo("Asia/Shanghai")


def city(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("step", "since", "due"),
    [
        # Monday 2 November 2026, no holiday in the week: the Monday after.
        (DueStep.ACCEPT, "2026-11-02T09:30:00", "2026-11-09T17:30:00"),
        # Late on a Friday evening in the city is still Friday, though Friday noon in UTC.
        (DueStep.ACCEPT, "2026-11-06T23:59:00", "2026-11-13T17:30:00"),
        # The sixtieth day is a Saturday: the Monday after (民法典 article 203).
        (DueStep.VERIFY, "2026-11-03T09:30:00", "2027-01-04T23:59:59"),
        (DueStep.ANSWER, "2026-11-02T09:30:00", "2026-11-12T23:59:59"),
        (DueStep.CLOSE, "2026-11-02T09:30:00", "2026-11-12T23:59:59"),
    ],
)
def test_each_step_is_due_by_the_citys_days(step: DueStep, since: str, due: str) -> None:
    assert due_at(step, city(since), Deadlines(), ZONE) == city(due).astimezone(UTC)


def test_an_extension_and_a_pause_move_the_day() -> None:
    since = city("2026-11-02T09:30:00")
    plain = due_at(DueStep.VERIFY, since, Deadlines(verify_days=10), ZONE)
    extended = due_at(DueStep.VERIFY, since, Deadlines(verify_days=10), ZONE, extended_days=7)
    paused = due_at(DueStep.VERIFY, since, Deadlines(verify_days=10), ZONE, paused=timedelta(days=7))
    assert extended - plain == timedelta(days=7)
    assert paused == extended
