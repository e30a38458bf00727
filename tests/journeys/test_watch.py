"""The watch itself: a journey that overlooks faults would be worth nothing."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser

from tests.fixtures.browser import Findings, Tab, chromium

pytestmark = [pytest.mark.journey]

SOUND = (
    "<!doctype html><html lang='{lang}'><head><title>页</title></head>"
    "<body><main><h1>页</h1>{body}</main></body></html>"
)
FAULTY = {
    "/axe": ("zh-Hans", "<input>", "label: "),
    "/wide": ("zh-Hans", "<hr width='900'>", "px too wide"),
    "/english": ("zh-Hans", "<p>Report it</p>", "English words on a Chinese page: Report, it"),
    "/inline": ("en", "<p>Text</p><script>document.title = 'x'</script>", "console: "),
    "/outside": ("en", "<img alt='x' src='http://127.0.0.2:9/x.png'>", "asked another origin"),
    "/missing": ("en", "<img alt='x' src='/gone.png'>", "answer 404"),
}


class Pages(BaseHTTPRequestHandler):
    """Serves each faulty page under the portal's own policy."""

    def do_GET(self) -> None:
        lang, body, _fault = FAULTY.get(self.path, ("zh-Hans", "<p>好</p>", ""))
        self.send_response(404 if self.path.endswith(".png") else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        self.wfile.write(SOUND.format(lang=lang, body=body).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def seen(browser: Browser, url: str, path: str, **options: bool) -> list[str]:
    findings = Findings()
    tab = Tab(browser, url, findings, viewport={"width": 360, "height": 800}, **options)
    tab.goes_to(path)
    tab.page.wait_for_load_state("networkidle")
    tab.context.close()
    return [line for line in findings.lines if "favicon" not in line]


@pytest.mark.parametrize("path", FAULTY)
def test_each_kind_of_fault_is_seen(browser: Browser, url: str, path: str) -> None:
    fault = FAULTY[path][2]
    assert any(fault in line for line in seen(browser, url, path)), fault


def test_a_fault_is_seen_without_scripts_too(browser: Browser, url: str) -> None:
    assert any("label: " in line for line in seen(browser, url, "/axe", java_script_enabled=False))


def test_a_sound_page_is_left_in_peace(browser: Browser, url: str) -> None:
    assert seen(browser, url, "/sound") == []
