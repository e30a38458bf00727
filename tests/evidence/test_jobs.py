"""The cleaning job: if it failed, officers would see where a photo was taken, or no photo at all."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.evidence import jobs, original_keys, staging
from portal.evidence.cleaning import CleaningError
from portal.evidence.cleaning_faults import CleaningFault
from portal.evidence.models import CleanState, Evidence, EvidencePage
from tests.fixtures.records import make_report

AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)


def make_evidence(app: Flask, session: Session, content: bytes, media_type: str = "") -> Evidence:
    received = staging.receive(io.BytesIO(content), app.extensions["portal_originals"])
    original_keys.keep(received.original, received.digest, received.wraps)
    row = Evidence(
        uuid=received.digest[:32],
        report_id=make_report().id,
        position=1,
        media_type=media_type or received.media_type,
        size=received.size,
        digest=received.digest,
        original=received.original,
        received_at=AT,
    )
    session.add(row)
    session.commit()
    return row


def test_a_photo_gets_a_clean_copy_and_a_small_one(
    app: Flask, session: Session, samples: dict[str, bytes]
) -> None:
    row = make_evidence(app, session, samples["image/jpeg"])
    jobs.clean(row.id)
    session.refresh(row)
    store = app.extensions["portal_store"]
    assert (row.clean_state, row.fault, row.attempts) == (CleanState.CLEAN, "", 1)
    assert row.cleaned_at is not None
    assert store.exists(row.clean_digest)
    assert store.exists(row.thumb_digest)
    assert app.extensions["portal_originals"].exists(row.original)


def test_a_second_run_does_nothing(app: Flask, session: Session, samples: dict[str, bytes]) -> None:
    row = make_evidence(app, session, samples["image/png"])
    jobs.clean(row.id)
    session.refresh(row)
    before = (row.clean_digest, row.cleaned_at, row.attempts)
    jobs.clean(row.id)
    session.refresh(row)
    assert (row.clean_digest, row.cleaned_at, row.attempts) == before


def test_a_broken_file_is_given_up_at_once(app: Flask, session: Session, samples: dict[str, bytes]) -> None:
    row = make_evidence(app, session, samples["image/jpeg"][:200])
    jobs.clean(row.id)
    session.refresh(row)
    assert (row.clean_state, row.clean_digest) == (CleanState.FAILED, "")
    assert row.fault


def test_a_file_that_kills_its_worker_is_given_up_after_three_tries(
    app: Flask, session: Session, samples: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make_evidence(app, session, samples["image/png"])

    def crash(*_args: object) -> None:
        raise CleaningError(CleaningFault.CRASHED)

    monkeypatch.setattr(jobs, "clean_stream", crash)
    states = []
    for _ in range(4):
        jobs.clean(row.id)
        session.refresh(row)
        states.append(row.clean_state)
    assert states == [CleanState.PENDING, CleanState.PENDING, CleanState.FAILED, CleanState.FAILED]
    assert row.fault == "crashed"


def test_a_file_whose_worker_was_killed_three_times_is_not_tried_again(
    app: Flask, session: Session, samples: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make_evidence(app, session, samples["image/png"])
    row.attempts = jobs.ATTEMPTS
    session.commit()
    tried: list[object] = []
    monkeypatch.setattr(jobs, "clean_stream", lambda *given: tried.append(given))
    jobs.clean(row.id)
    session.refresh(row)
    assert (row.clean_state, row.fault, tried) == (CleanState.FAILED, "crashed", [])


def test_what_no_job_did_is_found_and_done_without_a_queue(
    app: Flask, session: Session, samples: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make_evidence(app, session, samples["application/pdf"])
    monkeypatch.setattr(jobs, "enqueue", lambda *_args: False)
    assert jobs.pending() == 1
    session.refresh(row)
    assert row.clean_state is CleanState.CLEAN
    assert jobs.pending() == 0


def test_pages_whose_drawing_was_killed_are_drawn_again_and_at_last_done_without(
    app: Flask, session: Session, samples: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a moment without memory costs a document its pages for good."""
    killed, good = (
        make_evidence(app, session, samples["application/pdf"] + end) for end in (b"\n%1", b"\n%2")
    )
    real = jobs.draw_pages

    def kill(*_args: object) -> None:
        raise CleaningError(CleaningFault.TOO_COSTLY)

    monkeypatch.setattr(jobs, "draw_pages", kill)
    for expected in (CleanState.PENDING, CleanState.PENDING, CleanState.CLEAN):
        jobs.clean(killed.id)
        session.refresh(killed)
        assert killed.clean_state is expected
    jobs.clean(good.id)
    monkeypatch.setattr(jobs, "draw_pages", real)
    jobs.clean(good.id)
    session.refresh(good)
    assert (good.clean_state, good.fault, good.attempts) == (CleanState.CLEAN, "", 2)
    pages = session.scalars(select(EvidencePage.evidence_id))
    assert list(pages) == [good.id, good.id]


def test_an_unknown_file_is_no_error(app: Flask) -> None:
    jobs.clean(999_999_999)
