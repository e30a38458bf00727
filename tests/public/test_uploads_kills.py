"""The real tus client against a server that is killed in the middle: nothing is lost or half there."""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from bench.servers import ROOT, free_port, wait_for
from portal import clock
from portal.database import db
from portal.evidence import original_keys, staging, sweeper, uploads
from portal.evidence.models import OriginalKey, StagedFile
from portal.evidence.uploads import SECRET_BYTES, Upload, seal_token
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.evidence import read_original
from tests.fixtures.services import own_database

CLIENT = Path(__file__).with_name("tus_client.cjs")
VERSION = "4.3.1"
PIECE = 32 * 1024
SECONDS = 120
NO_CLIENT = "Node or npm is missing, or npm cannot get tus-js-client: the real client cannot be tried here."


@pytest.fixture(scope="session")
def tus_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real client from npm, as others install it."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip(NO_CLIENT)
    folder = tmp_path_factory.mktemp("npm")
    quiet = ["--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=10000"]
    call = [npm, "install", *quiet, "--prefix", str(folder), f"tus-js-client@{VERSION}"]
    try:
        done = subprocess.run(call, capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(NO_CLIENT)
    if done.returncode:
        pytest.skip(NO_CLIENT)
    return folder / "node_modules" / "tus-js-client"


@dataclass
class Server:
    """The web server alone, in a process group of its own."""

    app: Flask
    environ: dict[str, str]
    port: int
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portal.run.web"], cwd=ROOT, env=self.environ, start_new_session=True
        )
        wait_for(self.port, "/readyz")

    def kill(self) -> None:
        """Kill every process of it at once, as a power cut would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.kills += 1


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty PostgreSQL database of this test, or nothing for SQLite."""
    if request.param == "sqlite":
        yield ""
        return
    with own_database(request.getfixturevalue("postgres_server")) as url:
        yield url


@contextmanager
def running(folder: Path, redis_url: str, database: str) -> Iterator[Server]:
    port = free_port()
    values = {
        "PORTAL_ENV": "development",
        "PORTAL_PORT": str(port),
        "REDIS_URL": redis_url,
        "DATABASE_URL": database,
        "WEB_WORKERS": "1",
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with migrated(make_settings(folder, **values)) as app:
        server = Server(app, {**kept, **values, "PORTAL_DATA": str(folder)}, port)
        try:
            server.start()
            yield server
        finally:
            if server.process is not None:
                os.killpg(server.process.pid, signal.SIGKILL)
                server.process.wait()


def photo(seed: int) -> bytes:
    """A photograph of a little less than a megabyte, unlike every other."""
    random.seed(seed)
    noise = Image.frombytes("RGB", (640, 480), random.randbytes(640 * 480 * 3))
    buffer = io.BytesIO()
    noise.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def upload(server: Server, package: Path, file: Path, chance: random.Random, kills: int) -> str:
    """Upload with the real client while the server is killed so often; returns the submission."""
    submission_id = uuid4().hex
    with server.app.app_context():
        token = seal_token(
            server.app.extensions["portal_keyring"], submission_id, bytes(SECRET_BYTES), clock.now()
        )
    call = ["node", CLIENT, package, f"http://localhost:{server.port}/uploads", token, file, str(PIECE)]
    client = subprocess.Popen([str(part) for part in call], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + SECONDS
    while client.poll() is None and kills:
        time.sleep(chance.uniform(0.02, 0.4))
        if client.poll() is None:
            server.kill()
            server.start()
            kills -= 1
    out, error = client.communicate(timeout=max(1, end - time.monotonic()))
    assert client.returncode == 0, error.decode()
    assert b"done" in out
    return submission_id


def check(server: Server, submission_id: str, content: bytes) -> None:
    """The file is there once and whole."""
    with server.app.app_context():
        (file,) = staging.staged(submission_id)
        assert file.digest == hashlib.sha256(content).hexdigest()
        original = read_original(server.app, file.original)
        assert hashlib.sha256(original).hexdigest() == file.digest
        db.session.rollback()


def check_nothing_left(server: Server) -> None:
    """After the sweep: every finished upload has its file, and no bytes are without a row."""
    partials = server.app.extensions["portal_partials"]
    originals = server.app.extensions["portal_originals"]
    later = clock.now() + timedelta(hours=25)
    with server.app.app_context():
        rows = list(db.session.scalars(select(Upload)))
        assert all(row.received == row.length for row in rows if row.finished_at)
        uploads.sweep(partials, clock.now() + timedelta(hours=2))
        unfinished = {row.uuid for row in rows if not row.finished_at}
        assert set(partials.names(later)) == unfinished
        original_keys.forget_unnamed()
        db.session.commit()
        sweeper.remove_orphans(server.app.extensions["portal_store"], originals, later)
        named = set(db.session.scalars(select(StagedFile.original)))
        assert set(originals.names()) == named
        assert set(db.session.scalars(select(OriginalKey.name))) == named
        uploads.sweep(partials, clock.now() + timedelta(hours=73))
        assert not set(partials.names(later))
        assert not list(db.session.scalars(select(Upload.uuid)))
        db.session.rollback()


def go(server: Server, package: Path, folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    number = 0
    while server.kills < kills:
        content = photo(seed + number)
        file = folder / f"{number}.jpg"
        file.write_bytes(content)
        check(server, upload(server, package, file, chance, min(4, kills - server.kills)), content)
        number += 1
    check_nothing_left(server)
    print(f"{number} uploads, {server.kills} kills, seed {seed}")


@pytest.mark.allowed_skip
@pytest.mark.timeout(180)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_photo_survives_killed_servers(
    tus_package: Path, tmp_path: Path, redis_url: str, database: str
) -> None:
    with running(tmp_path / "data", redis_url, database) as server:
        go(server, tus_package, tmp_path, 3, seed=8)


@pytest.mark.assure
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_photos_survive_a_hundred_killed_servers(
    tus_package: Path, tmp_path: Path, redis_url: str, database: str
) -> None:
    with running(tmp_path / "data", redis_url, database) as server:
        go(server, tus_package, tmp_path, 100, seed=108)
