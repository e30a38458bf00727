"""What is left after destruction: nothing in the file, one event, and the rest where a kill broke it off.

If these fail, whoever takes the disk reads names that were said to be gone, or a power cut leaves them there.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import Event
from portal.config import Settings
from portal.database import db
from portal.reports.models import Report
from portal.retention import jobs, run
from portal.retention.erasure import erase
from portal.retention.kinds import Kind
from portal.retention.models import RetentionRun
from portal.retention.run import terms
from portal.rewards import shares
from portal.rewards.models import Share
from portal.rewards.steps import ShareStatus
from portal.vault.models import SealedField, SealedKey
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.own import at_once
from tests.fixtures.vault import ROOT
from tests.retention.lives import close, full_report, kinds_of, secrets_of
from tests.rewards.world import AT, World, approved, claimed, keyring, payee

DUE = AT + timedelta(days=800)


@pytest.fixture
def own(tmp_path: Path, redis_url: str) -> Iterator[Flask]:
    """The application on a SQLite file of its own, where commits are real."""
    with migrated(make_settings(tmp_path, REDIS_URL=redis_url)) as app, app.app_context():
        yield app
        db.session.remove()


def on_disk(data: Path) -> bytes:
    """Everything that the database has on disk, its write-ahead log included."""
    return b"".join(path.read_bytes() for path in sorted(data.glob("portal.db*")))


@pytest.mark.parametrize("how", ["erased", "due"])
def test_no_wrap_digest_or_ciphertext_is_left_on_the_disk(own: Flask, tmp_path: Path, how: str) -> None:
    report, other = full_report(own), full_report(own)
    db.session.commit()
    secrets, kept = secrets_of(report), secrets_of(other)
    jobs.leave_the_log()
    before = on_disk(tmp_path)
    assert all(one in before for one in (*secrets, *kept))
    if how == "erased":
        erase(report, tuple(Kind), AT, terms())
        db.session.commit()
    else:
        close(report)
        db.session.commit()
        begun = run.current_run(DUE)
        assert begun is not None
        assert run.go_on(begun, DUE, 60.0)
    db.session.remove()
    jobs.leave_the_log()
    after = on_disk(tmp_path)
    assert [one for one in secrets if one in after] == []
    assert all(one in after for one in kept)


def killed_passes(settings: Settings, data: Path, kills: int, seed: int) -> int:
    """Kill the pass at random moments; returns how many were broken off before their end."""
    chance, broken = random.Random(seed), 0
    environ = {"PORTAL_ENV": "test", "PORTAL_DATA": str(data), "REDIS_URL": settings.redis_url}
    known = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.retention.broken_off", DUE.isoformat()],
            cwd=ROOT,
            env={**known, **environ},
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.25))
        process.send_signal(signal.SIGKILL)
        broken += process.wait() == -signal.SIGKILL
        process.stdout.close()
    return broken


def check_killed(own: Flask, data: Path, reports: int, kills: int) -> int:
    made = [full_report(own) for _ in range(reports)]
    spared = full_report(own)
    for report in made:
        close(report)
    db.session.commit()
    ids = {report.id for report in made}
    db.session.remove()
    broken = killed_passes(own.extensions["portal_settings"], data, kills, seed=reports)
    begun = run.current_run(DUE)
    assert begun is not None
    assert run.go_on(begun, DUE, 60.0)
    assert db.session.scalars(select(RetentionRun)).all() == [begun], "one pass, however often it was killed"
    left = set(db.session.scalars(select(SealedField.report_id)))
    assert left == {spared.id}
    wraps = select(SealedKey.field_id).where(~SealedKey.field_id.in_(select(SealedField.id)))
    assert db.session.scalars(wraps).all() == []
    events = db.session.scalars(select(Event).where(Event.action == "retention_destroyed")).all()
    counted = Counter((event.report_id, event.facts["kind"]) for event in events)
    assert set(counted.values()) == {1}
    assert {report_id for report_id, _ in counted} == ids
    assert begun.destroyed["contact"] == reports, "the figures of the pass are those of all its parts"
    return broken


def test_a_pass_that_is_killed_goes_on_and_leaves_one_event_for_each_kind(own: Flask, tmp_path: Path) -> None:
    assert check_killed(own, tmp_path, reports=12, kills=1) == 1


@pytest.mark.assure
@pytest.mark.timeout(1800)
def test_passes_killed_forty_times_leave_nothing_behind(own: Flask, tmp_path: Path) -> None:
    kills = int(os.environ.get("ASSURE_KILLS", "40"))
    broken = check_killed(own, tmp_path, reports=400, kills=kills)
    print(f"killed {kills} times, broken off {broken} times: every report lost what was due, once")
    assert broken > kills // 2


def _report(report_id: int) -> Report:
    return db.session.get_one(Report, report_id)


def test_a_claim_and_an_erasure_at_once_leave_no_share_without_an_account(own_app: Flask) -> None:
    """Money would be promised for ever to an account that nobody can read."""
    with own_app.app_context():
        world = World()
        world.fund()
        ids = [approved(world).shares[0].report_id for _ in range(2)]
        ids += [claimed(world).report_id for _ in range(3)]
        db.session.commit()
        db.session.remove()
        chosen = (Kind.NAME, Kind.PAYEE)
        for report_id in ids:
            at_once(
                own_app,
                [
                    lambda one=report_id: shares.claim(_report(one), payee(), AT, keyring()),  # type: ignore[misc]
                    lambda one=report_id: erase(_report(one), chosen, AT, terms()),  # type: ignore[misc]
                ],
            )
        for report_id in ids:
            share = db.session.scalars(select(Share).where(Share.report_id == report_id)).one()
            held = kinds_of(_report(report_id))
            if share.status is ShareStatus.CLAIMED:
                assert held >= {Kind.NAME, Kind.PAYEE}
            else:
                assert share.status in {ShareStatus.NOTIFIED, ShareStatus.FORFEITED}
        db.session.remove()


def test_the_same_erasure_many_times_at_once_is_one(own_app: Flask) -> None:
    with own_app.app_context():
        report_id = full_report(own_app).id
        db.session.commit()
        db.session.remove()
        step = lambda: erase(_report(report_id), (Kind.CONTACT,), AT, terms())  # noqa: E731
        assert at_once(own_app, [step] * 6) == {"done": 6}
        events = db.session.scalars(select(Event).where(Event.action == "details_erased")).all()
        assert len(events) == 1
        db.session.remove()
