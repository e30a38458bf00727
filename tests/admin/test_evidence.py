"""The page of a file: seen within reach only, as data that can do nothing, never the original by itself."""

from __future__ import annotations

import io
import os
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale

from portal import clock
from portal.audit.models import Event
from portal.database import db
from portal.evidence import likeness, looks
from portal.evidence.chunks import CHUNK_BYTES
from portal.evidence.models import CleanState, Evidence, EvidencePage, Redaction, RedactionState, ScanState
from portal.people.models import Account
from portal.people.permissions import Role
from portal.reports import timeline
from portal.reports.models import Report
from portal.vault.client import VaultClient
from tests.fixtures.desk import hidden, submit
from tests.fixtures.evidence import make_evidence, picture
from tests.fixtures.pages import english_words
from tests.fixtures.records import (
    make_account,
    make_case,
    make_department,
    make_district,
    make_report,
    sign_in,
)

FILM = os.urandom(2 * CHUNK_BYTES + 1000)
PARTS = ("", "/copy", "/thumb", "/pages/1", "/redacted/1", "/original", "/redact")


@pytest.fixture
def intake(app: Flask, client: FlaskClient) -> Account:
    account = make_account(Role.INTAKE_OFFICER, name="李敏", district=make_district())
    sign_in(client, account)
    return account


@pytest.fixture
def report(app: Flask) -> Report:
    return make_report()


def film(app: Flask, report: Report, clean_type: str = "video/mp4") -> Evidence:
    item = make_evidence(app, report, FILM, clean_type=clean_type)
    db.session.commit()
    return item


def full(app: Flask, report: Report) -> Evidence:
    """A file with everything that can hang on one."""
    item = make_evidence(app, report)
    store = app.extensions["portal_store"]
    digest = store.put(io.BytesIO(picture())).digest
    db.session.add(EvidencePage(evidence_id=item.id, number=1, digest=digest))
    db.session.add(
        Redaction(
            evidence_id=item.id,
            version=1,
            boxes=[[0, 0, 100, 100]],
            account_id=make_account(Role.SUPERVISOR).id,
            drawn_at=clock.now(),
            state=RedactionState.MADE,
            digest=digest,
        )
    )
    db.session.commit()
    return item


def test_files_are_served_within_reach_only(app: Flask, client: FlaskClient, intake: Account) -> None:
    """Otherwise a picture is seen by another district."""
    own, foreign = (
        full(app, make_report()),
        full(app, make_report(make_case(district=make_district("linzhou")))),
    )
    for part in PARTS:
        assert client.get(f"/desk/evidence/{own.uuid}{part}").status_code == 200, part
        strange = client.get(f"/desk/evidence/{foreign.uuid}{part}")
        absent = client.get(f"/desk/evidence/{'0' * 32}{part}")
        assert strange.status_code == absent.status_code == 404, part
    for part in ("/check", "/original", "/redact"):
        token = hidden(client.get(f"/desk/evidence/{own.uuid}/original").text)["csrf_token"]
        data = {"csrf_token": token, "reason": "看不清车牌号码"}
        assert client.post(f"/desk/evidence/{foreign.uuid}{part}", data=data).status_code == 404


@pytest.mark.parametrize("part", ["/copy", "/thumb", "/pages/1", "/redacted/1"])
def test_a_file_is_data_that_can_do_nothing(
    app: Flask, client: FlaskClient, intake: Account, report: Report, part: str
) -> None:
    """Otherwise a picture runs as a page, or stays in the browser of a shared machine."""
    served = client.get(f"/desk/evidence/{full(app, report).uuid}{part}")
    assert served.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert served.headers["Content-Security-Policy"].endswith("sandbox")
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert served.headers["Cache-Control"] == "private, no-store"
    assert report.number not in served.headers["Content-Disposition"]


def test_what_cannot_be_shown_is_saved(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    item = make_evidence(app, report, b"%PDF-1.7 clean", clean_type="application/pdf")
    db.session.commit()
    served = client.get(f"/desk/evidence/{item.uuid}/copy")
    assert served.headers["Content-Disposition"] == 'attachment; filename="1.pdf"'
    assert served.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("state", [CleanState.PENDING, CleanState.FAILED])
def test_nothing_is_shown_of_a_file_without_a_clean_copy(
    app: Flask, client: FlaskClient, intake: Account, report: Report, state: CleanState
) -> None:
    """Otherwise the camera's place and owner reach the desk, or a virus does."""
    item = make_evidence(app, report, state=state)
    db.session.commit()
    for part in ("/copy", "/thumb", "/pages/1", "/redacted/1", "/redact"):
        assert client.get(f"/desk/evidence/{item.uuid}{part}").status_code == 404
    page = client.get(f"/desk/evidence/{item.uuid}").text
    assert ("还没有处理好" in page) is (state is CleanState.PENDING)
    assert ("没能处理" in page) is (state is CleanState.FAILED)
    assert f"{item.uuid}/copy" not in page
    assert f"{item.uuid}/again" not in page  # nobody here has its key


def test_a_file_that_was_given_up_is_cleaned_once_more_at_a_click(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    """Otherwise a photo that came in a bad minute stays unseen, and the reporter is asked for it in vain."""
    item = make_evidence(app, report, state=CleanState.PENDING)
    item.clean_state, item.attempts, item.fault = CleanState.FAILED, 3, "crashed"
    db.session.commit()
    page = client.get(f"/desk/evidence/{item.uuid}").text
    assert f'action="/desk/evidence/{item.uuid}/again"' in page
    assert client.post(f"/desk/evidence/{item.uuid}/again", data=hidden(page)).status_code == 302
    db.session.refresh(item)
    assert (item.clean_state, item.attempts) == (CleanState.PENDING, 0)
    assert db.session.query(Event).filter_by(action="evidence_cleaned_again").one().report_id == report.id
    assert client.post(f"/desk/evidence/{item.uuid}/again", data=hidden(page)).status_code == 409
    item.clean_state, item.fault = CleanState.FAILED, "encrypted_pdf"
    db.session.commit()
    page = client.get(f"/desk/evidence/{item.uuid}").text
    assert f"{item.uuid}/again" not in page
    assert "密码" in page


def test_a_verifier_reaches_the_files_of_the_own_unit_and_an_auditor_none(
    app: Flask, client: FlaskClient, report: Report
) -> None:
    unit = make_department("fire")
    case = make_case(department=unit)
    own, other = full(app, make_report(case)), full(app, report)
    sign_in(client, make_account(Role.VERIFIER, department=unit))
    assert client.get(f"/desk/evidence/{own.uuid}/original").status_code == 200
    assert client.get(f"/desk/evidence/{other.uuid}/copy").status_code == 404
    sign_in(client, make_account(Role.AUDITOR))
    assert client.get(f"/desk/evidence/{own.uuid}/copy").status_code == 403


# ranges


def ask(client: FlaskClient, item: Evidence, wanted: str, **headers: str) -> tuple[int, bytes, str]:
    served = client.get(f"/desk/evidence/{item.uuid}/copy", headers={"Range": wanted, **headers})
    return served.status_code, served.data, served.headers.get("Content-Range", "")


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, len(FILM)),
        (f"bytes={CHUNK_BYTES - 1}-{CHUNK_BYTES}", CHUNK_BYTES - 1, CHUNK_BYTES + 1),
        ("bytes=-5", len(FILM) - 5, len(FILM)),
        (f"bytes=10-{10**12}", 10, len(FILM)),
        (f"bytes=-{10**12}", 0, len(FILM)),
    ],
)
def test_a_film_is_served_in_the_part_that_is_asked_for(
    app: Flask, client: FlaskClient, intake: Account, report: Report, wanted: str, start: int, stop: int
) -> None:
    """Otherwise nobody can jump in a film of 200 MB."""
    status, content, said = ask(client, film(app, report), wanted)
    assert (status, content) == (206, FILM[start:stop])
    assert said == f"bytes {start}-{stop - 1}/{len(FILM)}"


@pytest.mark.parametrize("wanted", [f"bytes={len(FILM)}-", "bytes=0-1,5-6", "bytes=0-5,3-9", "bytes=1-2,,"])
def test_a_range_beyond_the_end_and_several_at_once_are_refused_with_the_size(
    app: Flask, client: FlaskClient, intake: Account, report: Report, wanted: str
) -> None:
    """Otherwise a thousand small ranges in one request make the portal read a film a thousand times."""
    status, content, said = ask(client, film(app, report), wanted)
    assert (status, content, said) == (416, b"", f"bytes */{len(FILM)}")


@pytest.mark.parametrize("wanted", ["bytes=", "bytes=x-y", "items=0-1", "bytes=5-1", "bytes=--1", ""])
def test_what_is_no_range_gets_the_whole_file(
    app: Flask, client: FlaskClient, intake: Account, report: Report, wanted: str
) -> None:
    status, content, said = ask(client, film(app, report), wanted)
    assert (status, content, said) == (200, FILM, "")


def test_a_part_of_another_version_is_never_put_to_what_a_browser_has(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    """Otherwise half of one film is joined with half of another."""
    item = film(app, report)
    etag = client.get(f"/desk/evidence/{item.uuid}/copy").headers["ETag"]
    assert ask(client, item, "bytes=1-2", **{"If-Range": etag})[0] == 206
    assert ask(client, item, "bytes=1-2", **{"If-Range": '"other"'})[:2] == (200, FILM)
    assert ask(client, item, "bytes=1-2", **{"If-Range": f"W/{etag}"})[0] == 200
    assert ask(client, item, "bytes=1-2", **{"If-Range": "Sat, 21 Nov 2026 08:00:00 GMT"})[0] == 200


def test_asking_for_the_head_alone_tells_the_length(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    served = client.head(f"/desk/evidence/{film(app, report).uuid}/copy")
    assert served.headers["Content-Length"] == str(len(FILM))
    assert served.headers["Accept-Ranges"] == "bytes"


def test_a_file_that_is_gone_is_not_found_and_not_a_fault(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    item = film(app, report)
    app.extensions["portal_store"].delete(item.clean_digest)
    assert client.get(f"/desk/evidence/{item.uuid}/copy").status_code == 404


# originals


def original_path(item: Evidence) -> str:
    return f"/desk/evidence/{item.uuid}/original"


def opened() -> list[Event]:
    return db.session.query(Event).filter_by(action="original_opened").all()


def test_an_original_opens_with_a_reason_and_stands_in_the_log_and_on_the_timeline(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    """Otherwise an officer could read where the camera was and nobody would know."""
    item = make_evidence(app, report, original=b"original with place and camera")
    db.session.commit()
    assert b"original with" not in client.get(original_path(item)).data
    short = submit(client, original_path(item), reason="看看")
    assert (short.status_code, opened()) == (422, [])
    number = submit(client, original_path(item), reason="打 13800138000 问过")
    assert (number.status_code, opened()) == (422, [])
    assert "13800138000" in number.text
    given = submit(client, original_path(item), reason="看不清车牌号码")
    assert given.data == b"original with place and camera"
    assert given.headers["Content-Disposition"] == 'attachment; filename="original-1.png"'
    assert given.mimetype == "application/octet-stream"
    assert "sandbox" in given.headers["Content-Security-Policy"]
    (event,) = opened()
    assert (event.report_id, event.case_id, event.actor_account_id) == (report.id, report.case_id, intake.id)
    assert (event.reason, event.actor_role) == ("看不清车牌号码", "intake_officer")
    with app.test_request_context():
        seen = next(entry for entry in timeline.past(report) if entry.eye)
    assert "看不清车牌号码" in seen.text
    assert "李敏" not in seen.title + seen.text
    log = client.get(f"/desk/cases/{report.number}").text
    assert "调了原件" in log
    assert "看不清车牌号码" in log
    coded = submit(client, original_path(item), because="needed_as_proof", reason="")
    assert coded.status_code == 200
    assert opened()[1].reason == "needed_as_proof"
    with app.test_request_context(), force_locale("en"):
        assert "needed as proof" in timeline.past(report)[0].text


def test_no_byte_of_an_original_leaves_without_its_event(
    app: Flask, client: FlaskClient, intake: Account, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a full disk would be a way to look without a trace."""
    item = make_evidence(app, report)
    db.session.commit()
    read: list[str] = []
    token = hidden(client.get(original_path(item)).text)

    def broken() -> None:
        raise OSError("no space left")

    monkeypatch.setattr(app.extensions["portal_originals"], "open", lambda name, key: read.append(name))
    # The step's own commit, not those that the test makes around a request.
    stub = SimpleNamespace(session=SimpleNamespace(commit=broken, rollback=db.session.rollback))
    monkeypatch.setattr("portal.admin.evidence_steps.db", stub)
    with pytest.raises(OSError, match="no space"):
        client.post(original_path(item), data={**token, "reason": "看不清车牌号码"})
    assert read == []


def test_an_original_that_is_damaged_is_said_and_the_asking_stays(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    item = make_evidence(app, report)
    db.session.commit()
    app.extensions["portal_originals"].delete(item.original)
    answer = submit(client, original_path(item), reason="看不清车牌号码")
    assert answer.status_code == 503
    assert "原件读不出来" in answer.text
    assert len(opened()) == 1


def test_while_the_vault_is_down_the_original_stays_closed_and_the_reporter_reads_that(
    app: Flask, client: FlaskClient, intake: Account, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an officer sees a broken page, or the reporter believes that somebody looked."""
    item = make_evidence(app, report)
    db.session.commit()
    monkeypatch.setitem(app.extensions, "portal_vault", VaultClient(Path("/nobody")))
    answer = submit(client, original_path(item), reason="看不清车牌号码")
    assert answer.status_code == 503
    assert "保险库" in answer.text
    assert len(opened()) == 1
    with app.test_request_context():
        (seen,) = [entry for entry in timeline.past(report) if "看不清车牌号码" in entry.text]
    assert (seen.eye, seen.icon) == (False, "lock")


def test_beyond_the_day_the_original_needs_a_second_person(
    app: Flask, client: FlaskClient, intake: Account, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = make_evidence(app, report, original=b"original with place")
    db.session.commit()
    monkeypatch.setattr("portal.vault.seconds.left_today", lambda *_: 0)
    answer = submit(client, original_path(item), reason="看不清车牌号码")
    assert (answer.status_code, opened()) == (409, [])
    sign_in(client, make_account(Role.SUPERVISOR, district=make_district()))
    page = client.get("/desk/openings").text
    assert "文件的原件" in page
    key = page.partition('action="/desk/openings/')[2].partition('"')[0]
    assert client.post(f"/desk/openings/{key}", data=hidden(page)).status_code == 302
    sign_in(client, intake)
    assert submit(client, original_path(item), reason="看不清车牌号码").data == b"original with place"
    assert len(opened()) == 1


@pytest.mark.parametrize(
    ("state", "said"), [(ScanState.INFECTED, "查出病毒"), (ScanState.WAITING, "还没有扫描")]
)
def test_an_original_with_a_virus_or_in_quarantine_stays_closed(
    app: Flask, client: FlaskClient, intake: Account, report: Report, state: ScanState, said: str
) -> None:
    """Otherwise the officer's computer gets what the scanner found."""
    item = make_evidence(app, report)
    item.scan_state = state
    db.session.commit()
    answer = submit(client, original_path(item), reason="看不清车牌号码")
    assert answer.status_code == 409
    assert said in answer.text
    assert opened() == []


def test_a_supervisor_reads_the_case_but_opens_no_original(
    app: Flask, client: FlaskClient, report: Report
) -> None:
    item = make_evidence(app, report)
    db.session.commit()
    sign_in(client, make_account(Role.SUPERVISOR, district=make_district()))
    assert client.get(original_path(item)).status_code == 403
    assert original_path(item) not in client.get(f"/desk/evidence/{item.uuid}").text


# the page


def test_who_looked_is_counted_once_in_a_quarter_of_an_hour(
    app: Flask, client: FlaskClient, intake: Account, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it is not known who saw a picture that turns up outside."""
    item = make_evidence(app, report)
    db.session.commit()
    path = f"/desk/evidence/{item.uuid}"
    for _ in range(3):
        page = client.get(path).text
    assert '李敏 · <span class="num">1 次' in page
    monkeypatch.setattr(looks, "ONCE_IN", timedelta(0))
    assert '李敏 · <span class="num">2 次' in client.get(path).text
    assert "看了证据" not in client.get(f"/desk/cases/{report.number}").text
    assert [
        event.facts["evidence"] for event in db.session.query(Event).filter_by(action="evidence_viewed")
    ] == [item.id] * 2


def test_the_checksum_is_compared_on_request_and_a_fault_is_said(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    """Otherwise evidence is used that is not what came in."""
    item = make_evidence(app, report)
    db.session.commit()
    path = f"/desk/evidence/{item.uuid}"
    token = hidden_token(client, path)
    assert "还没有再核对" in client.get(path).text
    good = client.post(f"{path}/check", data={"csrf_token": token}, follow_redirects=True).text
    assert "与收到时一致" in good
    app.extensions["portal_originals"].delete(item.original)
    bad = client.post(f"{path}/check", data={"csrf_token": token}, follow_redirects=True).text
    assert "找不到原件" in bad
    assert "与收到时不一致" in bad


def hidden_token(client: FlaskClient, path: str) -> str:
    return client.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]


def test_files_of_a_case_follow_each_other(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    items = [make_evidence(app, report, position=place) for place in (1, 2, 3)]
    items[1].clean_state = CleanState.FAILED
    db.session.commit()
    middle = client.get(f"/desk/evidence/{items[1].uuid}").text
    assert f'rel="prev" data-key="p" href="/desk/evidence/{items[0].uuid}"' in middle
    assert f'rel="next" data-key="n" href="/desk/evidence/{items[2].uuid}"' in middle
    assert "第 2 件，共 3 件" in middle
    assert 'rel="prev"' not in client.get(f"/desk/evidence/{items[0].uuid}").text


@pytest.mark.parametrize(
    ("clean_type", "shown"),
    [
        ("image/png", "<img src="),
        ("video/mp4", "<video controls"),
        ("audio/mp4", "<audio controls"),
        ("audio/mpeg", "<audio controls"),
        ("application/pdf", "不能在这里显示"),
    ],
)
def test_each_kind_is_shown_in_its_way_and_in_chinese(
    app: Flask, client: FlaskClient, intake: Account, report: Report, clean_type: str, shown: str
) -> None:
    item = make_evidence(app, report, FILM, clean_type=clean_type)
    item.width, item.height, item.pages, item.duration_ms = 640, 480, 3, 67_400
    db.session.commit()
    page = client.get(f"/desk/evidence/{item.uuid}").text
    assert shown in page
    assert "640 × 480 · 3 页 · 1:07" in page
    assert set(english_words(re.sub(r"\b[0-9a-f]{8}\b", "", page))) <= {"Enter"}


def test_a_document_is_shown_by_its_pages(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    item = make_evidence(app, report, b"%PDF-1.7", clean_type="application/pdf")
    item.pages = 30
    digest = app.extensions["portal_store"].put(io.BytesIO(picture(kind="JPEG"))).digest
    db.session.add_all(EvidencePage(evidence_id=item.id, number=n, digest=digest) for n in (1, 2))
    db.session.commit()
    page = client.get(f"/desk/evidence/{item.uuid}").text
    assert f"/desk/evidence/{item.uuid}/pages/2" in page
    assert "只显示前 2 页" in page


# the same picture


def test_the_same_picture_in_another_case_is_told_and_out_of_reach_only_its_number(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    """Otherwise one picture is rewarded twice, or a case of another district shows through."""
    near, far = make_case(), make_case(district=make_district("linzhou"))
    far.title, near.title = "别区的案件", "同一张照片的案件"
    here, there, away = (make_evidence(app, one) for one in (report, make_report(near), make_report(far)))
    for item in (here, there, away):
        likeness.keep(item.id, [(False, 0, 0x1234_5678_9ABC_DEF0)])
    db.session.commit()
    for path in (f"/desk/evidence/{here.uuid}", f"/desk/cases/{report.number}"):
        page = client.get(path).text
        assert "同一张照片的案件" in page
        assert far.number in page
        assert "您无权打开的办件" in page
        assert "别区的案件" not in page
        assert away.uuid not in page
        assert f"/desk/cases/{far.number}" not in page


def test_the_same_film_is_told_as_a_film(
    app: Flask, client: FlaskClient, intake: Account, report: Report
) -> None:
    other = make_case()
    other.title = "同一段视频的案件"
    here, there = (make_evidence(app, one, clean_type="video/mp4") for one in (report, make_report(other)))
    for item in (here, there):
        likeness.keep(item.id, [(False, 0, 0x1234_5678_9ABC_DEF0)])
    db.session.commit()
    page = client.get(f"/desk/evidence/{here.uuid}").text
    assert ">同一段视频</h2>" in page
    assert "同一段视频的案件" in page
