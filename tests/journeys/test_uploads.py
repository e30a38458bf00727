"""Photos from a telephone on a bad network: without this, a lost connection is lost evidence."""

from __future__ import annotations

import hashlib
import random
import time
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route
from sqlalchemy import select

from portal.database import db
from portal.evidence.models import Evidence
from tests.fixtures.portal_process import ANSWER, RunningPortal
from tests.journeys.journey import PHONE, Journey, journey
from tests.journeys.steps_citizen import Citizen, Identity, Told

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

TOLD = Told(
    category="fire",
    situation="",
    narrative="二楼的安全出口用铁链锁着，里面有四十个人上班。",
    subject_name="某服装厂",
    district="文峰区",
    address="光华路后院二楼",
)
OFFLINE = "ERR_INTERNET_DISCONNECTED"
LONG = 60_000


def test_photos_go_on_after_a_lost_connection_and_after_sending(tmp_path: Path) -> None:
    with journey(viewport=PHONE, locale="zh-CN") as begun:
        _all_of_it(begun, [_photo(tmp_path, number) for number in (1, 2)])


def _all_of_it(begun: Journey, photos: list[Path]) -> None:
    citizen = Citizen(begun.tab())
    tab, page = citizen.tab, citizen.tab.page
    tab.goes_to("/report")
    citizen.says_what(TOLD)
    tab.sends()
    citizen.says_where(TOLD)
    tab.sends()

    # The connection breaks in the middle of the first photo.
    tab.names |= {photo.name for photo in photos} | {photo.stem for photo in photos} | {"jpg", "big", "xftd"}
    line = Line(page)
    line.lets_through(1)
    page.set_input_files("#files", [str(photo) for photo in photos])
    line.waits_until_held()
    tab.context.set_offline(True)
    line.breaks()
    page.wait_for_selector("text=暂时没有网络", timeout=LONG)
    tab.look()
    line.lets_through(2)
    tab.context.set_offline(False)
    page.wait_for_selector("text=2 个文件，已收到 1 个", timeout=LONG)
    line.waits_until_held()

    # The second one is on its way while the rest is filled in and sent; its owner is still this page.
    for act in (lambda: citizen.says_when(TOLD), lambda: citizen.says_who(Identity())):
        tab.sends()
        act()
    tab.sends()
    citizen.wants_alerts(Identity())
    tab.sends()
    tab.reads(photos[0].name, photos[1].name)
    tab.ticks("consent")
    page.wait_for_selector("img.challenge:visible", timeout=LONG)
    tab.fills(challenge_answer="WRONG")
    tab.allowed_statuses.add(422)
    _sends(page)
    page.wait_for_selector(".invalid img.challenge:visible", timeout=LONG)
    tab.look()
    tab.fills(challenge_answer=ANSWER)
    _sends(page)
    page.wait_for_selector("#receipt-code", timeout=LONG)
    tab.reads("证据还在上传", "2 个文件，已收到 1 个")
    tab.look()
    citizen.keeps_the_receipt()
    line.lets_through(99)
    line.goes_on()
    page.wait_for_selector("text=2 个文件，已收到 2 个", timeout=LONG)
    assert _evidence(begun.portal) == {hashlib.sha256(photo.read_bytes()).hexdigest() for photo in photos}
    assert page.evaluate("() => localStorage.length + sessionStorage.length") == 0
    begun.findings.lines = [line for line in begun.findings.lines if OFFLINE not in line]


def _sends(page: Page) -> None:
    page.locator('main button[value="send"]:visible').click()


class Line:
    """The line of this telephone: pieces pass, or are held until it goes on or breaks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.left = 0
        self.held: list[Route] = []
        page.route("**/uploads/*", self._judge)

    def lets_through(self, pieces: int) -> None:
        """So many pieces pass, the next one is held."""
        self.left = pieces

    def waits_until_held(self) -> None:
        """Until a piece is held."""
        end = time.monotonic() + LONG / 1000
        while not self.held:
            assert time.monotonic() < end, "no piece came"
            self.page.wait_for_timeout(50)

    def goes_on(self) -> None:
        """What was held passes."""
        while self.held:
            self.held.pop().continue_()

    def breaks(self) -> None:
        """What was held is lost."""
        while self.held:
            self.held.pop().abort("internetdisconnected")

    def _judge(self, route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
        elif self.left:
            self.left -= 1
            route.continue_()
        else:
            self.held.append(route)


def _photo(folder: Path, number: int) -> Path:
    """A photograph that does not compress."""
    path = folder / f"big{number}.jpg"
    random.seed(number)
    edge = 1100
    Image.frombytes("RGB", (edge, edge), random.randbytes(edge * edge * 3)).save(path, quality=93)
    return path


def _evidence(portal: RunningPortal) -> set[str]:
    with portal.app.app_context():
        found = set(db.session.scalars(select(Evidence.digest)))
        db.session.rollback()
        return found
