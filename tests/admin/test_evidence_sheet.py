"""The evidence sheet: if it fails a face that was blacked out leaves the office on paper."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.audit.models import Event
from portal.cases.models import Case
from portal.database import db
from portal.evidence import redaction
from portal.evidence.models import CleanState, Evidence, EvidencePage, Redaction
from portal.people.models import Account
from portal.people.permissions import Role
from portal.reports.models import Report
from tests.fixtures.evidence import make_evidence, picture
from tests.fixtures.pages import english_words
from tests.fixtures.records import make_account, make_case, make_district, make_report, sign_in


@pytest.fixture
def intake(app: Flask, client: FlaskClient) -> Account:
    account = make_account(Role.INTAKE_OFFICER, district=make_district())
    sign_in(client, account)
    return account


@pytest.fixture
def report(app: Flask) -> Report:
    return make_report()


def sheet(client: FlaskClient, report: Report, *chosen: Evidence) -> str:
    number = db.session.get_one(Case, report.case_id).number
    answer = client.get(
        f"/desk/cases/{number}/evidence-sheet", query_string={"file": [f.uuid for f in chosen]}
    )
    assert answer.status_code == 200
    return answer.text


def pictures(page: str) -> list[str]:
    """What the page fetches, without what stands around the files."""
    return [one for one in re.findall(r'<img[^>]* src="([^"]+)"', page) if "/evidence/" in one]


def grouped(digest: str) -> str:
    return " ".join(digest[start : start + 8] for start in range(0, 64, 8))


def test_the_blacked_out_copy_wins_and_until_it_is_made_nothing_is_printed(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    bare = make_evidence(app, report, picture((200, 100)))
    faces = make_evidence(app, report, picture((200, 100)), position=2)
    drawn = Redaction(evidence_id=faces.id, version=1, boxes=[[100, 100, 300, 300]], drawn_at=clock.now())
    drawn.account_id = intake.id
    db.session.add(drawn)
    db.session.commit()
    page = sheet(client, report)
    assert pictures(page) == [f"/desk/evidence/{bare.uuid}/copy"]
    assert "遮挡副本还没有生成" in page
    redaction.make(drawn.id)
    page = sheet(client, report)
    assert pictures(page) == [f"/desk/evidence/{bare.uuid}/copy", f"/desk/evidence/{faces.uuid}/redacted/1"]
    assert grouped(bare.clean_digest) in page
    assert grouped(db.session.get_one(Redaction, drawn.id).digest) in page
    assert grouped(faces.clean_digest) not in page
    assert page.count("这里没有做遮挡") == 1
    assert client.get(pictures(page)[1]).status_code == 200


def test_the_originals_are_named_by_checksum_and_never_shown(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    item = make_evidence(app, report)
    db.session.commit()
    page = sheet(client, report)
    assert grouped(item.digest) in page
    assert "/original" not in page
    number = db.session.get_one(Case, report.case_id).number
    assert f"{number} · 第 1 件，共 1 件" in page
    assert f"/desk/cases/{number}/evidence-sheet" in client.get(f"/desk/cases/{number}").text
    assert f"evidence-sheet?file={item.uuid}" in client.get(f"/desk/evidence/{item.uuid}").text


def test_films_documents_and_recordings_are_printed_as_far_as_paper_can(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    film = make_evidence(app, report, clean_type="video/mp4")
    film.thumb_digest = film.clean_digest
    letter = make_evidence(app, report, clean_type="application/pdf", position=2)
    db.session.add_all(
        EvidencePage(evidence_id=letter.id, number=n, digest=letter.clean_digest) for n in (1, 2)
    )
    make_evidence(app, report, clean_type="audio/mp4", position=3)
    make_evidence(app, report, state=CleanState.PENDING, position=4)
    db.session.commit()
    page = sheet(client, report)
    assert pictures(page) == [
        f"/desk/evidence/{film.uuid}/thumb",
        f"/desk/evidence/{letter.uuid}/pages/1",
        f"/desk/evidence/{letter.uuid}/pages/2",
    ]
    assert "视频截图" in page
    assert "无法打印" in page
    assert english_words(re.sub(r'<(\w+)[^>]* translate="no">.*?</\1>', "", page)) == []


def test_only_ticked_files_are_printed_and_each_counts_as_looked_at(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    one, two, three = (make_evidence(app, report, position=number) for number in (1, 2, 3))
    db.session.commit()
    page = sheet(client, report, three, one)
    assert pictures(page) == [f"/desk/evidence/{item.uuid}/copy" for item in (one, three)]
    assert "第 3 件，共 3 件" in page
    seen = {event.facts["evidence"] for event in db.session.query(Event).filter_by(action="evidence_viewed")}
    assert seen == {one.id, three.id}
    assert len(pictures(sheet(client, report))) == 3
    assert two.uuid in page  # offered, not shown


def test_a_case_out_of_reach_has_no_sheet(app: Flask, client: FlaskClient, intake: Account) -> None:
    far = make_case(district=make_district("linzhou"))
    item = make_evidence(app, make_report(far))
    db.session.commit()
    answer = client.get(f"/desk/cases/{far.number}/evidence-sheet?file={item.uuid}")
    assert answer.status_code == 404
    assert item.uuid not in answer.text
    assert db.session.query(Event).filter_by(action="evidence_viewed").count() == 0
