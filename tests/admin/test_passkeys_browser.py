"""Access in a real browser with a virtual security key: if it fails, who must have a passkey stays out."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import select, update
from werkzeug.serving import make_server

from portal import clock
from portal.database import db
from portal.people import accounts, administration
from portal.people.accounts import NewAccount
from portal.people.actor import SYSTEM
from portal.people.credentials import Passkey
from portal.people.models import StaffSession
from portal.people.permissions import Role
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.browser import AXE, AXE_RUN, WIDER, chromium
from tests.fixtures.pages import ALLOWED, english_words

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
PICTURES = os.environ.get("ACCESS_PICTURES", "")
PASSWORD = "门前大桥下游过一群鸭子 1957"
KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
UNTRANSLATED = re.compile(r'<(\w+)[^>]*\btranslate="no"[^>]*>.*?</\1>', re.DOTALL)
HOUSE = ALLOWED | {
    "PIN",
    "PASSKEY",
    "xu",
    "zheng",
    "boss",
    "lan",
    "wang",
    "other",
    "first",
    "key",
    "example",
    "cn",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def served(tmp_path: Path, redis_url: str) -> Iterator[tuple[Flask, str]]:
    """The portal under the name localhost, where passkeys work without https."""
    port = free_port()
    settings = make_settings(
        tmp_path,
        REDIS_URL=redis_url,
        PORTAL_PORT=str(port),
        PORTAL_ORIGIN=f"http://localhost:{port}",
        PASSKEY_ROLES="auditor",
    )
    with migrated(settings) as app:
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield app, settings.origin
        server.shutdown()
        thread.join()
        server.server_close()


class Desk:
    """A browser window with a security key in it."""

    def __init__(self, browser: Browser, url: str, *, key: bool = True) -> None:
        self.url = url
        self.context: BrowserContext = browser.new_context(viewport={"width": 1280, "height": 900})
        self.context.set_default_timeout(60_000)
        self.context.add_init_script(script=AXE)
        self.faults: list[str] = []
        self.context.on("weberror", lambda error: self.faults.append(str(error.error)))
        self.page: Page = self.context.new_page()
        self.key = ""
        if key:
            self.cdp = self.context.new_cdp_session(self.page)
            self.cdp.send("WebAuthn.enable")
            self.key = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})["authenticatorId"]

    def goes(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def looks(self, name: str) -> None:
        """Examine the page at both widths; save pictures if they are wanted."""
        if '<html lang="zh' in self.page.content():
            shown = UNTRANSLATED.sub(" ", self.page.inner_html("main"))
            assert set(english_words(shown)) - HOUSE == set(), name
        for width in (360, 1280):
            self.page.set_viewport_size({"width": width, "height": 900})
            assert self.page.evaluate(AXE_RUN) == [], name
            assert self.page.evaluate(WIDER) == "", name
            if PICTURES:
                Path(PICTURES).mkdir(parents=True, exist_ok=True)
                language = self.page.locator("html").get_attribute("lang")
                file = Path(PICTURES) / f"{name}-{language}-{width}.png"
                self.page.screenshot(path=file, full_page=True)

    def in_both_languages(self, name: str, path: str) -> None:
        for code in ("en", "zh"):
            self.page.goto(f"{self.url}/language/{code}?next={path}")
            self.looks(name)

    def waits(self, path: str) -> None:
        self.page.wait_for_url(f"{self.url}{path}")

    def presses(self, name: str) -> None:
        self.page.locator("main").get_by_role("button", name=name, exact=True).first.click()


def make(app: Flask, role: Role, username: str, name: str) -> str:
    """Make an account with an invitation; returns the link."""
    with app.app_context():
        new = NewAccount(
            name=name, username=username, roles=frozenset({role}), email=f"{username}@example.cn"
        )
        given = administration.open_account(new, actor=SYSTEM, at=clock.now())
        db.session.commit()
        address = given.address
        db.session.remove()
    return address


def ready(app: Flask, role: Role, username: str) -> str:
    """Make an account that can log in with password and code; returns the secret."""
    with app.app_context():
        new = NewAccount(name="高峰", username=username, roles=frozenset({role}))
        _, secret = accounts.create(app.extensions["portal_keyring"], new, PASSWORD, clock.now())
        db.session.commit()
        db.session.remove()
    return secret


def grows_stale(app: Flask) -> None:
    with app.app_context():
        db.session.execute(update(StaffSession).values(factor_at=None))
        db.session.commit()
        db.session.remove()


def joins(desk: Desk, link: str) -> str:
    """Follow the link as the invited person; returns the telephone's secret."""
    desk.page.goto(link)
    desk.page.wait_for_selector('input[name="new"]')
    assert desk.page.url == f"{desk.url}/desk/invitation"
    desk.looks("invitation")
    desk.page.get_by_role("button", name="English").click()
    desk.page.wait_for_selector('html[lang="en"]')
    desk.looks("invitation")
    desk.page.get_by_role("button", name="中文").click()
    desk.page.wait_for_selector('html[lang^="zh"]')
    secret = desk.page.locator("[data-secret]").inner_text().replace(" ", "")
    desk.page.fill('[name="new"]', PASSWORD)
    desk.page.fill('[name="again"]', PASSWORD)
    desk.page.fill('[name="code"]', "000000")
    desk.presses("设置并登录")
    desk.page.wait_for_selector(".note-risk")
    desk.looks("invitation-wrong")
    desk.page.fill('[name="new"]', PASSWORD)
    desk.page.fill('[name="again"]', PASSWORD)
    desk.page.fill('[name="code"]', pyotp.TOTP(secret).now())
    desk.presses("设置并登录")
    desk.page.wait_for_selector("#codes")
    desk.looks("recovery-codes")
    return secret


def fills_log_in(desk: Desk, username: str, code: str = "") -> None:
    desk.goes("/desk/login")
    desk.page.fill('[name="username"]', username)
    desk.page.fill('[name="password"]', PASSWORD)
    desk.page.fill('[name="code"]', code)


def test_whoever_must_have_a_passkey_gets_one_and_logs_in_with_it(served: tuple[Flask, str]) -> None:
    app, url = served
    link = make(app, Role.AUDITOR, "xu.zheng", "许正")
    with chromium() as browser:
        desk = Desk(browser, url)
        secret = joins(desk, link)
        desk.page.locator("main a.btn-primary").click()
        desk.waits("/desk/account/passkeys/new")  # nothing else opens before
        desk.in_both_languages("passkey-owed", "/desk/account/passkeys/new")
        desk.page.fill('[name="name"]', "钥匙串上的")
        desk.presses("添加这个通行密钥")
        desk.waits("/desk/account")
        desk.in_both_languages("account-passkey", "/desk/account")
        with app.app_context():
            key = db.session.scalars(select(Passkey)).one()
            assert (key.name, key.sign_count >= 0) == ("钥匙串上的", True)
            db.session.remove()
        # The only passkey of such a role is never removed.
        desk.page.locator('form[action$="/remove"] button').click()
        desk.page.wait_for_selector(".note-risk")
        assert "最后一个通行密钥" in desk.page.inner_text("main")
        desk.page.locator("form.logout button").click()
        # From now on the code of the telephone does not count any more.
        fills_log_in(desk, "xu.zheng", pyotp.TOTP(secret).at(clock.now().timestamp() + 30))
        desk.presses("登录")
        desk.page.wait_for_selector(".note-risk")
        fills_log_in(desk, "xu.zheng")
        desk.presses("用通行密钥代替动态码")
        desk.waits("/desk/")
        # A grave step after five minutes: the passkey is asked for, and the step goes on.
        grows_stale(app)
        desk.goes("/desk/account")
        desk.presses("生成新的恢复码")
        desk.page.wait_for_selector("button[data-passkey]")
        desk.looks("step-up-passkey")
        desk.presses("用通行密钥确认并继续")
        desk.page.wait_for_selector("#codes")
        assert desk.faults == []


def test_everybody_else_may_have_one_and_it_is_bound_to_its_account(served: tuple[Flask, str]) -> None:
    app, url = served
    secret = ready(app, Role.ADMINISTRATOR, "boss")
    ready(app, Role.ADMINISTRATOR, "other")
    with chromium() as browser:
        desk = Desk(browser, url)
        desk.in_both_languages("login", "/desk/login")
        fills_log_in(desk, "boss", pyotp.TOTP(secret).now())
        desk.presses("登录")
        desk.waits("/desk/")
        desk.in_both_languages("account", "/desk/account")
        desk.page.locator("main").get_by_role("link", name="添加通行密钥").click()
        desk.presses("添加这个通行密钥")
        desk.waits("/desk/account")
        desk.page.fill('main [name="name"]', "first key")
        desk.presses("改名")
        desk.page.wait_for_selector("text=已保存")
        desk.page.locator("form.logout button").click()
        fills_log_in(desk, "other")  # the right password, but the key of somebody else
        desk.presses("用通行密钥代替动态码")
        desk.page.wait_for_selector(".note-risk")
        fills_log_in(desk, "boss")
        desk.presses("用通行密钥代替动态码")
        desk.waits("/desk/")
        # People administration, and the page that asks.
        desk.in_both_languages("person-new", "/desk/people/new")
        desk.page.fill('[name="name"]', "王兰")
        desk.page.fill('[name="username"]', "wang.lan")
        desk.page.check('[name="roles"][value="verifier"]')
        grows_stale(app)
        desk.page.locator("main button.btn-primary").click()
        desk.page.wait_for_selector("#step_up_code")
        desk.looks("step-up")
        desk.presses("用通行密钥确认并继续")
        desk.page.wait_for_selector("#address")
        desk.looks("handover")
        desk.page.locator("main a.btn-primary").click()
        desk.page.wait_for_selector("h1")
        desk.in_both_languages("person-waiting", desk.page.url.removeprefix(url))
        desk.in_both_languages("person", "/desk/people/2")
        desk.page.fill('[name="reason"]', "本人持工作证当面提出")
        desk.presses("提出重设")
        desk.page.wait_for_selector("text=已提出")
        desk.looks("person-asked")
        # A passkey that is not the last factor is removed.
        desk.goes("/desk/account")
        desk.page.locator('form[action$="/remove"] button').click()
        desk.page.wait_for_selector("text=通行密钥已移除")
        desk.presses("绑定另一部手机")
        desk.page.wait_for_selector("[data-secret]")
        desk.looks("account-totp")
        desk.goes("/desk/account/password")
        desk.in_both_languages("account-password", "/desk/account/password")
        assert desk.faults == []


def test_the_invitation_works_without_script(served: tuple[Flask, str]) -> None:
    app, url = served
    link = make(app, Role.VERIFIER, "xu.zheng", "许正")
    with chromium() as browser:
        context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
        page = context.new_page()
        page.goto(link)
        page.fill('[name="token"]', link.partition("#")[2])
        page.locator("main button.btn-primary").click()
        secret = page.locator("[data-secret]").inner_text().replace(" ", "")
        page.fill('[name="new"]', PASSWORD)
        page.fill('[name="again"]', PASSWORD)
        page.fill('[name="code"]', pyotp.TOTP(secret).now())
        page.locator("main button.btn-primary").click()
        assert page.locator("#codes li").count() == 10
        grows_stale(app)
        page.goto(f"{url}/desk/account")
        page.locator('form[action$="/account/recovery"] button').click()
        page.fill('[name="step_up_code"]', pyotp.TOTP(secret).at(clock.now().timestamp() + 30))
        page.locator("main button.btn-primary").click()
        assert page.locator("#codes li").count() == 10
