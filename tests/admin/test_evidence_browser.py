"""The page of a file in a real browser: if it fails, boxes lie beside the faces, or a film does not play."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import make_server

from portal.database import db
from portal.evidence.models import Redaction
from portal.people.permissions import Role
from tests.evidence.samples import film, jpeg, scene
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.browser import AXE, AXE_RUN, WIDER, chromium
from tests.fixtures.evidence import make_evidence
from tests.fixtures.records import make_account, make_district, make_report, sign_in

pytestmark = pytest.mark.journey


@pytest.fixture
def served(tmp_path: Path, redis_url: str) -> Iterator[tuple[Flask, str]]:
    """The portal on a port of its own."""
    with migrated(make_settings(tmp_path, REDIS_URL=redis_url)) as app:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield app, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


def examine(page: Page) -> None:
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(AXE_RUN) == []
        assert page.evaluate(WIDER) == ""


def until(page: Page, condition: str) -> None:
    """Wait in the test: the page's own policy lets nobody evaluate text in it again and again."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {condition}")


def test_boxes_lie_where_they_were_drawn_and_a_film_can_be_jumped_in(served: tuple[Flask, str]) -> None:
    app, url = served
    with app.app_context():
        report = make_report()
        photo = make_evidence(app, report, jpeg(scene(5, (1600, 1200))), clean_type="image/jpeg")
        clip = make_evidence(app, report, film(), clean_type="video/mp4", position=2)
        browser_of_client = app.test_client()
        sign_in(browser_of_client, make_account(Role.INTAKE_OFFICER, district=make_district()))
        cookie = browser_of_client.get_cookie("session")
        assert cookie is not None
        photo_page, film_page = (f"{url}/desk/evidence/{item.uuid}" for item in (photo, clip))
        db.session.remove()
    faults: list[str] = []
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "session", "value": cookie.value, "url": url}])
        context.add_init_script(script=AXE)
        context.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        page = context.new_page()
        page.goto(photo_page)
        page.keyboard.press("j")
        page.wait_for_url(film_page)
        page.keyboard.press("k")
        page.wait_for_url(photo_page)
        page.keyboard.press("+")
        assert "150%" in page.locator("[data-zoom-said]").inner_text()
        page.keyboard.press("r")
        assert "rotate(90deg)" in page.locator("[data-stage] img").evaluate("e => e.style.transform")
        examine(page)
        page.goto(f"{photo_page}/redact")
        page.set_viewport_size({"width": 1280, "height": 900})
        place = page.locator("[data-drawing]").bounding_box()
        assert place is not None
        page.mouse.move(place["x"] + place["width"] * 0.5, place["y"] + place["height"] * 0.5)
        page.mouse.down()
        page.mouse.move(place["x"] + place["width"] * 0.25, place["y"] + place["height"] * 0.4, steps=3)
        page.mouse.up()
        examine(page)
        page.locator("main button.btn-primary").click()
        page.wait_for_url(photo_page)
        page.goto(film_page)
        until(page, "document.querySelector('video').readyState > 1")
        page.evaluate("document.querySelector('video').currentTime = 0.7")
        until(page, "!document.querySelector('video').seeking")
        examine(page)
        context.close()
    assert faults == []
    with app.app_context():
        (boxes,) = db.session.query(Redaction.boxes).one()
    ((left, top, width, height),) = boxes
    assert (left, top, width, height) == pytest.approx((250, 400, 250, 100), abs=2)
