"""The virus scanner: if this failed an officer's computer would catch what a hostile reporter sends, or
evidence would be shown as clean that nobody looked at."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from portal import clock, doctor
from portal.doctor import Grade
from portal.evidence import jobs
from portal.evidence.models import CleanState, Evidence, ScanState
from portal.evidence.scanning import Clamd, ScannerDown, Verdict
from portal.extensions import settings
from tests.evidence.fake_clamd import MALWARE, VERSION, clamd
from tests.evidence.samples import jpeg
from tests.evidence.test_jobs import make_evidence


def scan(url: str, content: bytes) -> Verdict:
    return Clamd(url).scan(io.BytesIO(content))


@pytest.fixture
def place() -> Iterator[Path]:
    """A short directory: names of sockets have 108 bytes at most."""
    folder = Path(f"/tmp/clamd-{os.getpid()}-{time.monotonic_ns()}")
    folder.mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder)


def test_a_harmless_file_is_clean_and_a_harmful_one_is_found(place: Path) -> None:
    with clamd(place / "s") as url:
        assert scan(url, b"harmless" * 100_000) is Verdict.CLEAN
        assert scan(url, b"") is Verdict.CLEAN
        assert scan(url, bytes(700_000) + MALWARE + bytes(9)) is Verdict.INFECTED


def test_a_file_longer_than_the_scanner_takes_is_said_to_be_so(place: Path) -> None:
    with clamd(place / "s", limit=1_000_000) as url:
        assert scan(url, bytes(5_000_000)) is Verdict.TOO_LARGE


@pytest.mark.parametrize(
    "says", [b"", b"UNKNOWN COMMAND\0", b"stream: Can't allocate memory ERROR\0", b"stream: OK but\0"]
)
def test_anything_but_a_verdict_is_no_verdict(place: Path, says: bytes) -> None:
    with clamd(place / "s", says=says) as url, pytest.raises(ScannerDown):
        scan(url, b"x")


def test_a_scanner_that_is_not_there_is_down(place: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        for url in (f"unix://{place}/none", f"tcp://127.0.0.1:{port}"):
            with pytest.raises(ScannerDown):
                scan(url, b"x")


SAID = {
    (Grade.NOTE, "ClamAV 1.4.3 answers; its signatures are of 2026-11-20."): VERSION,
    (Grade.RISKY, "its signatures are 20 days old"): b"ClamAV 1.4.3/27700/Sat Oct 31 23:00:00 2026\0",
    (Grade.RISKY, "does not say how old"): b"ClamAV 1.4.3\0",
    (Grade.BROKEN, "does not answer at CLAMD_URL"): b"UNKNOWN COMMAND\0",
}


def told(app: Flask, url: str) -> list[tuple[Grade, str]]:
    """What the doctor says of the scanner."""
    with app.app_context():
        found = doctor.examine(replace(settings(), clamd_url=url))
    words = ("scanner", "ClamAV", "CLAMD_URL")
    return [(one.grade, one.sentence) for one in found if any(word in one.sentence for word in words)]


@pytest.mark.parametrize("expected", SAID, ids=["fresh", "old", "unknown", "no scanner"])
def test_the_doctor_asks_the_scanner_who_it_is(
    app: Flask, monkeypatch: pytest.MonkeyPatch, place: Path, expected: tuple[Grade, str]
) -> None:
    """Otherwise whoever runs the portal learns from waiting files that its scanner is gone or asleep."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 21, 2, tzinfo=UTC))
    with clamd(place / "s", version=SAID[expected]) as url:
        ((grade, sentence),) = told(app, url)
    assert grade is expected[0]
    assert expected[1] in sentence


def test_the_doctor_says_that_the_scanner_is_gone_or_that_there_is_none(app: Flask, place: Path) -> None:
    ((grade, sentence),) = told(app, f"unix://{place}/none")
    assert grade is Grade.BROKEN
    assert "FileNotFoundError" in sentence
    ((grade, sentence),) = told(app, "")
    assert grade is Grade.NOTE
    assert "CLAMD_URL is not set" in sentence


def configure(monkeypatch: pytest.MonkeyPatch, app: Flask, url: str) -> None:
    with app.app_context():
        configured = replace(settings(), clamd_url=url)
    monkeypatch.setattr(jobs, "settings", lambda: configured)


def state(session: Session, row: Evidence) -> tuple[ScanState, CleanState, str, int]:
    session.refresh(row)
    return row.scan_state, row.clean_state, row.fault, row.attempts


def test_without_a_scanner_evidence_is_cleaned_and_says_that_nobody_looked(
    app: Flask, session: Session, samples: dict[str, bytes]
) -> None:
    row = make_evidence(app, session, samples["image/png"])
    jobs.clean(row.id)
    assert state(session, row) == (ScanState.NOT_SCANNED, CleanState.CLEAN, "", 1)
    assert row.scanned_at is None


def test_with_a_scanner_evidence_is_scanned_before_it_is_opened(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, place: Path, samples: dict[str, bytes]
) -> None:
    good = make_evidence(app, session, samples["image/png"])
    bad = make_evidence(app, session, jpeg(comment=MALWARE))
    opened: list[object] = []
    real = jobs.clean_stream
    monkeypatch.setattr(jobs, "clean_stream", lambda *given: opened.append(given) or real(*given))
    with clamd(place / "s") as url:
        configure(monkeypatch, app, url)
        jobs.clean(bad.id)
        assert opened == []
        jobs.clean(good.id)
    assert state(session, bad) == (ScanState.INFECTED, CleanState.FAILED, "infected", 1)
    assert bad.clean_digest == bad.thumb_digest == ""
    assert state(session, good) == (ScanState.CLEAN, CleanState.CLEAN, "", 1)
    assert good.scanned_at is not None


def test_while_the_scanner_is_down_evidence_waits_and_goes_on_when_it_is_back(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, place: Path, samples: dict[str, bytes]
) -> None:
    row = make_evidence(app, session, samples["image/png"])
    monkeypatch.setattr(jobs, "enqueue", lambda *_args: False)
    configure(monkeypatch, app, f"unix://{place}/s")
    for _ in range(jobs.ATTEMPTS + 2):
        jobs.pending()
        assert state(session, row) == (ScanState.WAITING, CleanState.PENDING, "", 0)
    with clamd(place / "s"):
        jobs.pending()
    assert state(session, row) == (ScanState.CLEAN, CleanState.CLEAN, "", 1)


def test_what_the_scanner_finds_too_long_is_not_called_clean(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, place: Path, samples: dict[str, bytes]
) -> None:
    row = make_evidence(app, session, samples["image/png"])
    with clamd(place / "s", limit=10) as url:
        configure(monkeypatch, app, url)
        jobs.clean(row.id)
    assert state(session, row)[:2] == (ScanState.NOT_SCANNED, CleanState.CLEAN)


@pytest.mark.assure
@pytest.mark.skipif(shutil.which("clamd") is None, reason="clamd is not installed here")
@pytest.mark.timeout(120)
def test_a_real_clamd_with_a_signature_of_our_own_agrees(place: Path) -> None:
    (place / "db").mkdir()
    (place / "db" / "local.ndb").write_text(f"Local.Test:0:*:{MALWARE.hex()}\n")
    (place / "conf").write_text(
        f"LocalSocket {place}/s\nDatabaseDirectory {place}/db\nForeground yes\nUser root\n"
        f"TemporaryDirectory {place}\nStreamMaxLength 8M\nPidFile {place}/pid\n"
    )
    process = subprocess.Popen(
        ["clamd", "--foreground", "-c", str(place / "conf")], stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 90
        while not (place / "s").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        url = f"unix://{place}/s"
        assert Clamd(url).version().name.startswith("ClamAV ")
        assert scan(url, jpeg()) is Verdict.CLEAN
        assert scan(url, bytes(100_000) + MALWARE) is Verdict.INFECTED
        assert scan(url, bytes(9_000_000)) is Verdict.TOO_LARGE
    finally:
        process.terminate()
        process.wait(60)
    with pytest.raises(ScannerDown):
        scan(url, b"x")
