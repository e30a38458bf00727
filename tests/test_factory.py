"""If these fail, another site can act in the name of somebody who is signed in, or a worker serves pages."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.admin.access import ACCESS, Door
from portal.factory import create_app


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:1"},
        {"Origin": "http://[evil"},
        {"Origin": "localhost"},
    ],
)
def test_a_post_from_another_site_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post("/desk/login", data={"username": "x"}, headers=headers)
    assert answer.status_code == 400
    assert "别的网站" in answer.text


@pytest.mark.parametrize("headers", [{}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}])
def test_a_post_of_our_own_pages_goes_on_to_the_token(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post("/desk/login", data={"username": "x"}, headers=headers)
    assert "别的网站" not in answer.text


@pytest.mark.parametrize(
    ("faces", "present", "absent"),
    [
        ({"public"}, "public.home", "desk.login"),
        ({"desk"}, "desk.login", "public.home"),
        (set(), "site.readyz", "public.home"),
    ],
)
def test_a_process_serves_the_faces_it_is_asked_for(
    app: Flask, faces: set[str], present: str, absent: str
) -> None:
    other = create_app(app.extensions["portal_settings"], faces=frozenset(faces))
    assert present in other.view_functions
    assert absent not in other.view_functions


def test_nothing_is_shown_of_a_fault_but_a_reference(app: Flask) -> None:
    settings = app.extensions["portal_settings"]
    broken = create_app(settings)
    broken.config.update(TESTING=False)

    @broken.get("/broken")
    def break_down() -> str:
        raise RuntimeError("13800000000")

    ACCESS["break_down"] = Door.PUBLIC
    try:
        answer = broken.test_client().get("/broken")
    finally:
        del ACCESS["break_down"]
    assert answer.status_code == 500
    assert "13800000000" not in answer.text
    assert "RuntimeError" not in answer.text
