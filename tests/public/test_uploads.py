"""The tus protocol by hand: if these fail, a photo sent on a bad network is lost or mixed up."""

from __future__ import annotations

import base64
import hashlib
import io
import resource
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from portal import clock
from portal.cases.filing import find_filed
from portal.evidence import staging, sweeper, uploads
from portal.evidence.incoming import Incoming
from portal.evidence.inspection import MAX_FILE_BYTES, MAX_FILES
from portal.evidence.models import Evidence, StagedFile
from portal.evidence.staging import Received
from portal.evidence.uploads import Upload
from portal.reports.draft import open_draft
from tests.evidence.samples import jpeg, quarters
from tests.fixtures.evidence import read_original
from tests.fixtures.uploads import Tus
from tests.fixtures.visitors import enter, make_receipt, token_of


def picture(colour: str = "#57765f", edge: int = 160) -> bytes:
    """A small photograph."""
    buffer = io.BytesIO()
    Image.effect_noise((edge, edge), 60).convert("RGB").save(buffer, "JPEG")
    Image.new("RGB", (8, 8), colour)
    return buffer.getvalue()


@pytest.fixture
def tus(client: FlaskClient) -> Tus:
    return Tus(client)


@pytest.fixture
def photo() -> bytes:
    return picture()


def partial(app: Flask, path: str) -> Path:
    return Path(app.extensions["portal_settings"].evidence_dir) / "uploads" / path.rpartition("/")[2]


def staged(tus: Tus) -> list[StagedFile]:
    return staging.staged(tus.submission_id)


def test_the_server_says_what_it_speaks(tus: Tus) -> None:
    for path in ("/uploads", "/uploads/0123"):
        answer = tus.client.options(path)
        assert answer.status_code == 204
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert answer.headers["Tus-Extension"] == "creation,expiration,checksum,termination"
        assert answer.headers["Tus-Max-Size"] == str(MAX_FILE_BYTES)
        assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


def test_an_upload_in_pieces_becomes_a_staged_file_with_the_same_bytes(
    app: Flask, tus: Tus, photo: bytes
) -> None:
    path = tus.begin(photo)
    assert partial(app, path).exists()
    for start in range(0, len(photo), 3000):
        head = tus.head(path)
        assert (head.status_code, head.headers["Upload-Offset"]) == (200, str(start))
        assert head.headers["Upload-Length"] == str(len(photo))
        assert "no-store" in head.headers["Cache-Control"]
        answer = tus.patch(path, start, photo[start : start + 3000])
        assert (answer.status_code, answer.data) == (204, b"")
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert answer.headers["Upload-Offset"] == str(min(len(photo), start + 3000))
    (file,) = staged(tus)
    assert (file.digest, file.size, file.media_type) == (
        hashlib.sha256(photo).hexdigest(),
        len(photo),
        "image/jpeg",
    )
    assert read_original(app, file.original) == photo
    assert not partial(app, path).exists()
    assert tus.head(path).headers["Upload-Offset"] == str(len(photo))


def test_the_address_is_random_and_says_nothing(tus: Tus, photo: bytes) -> None:
    first, second = tus.begin(photo), tus.begin(photo)
    assert first != second
    assert len(first) == len("/uploads/") + 32
    assert tus.submission_id not in first


def test_what_lies_on_the_disk_is_encrypted(app: Flask, tus: Tus) -> None:
    content = b"%PDF-1.4 " + b"the gate of the north yard " * 100
    path = tus.begin(content + b"more")
    tus.patch(path, 0, content)
    assert b"north yard" not in partial(app, path).read_bytes()
    assert partial(app, path).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0"])
def test_another_version_is_refused_and_told_ours(tus: Tus, photo: bytes, version: str | None) -> None:
    path = tus.begin(photo)
    for answer in (
        tus.create(10, Tus_Resumable=version),
        tus.ask("HEAD", path, Tus_Resumable=version),
        tus.patch(path, 0, photo, Tus_Resumable=version),
        tus.ask("DELETE", path, Tus_Resumable=version),
    ):
        assert answer.status_code == 412
        assert answer.headers["Tus-Version"] == "1.0.0"
    assert tus.head(path).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload_Length": None}, 400),
        ({"Upload_Length": "-5"}, 400),
        ({"Upload_Length": "ten"}, 400),
        ({"Upload_Length": "0"}, 400),
        ({"Upload_Length": None, "Upload_Defer_Length": "1"}, 400),
        ({"Upload_Length": str(MAX_FILE_BYTES + 1)}, 413),
        ({"Upload_Length": "9" * 18}, 413),
        ({"Upload_Metadata": "mark ***"}, 400),
        ({"Upload_Token": None}, 403),
        ({"Upload_Token": "x"}, 403),
        ({"Upload_Token": "A" * 2000}, 403),
    ],
)
def test_a_creation_that_is_not_taken_leaves_nothing(
    app: Flask, tus: Tus, session: Session, headers: dict[str, Any], status: int
) -> None:
    before = set((Path(app.extensions["portal_settings"].evidence_dir) / "uploads").iterdir())
    answer = tus.create(**{"length": 100, **headers})
    assert answer.status_code == status
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert session.scalar(select(func.count()).select_from(Upload)) == 0
    assert set((Path(app.extensions["portal_settings"].evidence_dir) / "uploads").iterdir()) == before


def test_names_that_other_clients_send_are_not_kept(tus: Tus, session: Session) -> None:
    named = base64.b64encode("我的工牌.jpg".encode()).decode()
    answer = tus.create(100, Upload_Metadata=f"filename {named},relativePath,mark {named}")
    assert answer.status_code == 201
    row = session.scalars(select(Upload)).one()
    assert row.mark == ""


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "application/octet-stream"}, 415),
        ({"Content_Type": None}, 415),
        ({"Upload_Offset": None}, 400),
        ({"Upload_Offset": "-1"}, 400),
        ({"Upload_Offset": "7"}, 409),
        ({"Upload_Checksum": "md5 xxxx"}, 400),
        ({"Upload_Checksum": "sha1 !"}, 400),
        ({"Upload_Checksum": "sha1 " + base64.b64encode(b"0" * 20).decode()}, 460),
        ({"Upload_Token": None}, 403),
    ],
)
def test_a_wrong_piece_changes_nothing(tus: Tus, photo: bytes, headers: dict[str, Any], status: int) -> None:
    path = tus.begin(photo)
    assert tus.patch(path, 0, photo[:2000], **headers).status_code == status
    assert tus.head(path).headers["Upload-Offset"] == "0"


def test_more_than_was_announced_is_refused(tus: Tus, photo: bytes) -> None:
    path = tus.begin(photo)
    assert tus.patch(path, 0, photo + b"!").status_code == 413
    assert tus.head(path).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_right_checksum_is_taken(tus: Tus, photo: bytes, algorithm: str) -> None:
    path = tus.begin(photo)
    digest = base64.b64encode(hashlib.new(algorithm, photo).digest()).decode()
    assert tus.patch(path, 0, photo, Upload_Checksum=f"{algorithm} {digest}").status_code == 204
    assert len(staged(tus)) == 1


def test_a_method_may_be_overridden(tus: Tus, photo: bytes) -> None:
    path = tus.begin(photo)
    answer = tus.ask(
        "POST",
        path,
        photo,
        X_HTTP_Method_Override="PATCH",
        Content_Type="application/offset+octet-stream",
        Upload_Offset=0,
    )
    assert answer.status_code == 204
    assert tus.ask("POST", path).status_code == 405
    assert tus.client.get(path).status_code == 405


def test_taking_back_removes_row_bytes_and_staged_file(app: Flask, tus: Tus, photo: bytes) -> None:
    path = tus.begin(photo)
    tus.patch(path, 0, photo[:1000])
    assert tus.ask("DELETE", path).status_code == 204
    assert not partial(app, path).exists()
    assert tus.head(path).status_code == 404
    assert tus.patch(path, 1000, photo[1000:]).status_code == 404
    assert tus.ask("DELETE", path).status_code == 404
    finished = tus.send(photo)
    assert tus.ask("DELETE", finished).status_code == 204
    assert staged(tus) == []


def test_another_submission_s_upload_does_not_exist(tus: Tus, photo: bytes) -> None:
    path = tus.begin(photo)
    stranger = Tus(tus.client)
    assert stranger.head(path).status_code == 404
    assert stranger.patch(path, 0, photo).status_code == 404
    assert stranger.ask("DELETE", path).status_code == 404
    assert tus.head(path).status_code == 200


def test_uploads_and_tokens_end_after_three_days(
    app: Flask, tus: Tus, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = clock.now()
    begun = tus.create(len(photo))
    path = str(begun.headers["Location"])
    assert parsedate_to_datetime(begun.headers["Upload-Expires"]) - at > timedelta(hours=71, minutes=59)
    answer = tus.patch(path, 0, photo[:2000])
    assert answer.headers["Upload-Expires"] == begun.headers["Upload-Expires"]
    old = tus.headers["Upload-Token"]
    _later(monkeypatch, at + timedelta(hours=72, seconds=1))
    assert tus.create(10, Upload_Token=old).status_code == 403
    assert tus.head(path).status_code == 404
    assert tus.patch(path, 2000, photo[2000:]).status_code == 404
    assert partial(app, path).exists()
    sweeper.sweep()
    assert not partial(app, path).exists() or partial(app, path).stat().st_mtime > 0
    uploads.sweep(app.extensions["portal_partials"], at + timedelta(hours=74))
    assert not partial(app, path).exists()


def _later(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: at)


def test_the_same_piece_again_is_told_where_the_upload_stands(tus: Tus, photo: bytes) -> None:
    path = tus.begin(photo)
    assert tus.patch(path, 0, photo[:2000]).status_code == 204
    assert tus.patch(path, 0, photo[:2000]).status_code == 409
    assert tus.head(path).headers["Upload-Offset"] == "2000"
    assert tus.patch(path, 2000, photo[2000:]).status_code == 204
    assert tus.patch(path, 2000, photo[2000:]).status_code == 409
    assert len(staged(tus)) == 1


def test_a_tail_that_nobody_was_told_of_is_written_over(app: Flask, tus: Tus, photo: bytes) -> None:
    """As after kill -9 between writing and the commit."""
    path = tus.begin(photo)
    tus.patch(path, 0, photo[:2000])
    with partial(app, path).open("ab") as file:
        file.write(b"half a segment that was never acknowledged")
    assert tus.patch(path, 2000, photo[2000:]).status_code == 204
    assert read_original(app, staged(tus)[0].original) == photo


def test_exchanged_bytes_on_the_disk_are_noticed(app: Flask, tus: Tus, photo: bytes) -> None:
    path = tus.begin(photo)
    tus.patch(path, 0, photo[:2000])
    spoiled = bytearray(partial(app, path).read_bytes())
    spoiled[500] ^= 1
    partial(app, path).write_bytes(spoiled)
    assert tus.patch(path, 2000, photo[2000:]).status_code == 404
    assert staged(tus) == []


@pytest.mark.parametrize(
    "content",
    [b"MZ" + b"\0" * 5000, b"<svg onload=alert(1)>" + b" " * 5000],
    ids=["program", "page"],
)
def test_a_file_that_is_not_taken_is_refused_with_its_first_piece_and_forgotten(
    app: Flask, tus: Tus, content: bytes
) -> None:
    path = tus.begin(content * 100)
    answer = tus.patch(path, 0, content)
    assert answer.status_code == 422
    assert "{name}" in answer.json["sentence"]  # type: ignore[index]
    assert tus.head(path).status_code == 404
    assert not partial(app, path).exists()


def test_a_report_s_nine_files_count_those_on_their_way(tus: Tus, photo: bytes) -> None:
    tus.send(photo)
    for number in range(MAX_FILES - 1):
        assert tus.create(1000 + number).status_code == 201
    answer = tus.create(1000)
    assert answer.status_code == 413
    assert answer.json["code"] == "too_many"  # type: ignore[index]
    assert Tus(tus.client).create(1000).status_code == 201


def test_the_files_of_a_report_have_a_size_together(tus: Tus) -> None:
    assert tus.create(MAX_FILE_BYTES).status_code == 201
    answer = tus.create(MAX_FILE_BYTES)
    assert (answer.status_code, answer.json["code"]) == (413, "refused")  # type: ignore[index]
    assert "300" in answer.json["sentence"]  # type: ignore[index]


def test_files_of_a_sent_report_become_its_evidence(
    app: Flask, tus: Tus, photo: bytes, session: Session
) -> None:
    """Evidence still arriving: the report was sent while its photo was on its way."""
    path = tus.begin(photo)
    tus.patch(path, 0, photo[:2000])
    report, _ = make_receipt(submission_id=tus.submission_id)
    session.commit()
    assert tus.patch(path, 2000, photo[2000:]).status_code == 204
    assert staged(tus) == []
    evidence = session.scalars(select(Evidence).where(Evidence.report_id == report.id)).one()
    assert evidence.digest == hashlib.sha256(photo).hexdigest()
    assert tus.ask("DELETE", path).status_code == 403
    assert session.scalar(select(func.count()).select_from(Evidence)) == 1


def test_files_of_a_withdrawn_report_are_refused_and_forgotten(
    app: Flask, tus: Tus, photo: bytes, session: Session
) -> None:
    path = tus.begin(photo)
    report, _ = make_receipt(submission_id=tus.submission_id)
    report.withdrawn_at = clock.now()
    session.commit()
    assert tus.patch(path, 0, photo).status_code == 403
    assert not partial(app, path).exists()
    assert tus.create(100).status_code == 403
    assert session.scalar(select(func.count()).select_from(Evidence)) == 0


def test_staged_files_and_running_uploads_go_with_a_sent_form(client: FlaskClient, session: Session) -> None:
    page = client.get("/report").text
    hidden = {name: _field(page, name) for name in ("csrf_token", "draft")}
    from_page = _attribute(page, "data-token")
    tus = Tus(client, *uploads.open_token(_ring(client), from_page, clock.now()))
    first, second = picture(), picture(edge=200)
    tus.send(first)
    running = tus.begin(second)
    tus.patch(running, 0, second[:3000])
    answer = client.post(
        "/report", data={**hidden, "narrative": "安全出口堵着木料。", "consent": "yes", "action": "send"}
    )
    assert answer.status_code == 200
    assert running in answer.text
    report = find_filed(tus.submission_id)
    assert report is not None
    assert tus.patch(running, 3000, second[3000:]).status_code == 204
    digests = set(session.scalars(select(Evidence.digest).where(Evidence.report_id == report.id)))
    assert digests == {hashlib.sha256(content).hexdigest() for content in (first, second)}


def test_only_the_visitor_goes_on_with_an_upload_and_the_receipt_code_brings_it_back(
    app: Flask, client: FlaskClient, session: Session, photo: bytes
) -> None:
    """Otherwise who takes the server reads what half arrived, or a lost telephone costs the whole film."""
    page = client.get("/report").text
    hidden = {name: _field(page, name) for name in ("csrf_token", "draft")}
    mine = Tus(client, *uploads.open_token(_ring(client), _attribute(page, "data-token"), clock.now()))
    running = mine.begin(photo)
    assert mine.patch(running, 0, photo[:3000]).status_code == 204
    forged = Tus(client, mine.submission_id, bytes(32))
    assert forged.head(running).status_code == 404
    assert forged.patch(running, 3000, photo[3000:]).status_code == 404
    code = open_draft(_ring(client), hidden["draft"]).receipt_code
    client.post(
        "/report", data={**hidden, "narrative": "安全出口堵着木料。", "consent": "yes", "action": "send"}
    )
    later = app.test_client()  # another telephone
    assert enter(later, code).status_code == 303
    token = _attribute(later.get("/track/report").text, "data-token")
    again = Tus(later, *uploads.open_token(_ring(later), token, clock.now()))
    assert again.head(running).headers["Upload-Offset"] == "3000"
    assert again.patch(running, 3000, photo[3000:]).status_code == 204
    row = session.scalars(select(Upload).where(Upload.uuid == running.rpartition("/")[2])).one()
    assert (row.sealed_key, row.digest) == (b"", hashlib.sha256(photo).hexdigest())
    kept = session.scalars(select(Evidence).where(Evidence.digest == row.digest)).one()
    assert read_original(app, kept.original) == photo


def test_with_a_full_disk_uploads_are_refused_and_reports_go_through(
    app: Flask, client: FlaskClient, tus: Tus, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tus.begin(photo)
    monkeypatch.setattr(type(app.extensions["portal_partials"]), "free_bytes", lambda _self: 1024)
    answer = tus.create(1000)
    assert answer.status_code == 507
    assert "{name}" in answer.json["sentence"]  # type: ignore[index]
    assert tus.patch(begun, 0, photo[:2000]).status_code == 507
    page = client.get("/report").text
    data = {name: _field(page, name) for name in ("csrf_token", "draft")}
    sent = client.post(
        "/report", data={**data, "narrative": "安全出口堵着木料。", "consent": "yes", "action": "send"}
    )
    assert sent.status_code == 200
    assert 'id="receipt-code"' in sent.text


@pytest.mark.parametrize("fault", ["below the floor", "full in the middle"])
def test_with_a_full_disk_a_form_with_a_photo_keeps_its_text_and_goes_through_without(
    client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Otherwise whoever adds a photo on a bad day loses what he wrote."""
    large = jpeg(quarters((64, 48))) + bytes(9 << 20)
    limit = 6 << 20 if fault == "full in the middle" else resource.RLIM_INFINITY
    if fault == "below the floor":
        monkeypatch.setattr(Incoming, "_free", lambda _self: 1024)
    page = client.get("/report").text
    data: dict[str, Any] = {name: _field(page, name) for name in ("csrf_token", "draft")}
    data |= {"narrative": "安全出口堵着木料。", "consent": "yes", "action": "send"}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        photo = FileStorage(io.BytesIO(large), "出口.jpg", "files")
        boundary, body = encode_multipart({**data, "files": photo})
        kind = f"multipart/form-data; boundary={boundary}"
        refused = client.post("/report", data=body, content_type=kind)
        assert refused.status_code == 422
        assert "没传上：出口.jpg" in refused.text
        assert "安全出口堵着木料。" in refused.text
        data["draft"] = _field(refused.text, "draft")
        sent = client.post("/report", data=data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert sent.status_code == 200
    assert 'id="receipt-code"' in sent.text
    assert session.scalar(select(func.count()).select_from(Evidence)) == 0


def test_a_form_that_grew_too_old_hands_its_uploads_on(app: Flask, tus: Tus, photo: bytes) -> None:
    path = tus.begin(photo)
    successor = Tus(tus.client)
    uploads.move(tus.submission_id, successor.submission_id)
    assert tus.head(path).status_code == 404
    assert successor.patch(path, 0, photo).status_code == 204
    assert len(staged(successor)) == 1


def test_partial_files_without_a_row_are_swept_and_running_ones_stay(
    app: Flask, tus: Tus, photo: bytes
) -> None:
    running = tus.begin(photo)
    orphan = partial(app, "/uploads/" + "ab" * 16)
    orphan.write_bytes(b"x")
    partials = app.extensions["portal_partials"]
    assert uploads.sweep(partials, clock.now()) == 0
    assert uploads.sweep(partials, clock.now() + timedelta(hours=2)) >= 1
    assert not orphan.exists()
    assert partial(app, running).exists()


def test_nothing_is_held_open_for_the_same_file_twice(tus: Tus, photo: bytes, session: Session) -> None:
    tus.send(photo)
    tus.send(photo)
    assert len(staged(tus)) == 1


def test_a_file_that_came_another_way_meanwhile_fills_the_report(
    app: Flask, tus: Tus, photo: bytes, session: Session
) -> None:
    path = tus.begin(photo)
    for number in range(MAX_FILES):
        staging.stage(tus.submission_id, [Received("image/png", 10, f"{number}" * 64)], clock.now())
    session.commit()
    assert tus.patch(path, 0, photo).status_code == 413
    assert not partial(app, path).exists()


def test_the_size_together_holds_for_what_came_another_way_meanwhile(
    app: Flask, tus: Tus, photo: bytes, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a form posted beside running uploads brings more than a report may hold."""
    monkeypatch.setattr(staging, "MAX_REPORT_BYTES", len(photo) + 100)
    path = tus.begin(photo)
    staging.stage(tus.submission_id, [Received("image/png", 101, "1" * 64)], clock.now())
    session.commit()
    answer = tus.patch(path, 0, photo)
    assert (answer.status_code, answer.json["code"]) == (413, "refused")  # type: ignore[index]
    assert "300" in answer.json["sentence"]  # type: ignore[index]
    assert not partial(app, path).exists()
    assert [file.size for file in staged(tus)] == [101]


def test_the_size_together_holds_for_a_sent_report_too(
    tus: Tus, photo: bytes, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tus.begin(photo)
    make_receipt(submission_id=tus.submission_id)
    session.commit()
    monkeypatch.setattr(staging, "MAX_REPORT_BYTES", len(photo) - 1)
    assert tus.patch(path, 0, photo).status_code == 413
    assert session.scalar(select(func.count()).select_from(Evidence)) == 0


def _ring(client: FlaskClient) -> Any:
    return client.application.extensions["portal_keyring"]


def _field(page: str, name: str) -> str:
    return token_of(page) if name == "csrf_token" else page.split(f'name="{name}" value="')[1].split('"')[0]


def _attribute(page: str, name: str) -> str:
    return page.split(f'{name}="')[1].split('"')[0]
