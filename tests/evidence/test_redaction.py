"""If these fail what was blacked out can be read again, or the sweep takes the copy away."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from portal import clock
from portal.audit.models import ActorKind
from portal.database import db
from portal.errors import NotAllowed, NotInThisState
from portal.evidence import redaction, staging
from portal.evidence.blackout import BLACK, black_out
from portal.evidence.models import CleanState, Evidence, Redaction, RedactionState
from portal.people.actor import Actor
from portal.people.permissions import Role
from portal.reports.models import Report
from tests.evidence.samples import CANARY, jpeg
from tests.fixtures.evidence import make_evidence
from tests.fixtures.records import make_account, make_report

SIDE = st.integers(0, 1000)


@pytest.fixture
def officer(app: Flask) -> Actor:
    account = make_account(Role.INTAKE_OFFICER)
    return Actor(ActorKind.STAFF, account.id, account.person_id, account.roles)


def case_of(item: Evidence) -> int:
    """The case whose log takes the event; its id is not the report's."""
    report = db.session.get(Report, item.report_id)
    assert report is not None
    return report.case_id


@given(left=SIDE, top=SIDE, width=SIDE, height=SIDE, size=st.tuples(st.integers(1, 60), st.integers(1, 60)))
def test_every_pixel_that_a_box_touches_is_black_and_no_other(
    left: int, top: int, width: int, height: int, size: tuple[int, int]
) -> None:
    width, height = min(width, 1000 - left), min(height, 1000 - top)
    if not width or not height:
        return
    made = black_out(Image.new("RGB", size, "white"), [[left, top, width, height]])
    for x in range(size[0]):
        for y in range(size[1]):
            touched = (
                x * 1000 < (left + width) * size[0]
                and (x + 1) * 1000 > left * size[0]
                and y * 1000 < (top + height) * size[1]
                and (y + 1) * 1000 > top * size[1]
            )
            assert made.getpixel((x, y)) == (BLACK if touched else (255, 255, 255))


def test_the_copy_carries_nothing_but_pixels(app: Flask, officer: Actor) -> None:
    item = make_evidence(app, make_report(), jpeg(), clean_type="image/jpeg")
    row = redaction.draw(item, [(0, 0, 500, 500)], case_of(item), actor=officer, at=clock.now())
    db.session.commit()
    redaction.make(row.id)
    db.session.refresh(row)
    with app.extensions["portal_store"].open(row.digest) as file:
        content = file.read()
    assert CANARY.encode() not in content
    assert b"Exif" not in content
    assert not Image.open(io.BytesIO(content)).getexif()


def test_the_sweep_leaves_redacted_copies_alone(app: Flask, officer: Actor) -> None:
    item = make_evidence(app, make_report())
    row = redaction.draw(item, [(0, 0, 500, 500)], case_of(item), actor=officer, at=clock.now())
    db.session.commit()
    redaction.make(row.id)
    db.session.refresh(row)
    assert staging.unknown([row.digest, "a" * 64]) == ["a" * 64]


def test_only_a_clean_picture_is_drawn_on_and_not_by_everybody(app: Flask, officer: Actor) -> None:
    report = make_report()
    waiting = make_evidence(app, report, state=CleanState.PENDING)
    document = make_evidence(app, report, b"%PDF", clean_type="application/pdf")
    for item in (waiting, document):
        with pytest.raises(NotInThisState):
            redaction.draw(item, [(0, 0, 9, 9)], report.case_id, actor=officer, at=clock.now())
    auditor = make_account(Role.AUDITOR)
    stranger = Actor(ActorKind.STAFF, auditor.id, auditor.person_id, auditor.roles)
    with pytest.raises(NotAllowed):
        redaction.draw(make_evidence(app, report), [(0, 0, 9, 9)], 1, actor=stranger, at=clock.now())


def test_a_job_that_was_lost_is_found_again(
    app: Flask, officer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = make_evidence(app, make_report())
    at = clock.now() - redaction.IN_HAND - timedelta(seconds=1)
    row = redaction.draw(item, [(0, 0, 500, 500)], case_of(item), actor=officer, at=at)
    db.session.commit()
    monkeypatch.setattr(redaction, "enqueue", lambda *_: False)
    redaction.pending()
    assert db.session.get_one(Redaction, row.id, populate_existing=True).state is RedactionState.MADE
