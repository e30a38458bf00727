"""Pages of documents as pictures: if these failed an officer would have to open a stranger's PDF to read it,
or its pages would be lost with the next sweep."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import timedelta

import pikepdf
import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.evidence import cleaning, jobs, sweeper
from portal.evidence.cleaning import CleaningError, clean_stream, draw_pages
from portal.evidence.cleaning_faults import CleaningFault
from portal.evidence.inspection import MediaType
from portal.evidence.models import CleanState, EvidencePage
from tests.evidence.samples import pdf
from tests.evidence.test_cleaning import corners
from tests.evidence.test_jobs import make_evidence

needs_pdfium = pytest.mark.skipif(not cleaning.CAN_DRAW_PAGES, reason="pypdfium2 is not installed here")


def drawn(content: bytes) -> list[Image.Image]:
    copies = clean_stream(MediaType.PDF, io.BytesIO(content))
    try:
        return [Image.open(io.BytesIO(page)) for page in draw_pages(copies.main)]
    finally:
        copies.close()


def document(pages: int, size: tuple[float, float] = (595, 842)) -> bytes:
    made = pikepdf.Pdf.new()
    for _ in range(pages):
        made.add_blank_page(page_size=size)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@needs_pdfium
def test_pages_are_drawn_as_they_look_at_110_dots_an_inch() -> None:
    first, second = drawn(pdf())
    assert first.format == second.format == "JPEG"
    assert first.size == (306, 306)
    photo = first.crop((76, 115, 229, 229))
    assert corners(photo) == ["red", "green", "blue", "white"]
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(first.info)


@needs_pdfium
def test_a_long_document_shows_its_first_twenty_pages_and_a_plan_is_drawn_smaller() -> None:
    assert len(drawn(document(23))) == 20
    (plan,) = drawn(document(1, (14_000, 7_000)))
    assert plan.size == (2000, 1000)


@needs_pdfium
def test_the_job_keeps_the_pages_and_the_sweep_leaves_them(
    app: Flask, session: Session, samples: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make_evidence(app, session, samples["application/pdf"])
    jobs.clean(row.id)
    session.refresh(row)
    pages = session.execute(
        select(EvidencePage.number, EvidencePage.digest).where(EvidencePage.evidence_id == row.id)
    ).all()
    assert [page.number for page in pages] == [1, 2]
    assert row.pages == 2
    store = app.extensions["portal_store"]
    late = clock.now() + timedelta(days=2)
    sweeper.remove_orphans(store, app.extensions["portal_originals"], late)
    for page in pages:
        with store.open(page.digest) as file:
            assert Image.open(file).format == "JPEG"


def test_a_document_that_cannot_be_drawn_is_kept_without_pages(
    app: Flask, session: Session, samples: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> list[bytes]:
        raise CleaningError(CleaningFault.BROKEN)

    monkeypatch.setattr(jobs, "draw_pages", refuse)
    row = make_evidence(app, session, samples["application/pdf"])
    jobs.clean(row.id)
    session.refresh(row)
    assert row.clean_state is CleanState.CLEAN
    assert list(session.scalars(select(EvidencePage).where(EvidencePage.evidence_id == row.id))) == []


def test_without_the_program_for_it_there_are_no_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "CAN_DRAW_PAGES", False)
    assert drawn(pdf()) == []


def test_a_child_that_lies_about_lengths_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    for lengths in ("x", [0], [-5], ["a"], None):
        monkeypatch.setattr(cleaning, "_ask_child", lambda *_args, told=lengths: {"lengths": told})
        with pytest.raises(CleaningError):
            draw_pages(io.BytesIO(b""))


def test_a_film_keeps_its_size_and_length(app: Flask, session: Session, samples: dict[str, bytes]) -> None:
    row = make_evidence(app, session, samples["video/quicktime"])
    jobs.clean(row.id)
    session.refresh(row)
    assert (row.clean_type, row.width, row.height) == ("video/mp4", 64, 48)
    assert row.duration_ms in range(900, 1200)
    assert row.thumb_digest


def test_decoders_are_loaded_in_children_only() -> None:
    program = (
        "import sys, portal.factory, portal.evidence.jobs\n"
        "loaded = {'av', 'pillow_heif', 'pypdfium2', 'pikepdf'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
