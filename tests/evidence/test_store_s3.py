"""If these fail a broken service looks like lost evidence, or evidence lies where nobody chose."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.config import SettingsError
from portal.database import db
from portal.evidence import jobs, redaction, scrub
from portal.evidence.chunks import CHUNK_BYTES
from portal.evidence.models import CleanState, Evidence, Redaction, RedactionState
from portal.evidence.s3_store import S3Store, make_s3_shelf, make_s3_store
from portal.evidence.shelves import NAME
from portal.evidence.store import LocalStore, StoreError, StoreFault, make_store
from portal.evidence.vaulted import Originals
from portal.people.permissions import Role
from portal.vault.keys import Keyring
from tests.fixtures.app import make_settings
from tests.fixtures.evidence import make_evidence
from tests.fixtures.records import make_account, make_district, make_report, sign_in
from tests.fixtures.stores import KeptInBucket, KeptOriginals, object_storage

S3 = {
    "EVIDENCE_S3_URL": "https://s3.example.cn",
    "EVIDENCE_S3_BUCKET": "portal",
    "EVIDENCE_S3_KEY": "id",
    "EVIDENCE_S3_SECRET": "secret-of-the-bucket",
}


def test_the_settings_choose_the_store(tmp_path: Path) -> None:
    ring = Keyring.create(tmp_path / "keys.json")
    assert isinstance(make_store(make_settings(tmp_path), ring), LocalStore)
    assert isinstance(make_store(make_settings(tmp_path, **S3), ring), S3Store)


def test_secrets_come_from_files_and_stay_out_of_what_is_printed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret-of-the-bucket\n")
    (tmp_path / "id").write_text("id-of-the-bucket\n")
    named = {key: value for key, value in S3.items() if key not in {"EVIDENCE_S3_KEY", "EVIDENCE_S3_SECRET"}}
    settings = make_settings(
        tmp_path,
        **named,
        EVIDENCE_S3_KEY_FILE=str(tmp_path / "id"),
        EVIDENCE_S3_SECRET_FILE=str(tmp_path / "secret"),
    )
    assert settings.evidence_s3 is not None
    assert (settings.evidence_s3.key_id, settings.evidence_s3.secret) == (
        "id-of-the-bucket",
        "secret-of-the-bucket",
    )
    assert "of-the-bucket" not in repr(settings)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"EVIDENCE_S3_BUCKET": ""}, "EVIDENCE_S3_BUCKET is not"),
        ({"EVIDENCE_S3_KEY": ""}, "EVIDENCE_S3_KEY is not"),
        ({"EVIDENCE_S3_SECRET": ""}, "EVIDENCE_S3_SECRET is not"),
        ({"EVIDENCE_S3_URL": "ftp://s3.example.cn"}, "EVIDENCE_S3_URL is not an address"),
        ({"EVIDENCE_S3_URL": "https://me:word@s3.example.cn"}, "carries a name or password"),
        ({"EVIDENCE_S3_ADDRESSING": "other"}, "EVIDENCE_S3_ADDRESSING"),
    ],
)
def test_half_a_setting_does_not_start(tmp_path: Path, change: dict[str, str], said: str) -> None:
    """Otherwise evidence goes to the local disk while everybody believes that it is in the bucket."""
    with pytest.raises(SettingsError, match=said) as caught:
        make_settings(tmp_path, **{**S3, **change})
    assert "word" not in str(caught.value).replace("password", "")


def test_a_service_that_does_not_answer_is_not_a_lost_file(tmp_path: Path) -> None:
    """Otherwise a broken line would be told as destroyed evidence."""
    storage = object_storage("http://127.0.0.1:9")
    store = make_s3_store(storage, tmp_path, Keyring.create(tmp_path / "keys.json"))
    calls = (
        lambda: store.open("a" * 64),
        lambda: store.exists("a" * 64),
        lambda: store.put(io.BytesIO(b"x")),
        lambda: list(store.digests()),
    )
    for call in calls:
        with pytest.raises(StoreError) as caught:
            call()
        assert caught.value.code is StoreFault.UNREACHABLE
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_missing_bucket_is_not_a_lost_file(tmp_path: Path, s3_url: str) -> None:
    storage = object_storage(s3_url, "nobody-made-it")
    store = make_s3_store(storage, tmp_path, Keyring.create(tmp_path / "keys.json"))
    with pytest.raises(StoreError) as caught:
        store.open("a" * 64)
    assert caught.value.code is StoreFault.UNREACHABLE


def test_a_range_asks_the_service_for_its_chunks_only(
    kept_in_bucket: KeptInBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise each jump in a film fetches all of it."""
    content = os.urandom(4 * CHUNK_BYTES)
    digest = kept_in_bucket.store.put(io.BytesIO(content)).digest
    asked: list[str] = []
    get = kept_in_bucket.client.get_object

    def watched(**named: Any) -> Any:
        asked.append(named.get("Range", "all"))
        return get(**named)

    monkeypatch.setattr(kept_in_bucket.client, "get_object", watched)
    with kept_in_bucket.store.open_range(digest, 2 * CHUNK_BYTES + 5, 10) as file:
        assert file.read() == content[2 * CHUNK_BYTES + 5 :][:10]
    first, last = map(int, asked[1].removeprefix("bytes=").split("-"))
    assert asked[0] == "bytes=0-511"
    assert last - first + 1 == CHUNK_BYTES + 16


def test_the_desk_shows_and_compares_a_film_out_of_a_bucket(
    app: Flask,
    client: FlaskClient,
    kept_in_bucket: KeptInBucket,
    originals_in_bucket: KeptOriginals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.extensions, "portal_store", kept_in_bucket.store)
    monkeypatch.setitem(app.extensions, "portal_originals", originals_in_bucket.originals)
    content = os.urandom(2 * CHUNK_BYTES)
    item = make_evidence(app, make_report(), content, clean_type="video/mp4")
    sign_in(client, make_account(Role.INTAKE_OFFICER, district=make_district()))
    part = client.get(f"/desk/evidence/{item.uuid}/copy", headers={"Range": f"bytes={CHUNK_BYTES}-"})
    assert (part.status_code, part.data) == (206, content[CHUNK_BYTES:])
    assert scrub.verify(item, kept_in_bucket.store, clock.now()) == ""
    originals_in_bucket.overwrite(item.original, originals_in_bucket.raw(item.original)[:-1] + b"x")
    assert scrub.verify(item, kept_in_bucket.store, clock.now()) == "damaged"


def test_jobs_wait_for_a_service_that_is_away(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an evening without the service turns every new file into one that could not be cleaned."""
    report = make_report()
    waiting, drawn = make_evidence(app, report, state=CleanState.PENDING), make_evidence(app, report)
    row = Redaction(
        evidence_id=drawn.id,
        version=1,
        boxes=[[0, 0, 9, 9]],
        account_id=make_account(Role.SUPERVISOR).id,
        drawn_at=clock.now(),
        state=RedactionState.PENDING,
    )
    db.session.add(row)
    db.session.commit()
    nowhere, ring = object_storage("http://127.0.0.1:9"), Keyring.create(tmp_path / "keys.json")
    away = make_s3_store(nowhere, tmp_path, ring)
    shelf = make_s3_shelf(nowhere, "originals", NAME)
    monkeypatch.setitem(app.extensions, "portal_store", away)
    monkeypatch.setitem(app.extensions, "portal_originals", Originals(shelf, tmp_path / "tmp", ring))
    for _ in range(jobs.ATTEMPTS + 1):
        jobs.clean(waiting.id)
        redaction.make(row.id)
    assert db.session.get_one(Evidence, waiting.id, populate_existing=True).clean_state is CleanState.PENDING
    assert db.session.get_one(Redaction, row.id, populate_existing=True).state is RedactionState.PENDING
