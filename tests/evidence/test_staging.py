"""Staged files: if they failed, a photo would be lost after a refusal, or another person's taken over."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.database import db
from portal.evidence import original_keys, staging, sweeper
from portal.evidence.inspection import MAX_FILE_BYTES, InspectionError, InspectionFault
from portal.evidence.models import StagedFile
from portal.evidence.staging import Received
from portal.evidence.vaulted import Originals
from tests.fixtures.evidence import read_original

AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
MINE, OTHERS = "a" * 32, "b" * 32


@pytest.fixture
def originals(app: Flask) -> Originals:
    originals: Originals = app.extensions["portal_originals"]
    return originals


def files(*names: str) -> list[Received]:
    return [Received("image/png", 10, name * 64) for name in names]


def digests(submission: str) -> str:
    return "".join(row.digest[0] for row in staging.staged(submission))


def test_a_good_file_is_stored_whole(app: Flask, originals: Originals, samples: dict[str, bytes]) -> None:
    for media_type, content in samples.items():
        received = staging.receive(io.BytesIO(content), originals)
        assert (received.media_type, received.size) == (media_type, len(content))
        original_keys.keep(received.original, received.digest, received.wraps)
        assert read_original(app, received.original) == content


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", InspectionFault.EMPTY),
        (b"MZ\x90\x00" + b"\0" * 100, InspectionFault.NOT_ALLOWED),
        (b"\xff\xd8\xff\xe0<script>alert(1)</script>", InspectionFault.NOT_ALLOWED),
        (b"\xff\xd8\xff\xe0" + b"\0" * MAX_FILE_BYTES, InspectionFault.TOO_LARGE),
    ],
    ids=["empty", "program", "page in disguise", "too large"],
)
def test_a_wrong_file_is_refused_and_leaves_nothing(
    originals: Originals, content: bytes, fault: InspectionFault
) -> None:
    before = set(originals.names())
    with pytest.raises(InspectionError) as refusal:
        staging.receive(io.BytesIO(content), originals)
    assert refusal.value.code is fault
    assert set(originals.names()) == before


def test_files_stay_bound_to_their_submission_in_order_and_each_content_once(app: Flask) -> None:
    staging.stage(OTHERS, files("9"), AT)
    staging.stage(MINE, files("a", "b"), AT)
    staging.stage(MINE, files("b", "c"), AT)
    assert digests(MINE) == "abc"
    assert [row.position for row in staging.staged(MINE)] == [1, 2, 3]


def test_nine_files_at_most_counting_those_staged_before(app: Flask) -> None:
    staging.stage(MINE, files(*"01234567"), AT)
    staging.stage(MINE, files(*"89abc"), AT)
    assert digests(MINE) == "012345678"


def test_removing_needs_the_own_submission(app: Flask, session: Session) -> None:
    (theirs,) = staging.stage(OTHERS, files("9"), AT)
    (mine,) = staging.stage(MINE, files("a"), AT)
    session.flush()
    staging.remove(MINE, [theirs.uuid])
    assert digests(OTHERS) == "9"
    staging.remove(MINE, [mine.uuid])
    assert digests(MINE) == ""


def test_taking_forgets_the_rows_of_that_submission_alone(app: Flask) -> None:
    staging.stage(OTHERS, files("9"), AT)
    staging.stage(MINE, files("a", "b"), AT)
    assert [file.digest[0] for file in staging.take(MINE)] == ["a", "b"]
    assert staging.take(MINE) == []
    assert digests(OTHERS) == "9"


def test_the_sweep_forgets_what_was_not_sent_for_three_days(app: Flask, session: Session) -> None:
    staging.stage(OTHERS, files("9"), AT - staging.KEPT - timedelta(seconds=1))
    staging.stage(MINE, files("a"), AT - staging.KEPT + timedelta(seconds=1))
    assert staging.sweep(AT) == ["9" * 64]
    assert staging.sweep(AT) == []
    assert [row.submission_id for row in session.scalars(select(StagedFile))] == [MINE]


def test_bytes_without_a_row_go_after_a_day_and_others_stay(
    app: Flask, originals: Originals, samples: dict[str, bytes]
) -> None:
    kept, orphan = (
        staging.receive(io.BytesIO(content), originals)
        for content in (samples["image/png"], samples["image/jpeg"])
    )
    staging.stage(MINE, [kept], AT)
    db.session.commit()
    now, store = datetime.now(UTC), app.extensions["portal_store"]
    late = now + sweeper.ORPHAN_AGE + timedelta(minutes=1)
    assert sweeper.remove_orphans(store, originals, now) == 0
    assert sweeper.remove_orphans(store, originals, late) >= 1
    assert originals.exists(kept.original)
    assert not originals.exists(orphan.original)
