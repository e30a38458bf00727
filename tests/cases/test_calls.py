"""When an alarm calls whom: if this fails, somebody in danger waits while nobody's telephone rings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from portal.cases.calls import due_calls

RAISED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def minutes(count: float) -> datetime:
    return RAISED + timedelta(minutes=count)


def test_the_first_call_is_due_at_once_and_the_next_every_ten_minutes() -> None:
    assert [call.at for call in due_calls(RAISED, None, RAISED)] == [RAISED]
    assert len(due_calls(RAISED, None, minutes(9.99))) == 1
    assert [call.at for call in due_calls(RAISED, None, minutes(20))] == [RAISED, minutes(10), minutes(20)]
    assert [call.step for call in due_calls(RAISED, None, minutes(25))] == [0, 1, 2]


def test_the_supervisor_is_called_from_thirty_minutes_on() -> None:
    told = [call.to_supervisor for call in due_calls(RAISED, None, minutes(50))]
    assert told == [False, False, False, True, True, True]
    assert not due_calls(RAISED, None, minutes(29.99))[-1].to_supervisor


def test_nothing_is_due_before_it_is_raised_or_after_it_is_undertaken() -> None:
    assert due_calls(RAISED, None, minutes(-0.01)) == []
    assert len(due_calls(RAISED, minutes(12), minutes(600))) == 2
    assert len(due_calls(RAISED, minutes(10), minutes(600))) == 1
    assert due_calls(RAISED, RAISED, minutes(5)) == []
