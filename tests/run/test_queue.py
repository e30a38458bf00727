"""If these fail, whoever can write to Redis runs programs as the portal, or its trouble reaches a citizen."""

import json
import os
import time
import zlib
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from redis import Redis
from rq.serializers import JSONSerializer
from rq.utils import now as rq_now
from rq.utils import utcformat

from portal.run import jobs, queue
from portal.run.allowed_job import AllowedJob
from portal.run.queue import Bell, is_id, rung_key, seen_key
from portal.run.worker import PortalWorker, make_worker
from tests.fixtures.services import running_redis

FUNCTION = "tests.run.toys.mark"
CALLBACKS = ("success_callback_name", "failure_callback_name", "stopped_callback_name")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOY_FOLDER", str(tmp_path))
    monkeypatch.setitem(jobs.ALLOWED, "toy", FUNCTION)
    monkeypatch.setitem(jobs.QUEUE_OF, "toy", "notices")
    monkeypatch.setitem(jobs.TIME_LIMIT, "toy", 5)
    return tmp_path


@pytest.fixture
def connection(empty_redis_url: str) -> Redis:
    return Redis.from_url(empty_redis_url)


@pytest.fixture
def worker(connection: Redis, folder: Path) -> PortalWorker:
    return make_worker(Flask("toy"), connection, "notices")


@pytest.fixture
def bell(empty_redis_url: str, folder: Path) -> Bell:
    return Bell(empty_redis_url)


def forge(connection: Redis, call: Any, **fields: str) -> None:
    """Put a job into Redis as an attacker would: by hand."""
    data = call if isinstance(call, bytes) else zlib.compress(json.dumps(call).encode())
    mapping = {
        "data": data,
        "origin": "notices",
        "status": "queued",
        "created_at": utcformat(rq_now()),
        **fields,
    }
    connection.hset("rq:job:forged", mapping=mapping)
    connection.sadd("rq:queues", "rq:queue:notices")
    connection.rpush("rq:queue:notices", "forged")


def test_an_allowed_job_runs_inside_the_application(bell: Bell, worker: PortalWorker, folder: Path) -> None:
    assert bell.ring("toy", 7)
    worker.work(burst=True)
    assert (folder / "toy-7").exists()
    assert bell.forged() == 0


def test_nothing_of_a_finished_job_stays_in_redis(
    bell: Bell, worker: PortalWorker, connection: Redis
) -> None:
    bell.ring("toy", 7)
    worker.work(burst=True)
    assert not connection.exists("rq:job:toy-7")
    assert not connection.exists(rung_key("toy-7"))


def test_a_forged_job_naming_os_system_does_not_run(
    connection: Redis, worker: PortalWorker, bell: Bell, tmp_path: Path
) -> None:
    forge(connection, ["os.system", None, [f"touch {tmp_path}/owned"], {}])
    worker.work(burst=True)
    assert not (tmp_path / "owned").exists()
    assert bell.forged() == 1
    assert worker.queues[0].failed_job_registry.get_job_ids() == ["forged"]


@pytest.mark.parametrize("field", CALLBACKS)
def test_a_forged_callback_is_not_followed(
    field: str, connection: Redis, worker: PortalWorker, bell: Bell, folder: Path
) -> None:
    forge(connection, ["toy", None, [8], {}], **{field: "os.abort"})
    worker.work(burst=True)
    assert not (folder / "toy-8").exists()
    assert bell.forged() == 1


@pytest.mark.parametrize("field", CALLBACKS)
def test_a_callback_of_a_failing_forged_job_is_not_followed(
    field: str, connection: Redis, worker: PortalWorker, bell: Bell
) -> None:
    forge(connection, ["os.system", None, ["false"], {}], **{field: "os.abort"})
    worker.work(burst=True)
    assert bell.forged() == 1


@pytest.mark.parametrize(
    "call",
    [
        ["portal.run.queue.enqueue", None, [1], {}],
        ["toy", {"py/object": "os.system"}, [1], {}],
        ["toy", None, [1], {"number": 1}],
        ["toy", None, ["$(touch x)"], {}],
        ["toy", None, [[1]], {}],
        ["toy", None, [True], {}],
        ["toy", None, [1.5], {}],
        ["toy", None, "12", {}],
        ["toy"],
        {"toy": 1},
        None,
        [["toy"], None, [1], {}],
        b"\x80\x04\x95 pickled",
        b"",
    ],
)
def test_a_call_that_is_not_ours_is_refused(
    call: Any, connection: Redis, worker: PortalWorker, bell: Bell, folder: Path
) -> None:
    forge(connection, call)
    worker.work(burst=True)
    assert list(folder.glob("toy-*")) == []
    assert bell.forged() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("webhooks", '[{"url": "http://127.0.0.1:9/", "job_status": "finished"}]'),
        ("repeats_left", "5"),
        ("retries_left", "5"),
        ("dependency_ids", '["other"]'),
        ("rate_limit_key", "x"),
        ("timeout", "many"),
        ("status", "no such status"),
        ("created_at", "yesterday"),
    ],
)
def test_a_field_that_we_never_write_is_refused(
    field: str, value: str, connection: Redis, worker: PortalWorker, bell: Bell, folder: Path
) -> None:
    forge(connection, ["toy", None, [9], {}], **{field: value})
    worker.work(burst=True)
    assert list(folder.glob("toy-*")) == []
    assert bell.forged() == 1


def test_a_worker_goes_on_after_a_forged_job(
    connection: Redis, worker: PortalWorker, bell: Bell, folder: Path
) -> None:
    forge(connection, ["os.system", None, ["true"], {}])
    bell.ring("toy", 10)
    worker.work(burst=True)
    assert (folder / "toy-10").exists()


def test_the_real_registry_has_no_function_outside_the_portal() -> None:
    assert all(path.startswith("portal.") for path in jobs.ALLOWED.values())
    assert jobs.ALLOWED.keys() == jobs.QUEUE_OF.keys() == jobs.TIME_LIMIT.keys()
    assert set(jobs.QUEUE_OF.values()) <= set(jobs.QUEUES)


def test_ringing_twice_queues_one_job(bell: Bell, connection: Redis) -> None:
    assert bell.ring("toy", 7)
    assert bell.ring("toy", 7)
    assert connection.llen("rq:queue:notices") == 1


@pytest.mark.parametrize("argument", ["13800000000 Mr Li", "a@b.cn", True, 1.5, None, b"1", "UPPER-CASE"])
def test_only_ids_go_to_redis(argument: Any, bell: Bell, connection: Redis) -> None:
    with pytest.raises(ValueError, match="no ids"):
        bell.ring("toy", argument)
    assert connection.dbsize() == 0


def test_an_unknown_name_is_refused(bell: Bell) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        bell.ring("os.system", 1)


def test_a_uuid_is_an_id() -> None:
    assert is_id(str(UUID(int=5)))


def test_without_redis_ringing_says_false_at_once_and_counts(tmp_path: Path, folder: Path) -> None:
    bell = Bell(f"unix://{tmp_path}/nobody.sock")
    began = time.monotonic()
    assert [bell.ring("toy", number) for number in range(20)] == [False] * 20
    assert time.monotonic() - began < 1
    assert bell.missed == 20


def test_a_redis_that_hangs_costs_a_citizen_little(tmp_path: Path, folder: Path) -> None:
    with running_redis(tmp_path / "r") as (url, process):
        bell = Bell(url)
        assert bell.ring("toy", 1)
        os.kill(process.pid, 19)  # SIGSTOP: connected, silent
        began = time.monotonic()
        try:
            assert not bell.ring("toy", 2)
            assert not bell.ring("toy", 3)
            assert time.monotonic() - began < 0.5
        finally:
            os.kill(process.pid, 18)


def test_after_a_restart_of_redis_the_bell_rings_again(tmp_path: Path, folder: Path) -> None:
    with running_redis(tmp_path / "r") as (url, process):
        bell = Bell(url)
        assert bell.ring("toy", 1)
        process.kill()
        process.wait()
        assert not bell.ring("toy", 2)
    with running_redis(tmp_path / "r"):
        time.sleep(queue.QUIET_SECONDS)
        assert bell.ring("toy", 3)
        assert bell.connection.llen("rq:queue:notices") == 2  # the first survived the kill


def test_a_working_worker_shows_that_it_lives(bell: Bell, worker: PortalWorker, connection: Redis) -> None:
    assert not bell.worker_lives("notices")
    worker.work(burst=True)
    assert bell.worker_lives("notices")
    assert connection.ttl(seen_key("notices")) in range(1, 21)


def test_a_job_of_ours_is_read_as_ours(bell: Bell, connection: Redis) -> None:
    bell.ring("toy", 7)
    job = AllowedJob.fetch("toy-7", connection=connection, serializer=JSONSerializer)
    assert isinstance(job, AllowedJob)
    assert job.forgery == ""
    assert (job.origin, job.get_status(), job.timeout) == ("notices", "queued", 5)
    assert (job.result_ttl, job.failure_ttl) == (0, queue.FAILED_SECONDS)
    assert job.enqueued_at == job.created_at
