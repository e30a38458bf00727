"""The form kept while it is written, its notices and larger text: if these fail, a citizen loses words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock
from portal.evidence.models import StagedFile
from portal.public import notices_versions
from portal.reports.models import KeptDraft, Report
from tests.evidence.samples import one_of_each
from tests.public.test_filing import GOOD, NAMED, NARRATIVE, Citizen, kept_in_form

AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)


@pytest.fixture
def citizen(client: FlaskClient) -> Citizen:
    return Citizen(client).open()


def save(citizen: Citizen, **answers: str) -> str:
    posted = {**citizen.hidden, "narrative": NARRATIVE, **answers}
    response = citizen.client.post("/report/keep", data=posted)
    assert response.status_code == 200
    return str((response.json or {})["said"])


def kept(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(KeptDraft)) or 0


def test_a_reload_shows_what_was_written_and_when_it_was_saved(citizen: Citizen) -> None:
    with clock.frozen(AT):
        assert "09:30" in save(citizen, **NAMED, address="光华路东口")
        citizen.open()
    assert kept_in_form(citizen.page) == NARRATIVE
    assert "光华路东口" in citizen.page
    assert "09:30" in citizen.page
    assert NAMED["name"] not in citizen.page
    assert NAMED["telephone"] not in citizen.page


def test_the_resumed_form_is_the_same_submission_with_its_files(citizen: Citizen, session: Session) -> None:
    citizen.send({"narrative": ""}, [("a.jpg", one_of_each()["image/jpeg"])])
    save(citizen)
    citizen.open()
    assert "remove-0" in citizen.page
    assert citizen.send(GOOD).status_code == 200
    assert session.scalar(select(func.count()).select_from(Report)) == 1


def test_another_browser_sees_nothing_of_it(citizen: Citizen) -> None:
    save(citizen)
    stranger = Citizen(citizen.client.application.test_client()).open()
    assert NARRATIVE not in stranger.page


def test_sending_deletes_what_was_kept(citizen: Citizen, session: Session) -> None:
    save(citizen)
    assert kept(session) == 1
    citizen.send(GOOD)
    assert kept(session) == 0
    assert NARRATIVE not in Citizen(citizen.client).open().page


def test_a_save_that_comes_after_the_sending_keeps_nothing(citizen: Citizen, session: Session) -> None:
    before = dict(citizen.hidden)
    citizen.send(GOOD)
    citizen.hidden = before
    assert save(citizen) == ""
    assert kept(session) == 0


def test_leaving_destroys_the_key(citizen: Citizen) -> None:
    save(citizen)
    citizen.client.get("/leave")
    assert NARRATIVE not in Citizen(citizen.client).open().page


def test_deleting_begins_anew_with_nothing_left(citizen: Citizen, session: Session) -> None:
    citizen.send({"narrative": ""}, [("a.jpg", one_of_each()["image/jpeg"])])
    save(citizen)
    answer = citizen.client.post("/report/forget", data={"csrf_token": citizen.hidden["csrf_token"]})
    assert answer.status_code == 303
    assert (kept(session), session.scalar(select(func.count()).select_from(StagedFile))) == (0, 0)
    assert NARRATIVE not in Citizen(citizen.client).open().page


def test_after_a_day_it_is_gone(citizen: Citizen) -> None:
    with clock.frozen(AT):
        save(citizen)
    with clock.frozen(AT + timedelta(hours=25)):
        assert NARRATIVE not in Citizen(citizen.client).open().page


def test_a_draft_that_is_none_is_not_kept(citizen: Citizen, session: Session) -> None:
    assert save(citizen, draft="nonsense") == ""
    assert kept(session) == 0


# What is agreed to


def test_the_report_keeps_which_notices_were_agreed_to_and_when(citizen: Citizen, session: Session) -> None:
    assert notices_versions.CURRENT.version in citizen.page
    with clock.frozen(AT):
        citizen.send(GOOD)
    report = session.scalars(select(Report)).one()
    assert report.consent_version == notices_versions.CURRENT.version
    assert report.consented_at == AT


def test_a_version_that_never_was_is_not_written_down(citizen: Citizen, session: Session) -> None:
    citizen.send({**GOOD, "notice_version": "2030-7"})
    assert session.scalars(select(Report)).one().consent_version == notices_versions.CURRENT.version


def test_the_check_page_names_the_notices(citizen: Citizen) -> None:
    citizen.send(GOOD, action="review")
    assert notices_versions.CURRENT.version in citizen.page


@pytest.mark.parametrize("path", ["/notice", "/privacy"])
def test_both_notices_say_their_version(client: FlaskClient, path: str) -> None:
    assert notices_versions.CURRENT.version in client.get(path).get_data(as_text=True)


# Where it is


def test_a_confirmed_position_stands_on_the_report(citizen: Citizen, session: Session) -> None:
    citizen.send({**GOOD, "position": "36.0977, 114.39251 ±12 m"})
    assert session.scalars(select(Report)).one().position == "36.09770, 114.39251 ±12 m"


def test_a_position_that_is_none_stops_nobody(citizen: Citizen, session: Session) -> None:
    assert citizen.send({**GOOD, "position": "nowhere"}).status_code == 200
    assert session.scalars(select(Report)).one().position == ""


def test_only_the_form_may_ask_the_device_where_it_is(client: FlaskClient) -> None:
    assert "geolocation=(self)" in client.get("/report").headers["Permissions-Policy"]
    for path in ("/", "/track", "/privacy"):
        assert "geolocation=()" in client.get(path).headers["Permissions-Policy"]


def test_who_begins_with_pictures_gets_them_first(client: FlaskClient) -> None:
    home = unescape(client.get("/").get_data(as_text=True))
    assert 'href="/report?start=photo#photos"' in home
    assert 'data-start="photos"' in client.get("/report?start=photo").get_data(as_text=True)
    assert 'data-start=""' in client.get("/report").get_data(as_text=True)


# Larger text


@pytest.mark.parametrize("path", ["/", "/report", "/track", "/rules", "/notice", "/privacy", "/unseen"])
def test_larger_text_is_a_link_on_every_page_and_is_remembered(client: FlaskClient, path: str) -> None:
    page = client.get(path).get_data(as_text=True)
    assert 'data-text="normal"' in page
    assert f"/text/large?next={path}" in page
    assert client.get(f"/text/large?next={path}").headers["Location"] == path
    larger = client.get(path).get_data(as_text=True)
    assert 'data-text="large"' in larger
    assert "/text/normal" in larger
    client.get("/leave")
    assert 'data-text="normal"' in client.get(path).get_data(as_text=True)


def test_no_other_size_is_remembered_and_no_other_site_is_gone_to(client: FlaskClient) -> None:
    answer = client.get("/text/huge?next=https://example.com/")
    assert answer.headers["Location"] == "/"
    assert "Set-Cookie" not in answer.headers


def test_leaving_the_form_from_its_end_clears_it_as_the_quick_way_does(client: FlaskClient) -> None:
    form = client.get("/report").get_data(as_text=True).partition("<main")[2]
    assert 'href="/leave" data-leave="https://' in form
