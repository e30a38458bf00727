"""The question that keeps robots away, on the pages: if these fail a robot files without answering, or who
cannot see, or shares an address, is shut out."""

from __future__ import annotations

import base64
import re
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from limits import parse
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.challenge import drawing, speaking, stores
from portal.challenge.drawing import draw
from portal.challenge.kinds import Kind
from portal.database import db
from portal.extensions import limiter
from portal.public import crowd, guesses
from portal.reports import receipt, visits
from portal.reports.models import Report
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.pages import english_words
from tests.fixtures.visitors import make_receipt

DEAD = "redis://127.0.0.1:1"
TOLD = {"narrative": "安全出口一直用木料堵着。", "consent": "yes", "address": "东门"}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The answers of the pictures and sounds that are made, in order."""
    seen: list[str] = []

    def drawn() -> object:
        made = draw()
        seen.append(made.answer)
        return made

    def said(kind: Kind) -> object:
        made = speaking.speak(kind)
        seen.append(made.answer)
        return made

    monkeypatch.setattr(drawing, "draw", drawn)
    monkeypatch.setattr(stores, "speak", said)
    return seen


@pytest.fixture(params=["redis up", "redis down"])
def asking(
    request: pytest.FixtureRequest, tmp_path: Path, empty_redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """A portal as in life: it asks, and its limits are on; with Redis and without."""
    monkeypatch.setattr(limiter, "enabled", limiter.enabled)
    url = empty_redis_url if request.param == "redis up" else DEAD
    settings = make_settings(tmp_path, PORTAL_ENV="development", PORTAL_CHALLENGE="picture", REDIS_URL=url)
    with migrated(settings) as app:
        yield app


@pytest.fixture(autouse=True)
def another_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Counts of one test are not those of the next, wherever they are kept."""
    monkeypatch.setattr("portal.public.counts.visitor_key", lambda: tmp_path.name)


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


class Filer:
    """Somebody without script on the page that shows everything before it is sent."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.fields = hidden(self.client.get("/report").text)
        self.page = ""
        self.send(action="review", **TOLD)

    def send(self, **more: str) -> TestResponse:
        response = self.client.post("/report", data={**self.fields, **more})
        self.page = response.text
        self.fields = hidden(self.page)
        return response

    def listens(self) -> str:
        """Press "Listen instead"; returns the address of the sound."""
        assert self.send(action="listen").status_code == 200
        return self.sound()

    def sound(self) -> str:
        found = re.search(r'<audio [^>]*src="([^"]+)"', self.page)
        assert found is not None
        return found[1]


def filed(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Report)) or 0


def test_without_script_a_report_is_filed_by_listening(asking: Flask, answers: list[str]) -> None:
    filer = Filer(asking)
    assert "<img" in filer.page
    url = filer.listens()
    assert TOLD["narrative"] in filer.page
    assert "东门" in filer.page
    assert english_words(filer.page) == []
    heard = filer.client.get(url)
    assert (heard.status_code, heard.mimetype, heard.data[:4]) == (200, "audio/wav", b"RIFF")
    wrong = filer.send(action="send", challenge_answer="000")
    assert wrong.status_code == 422
    assert "数字不对" in filer.page
    assert filer.sound() != url  # whoever listens is not sent back to a picture
    answer = " ".join(answers[-1])
    assert filer.send(action="send", challenge_answer=answer).status_code == 200
    assert filed(asking) == 1


def test_whoever_listens_may_take_another_one_or_go_back_to_the_picture(
    asking: Flask, answers: list[str]
) -> None:
    filer = Filer(asking)
    first = filer.listens()
    filer.send(action="refresh")
    assert filer.sound() != first
    filer.send(action="look")
    assert '<img class="challenge"' in filer.page
    assert "<audio" not in filer.page
    assert filer.send(action="send", challenge_answer=answers[-1]).status_code == 200


def test_an_empty_answer_is_asked_for_in_words_that_fit(asking: Flask, answers: list[str]) -> None:
    filer = Filer(asking)
    filer.listens()
    assert filer.send(action="send", challenge_answer="").status_code == 422
    assert "请填写您听到的六个数字" in filer.page
    assert filed(asking) == 0


def test_the_script_gets_a_sound_that_browsers_can_ask_for_in_parts(
    asking: Flask, answers: list[str]
) -> None:
    client = asking.test_client()
    token = hidden(client.get("/report").text)["csrf_token"]
    given = client.post("/challenge?kind=audio", headers={"X-CSRFToken": token}).get_json()
    assert set(given) == {"id", "sound"}
    part = client.get(given["sound"], headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.data, part.headers["Content-Range"]) == (206, b"RI", "bytes 0-1/144044")
    assert client.get(given["sound"].replace(".wav", ".png")).status_code == 404
    assert client.get("/challenge/" + "0" * 32 + ".wav").status_code == 404
    assert client.post("/challenge?kind=audio").status_code == 400


def test_english_readers_hear_english(asking: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[Kind] = []

    def noted(kind: Kind) -> object:
        kinds.append(kind)
        return speaking.speak(kind)

    monkeypatch.setattr(stores, "speak", noted)
    filer = Filer(asking)
    filer.listens()
    filer.client.get("/language/en")
    filer.send(action="refresh")
    assert kinds == [Kind.MANDARIN, Kind.ENGLISH]
    assert "Which six digits do you hear?" in filer.page


def unpacked(text: str) -> list[bytes]:
    """A text and whatever base64 and zlib may hide in its parts."""
    found = [text.encode()]
    for part in re.split(r"[.;=, ]", text):
        try:
            plain = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        except ValueError:
            continue
        found.append(plain)
        try:
            found.append(zlib.decompress(plain))
        except zlib.error:
            continue
    return found


def test_the_answer_is_nowhere_but_in_the_sound(asking: Flask, answers: list[str]) -> None:
    """Safety of a captcha whose answer stands in a cookie is none."""
    filer = Filer(asking)
    for _ in range(4):
        url = filer.listens()
        answer = answers[-1].encode()
        heard = filer.client.get(url)
        cookie = filer.client.get_cookie("session") or filer.client.get_cookie("__Host-session")
        assert cookie is not None
        outside = [cookie.value, url, str(heard.headers), *filer.fields.values()]
        assert not any(answer in plain for text in outside for plain in unpacked(text))
        assert answer not in re.sub(rb"[0-9a-f]{32}", b"", filer.page.encode())
        assert (heard.headers["Content-Length"], heard.headers["Cache-Control"]) == ("144044", "no-store")
        assert not {"Content-Disposition", "ETag", "Last-Modified"} & set(heard.headers.keys())
        assert re.fullmatch(r"/challenge/[0-9a-f]{32}\.wav", url)


def test_an_answer_counts_once_and_only_from_the_session_that_asked(
    asking: Flask, answers: list[str]
) -> None:
    asker, thief = Filer(asking), Filer(asking)
    asker.listens()
    stolen = {"challenge_id": asker.fields["challenge_id"], "challenge_answer": answers[-1]}
    assert thief.send(action="send", **stolen).status_code == 422
    # Used up by the attempt, right though the answer was.
    assert asker.send(action="send", challenge_answer=answers[-2]).status_code == 422
    asker.listens()
    used = {"challenge_id": asker.fields["challenge_id"], "challenge_answer": answers[-1]}
    assert asker.send(action="send", **used).status_code == 200
    again = Filer(asking)
    again.client = asker.client
    again.fields = hidden(again.client.get("/report").text)
    assert again.send(action="send", **TOLD, **used).status_code == 422
    assert filed(asking) == 1


def test_of_twenty_reports_with_one_answer_at_once_one_is_filed(asking: Flask, answers: list[str]) -> None:
    client = asking.test_client()
    forms = [hidden(client.get("/report").text) for _ in range(20)]
    token = forms[0]["csrf_token"]
    given = client.post("/challenge?kind=audio", headers={"X-CSRFToken": token}).get_json()
    solved = {"challenge_id": given["id"], "challenge_answer": answers[-1], "challenge_kind": "sound"}
    cookie = client.get_cookie("session") or client.get_cookie("__Host-session")
    assert cookie is not None

    def attempt(form: dict[str, str]) -> int:
        browser = asking.test_client()
        browser.set_cookie(cookie.key, cookie.value)
        return browser.post("/report", data={**form, **TOLD, **solved, "action": "send"}).status_code

    with ThreadPoolExecutor(20) as threads:
        statuses = list(threads.map(attempt, forms))
    assert sorted(statuses)[:1] == [200]
    assert statuses.count(200) == 1
    assert filed(asking) == 1


def test_beyond_the_limit_of_recordings_there_is_a_picture_and_a_word(
    asking: Flask, answers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "takes_sound", lambda: False)
    filer = Filer(asking)
    filer.send(action="listen")
    assert '<img class="challenge"' in filer.page
    assert "这里先换成图片" in filer.page
    assert filer.send(action="send", challenge_answer=answers[-1]).status_code == 200


# Floods


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("posts", "limit"), [(30, 4), pytest.param(300, 30, marks=pytest.mark.assure)], ids=["30", "300"]
)
def test_of_all_posts_from_one_network_none_files_unsolved_and_a_person_still_does(
    asking: Flask, answers: list[str], monkeypatch: pytest.MonkeyPatch, posts: int, limit: int
) -> None:
    assert str(crowd.REPORTS) == "30 per 10 minute"
    monkeypatch.setattr(crowd, "REPORTS", parse(f"{limit}/10 minutes"))
    flood = Filer(asking)
    kept = dict(flood.fields)
    ids, junk = ["", kept["challenge_id"], "f" * 32], ["", "0", "AAAAA", "000000", "\x00"]
    for turn in range(posts):
        flood.fields = dict(kept)  # without reading what came back, as robots do
        posted = {"challenge_id": ids[turn % 3], "challenge_answer": junk[turn % 5]}
        assert flood.send(action="send", **posted).status_code == 422
    assert filed(asking) == 0
    # A robot that solves: as many as the limit, then each report costs two answers.
    for _ in range(limit):
        assert Filer(asking).send(action="send", challenge_answer=answers[-1]).status_code == 200
    person = Filer(asking)
    more = person.send(action="send", challenge_answer=answers[-1])
    assert more.status_code == 429
    assert TOLD["narrative"] in person.page
    assert filed(asking) == limit
    person.listens()
    assert person.send(action="send", challenge_answer=answers[-1]).status_code == 200
    assert filed(asking) == limit + 1


class Coming:
    """Somebody who enters receipt codes."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.fields = hidden(self.client.get("/track").text)

    def enters(self, code: str, **more: str) -> TestResponse:
        response = self.client.post("/track", data={**self.fields, "code": code, **more})
        self.fields |= hidden(response.text)
        return response


def test_after_ten_wrong_codes_a_question_opens_the_next_ten(asking: Flask, answers: list[str]) -> None:
    with asking.app_context():
        _, code = make_receipt()
        db.session.commit()
    guesser, owner = Coming(asking), Coming(asking)
    for _ in range(10):
        assert guesser.enters(receipt.mint()).status_code == 422
    held = owner.enters(code)
    assert held.status_code == 429
    assert int(held.headers["Retry-After"]) > 0
    assert code in held.text
    assert english_words(held.text.replace(code, "").replace(owner.fields["challenge_id"], "")) == []
    # Wrong answers, other people's and none open nothing, not even for the right code.
    for answer in ("", "XXXXX", "\x00"):
        assert owner.enters(code, challenge_answer=answer).status_code == 429
    listening = owner.enters(code, action="listen")
    assert "<audio" in listening.text
    assert code in listening.text
    assert owner.enters(code, challenge_answer=answers[-1]).status_code == 303
    # The limit begins anew; it is not gone.
    for _ in range(10):
        assert guesser.enters(receipt.mint()).status_code == 422
    assert guesser.enters(receipt.mint()).status_code == 429


def test_an_answer_to_the_question_does_not_open_it_twice(asking: Flask, answers: list[str]) -> None:
    guesser = Coming(asking)
    for _ in range(10):
        guesser.enters(receipt.mint())
    assert guesser.enters(receipt.mint()).status_code == 429
    solved = {"challenge_id": guesser.fields["challenge_id"], "challenge_answer": answers[-1]}
    for _ in range(10):
        assert guesser.enters(receipt.mint(), **solved).status_code == 422
    assert guesser.enters(receipt.mint(), **solved).status_code == 429


def test_of_many_codes_at_the_same_moment_ten_are_looked_at(
    asking: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends them all at once would else have as many tries as the server has threads."""
    looked: list[str] = []
    monkeypatch.setattr(visits, "find_report", lambda typed: looked.append(typed) or time.sleep(0.2))
    guessers = [Coming(asking) for _ in range(24)]
    gate = Barrier(len(guessers))

    def guess(one: Coming) -> int:
        gate.wait()
        return one.enters(receipt.mint()).status_code

    with ThreadPoolExecutor(len(guessers)) as pool:
        answered = Counter(pool.map(guess, guessers))
    assert answered == {422: 10, 429: 14}
    assert len(looked) == 10


def test_where_nothing_is_asked_one_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A portal without captcha must not turn its limit off."""
    monkeypatch.setattr(limiter, "enabled", limiter.enabled)
    with migrated(make_settings(tmp_path, PORTAL_ENV="development", REDIS_URL=DEAD)) as app:
        guesser = Coming(app)
        for _ in range(10):
            assert guesser.enters(receipt.mint()).status_code == 422
        held = guesser.enters(receipt.mint(), challenge_answer="XXXXX", challenge_id="none")
        assert held.status_code == 429
        assert "分钟" in held.text
        with app.test_request_context("/track"):
            assert 0 < guesses.begin_try() <= 10
