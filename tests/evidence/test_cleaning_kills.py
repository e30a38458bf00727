"""Workers killed while they clean and seal: if this fails a power cut leaves an officer with half a file, a
stranger's bytes on the disk for ever, or evidence that nobody ever cleans."""

from __future__ import annotations

import hashlib
import io
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select

from bench.servers import ROOT
from portal import clock
from portal.database import db
from portal.evidence import jobs, original_keys, staging, sweeper
from portal.evidence.inspection import MediaType
from portal.evidence.models import CleanState, Evidence, EvidenceHash, EvidencePage, OriginalKey
from portal.run.queue import enqueue
from tests.evidence.samples import film, jpeg, pdf, png, scene
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.evidence import read_original
from tests.fixtures.records import make_report
from tests.public.test_uploads_kills import database  # noqa: F401 - a fixture

# Who is killed, in this order: the worker, and the confined child that it started for one file.
ORDERS = (("worker", "child"), ("child", "worker"), ("worker",), ("child",))
DRAIN_SECONDS = 120


@dataclass
class Worker:
    """The evidence worker as the supervisor starts it."""

    app: Flask
    environ: dict[str, str]
    process: psutil.Popen | None = None
    kills: int = 0
    hits: dict[tuple[str, ...], int] = field(default_factory=lambda: dict.fromkeys(ORDERS, 0))

    def start(self) -> None:
        """Start one, unless one lives."""
        if self.process is None or self.process.poll() is not None:
            self.process = psutil.Popen(
                [sys.executable, "-m", "portal.run.worker", "evidence"],
                cwd=ROOT,
                env=self.environ,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def children(self) -> list[psutil.Process]:
        """What it started and has not waited for."""
        assert self.process is not None
        with suppress(psutil.NoSuchProcess):
            return list(self.process.children())
        return []

    def kill(self, order: tuple[str, ...], chance: random.Random, *, writing: bool) -> None:
        """Wait until it opens a file or writes a copy, and a moment longer; then kill without any warning."""
        assert self.process is not None
        end = time.monotonic() + 5
        unfinished = Path(self.environ["PORTAL_DATA"]) / "evidence" / "tmp"
        while time.monotonic() < end and not (os.listdir(unfinished) if writing else self.children()):
            time.sleep(0 if writing else 0.002)
        time.sleep(chance.uniform(0.0, 0.003 if writing else 0.4))
        children = self.children()
        for who in order:
            for victim in [self.process] if who == "worker" else children:
                with suppress(psutil.NoSuchProcess):
                    victim.kill()
            time.sleep(chance.uniform(0.0, 0.02))
        self.kills += 1
        self.hits[order] += bool(children)
        if "worker" in order:
            self.process.wait(60)

    def stop(self) -> None:
        """Kill it and what it started."""
        if self.process is not None and self.process.poll() is None:
            for child in self.children():
                child.kill()
            self.process.kill()
            self.process.wait(60)


@contextmanager
def working(folder: Path, redis_url: str, database: str) -> Iterator[Worker]:  # noqa: F811
    values = {"PORTAL_ENV": "development", "REDIS_URL": redis_url, "DATABASE_URL": database}
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with migrated(make_settings(folder, **values)) as app:
        worker = Worker(app, {**kept, **values, "PORTAL_DATA": str(folder)})
        try:
            yield worker
        finally:
            worker.stop()


def content(number: int) -> bytes:
    """A file of one of four kinds, unlike every other."""
    if number % 4 == 0:
        return jpeg(scene(number, (1600, 1200)))
    if number % 4 == 1:
        return png(scene(number))
    if number % 4 == 2:
        return pdf() + b"\n%% " + str(number).encode()
    return film(size=(320, 240), drawn=lambda second: scene(number, (320, 240)))


def receive(worker: Worker, number: int) -> str:
    """Take a file in as a sent report does, and ring for its cleaning; returns its checksum."""
    source = content(number)
    with worker.app.app_context():
        received = staging.receive(io.BytesIO(source), worker.app.extensions["portal_originals"])
        original_keys.keep(received.original, received.digest, received.wraps)
        row = Evidence(
            uuid=received.digest[:32],
            report_id=make_report().id,
            position=1,
            media_type=received.media_type,
            size=received.size,
            digest=received.digest,
            original=received.original,
            received_at=clock.now() - jobs.IN_HAND * 2,  # old enough for the sweep, so that none waits for it
        )
        db.session.add(row)
        db.session.commit()
        enqueue("clean_evidence", row.id)
    return hashlib.sha256(source).hexdigest()


def drain(worker: Worker, redis_url: str) -> None:
    """Let the sweep and the worker finish what was interrupted."""
    end = time.monotonic() + DRAIN_SECONDS
    with Redis.from_url(redis_url) as redis, worker.app.app_context():
        while jobs.pending(500):
            assert time.monotonic() < end, "files still wait"
            worker.start()
            time.sleep(1)
            for key in redis.scan_iter(
                "rung:*"
            ):  # a bell that rang for a dead worker; it would end in a minute
                redis.delete(key)


def check(worker: Worker, sources: set[str]) -> dict[str, int]:
    """Every original is as it came, every row is whole, and after the sweep nothing lies about."""
    store = worker.app.extensions["portal_store"]
    originals = worker.app.extensions["portal_originals"]
    told = {"clean": 0, "given up": 0}
    with worker.app.app_context():
        rows = list(db.session.scalars(select(Evidence)))
        assert {row.digest for row in rows} == sources
        wanted: set[str] = set()
        for row in rows:
            copies = [digest for digest in (row.clean_digest, row.thumb_digest) if digest]
            pages = list(db.session.scalars(
                select(EvidencePage.digest).where(EvidencePage.evidence_id == row.id)
            ))  # fmt: skip
            hashes = db.session.scalar(
                select(func.count()).select_from(EvidenceHash).where(EvidenceHash.evidence_id == row.id)
            )
            for digest in (*copies, *pages):
                with store.open(digest) as kept:
                    assert hashlib.sha256(kept.read()).hexdigest() == digest
            assert hashlib.sha256(read_original(worker.app, row.original)).hexdigest() == row.digest
            key = db.session.get_one(OriginalKey, row.original)
            # Clean, the workers have its key no more, and its bytes can be compared without it.
            if row.clean_state is CleanState.CLEAN:
                assert (key.working_wrap, key.working_key_id) == (None, "")
                assert key.body_digest == originals.body_digest(row.original)
            wanted.update((*copies, *pages))
            if row.clean_state is CleanState.FAILED:
                assert row.attempts >= jobs.ATTEMPTS
                assert (copies, pages, hashes) == ([], [], 0)
                told["given up"] += 1
                continue
            assert row.clean_state is CleanState.CLEAN
            is_document = row.clean_type == MediaType.PDF
            assert (len(copies), len(pages)) == ((1, 2) if is_document else (2, 0))
            assert is_document or hashes
            told["clean"] += 1
        later = clock.now() + timedelta(hours=25)
        told["orphans swept"] = sweeper.remove_orphans(store, originals, later)
        told["unfinished writes swept"] = store.sweep(later) + originals.sweep(later)
        assert set(store.digests()) == wanted
        assert set(originals.names()) == {row.original for row in rows}
        assert store.sweep(later) == 0
    return told


def go(worker: Worker, redis_url: str, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    sources = set()
    number = seed
    while worker.kills < kills:
        worker.start()
        for _ in range(2):
            sources.add(receive(worker, number))
            number += 1
        worker.kill(ORDERS[worker.kills % len(ORDERS)], chance, writing=chance.random() < 0.5)
    drain(worker, redis_url)
    told = check(worker, sources)
    print(f"{len(sources)} files, {worker.kills} kills, seed {seed}: {told}; child at work: {worker.hits}")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_evidence_survives_killed_workers(tmp_path: Path, empty_redis_url: str, database: str) -> None:  # noqa: F811
    with working(tmp_path / "data", empty_redis_url, database) as worker:
        go(worker, empty_redis_url, len(ORDERS), seed=9)


@pytest.mark.assure
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_evidence_survives_a_hundred_killed_workers(
    tmp_path: Path,
    empty_redis_url: str,
    database: str,  # noqa: F811
) -> None:
    with working(tmp_path / "data", empty_redis_url, database) as worker:
        go(worker, empty_redis_url, 100, seed=108)
