"""If these fail, one broken task stops the outbox, and notices do not leave."""

import logging
import time
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from portal.run import dotted
from portal.run.schedule import SCHEDULE_SEEN_KEY, Schedule, runnable
from portal.run.tasks import Task
from tests.run import toys

NOTE = Task("note", 10, "tests.run.toys.note")
FAIL = Task("fail", 10, "tests.run.toys.fail")


@pytest.fixture(autouse=True)
def no_marks() -> None:
    toys.DONE.clear()


@pytest.fixture
def connection(empty_redis_url: str) -> Redis:
    return Redis.from_url(empty_redis_url)


def test_a_task_runs_in_the_application_when_it_is_due(connection: Redis) -> None:
    schedule = Schedule(Flask("toy"), [NOTE], connection)
    schedule.run_due(100.0)
    assert toys.DONE == ["toy"]


def test_a_task_does_not_run_before_its_time(connection: Redis) -> None:
    schedule = Schedule(Flask("toy"), [NOTE], connection)
    schedule.run_due(100.0)
    connection.flushall()
    schedule.run_due(109.9)
    assert toys.DONE == ["toy"]
    schedule.run_due(110.0)
    assert toys.DONE == ["toy", "toy"]


def test_a_failing_task_does_not_stop_the_next(connection: Redis, caplog: pytest.LogCaptureFixture) -> None:
    schedule = Schedule(Flask("toy"), [FAIL, NOTE], connection)
    schedule.run_due(100.0)
    assert toys.DONE == ["toy"]
    assert "The task fail failed" in caplog.text


def test_two_schedules_share_a_task(connection: Redis) -> None:
    for name in ("first", "second"):
        Schedule(Flask(name), [NOTE], connection).run_due(100.0)
    assert toys.DONE == ["first"]


def test_without_redis_every_schedule_runs_its_tasks(tmp_path: Path) -> None:
    nobody = Redis.from_url(f"unix://{tmp_path}/nobody.sock")
    for name in ("first", "second"):
        Schedule(Flask(name), [NOTE], nobody).run_due(100.0)
    assert toys.DONE == ["first", "second"]


@pytest.mark.parametrize("path", ["tests.run.toys.absent", "tests.run.absent.note", "absent.note", "note"])
def test_a_wrong_path_is_named(path: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(dotted.PathError, match=path.split(".")[0]):
        dotted.resolve(path)
    with caplog.at_level(logging.ERROR):
        assert list(runnable([Task("wrong", 1, path), NOTE])) == [NOTE]
    assert path in caplog.text


def test_it_runs_until_it_is_stopped_and_shows_that_it_lives(connection: Redis) -> None:
    schedule = Schedule(Flask("toy"), [NOTE, Task("stop", 1, "tests.run.toys.note")], connection)
    schedule.tasks[schedule_task := Task("end", 1, "-")] = schedule.stop
    schedule.due[schedule_task] = 0.0
    began = time.monotonic()
    schedule.run()
    assert time.monotonic() - began < 2
    assert connection.exists(SCHEDULE_SEEN_KEY)
