"""If these fail, a balancer sends reports to a dead machine, or citizens notice trouble first."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from portal import clock, health
from portal.database import db
from portal.notices.models import Delivery, DeliveryState
from portal.notices.outbox import NoticeKind, tell_reporter
from portal.run.jobs import QUEUES
from portal.run.queue import SCHEDULE_SEEN_KEY, bell, seen_key
from portal.vault.client import VaultClient
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.records import make_report
from tests.fixtures.services import running_redis
from tests.fixtures.vault import on_engine

Answer = tuple[int, dict[str, str]]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of this file alone, which the last test kills."""
    with running_redis(tmp_path_factory.mktemp("r")) as running:
        yield running


@pytest.fixture
def well(tmp_path: Path, redis: tuple[str, subprocess.Popen[bytes]]) -> Iterator[Flask]:
    """A portal whose workers and schedule gave a sign of life."""
    address, _process = redis
    with migrated(make_settings(tmp_path, REDIS_URL=address)) as app, app.app_context():
        bell().connection.set(SCHEDULE_SEEN_KEY, 1, ex=60)
        for queue in QUEUES:
            bell().connection.set(seen_key(queue), 1, ex=60)
        app.extensions["portal_vault"] = on_engine(app)
        yield app
        bell().connection.close()


def ask(app: Flask, path: str) -> Answer:
    """The status and the troubles of a page."""
    answer = app.test_client().get(path)
    return answer.status_code, (answer.get_json() or {}).get("troubles", {})


def outbox(age: timedelta, state: DeliveryState = DeliveryState.QUEUED) -> None:
    """Put one message into the outbox that has waited so long."""
    at = clock.now() - age
    notice = tell_reporter(make_report().id, NoticeKind.ANSWER_READY, alert_channel="sms", at=at)
    db.session.flush()
    delivery = db.session.query(Delivery).filter_by(notice_id=notice.id).one()
    delivery.state, delivery.available_at = state, at
    db.session.commit()


def test_a_portal_where_all_lives_is_well(well: Flask) -> None:
    outbox(timedelta(seconds=20))
    assert ask(well, "/readyz") == (200, {})
    assert ask(well, "/healthz") == (200, {})


def test_a_closed_vault_is_named_and_reports_go_on(well: Flask) -> None:
    well.extensions["portal_vault"] = VaultClient(Path("/nowhere/vault.sock"))
    status, troubles = ask(well, "/healthz")
    assert (status, list(troubles)) == (503, ["vault"])
    assert ask(well, "/readyz")[0] == 200


@pytest.mark.parametrize("queue", QUEUES)
def test_a_silent_worker_is_named(well: Flask, queue: str) -> None:
    bell().connection.delete(seen_key(queue))
    status, troubles = ask(well, "/healthz")
    assert (status, list(troubles)) == (503, [f"worker {queue}"])
    assert ask(well, "/readyz")[0] == 200


def test_a_silent_schedule_is_named(well: Flask) -> None:
    bell().connection.delete(SCHEDULE_SEEN_KEY)
    status, troubles = ask(well, "/healthz")
    assert (status, list(troubles)) == (503, ["schedule"])


def test_an_old_message_is_named_with_its_age(well: Flask) -> None:
    outbox(health.OUTBOX_LIMIT + timedelta(seconds=30))
    status, troubles = ask(well, "/healthz")
    assert (status, list(troubles)) == (503, ["outbox"])
    assert "waits for 33" in troubles["outbox"]


def test_a_message_that_could_not_be_delivered_is_named(well: Flask) -> None:
    outbox(timedelta(hours=1), DeliveryState.DEAD)
    status, troubles = ask(well, "/healthz")
    assert (status, list(troubles)) == (503, ["deliveries"])
    assert troubles["deliveries"].startswith("1 ")


def test_a_database_that_does_not_answer_stops_both(well: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ready", lambda: False)
    assert ask(well, "/readyz")[0] == 503
    assert ask(well, "/healthz") == (503, {"database": "does not answer"})


def test_without_redis_reports_are_accepted_and_the_operator_is_told(
    well: Flask, redis: tuple[str, subprocess.Popen[bytes]]
) -> None:
    address, process = redis
    with Redis.from_url(address) as connection:
        assert connection.ping()
    process.kill()
    process.wait(60)
    assert ask(well, "/readyz") == (200, {})
    status, troubles = ask(well, "/healthz")
    assert (status, list(troubles)) == (503, ["redis"])
