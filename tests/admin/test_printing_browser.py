"""Paper: if these fail a notice board hangs there without its lower half, or a sheet has no captions."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from flask import Flask
from playwright.sync_api import Page

from portal.cases.models import Case
from portal.database import db
from portal.people.actor import SYSTEM
from portal.people.permissions import Role
from portal.subjects import boards
from portal.subjects.boards import Place
from tests.admin.test_evidence_browser import served  # noqa: F401 - a fixture
from tests.evidence.samples import jpeg, scene
from tests.fixtures.browser import AXE, AXE_RUN, WIDER, chromium
from tests.fixtures.evidence import make_evidence
from tests.fixtures.records import WHEN, make_account, make_report, sign_in

pytestmark = pytest.mark.journey
PAPER = {"a4": (595, 842), "a3": (842, 1191)}  # points
LONG = Place(
    "安阳市文峰区安禾家具制造有限责任公司第二喷漆车间及成品仓库",
    "文峰区工业北路 27 号安禾产业园 3 幢东侧二层，近铁路道口",
)


def printed(page: Page, path: Path) -> list[tuple[tuple[int, int], str]]:
    """The pages of what the browser prints: size in points, and the text on each."""
    page.pdf(path=str(path), prefer_css_page_size=True, print_background=True)
    document = pypdfium2.PdfDocument(path)
    try:
        return [
            ((round(sheet.get_width()), round(sheet.get_height())), sheet.get_textpage().get_text_range())
            for sheet in document
        ]
    finally:
        document.close()


def signed_in(app: Flask, role: Role) -> str:
    client = app.test_client()
    sign_in(client, make_account(role))
    cookie = client.get_cookie("session")
    assert cookie is not None
    return cookie.value


def test_boards_fill_one_page_and_sheets_carry_captions(
    served: tuple[Flask, str],  # noqa: F811
    tmp_path: Path,
) -> None:
    app, url = served
    with app.app_context():
        board = boards.make(LONG, actor=SYSTEM, at=WHEN).code
        report = make_report()
        number = db.session.get_one(Case, report.case_id).number
        for position in (1, 2):
            tall = jpeg(scene(position, (1200, 1600)))
            make_evidence(app, report, tall, clean_type="image/jpeg", position=position)
        db.session.commit()
        office, desk = signed_in(app, Role.ADMINISTRATOR), signed_in(app, Role.SUPERVISOR)
        db.session.remove()
    with chromium() as browser:
        for cookie in (office, desk):
            context = browser.new_context()
            context.add_cookies([{"name": "session", "value": cookie, "url": url}])
            context.add_init_script(script=AXE)
            page = context.new_page()
            if cookie == office:
                for size, paper in PAPER.items():
                    page.goto(f"{url}/desk/boards/{board}?size={size}")
                    ((found, text),) = printed(page, tmp_path / f"{size}.pdf")
                    assert found == paper
                    for word in ("119", "12350", "第二喷漆车间", "近铁路道口", "谁看得到什么", board):
                        assert word in text
            else:
                page.goto(f"{url}/desk/cases/{number}/evidence-sheet")
                for width in (360, 1280):
                    page.set_viewport_size({"width": width, "height": 900})
                    assert page.evaluate(AXE_RUN) == []
                    assert page.evaluate(WIDER) == ""
                pages = printed(page, tmp_path / "sheet.pdf")
                assert [size for size, _ in pages] == [PAPER["a4"]] * 2
                for place, (_size, text) in enumerate(pages, start=1):
                    assert f"第 {place} 件" in text
                    assert text.count("SHA-256") == 2
            context.close()
