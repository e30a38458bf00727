"""All that leaves the desk of a file, through exiftool: if this fails a page, a still or a blacked-out copy
says where the reporter stood, although the clean copy does not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.cases.models import Case
from portal.database import db
from portal.evidence import jobs, redaction
from portal.evidence.models import CleanState, Evidence, Redaction
from portal.people.permissions import Role
from tests.evidence import test_cleaning as stills
from tests.evidence import test_jobs
from tests.evidence import test_media as moving
from tests.evidence.samples import CANARY, one_of_each
from tests.fixtures.records import make_account, make_district, sign_in

ALLOWED = stills.ALLOWED | moving.ALLOWED
# What a file brings to the desk besides its clean copy.
EXPECTED = {
    "image/jpeg": {"copy", "thumb", "redacted"},
    "image/png": {"copy", "thumb", "redacted"},
    "image/webp": {"copy", "thumb", "redacted"},
    "image/heic": {"copy", "thumb", "redacted"},
    "video/mp4": {"copy", "thumb"},
    "video/quicktime": {"copy", "thumb"},
    "audio/mp4": {"copy"},
    "audio/mpeg": {"copy"},
    "application/pdf": {"copy", "pages", "redacted"},
}
SAMPLES = one_of_each()


def tags(path: Path) -> dict[str, str]:
    said = subprocess.run(
        ["exiftool", "-json", "-a", "-u", "-ee", str(path)], capture_output=True, check=True
    )
    (found,) = json.loads(said.stdout)
    return dict(found)


def brought_in(app: Flask, media_type: str) -> Evidence:
    """A file as it comes in, cleaned by the real job and, if it can be, blacked out."""
    item = test_jobs.make_evidence(app, db.session(), SAMPLES[media_type])
    jobs.clean(item.id)
    db.session.refresh(item)
    assert item.clean_state is CleanState.CLEAN
    page = int(media_type == "application/pdf")
    if redaction.can_be_redacted(item, page):
        account = make_account(Role.INTAKE_OFFICER)
        drawn = Redaction(evidence_id=item.id, version=1, boxes=[[0, 0, 300, 300]], drawn_at=clock.now())
        drawn.page = page
        drawn.account_id = account.id
        db.session.add(drawn)
        db.session.commit()
        redaction.make(drawn.id)
    return item


@pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool, which looks for what betrays, is not here"
)
@pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # files know no database
@pytest.mark.parametrize("media_type", SAMPLES)
def test_nothing_that_the_desk_gives_of_a_file_betrays_its_taker(
    app: Flask, client: FlaskClient, media_type: str, tmp_path: Path
) -> None:
    assert CANARY.encode() in SAMPLES[media_type] or media_type in {"image/webp", "image/png"}
    item = brought_in(app, media_type)
    sign_in(client, make_account(Role.INTAKE_OFFICER, district=make_district()))
    number = db.session.scalars(db.select(Case.number)).one()
    sheet = client.get(f"/desk/cases/{number}/evidence-sheet")
    assert sheet.status_code == 200
    pages = sheet.text + client.get(f"/desk/evidence/{item.uuid}").text
    pages += f' "/desk/evidence/{item.uuid}/copy" '
    found = re.findall(rf'"(/desk/evidence/{item.uuid}/(copy|thumb|pages|redacted)(?:/[0-9]+)?)"', pages)
    if "thumb" in EXPECTED[media_type]:
        found.append((f"/desk/evidence/{item.uuid}/thumb", "thumb"))
    assert {kind for _, kind in found} == EXPECTED[media_type]
    for place, (address, _kind) in enumerate(sorted(set(found))):
        answer = client.get(address)
        assert answer.status_code == 200
        path = tmp_path / str(place)
        path.write_bytes(answer.data)
        assert CANARY.encode() not in answer.data
        betrayed = tags(path)
        dates = {betrayed.pop(name, "0000:00:00 00:00:00") for name in moving.EMPTY_DATES}
        assert dates == {"0000:00:00 00:00:00"}
        assert set(betrayed) <= ALLOWED, (address, set(betrayed) - ALLOWED)
        assert CANARY not in str(answer.headers)
