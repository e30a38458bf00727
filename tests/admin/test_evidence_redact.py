"""Blacking out: if this fails a face leaves the desk under a box that is not one."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from portal.audit.models import Event
from portal.cases.models import Case
from portal.database import db
from portal.evidence import redaction
from portal.evidence.models import Evidence, EvidencePage, Redaction, RedactionState
from portal.people.permissions import Role
from portal.reports.models import Report
from tests.fixtures.evidence import make_evidence, picture
from tests.fixtures.records import make_account, make_district, make_report, sign_in

Typed = list[tuple[str, str, str, str]]


@pytest.fixture
def item(app: Flask, client: FlaskClient) -> Evidence:
    sign_in(client, make_account(Role.INTAKE_OFFICER, name="李敏", district=make_district()))
    made = make_evidence(app, make_report(), picture((200, 100)))
    db.session.commit()
    return made


def leaving(item: Evidence) -> str:
    """The checksum of what the sheet shows of it; empty while there is nothing that may leave."""
    last = redaction.latest([item.id]).get(item.id)
    return last.digest if last is not None and last.state is RedactionState.MADE else ""


def draw(client: FlaskClient, item: Evidence, rows: Typed, page: str = "") -> TestResponse:
    path = f"/desk/evidence/{item.uuid}{page}/redact"
    token = client.get(path).text.partition('name="csrf_token" type="hidden" value="')[2].partition('"')[0]
    columns = zip(*rows, strict=True) if rows else [(), (), (), ()]
    sides = dict(zip(("left", "top", "width", "height"), map(list, columns), strict=True))
    return client.post(path, data={"csrf_token": token, **sides})


def test_boxes_become_data_and_a_third_copy_beside_the_clean_one(
    app: Flask, client: FlaskClient, item: Evidence
) -> None:
    answer = draw(client, item, [("10", "20", "25", "30.5"), ("", "", "", ""), ("90", "90", "10", "10")])
    assert answer.status_code == 302, answer.text
    row = db.session.query(Redaction).one()
    assert row.boxes == [[100, 200, 250, 305], [900, 900, 100, 100]]
    assert f"/evidence/{item.uuid}/redacted/" not in client.get(f"/desk/evidence/{item.uuid}").text
    assert leaving(item) == ""
    redaction.make(row.id)
    page = client.get(f"/desk/evidence/{item.uuid}").text
    assert f"/desk/evidence/{item.uuid}/redacted/1" in page
    assert f"/desk/evidence/{item.uuid}/copy" in page
    served = client.get(f"/desk/evidence/{item.uuid}/redacted/1")
    made = Image.open(io.BytesIO(served.data))
    assert made.size == (200, 100)
    assert max(made.getpixel((30, 30))) < 60
    assert min(made.getpixel((120, 50))) > 200
    event = db.session.query(Event).filter_by(action="evidence_redacted").one()
    assert event.facts == {"evidence": item.id, "file": 1, "version": 1, "boxes": 2}
    assert db.session.get_one(Evidence, item.id).clean_digest == item.clean_digest


def test_the_last_version_counts_and_until_it_is_made_none_may_leave(
    app: Flask, client: FlaskClient, item: Evidence
) -> None:
    """Otherwise a face that was forgotten goes out with the first version."""
    draw(client, item, [("10", "10", "10", "10")])
    redaction.make(db.session.query(Redaction).one().id)
    first = leaving(item)
    assert first
    assert 'value="10"' in client.get(f"/desk/evidence/{item.uuid}/redact").text
    draw(client, item, [("10", "10", "10", "10"), ("50", "50", "10", "10")])
    assert leaving(item) == ""
    second = db.session.query(Redaction).filter_by(version=2).one()
    redaction.make(second.id)
    redaction.make(second.id)
    assert leaving(item) not in {"", first}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "至少画一个框"),
        ([("10", "10", "x", "10")], "请写四个"),
        ([("10", "10", "", "10")], "请写四个"),
        ([("NaN", "10", "1", "10")], "请写四个"),
        ([("-1", "10", "10", "10")], "请写四个"),
        ([("1e9", "10", "10", "10")], "请写四个"),
        ([("95", "10", "10", "10")], "不在图内"),
        ([("10", "10", "0.2", "10")], "不在图内"),
        ([("1", "1", "5", "5")] * 41, "最多 40 个框"),
    ],
)
def test_boxes_that_hide_nothing_are_refused_and_kept_as_typed(
    client: FlaskClient, item: Evidence, rows: Typed, said: str
) -> None:
    answer = draw(client, item, rows)
    assert answer.status_code == 422
    assert said in answer.text
    assert all(f'value="{side}"' in answer.text for row in rows for side in row if side)
    assert db.session.query(Redaction).count() == 0


def test_a_number_between_is_rounded_outwards(client: FlaskClient, item: Evidence) -> None:
    """Otherwise the edge of a face shows beside its box."""
    draw(client, item, [("10.19", "10.11", "10.03", "89.89")])
    assert db.session.query(Redaction).one().boxes == [[101, 101, 102, 899]]


def test_who_only_reads_money_draws_nothing(app: Flask, client: FlaskClient, item: Evidence) -> None:
    sign_in(client, make_account(Role.FINANCE))
    assert client.get(f"/desk/evidence/{item.uuid}/redact").status_code == 403


def test_a_copy_that_cannot_be_made_is_given_up_and_said(
    app: Flask, client: FlaskClient, item: Evidence
) -> None:
    draw(client, item, [("10", "10", "10", "10")])
    app.extensions["portal_store"].delete(item.clean_digest)
    row = db.session.query(Redaction).one()
    for _ in range(redaction.ATTEMPTS):
        redaction.make(row.id)
    db.session.refresh(row)
    assert row.state is RedactionState.FAILED
    assert "没有做成" in client.get(f"/desk/evidence/{item.uuid}").text
    assert leaving(item) == ""


def test_a_page_of_a_document_is_blacked_out_by_itself_and_only_so_printed(
    app: Flask, client: FlaskClient, item: Evidence
) -> None:
    """Otherwise the reporter's name leaves the desk in a letter, since only pictures could be covered."""
    letter = make_evidence(app, make_report(), b"%PDF-1.7", clean_type="application/pdf", position=2)
    store = app.extensions["portal_store"]
    for number in (1, 2):
        digest = store.put(io.BytesIO(picture((100, 200), kind="JPEG"))).digest
        db.session.add(EvidencePage(evidence_id=letter.id, number=number, digest=digest))
    db.session.commit()
    assert client.get(f"/desk/evidence/{letter.uuid}/redact").status_code == 404
    assert client.get(f"/desk/evidence/{letter.uuid}/pages/3/redact").status_code == 404
    assert client.get(f"/desk/evidence/{item.uuid}/pages/1/redact").status_code == 404
    refused = draw(client, letter, [("95", "10", "10", "10")], "/pages/2")
    assert (refused.status_code, 'value="95"' in refused.text) == (422, True)
    assert draw(client, letter, [("0", "0", "50", "50")], "/pages/2").status_code == 302
    row = db.session.query(Redaction).one()
    assert (row.page, row.version, leaving(letter)) == (2, 1, "")
    number = db.session.scalars(db.select(Case.number).where(Case.id == db.session.get_one(
        Report, letter.report_id).case_id)).one()  # fmt: skip
    sheet = f"/desk/cases/{number}/evidence-sheet"
    assert f"/evidence/{letter.uuid}/pages/2" not in client.get(sheet).text  # not before its boxes are on it
    redaction.make(row.id)
    printed = client.get(sheet).text
    assert f"/desk/evidence/{letter.uuid}/pages/1" in printed
    assert f"/desk/evidence/{letter.uuid}/redacted/1" in printed
    assert f"/desk/evidence/{letter.uuid}/pages/2" not in printed
    assert "并非每一页" in printed
    made = Image.open(io.BytesIO(client.get(f"/desk/evidence/{letter.uuid}/redacted/1").data))
    assert made.size == (100, 200)
    assert (max(made.getpixel((20, 50))) < 60, min(made.getpixel((80, 150))) > 200) == (True, True)
    page = client.get(f"/desk/evidence/{letter.uuid}").text
    assert f"/desk/evidence/{letter.uuid}/redacted/1" in page
    assert f"/desk/evidence/{letter.uuid}/pages/1/redact" in page
    assert 'value="50"' in client.get(f"/desk/evidence/{letter.uuid}/pages/2/redact").text
    assert 'value="50"' not in client.get(f"/desk/evidence/{letter.uuid}/pages/1/redact").text
