"""If these fail bits rot in silence, or a broken line is told as destroyed evidence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock, doctor, health
from portal.database import db
from portal.evidence import scrub
from portal.evidence.models import CleanState, Evidence
from portal.evidence.store import StoreError, StoreFault
from portal.extensions import settings
from tests.fixtures.evidence import make_evidence
from tests.fixtures.records import make_report

LONG = 600.0


@pytest.fixture
def items(app: Flask) -> list[Evidence]:
    report = make_report()
    made = [make_evidence(app, report, position=place) for place in (1, 2, 3)]
    db.session.commit()
    return made


def path_of(app: Flask, name: str) -> Path:
    """Where a copy lies by its digest, or an original by its name."""
    place = app.extensions["portal_originals" if len(name) == 32 else "portal_store"]
    path: Path = place._shelf._path(name)
    return path


def flip(app: Flask, name: str) -> None:
    path = path_of(app, name)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def faults() -> list[str]:
    db.session.expire_all()
    return [item.store_fault for item in db.session.query(Evidence).order_by(Evidence.id)]


def test_a_flipped_byte_and_a_missing_file_are_found_in_one_run(app: Flask, items: list[Evidence]) -> None:
    flip(app, items[0].original)
    path_of(app, items[1].original).unlink()
    assert scrub.run(LONG) is False
    assert faults() == ["damaged", "absent", ""]
    assert all(item.verified_at for item in db.session.query(Evidence))


def test_a_file_in_anothers_place_is_found(app: Flask, items: list[Evidence]) -> None:
    path_of(app, items[0].original).write_bytes(path_of(app, items[1].original).read_bytes())
    scrub.run(LONG)
    assert faults()[0] == "damaged"


def test_a_copy_that_is_lost_is_not_told_as_the_original(app: Flask, items: list[Evidence]) -> None:
    path_of(app, items[0].clean_digest).unlink()
    scrub.run(LONG)
    assert faults() == ["copy_absent", "", ""]


def test_a_file_that_came_back_is_well_again(app: Flask, items: list[Evidence]) -> None:
    content = path_of(app, items[0].original).read_bytes()
    path_of(app, items[0].original).unlink()
    scrub.run(LONG)
    path_of(app, items[0].original).write_bytes(content)
    assert scrub.verify(items[0], app.extensions["portal_store"], clock.now()) == ""
    assert faults() == ["", "", ""]


def test_a_slice_ends_in_time_and_the_next_goes_on_where_it_ended(
    app: Flask, items: list[Evidence], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the scrub of a large store never reaches its end, or keeps everything else waiting."""
    seen: list[str] = []
    verify = scrub.verify

    def watched(item: Evidence, *rest: object) -> str:
        seen.append(item.uuid)
        return verify(item, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(scrub, "verify", watched)
    ticks = iter([0.0, 1.0, 1.0, 99.0])
    with monkeypatch.context() as patched:
        patched.setattr(scrub.time, "monotonic", lambda: next(ticks))
        assert scrub.run(10.0) is True
    assert len(seen) == 2
    assert scrub.run(LONG) is False
    assert sorted(seen) == sorted(item.uuid for item in items)
    assert scrub.run(LONG) is False
    assert len(seen) == 3


def test_what_was_read_a_day_ago_is_read_again(app: Flask, items: list[Evidence]) -> None:
    scrub.run(LONG)
    flip(app, items[2].original)
    scrub.run(LONG)
    assert faults() == ["", "", ""]
    for item in db.session.query(Evidence):
        item.verified_at = clock.now() - scrub.EVERY - timedelta(minutes=1)
    db.session.commit()
    scrub.run(LONG)
    assert faults() == ["", "", "damaged"]


def test_a_store_that_does_not_answer_says_nothing_about_files(
    app: Flask, items: list[Evidence], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_digest: str) -> None:
        raise StoreError(StoreFault.UNREACHABLE)

    monkeypatch.setattr(app.extensions["portal_originals"], "body_digest", unreachable)
    assert scrub.run(LONG) is False
    assert faults() == ["", "", ""]
    assert all(item.verified_at is None for item in db.session.query(Evidence))


def test_a_file_without_a_clean_copy_is_read_too(app: Flask) -> None:
    item = make_evidence(app, make_report(), state=CleanState.FAILED)
    db.session.commit()
    flip(app, item.original)
    scrub.run(LONG)
    assert faults() == ["damaged"]


def test_without_redis_the_schedule_does_a_little_of_it(
    app: Flask, items: list[Evidence], monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(scrub, "enqueue", lambda name: bool(rung.append(name)))
    scrub.ring()
    assert rung == ["scrub_evidence"]
    assert all(item.verified_at for item in db.session.query(Evidence))
    scrub.ring()
    assert len(rung) == 1, "nothing is due"


def test_doctor_names_the_file_and_health_says_that_something_is_wrong(
    app: Flask, client: FlaskClient, items: list[Evidence]
) -> None:
    """Otherwise nobody restores it while the backup still has it."""
    flip(app, items[1].original)
    assert "evidence" not in health.troubles()
    scrub.run(LONG)
    assert "1 files" in health.troubles()["evidence"]
    sentences = [finding.sentence for finding in doctor.examine(settings()) if finding.grade == "broken"]
    assert any(items[1].uuid in sentence and "damaged" in sentence for sentence in sentences)
    assert items[1].uuid not in client.get("/healthz").text
