"""The form from opening to receipt: if it failed, somebody would give up half-way, or lose the code."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis import Redis
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from portal import clock
from portal.challenge.challenger import NullChallenge
from portal.challenge.kinds import Kind
from portal.evidence import staging
from portal.evidence.models import Evidence, StagedFile
from portal.public import choices, counts, crowd, filing
from portal.reports.draft import Draft, open_draft, seal_draft
from portal.reports.models import Message, RealName, Report
from portal.vault.models import SealedField
from tests.evidence.samples import one_of_each
from tests.fixtures.records import make_district, make_report

SAMPLES = one_of_each()
NARRATIVE = "喷漆车间的东侧安全出口一直用木料堵着。"
GOOD = {"narrative": NARRATIVE, "consent": "yes"}
NAMED = {"identity": "real", "name": "王芳芳", "telephone": "13812345678"}


class OnePicture:
    """A challenger that knows one answer and judges each challenge once."""

    def __init__(self) -> None:
        self.waiting: set[str] = set()
        self.issued = 0

    def issue(self, kind: Kind = Kind.PICTURE, holder: str = "") -> str:
        self.issued += 1
        self.waiting.add(f"picture{self.issued}")
        return f"picture{self.issued}"

    def picture(self, challenge_id: str) -> bytes | None:
        return b"\x89PNG" if challenge_id in self.waiting else None

    def sound(self, challenge_id: str) -> bytes | None:
        return None

    def check(self, challenge_id: str, answer: str, holder: str = "") -> bool:
        known = challenge_id in self.waiting
        self.waiting.discard(challenge_id)
        return known and answer == "RIGHT"


class Citizen:
    """Somebody with the form open: what the last page carries is sent with the next press."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page = ""
        self.hidden: dict[str, str] = {}

    def open(self, path: str = "/report") -> Citizen:
        self._read(self.client.get(path))
        return self

    def send(
        self, answers: dict[str, str] | None = None, files: Any = (), action: str = "send", **more: str
    ) -> TestResponse:
        posted: MultiDict[str, Any] = MultiDict({**self.hidden, "action": action, **(answers or {}), **more})
        for name, content in files:
            posted.add("files", (io.BytesIO(content), name))
        return self._read(self.client.post("/report", data=posted, content_type="multipart/form-data"))

    def _read(self, response: TestResponse) -> TestResponse:
        self.page = response.get_data(as_text=True)
        found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.page)
        self.hidden = {name: unescape(value) for name, value in found}
        return response


@pytest.fixture
def citizen(client: FlaskClient) -> Citizen:
    return Citizen(client).open()


@pytest.fixture
def pictures(app: Flask) -> Iterator[OnePicture]:
    """A portal that asks for a picture."""
    app.extensions["portal_challenger"] = challenger = OnePicture()
    yield challenger
    app.extensions["portal_challenger"] = NullChallenge()


def code_of(page: str) -> str:
    return "".join(re.findall(r"<li>([0-9A-Z]{5})</li>", page))


def reports(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Report)) or 0


def kept_in_form(page: str) -> str:
    found = re.search(r'<textarea[^>]*name="narrative"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    return unescape(found[1]) if found else ""


# The way through


def test_opening_the_form_writes_nothing_and_keeps_no_code_in_the_open(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    make_district()
    session.commit()
    written: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().split()[0] in {"INSERT", "UPDATE", "DELETE"}:
            written.append(statement)

    engine = session.connection().engine
    event.listen(engine, "before_cursor_execute", note)
    citizen = Citizen(client).open()
    event.remove(engine, "before_cursor_execute", note)
    draft = open_draft(app.extensions["portal_keyring"], citizen.hidden["draft"])
    assert written == []
    assert draft.receipt_code not in citizen.page
    assert draft.submission_id not in citizen.page


def test_one_sentence_is_enough_for_a_receipt(app: Flask, citizen: Citizen, session: Session) -> None:
    draft = open_draft(app.extensions["portal_keyring"], citizen.hidden["draft"])
    response = citizen.send(GOOD)
    assert response.status_code == 200
    assert code_of(citizen.page) == draft.receipt_code
    report = session.scalars(select(Report)).one()
    assert report.number in citizen.page
    assert report.narrative == NARRATIVE
    assert response.headers["Cache-Control"] == "no-store"


def test_the_receipt_promises_dates(client: FlaskClient) -> None:
    with clock.frozen(datetime(2026, 11, 2, 1, 30, tzinfo=UTC)):
        citizen = Citizen(client).open()
        citizen.send(GOOD)
    assert "2026 年 11 月 9 日" in citizen.page
    assert "60" in citizen.page
    assert "10" in citizen.page


def test_without_script_a_review_shows_everything_before_it_is_sent(
    citizen: Citizen, session: Session
) -> None:
    district = make_district()
    answers = {
        **GOOD,
        **NAMED,
        "subject_name": "安禾家具",
        "address": "工业北路 27 号",
        "danger_now": "ongoing",
        "district": str(district.id),
        "happened": "每天晚上",
        "alert_channel": "sms",
        "alert_address": "13900001111",
    }
    review = citizen.send(answers, [("a.jpg", SAMPLES["image/jpeg"])], action="review")
    assert review.status_code == 200
    assert reports(session) == 0
    for shown in (NARRATIVE, "安禾家具", "工业北路 27 号", "文峰区", "每天晚上", "138＊＊＊＊5678", "王＊＊"):
        assert shown in citizen.page
    assert "王芳芳" not in citizen.page
    assert citizen.send().status_code == 200
    report = session.scalars(select(Report)).one()
    assert (report.subject_name, report.real_name) == ("安禾家具", RealName.DECLARED)
    assert session.scalar(select(func.count()).select_from(Evidence)) == 1
    assert session.scalar(select(func.count()).select_from(StagedFile)) == 0


def test_change_goes_back_to_the_filled_form_and_its_files(citizen: Citizen) -> None:
    citizen.send({**GOOD, "address": "东门"}, [("a.jpg", SAMPLES["image/jpeg"])], action="review")
    citizen.send(action="edit")
    assert kept_in_form(citizen.page) == NARRATIVE
    assert 'value="东门"' in citizen.page
    assert 'name="remove"' in citizen.page


def test_a_staged_file_can_be_taken_out_on_the_review(citizen: Citizen, session: Session) -> None:
    both = [("a.jpg", SAMPLES["image/jpeg"]), ("b.png", SAMPLES["image/png"])]
    citizen.send(GOOD, both, action="review")
    first = re.findall(r'name="remove" value="(\w+)"', citizen.page)[0]
    citizen.send(remove=first)
    assert [row.media_type for row in session.scalars(select(Evidence))] == ["image/png"]


def test_files_go_along_with_the_form_in_one_go(citizen: Citizen, session: Session) -> None:
    citizen.send(GOOD, [("出口.jpg", SAMPLES["image/jpeg"]), ("说明.pdf", SAMPLES["application/pdf"])])
    rows = session.scalars(select(Evidence).order_by(Evidence.position)).all()
    assert [row.media_type for row in rows] == ["image/jpeg", "application/pdf"]


def test_a_link_from_the_home_page_opens_the_form_with_the_situation(client: FlaskClient) -> None:
    page = client.get("/report?situation=ebike_stairwell").get_data(as_text=True)
    assert '<option value="ebike_stairwell" selected' in page


def test_the_code_can_be_saved_as_a_file_whose_name_says_nothing(citizen: Citizen) -> None:
    citizen.send(GOOD)
    saved = citizen.client.post(
        "/report/note", data={"csrf_token": citizen.hidden["csrf_token"], "code": citizen.hidden["code"]}
    )
    assert saved.get_data(as_text=True).replace("-", "").strip() == code_of(citizen.page)
    assert saved.headers["Content-Disposition"] == 'attachment; filename="note.txt"'


def test_a_wrong_code_is_no_file(citizen: Citizen) -> None:
    posted = {"csrf_token": citizen.hidden["csrf_token"], "code": "nonsense"}
    assert citizen.client.post("/report/note", data=posted).status_code == 404


def test_the_empty_form_kept_for_all_carries_nothing_of_who_opened_it_first(app: Flask) -> None:
    first, second = (Citizen(app.test_client()).open() for _ in range(2))
    for name in ("csrf_token", "draft"):
        assert first.hidden[name] != second.hidden[name]
        assert first.hidden[name] not in second.page
    ring = app.extensions["portal_keyring"]
    assert (
        open_draft(ring, first.hidden["draft"]).receipt_code
        != open_draft(ring, second.hidden["draft"]).receipt_code
    )
    assert second.send(GOOD).status_code == 200


def test_the_empty_form_follows_language_theme_and_districts(client: FlaskClient, session: Session) -> None:
    chinese = client.get("/report").get_data(as_text=True)
    make_district("newly", "新设区")
    session.commit()
    client.set_cookie("theme", "dark")
    dark = client.get("/report").get_data(as_text=True)
    assert 'data-bs-theme="light"' in chinese
    assert 'data-bs-theme="dark"' in dark
    with client.session_transaction() as cookie:
        cookie["lang"] = "en"
    assert "What did you see?" in client.get("/report").get_data(as_text=True)
    assert "新设区" not in chinese


# Refusals keep everything

REFUSED = [
    ({"narrative": ""}, "请写一两句您看到了什么"),
    ({"narrative": "\x00\x07"}, "请写一两句您看到了什么"),
    ({"narrative": "长" * 5003}, "3"),
    ({"happened": "2099-01-01"}, "2099-01-01"),
    ({"consent": ""}, "consent"),
    ({"district": "999999"}, "district-e"),
    ({"identity": "real", "name": "王芳芳", "telephone": "12"}, "telephone-e"),
    ({"alert_channel": "email", "alert_address": "no"}, "alert_address-e"),
]


@pytest.mark.parametrize(("wrong", "shown"), REFUSED)
@pytest.mark.parametrize("action", ["send", "review"])
def test_a_wrong_answer_is_refused_with_a_sentence_and_everything_kept(
    citizen: Citizen, session: Session, wrong: dict[str, str], shown: str, action: str
) -> None:
    answers = {**GOOD, "address": "加油站往西第二个院", **wrong}
    response = citizen.send(answers, [("a.jpg", SAMPLES["image/jpeg"])], action=action)
    assert response.status_code == 422
    assert shown in citizen.page
    assert 'value="加油站往西第二个院"' in citizen.page
    assert 'name="remove"' in citizen.page
    assert reports(session) == 0
    fixed = {**GOOD, "address": "加油站往西第二个院"}
    assert citizen.send(fixed).status_code == 200
    assert session.scalar(select(func.count()).select_from(Evidence)) == 1


def test_control_characters_are_taken_out_and_the_report_is_taken(citizen: Citizen, session: Session) -> None:
    assert citizen.send({**GOOD, "narrative": f"\x00{NARRATIVE}\x1b", "address": "a\x00b"}).status_code == 200
    report = session.scalars(select(Report)).one()
    assert (report.narrative, report.address) == (NARRATIVE, "ab")


BAD_FILES = {
    "empty": ("a.jpg", b""),
    "program": ("a.jpg", b"MZ" + b"\0" * 500),
    "page": ("a.jpg", b"<!doctype html><script>alert(1)</script>"),
    "drawing": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "both": ("a.jpg", b"\xff\xd8\xff\xe0<script>alert(1)</script>"),
    "bomb": ("a.png", SAMPLES["image/png"][:16] + b"\x00\x00\x75\x30" * 2 + SAMPLES["image/png"][24:]),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_wrong_or_disguised_file_is_named_and_the_others_are_safe(
    citizen: Citizen, session: Session, name: str
) -> None:
    response = citizen.send(GOOD, [("good.jpg", SAMPLES["image/jpeg"]), BAD_FILES[name]])
    assert response.status_code == 422
    assert BAD_FILES[name][0] in citizen.page
    assert kept_in_form(citizen.page) == NARRATIVE
    assert reports(session) == 0
    assert citizen.send(GOOD).status_code == 200
    assert [row.media_type for row in session.scalars(select(Evidence))] == ["image/jpeg"]


def test_a_hostile_file_name_is_shown_as_text(citizen: Citizen) -> None:
    citizen.send(GOOD, [("<img src=x onerror=alert(1)>.exe", b"MZ")])
    assert "<img src=x" not in citizen.page


def test_nine_files_count_those_that_were_staged(citizen: Citizen, session: Session) -> None:
    pictures = [(f"{n}.jpg", SAMPLES["image/jpeg"] + bytes([n])) for n in range(10)]
    assert citizen.send(GOOD, pictures[:5], action="review").status_code == 200
    citizen.send(action="edit")
    response = citizen.send(GOOD, pictures[5:])
    assert response.status_code == 422
    assert "9.jpg" in citizen.page
    assert citizen.send(GOOD).status_code == 200
    assert session.scalar(select(func.count()).select_from(Evidence)) == 9


def test_three_hundred_megabytes_are_counted_over_all_posts_of_one_form(
    citizen: Citizen, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise one form without script fills the disk, a little with each post."""
    photo = SAMPLES["image/jpeg"]
    monkeypatch.setattr(staging, "MAX_REPORT_BYTES", 2 * len(photo) + 100)
    assert citizen.send(GOOD, [("a.jpg", photo)], action="review").status_code == 200
    citizen.send(action="edit")
    assert citizen.send(GOOD, [("b.jpg", photo + b"b")], action="review").status_code == 200
    citizen.send(action="edit")
    for action in ("review", "send"):
        response = citizen.send(GOOD, [("c.jpg", photo + b"c")], action=action)
        assert response.status_code == 422
        assert "没传上：c.jpg" in citizen.page
        assert "300" in citizen.page
    assert citizen.send(GOOD, [("small.jpg", photo[:90])]).status_code == 200
    assert sorted(session.scalars(select(Evidence.size))) == sorted([90, len(photo), len(photo) + 1])


def test_what_was_staged_meanwhile_is_not_sent_beyond_the_bound(
    citizen: Citizen, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise two posts of one form at once bring twice what a report may hold."""
    photo = SAMPLES["image/jpeg"]
    monkeypatch.setattr(filing, "room_for", lambda *_given: staging.Room())
    monkeypatch.setattr(staging, "MAX_REPORT_BYTES", 2 * len(photo) + 100)
    for letter in "abc":
        citizen.send(GOOD, [(f"{letter}.jpg", photo + letter.encode())], action="review")
        citizen.send(action="edit")
    assert session.scalar(select(func.count()).select_from(StagedFile)) == 2
    assert citizen.send(GOOD, [("d.jpg", photo + b"d")]).status_code == 200
    assert session.scalar(select(func.sum(Evidence.size))) == 2 * (len(photo) + 1)


def test_an_empty_file_field_is_no_file(citizen: Citizen, session: Session) -> None:
    assert citizen.send(GOOD, [("", b"")]).status_code == 200
    assert session.scalar(select(func.count()).select_from(Evidence)) == 0


def test_anonymous_with_a_name_typed_is_asked_about_not_guessed(citizen: Citizen, session: Session) -> None:
    response = citizen.send({**GOOD, "identity": "anonymous", "name": "王芳芳"})
    assert response.status_code == 422
    assert reports(session) == 0


# Old, changed and repeated forms


def test_the_same_form_sent_twice_is_one_report_with_one_receipt(citizen: Citizen, session: Session) -> None:
    carried = dict(citizen.hidden)
    citizen.send(GOOD)
    first = code_of(citizen.page)
    citizen.hidden = carried
    citizen.send(GOOD)
    assert code_of(citizen.page) == first
    assert reports(session) == 1


def test_the_same_form_with_more_in_it_adds_to_the_report_and_says_so(
    citizen: Citizen, session: Session
) -> None:
    carried = dict(citizen.hidden)
    citizen.send(GOOD)
    plain = citizen.page
    citizen.hidden = carried
    citizen.send({**GOOD, "narrative": "还有一个出口也堵了。"})
    assert "补到" in citizen.page
    assert "补到" not in plain
    assert reports(session) == 1
    assert session.scalars(select(Message.text)).one() == "还有一个出口也堵了。"


@pytest.mark.parametrize(("age", "same"), [(timedelta(hours=30), True), (timedelta(hours=73), False)])
def test_a_form_opened_days_ago_still_files(
    app: Flask, client: FlaskClient, session: Session, age: timedelta, same: bool
) -> None:
    with clock.frozen(datetime.now(UTC) - age):
        citizen = Citizen(client).open()
        citizen.send(GOOD, [("a.jpg", SAMPLES["image/jpeg"])], action="review")
        citizen.send(action="edit")
        draft = open_draft(app.extensions["portal_keyring"], citizen.hidden["draft"])
    response = citizen.send(GOOD)
    assert response.status_code == 200
    assert (code_of(citizen.page) == draft.receipt_code) is same
    assert reports(session) == 1
    assert session.scalar(select(func.count()).select_from(Evidence)) == 1


def test_a_stale_form_never_shows_the_code_of_what_it_filed(client: FlaskClient, session: Session) -> None:
    with clock.frozen(datetime.now(UTC) - timedelta(hours=73)):
        citizen = Citizen(client).open()
        carried = dict(citizen.hidden)
        citizen.send(GOOD)
        code = code_of(citizen.page)
    citizen.hidden = carried
    citizen.send(GOOD)
    assert code not in code_of(citizen.page)


@pytest.mark.parametrize("draft", ["", "nonsense", "A" * 250_000, "\x00", "草稿"])
def test_a_changed_draft_opens_the_form_anew_with_everything_kept(
    citizen: Citizen, session: Session, draft: str
) -> None:
    response = citizen.send(GOOD, draft=draft)
    assert response.status_code == 422
    assert kept_in_form(citizen.page) == NARRATIVE
    assert reports(session) == 0
    assert citizen.send(GOOD).status_code == 200
    assert reports(session) == 1


def test_what_cannot_be_read_is_not_called_a_page_that_was_open_for_too_long(citizen: Citizen) -> None:
    """Otherwise an empty form claims that everything written is still on it."""
    answer = citizen.client.post("/report", data=b"broken", content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 400
    assert "读不出来" in answer.text
    assert "退回上一页，您写的还在" in answer.text
    assert "<textarea" not in answer.text


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_missing_token_files_nothing_and_keeps_what_was_typed(
    app: Flask, citizen: Citizen, session: Session, token: str
) -> None:
    carried = citizen.hidden["draft"]
    response = citizen.send({**GOOD, "address": "东门"}, [("a.jpg", SAMPLES["image/jpeg"])], csrf_token=token)
    assert response.status_code == 400
    assert (reports(session), session.scalar(select(func.count()).select_from(StagedFile))) == (0, 0)
    assert kept_in_form(citizen.page) == NARRATIVE
    assert 'value="东门"' in citizen.page
    ring = app.extensions["portal_keyring"]
    # Who made this browser post may know the old draft: a report filed with it would be his to read.
    assert open_draft(ring, citizen.hidden["draft"]).receipt_code != open_draft(ring, carried).receipt_code
    assert citizen.send(GOOD).status_code == 200


def test_answers_in_the_draft_of_a_review_count_only_there(citizen: Citizen) -> None:
    citizen.send({**GOOD, "address": "东门"}, action="review")
    citizen.send(action="edit")
    assert citizen.send({"narrative": "", "consent": "yes"}).status_code == 422
    assert 'value="东门"' not in citizen.page


# The picture


def test_a_right_answer_files_and_is_used_up(client: FlaskClient, pictures: OnePicture) -> None:
    citizen = Citizen(client).open()
    citizen.send(GOOD, action="review")
    used = citizen.hidden["challenge_id"]
    assert citizen.send(challenge_answer="RIGHT").status_code == 200
    assert pictures.picture(used) is None


@pytest.mark.parametrize(
    ("challenge", "answer"),
    [("picture1", "WRONG"), ("picture1", ""), ("", "RIGHT"), ("nobody's", "RIGHT"), ("\x00", "\x00")],
)
def test_a_wrong_missing_or_expired_answer_brings_a_new_picture_and_keeps_all(
    client: FlaskClient, session: Session, pictures: OnePicture, challenge: str, answer: str
) -> None:
    citizen = Citizen(client).open()
    citizen.send({**GOOD, "address": "东门"}, [("a.jpg", SAMPLES["image/jpeg"])], action="review")
    response = citizen.send(challenge_id=challenge, challenge_answer=answer)
    assert response.status_code == 422
    assert citizen.hidden["challenge_id"] == "picture2"
    assert NARRATIVE in citizen.page
    assert reports(session) == 0
    assert citizen.send(challenge_answer="RIGHT").status_code == 200
    assert session.scalar(select(func.count()).select_from(Evidence)) == 1


def test_with_script_a_wrong_answer_comes_back_to_the_filled_form(
    client: FlaskClient, pictures: OnePicture
) -> None:
    citizen = Citizen(client).open()
    response = citizen.send(GOOD, challenge_id=pictures.issue(), challenge_answer="WRONG")
    assert response.status_code == 422
    assert kept_in_form(citizen.page) == NARRATIVE
    assert 'id="challenge_answer-e"' in citizen.page


def test_an_answer_used_for_one_report_does_not_file_another(
    client: FlaskClient, session: Session, pictures: OnePicture
) -> None:
    solved = pictures.issue()
    for _ in range(2):
        Citizen(client).open().send(GOOD, challenge_id=solved, challenge_answer="RIGHT")
    assert reports(session) == 1


def test_the_same_form_twice_shows_the_receipt_though_its_picture_is_used(
    client: FlaskClient, session: Session, pictures: OnePicture
) -> None:
    citizen = Citizen(client).open()
    carried = {**citizen.hidden, "challenge_id": pictures.issue(), "challenge_answer": "RIGHT"}
    for _ in range(2):
        citizen.hidden = dict(carried)
        assert citizen.send(GOOD).status_code == 200
    assert reports(session) == 1


def test_another_picture_can_be_had_without_script(client: FlaskClient, pictures: OnePicture) -> None:
    citizen = Citizen(client).open()
    citizen.send(GOOD, action="review")
    response = citizen.send(action="refresh")
    assert response.status_code == 200
    assert citizen.hidden["challenge_id"] == "picture2"
    assert NARRATIVE in citizen.page


def test_a_picture_is_set_and_shown_to_the_script(client: FlaskClient, pictures: OnePicture) -> None:
    citizen = Citizen(client).open()
    given = client.post("/challenge", headers={"X-CSRFToken": citizen.hidden["csrf_token"]}).get_json()
    shown = client.get(given["picture"])
    assert (shown.status_code, shown.mimetype) == (200, "image/png")
    assert client.get("/challenge/unknown.png").status_code == 404


def test_a_network_that_asks_for_pictures_without_end_gets_no_more(
    client: FlaskClient, pictures: OnePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    citizen = Citizen(client).open()
    monkeypatch.setattr(crowd, "takes_question", lambda: False)
    token = {"X-CSRFToken": citizen.hidden["csrf_token"]}
    assert client.post("/challenge", headers=token).status_code == 429


def test_redis_being_down_costs_nothing_but_speed(
    app: Flask, client: FlaskClient, session: Session, pictures: OnePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.1)
    monkeypatch.setitem(app.extensions, "portal_redis", dead)
    citizen = Citizen(client).open()
    citizen.send(GOOD, [("a.jpg", SAMPLES["image/jpeg"])], action="review")
    assert citizen.send(challenge_answer="RIGHT").status_code == 200
    assert reports(session) == 1


def test_a_crowded_network_answers_one_more_picture_and_is_through(
    client: FlaskClient, session: Session, pictures: OnePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "wait_seconds", lambda _visit: 120)
    citizen = Citizen(client).open()
    citizen.send(GOOD, action="review")
    more = citizen.send(challenge_answer="RIGHT")
    assert (more.status_code, more.headers["Retry-After"]) == (429, "120")
    assert reports(session) == 0
    old = citizen.send(challenge_id="picture1", challenge_answer="RIGHT")
    assert (old.status_code, reports(session)) == (422, 0)
    assert citizen.send(challenge_answer="RIGHT").status_code == 200
    assert reports(session) == 1


def test_a_visit_that_asks_for_pictures_without_end_has_to_be_right_twice_and_is_through(
    app: Flask, client: FlaskClient, session: Session, pictures: OnePicture
) -> None:
    """Otherwise a program tries pictures until it can read one, or a person who cannot meets a wall."""
    real = SimpleNamespace(enabled=True, limiter=FixedWindowRateLimiter(MemoryStorage()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counts, "limiter", real)
        patch.setattr(crowd, "QUESTIONS_OF_VISIT", parse("5/10 minutes"))
        other = Citizen(app.test_client()).open()
        other.send(GOOD, action="review")
        citizen = Citizen(client).open()
        citizen.send(GOOD, action="review")
        for _ in range(4):
            assert citizen.send(action="refresh").status_code == 200
        more = citizen.send(challenge_answer="RIGHT")
        assert more.status_code == 429
        assert 0 < int(more.headers["Retry-After"]) <= 600
        assert NARRATIVE in citizen.page
        assert reports(session) == 0
        assert citizen.send(challenge_answer="RIGHT").status_code == 200
        assert other.send(challenge_answer="RIGHT").status_code == 200
    assert reports(session) == 2


def test_the_same_form_twice_shows_the_receipt_even_while_redis_is_down(
    app: Flask, client: FlaskClient, session: Session, pictures: OnePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.1)
    monkeypatch.setitem(app.extensions, "portal_redis", dead)
    citizen = Citizen(client).open()
    carried = {**citizen.hidden, "challenge_id": pictures.issue(), "challenge_answer": "RIGHT"}
    for _ in range(2):
        citizen.hidden = dict(carried)
        assert citizen.send(GOOD).status_code == 200
    assert reports(session) == 1


def test_a_network_that_sends_files_without_end_is_told_to_wait_and_keeps_its_text(
    citizen: Citizen, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "takes_file", lambda: False)
    assert citizen.send(GOOD, [("a.jpg", SAMPLES["image/jpeg"])], action="review").status_code == 422
    assert session.scalar(select(func.count()).select_from(StagedFile)) == 0
    assert citizen.send(GOOD).status_code == 200


def test_the_counts_of_a_network_end_at_their_limits(app: Flask, redis_url: str) -> None:
    storage = RedisStorage(redis_url.replace("unix://", "redis+unix://", 1))
    key = uuid4().hex
    real = SimpleNamespace(enabled=True, limiter=FixedWindowRateLimiter(storage))
    with pytest.MonkeyPatch.context() as patch, app.test_request_context("/report"):
        patch.setattr(counts, "limiter", real)
        patch.setattr(counts, "visitor_key", lambda: key)
        waits = [crowd.wait_seconds(key) for _ in range(31)]
        files = [crowd.takes_file() for _ in range(181)]
        questions = [crowd.takes_question() for _ in range(301)]
    assert questions == [True] * 300 + [False]
    assert waits[:30] == [0] * 30
    assert 0 < waits[30] <= 600
    assert files == [True] * 180 + [False]


def test_while_redis_is_down_the_process_counts_itself(app: Flask) -> None:
    storage = RedisStorage("redis://127.0.0.1:1")
    key = uuid4().hex
    dead = SimpleNamespace(enabled=True, limiter=FixedWindowRateLimiter(storage))
    with pytest.MonkeyPatch.context() as patch, app.test_request_context("/report"):
        patch.setattr(counts, "limiter", dead)
        patch.setattr(counts, "visitor_key", lambda: key)
        waits = [crowd.wait_seconds(key) for _ in range(31)]
        files = [crowd.takes_file() for _ in range(181)]
        sounds = [crowd.takes_sound() for _ in range(41)]
    assert (waits[:30], files[180], sounds) == ([0] * 30, False, [True] * 40 + [False])
    assert waits[30] > 0


# What nobody learns


def test_a_firm_that_was_reported_before_gets_the_same_page(client: FlaskClient, session: Session) -> None:
    answers = {**GOOD, "subject_name": "安禾家具有限公司"}
    pages = []
    with clock.frozen(datetime(2026, 11, 2, 1, 30, tzinfo=UTC)):
        for _ in range(2):
            citizen = Citizen(client).open()
            citizen.send(answers)
            number = session.scalars(select(Report.number).order_by(Report.id.desc())).first() or ""
            page = citizen.page.replace(number, "N").replace(citizen.hidden["csrf_token"], "T")
            page = re.sub(r'data-token="[^"]*"', "", page)  # opens uploads; sealed, so never twice the same
            for group in re.findall(r"<li>([0-9A-Z]{5})</li>", page):
                page = page.replace(group, "GROUP")
            pages.append(page)
            make_report()
    assert pages[0] == pages[1]


def test_nothing_that_was_told_stands_in_a_log_or_a_cookie(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    citizen = Citizen(client).open()
    citizen.send({**GOOD, **NAMED, "telephone": "12"})
    citizen.send({**GOOD, **NAMED})
    code = code_of(citizen.page)
    cookies = " ".join(str(cookie.value) for cookie in (client._cookies or {}).values())
    for secret in ("王芳芳", "13812345678", NARRATIVE, code):
        assert secret not in caplog.text
        assert secret not in cookies


def test_a_name_is_sealed_and_only_its_group_says_so(citizen: Citizen, session: Session) -> None:
    citizen.send({**GOOD, **NAMED})
    groups = session.scalars(select(SealedField.field_group)).all()
    assert {group.value for group in groups} == {"contact", "legal"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_filing_is_in_the_language_of_the_reader(client: FlaskClient, language: str) -> None:
    with client.session_transaction() as cookie:
        cookie["lang"] = "en" if language == "en" else "zh_Hans"
    citizen = Citizen(client).open()
    title = {"zh": "您看到了什么", "en": "What did you see?"}[language]
    assert title in citizen.page
    citizen.send(GOOD, action="review")
    assert {"zh": "核对一遍", "en": "Check once"}[language] in citizen.page
    citizen.send()
    assert {"zh": "您的查询码", "en": "Your receipt code"}[language] in citizen.page


def test_the_draft_of_a_page_can_be_sealed_again_without_growing(app: Flask) -> None:
    ring = app.extensions["portal_keyring"]
    draft = Draft.mint(datetime.now(UTC)).with_answers({"narrative": "长" * 5000})
    assert len(seal_draft(ring, draft)) < 30_000


@pytest.mark.parametrize("ready", [True, False])
def test_alerts_are_offered_only_where_the_city_can_send_them(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, ready: bool
) -> None:
    """Otherwise somebody waits for a message that nobody sends."""
    monkeypatch.setattr(choices, "offered", lambda: ("sms",) if ready else ())
    page = Citizen(client).open("/report?sector=fire").page
    assert ('name="alert_channel"' in page) == ready
    assert 'value="email"' not in page
    assert ("本站目前不发提醒" in page) == (not ready)
