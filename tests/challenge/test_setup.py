"""The portal's captcha as a whole: if it failed, robots would get in, or nobody would while Redis is down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from portal.challenge import drawing, jobs, stores
from portal.challenge.challenger import NullChallenge, PictureChallenge
from portal.challenge.drawing import draw
from portal.challenge.kinds import Kind
from tests.fixtures.app import make_settings, migrated

DEAD = "redis://127.0.0.1:1"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The answers of the pictures that are drawn, in order."""
    seen: list[str] = []

    def note() -> object:
        drawn = draw()
        seen.append(drawn.answer)
        return drawn

    monkeypatch.setattr(drawing, "draw", note)
    return seen


@pytest.fixture(params=["redis up", "redis down"])
def asking(request: pytest.FixtureRequest, tmp_path: Path, empty_redis_url: str) -> Iterator[Flask]:
    """A portal that asks for pictures, with Redis and without."""
    url = empty_redis_url if request.param == "redis up" else DEAD
    with migrated(make_settings(tmp_path, PORTAL_CHALLENGE="picture", REDIS_URL=url)) as app:
        yield app


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


def test_a_report_is_filed_with_a_picture_whether_redis_lives_or_not(
    asking: Flask, answers: list[str]
) -> None:
    assert isinstance(asking.extensions["portal_challenger"], PictureChallenge)
    client = asking.test_client()
    told = {"narrative": "安全出口一直用木料堵着。", "consent": "yes", "action": "review"}
    form = hidden(client.get("/report").get_data(as_text=True))
    review = hidden(client.post("/report", data={**form, **told}).get_data(as_text=True))
    assert client.get(f"/challenge/{review['challenge_id']}.png").data.startswith(b"\x89PNG")
    wrong = client.post("/report", data={**review, "challenge_answer": "-----"})
    assert wrong.status_code == 422
    again = hidden(wrong.get_data(as_text=True))
    assert again["challenge_id"] != review["challenge_id"]
    sent = client.post("/report", data={**again, "challenge_answer": answers[-1].lower()})
    assert sent.status_code == 200
    assert len(re.findall(r"<li>[0-9A-Z]{5}</li>", sent.get_data(as_text=True))) == 5


def test_pictures_are_drawn_ahead_and_without_redis_nothing_breaks(
    asking: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "POOL_LEVEL", 3)
    monkeypatch.setattr(jobs, "SOUND_LEVEL", 2)
    with asking.app_context():
        drawn = jobs.fill()
    connection: Redis = asking.extensions["portal_redis"]
    if drawn:
        assert [connection.llen(stores.pool_key(kind)) for kind in Kind] == [3, 2, 2]
        assert drawn == 7
    else:
        assert asking.extensions["portal_settings"].redis_url == DEAD


def test_switched_off_means_no_picture_anywhere(tmp_path: Path) -> None:
    with migrated(make_settings(tmp_path, PORTAL_CHALLENGE="null", REDIS_URL=DEAD)) as app:
        assert isinstance(app.extensions["portal_challenger"], NullChallenge)
        assert "challenge_answer" not in app.test_client().get("/report").get_data(as_text=True)
        with app.app_context():
            assert jobs.fill() == 0
