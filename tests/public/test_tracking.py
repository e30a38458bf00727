"""If these fail, a reporter cannot come back, or somebody else can."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal import clock
from portal.cases.steps import CaseStatus
from portal.database import db
from portal.extensions import limiter
from portal.reports import receipt
from portal.reports.models import Message, Visit
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.pages import english_words
from tests.fixtures.records import WHEN, make_case, make_report
from tests.fixtures.visitors import enter, field_of, make_receipt, token_of

FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
NOT_FOUND = "没有找到。大小写不要紧，空格也不要紧。"
ENDED = "为了您的安全"


def opened(client: FlaskClient) -> str:
    """Return the receipt page of this browser's visit."""
    answer = client.get("/track/report")
    assert answer.status_code == 200, answer.headers.get("Location")
    return answer.text


@pytest.mark.parametrize(
    "shape",
    [
        lambda code: code,
        lambda code: code.lower(),
        lambda code: " ".join(receipt.groups(code)),
        lambda code: "-".join(receipt.groups(code)),
        lambda code: code.translate(FULL_WIDTH),
        lambda code: code.replace("0", "O").replace("1", "l"),
        lambda code: f"\u3000{code}\n",
    ],
    ids=["as printed", "lower case", "spaces", "hyphens", "full-width", "look-alikes", "blank around"],
)
def test_the_code_opens_the_report_however_it_is_typed(
    app: Flask, client: FlaskClient, shape: object
) -> None:
    make_report()
    report, code = make_receipt()
    answer = enter(client, shape(code))  # type: ignore[operator]
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/track/report"
    assert report.number in opened(client)


@pytest.mark.parametrize(
    "typed", ["", "x", "0" * 25, "不是查询码", "A" * 5000, "\x00" * 25, "' OR 1=1 --", "%s%n", "🐦" * 25]
)
def test_nonsense_gets_a_sentence_and_keeps_what_was_typed(
    app: Flask, client: FlaskClient, typed: str
) -> None:
    make_receipt()
    answer = enter(client, typed)
    assert answer.status_code == 422
    assert NOT_FOUND in answer.text
    assert client.get("/track/report").status_code == 302


def test_a_mistyped_and_an_absent_code_get_the_same_answer(app: Flask, client: FlaskClient) -> None:
    absent = receipt.mint()
    wrong = absent[:-1] + ("0" if absent[-1] != "0" else "1")
    pages = [(enter(client, typed).text, typed) for typed in (absent, wrong)]
    # Each page's own token: one of another second looks different.
    told = {page.replace(typed, "").replace(token_of(page), "") for page, typed in pages}
    assert len(told) == 1


def test_the_code_is_in_no_address_and_no_answer(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    answer = enter(client, code)
    assert code not in answer.headers["Location"]
    assert code not in opened(client)
    assert client.get(f"/track?code={code}").text.count(code) == 0


def test_a_code_made_under_an_earlier_key_still_opens(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, code = make_receipt()
    ring = app.extensions["portal_keyring"]
    keys = [("new", b"n" * 32), *ring.all("receipt")]
    monkeypatch.setattr(type(ring), "all", lambda self, purpose: keys)
    enter(client, code)
    assert report.number in opened(client)


def test_a_receipt_opens_its_own_report_and_no_other(app: Flask) -> None:
    case = make_case()
    one, code_one = make_receipt(case, narrative="甲写的话")
    two, code_two = make_receipt(case, narrative="乙写的话")
    for own, other, code in ((one, two, code_one), (two, one, code_two)):
        browser = app.test_client()
        enter(browser, code)
        page = opened(browser)
        assert own.number in page
        assert other.number not in page


def test_titles_say_nothing_to_whoever_looks_through_the_history(app: Flask, client: FlaskClient) -> None:
    """The list of pages in a browser on the factory's computer shows titles, in large letters."""
    _, code = make_receipt()
    enter(client, code)
    behind = ["report", "files", "withdraw", "code", "name", "alerts", "kept", "copy", "erase"]
    pages = {f"/track/{name}": "查进度 · 啄木鸟" for name in behind} | {"/report": "填表 · 啄木鸟"}
    titles = {path: client.get(path).text.split("<title>")[1].split("</title>")[0] for path in pages}
    assert titles == pages


def test_another_browser_without_the_cookie_sees_nothing(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    enter(client, code)
    stranger = app.test_client()
    for path in ("/track/report", "/track/files", "/track/withdraw"):
        assert stranger.get(path).headers["Location"] == "/track"


def test_a_made_up_or_ended_token_opens_nothing(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    enter(client, code)
    with client.session_transaction() as cookie:
        token = cookie["visit"]
    client.post("/track/leave")
    for tried in (token, "made-up", ""):
        with client.session_transaction() as cookie:
            cookie["visit"] = tried
        assert client.get("/track/report").status_code == 302


def test_fifteen_minutes_without_a_click_end_the_visit(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    with clock.frozen(WHEN):
        enter(client, code)
    with clock.frozen(WHEN + timedelta(minutes=14)):
        opened(client)
    with clock.frozen(WHEN + timedelta(minutes=28)):
        opened(client)
    with clock.frozen(WHEN + timedelta(minutes=44)):
        assert client.get("/track/report").status_code == 302
        assert ENDED in client.get("/track").text


def test_an_hour_ends_the_visit_however_busy_it_is(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    for minute in range(0, 61, 10):
        with clock.frozen(WHEN + timedelta(minutes=minute)):
            if minute == 0:
                enter(client, code)
            opened(client)
    with clock.frozen(WHEN + timedelta(minutes=61)):
        assert client.get("/track/report").status_code == 302


def test_what_was_typed_while_the_visit_ended_comes_back_with_the_code(
    app: Flask, client: FlaskClient
) -> None:
    _, code = make_receipt()
    with clock.frozen(WHEN):
        enter(client, code)
        page = opened(client)
    form = {"csrf_token": token_of(page), "once": field_of(page, "once"), "message": "门又锁上了"}
    with clock.frozen(WHEN + timedelta(hours=2)):
        answer = client.post("/track/report", data=form)
        assert answer.status_code == 403
        assert "门又锁上了" in answer.text
        again = client.post(
            "/track", data={"csrf_token": token_of(answer.text), "code": code, "message": "门又锁上了"}
        )
        assert again.status_code == 200
        assert "门又锁上了" in again.text
    assert db.session.scalar(select(func.count(Message.id))) == 0


def test_leaving_in_one_tab_keeps_what_is_typed_in_the_other(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    enter(client, code)
    page = opened(client)
    client.post("/track/leave")
    form = {"csrf_token": token_of(page), "once": field_of(page, "once"), "message": "还有一句"}
    answer = client.post("/track/report", data=form)
    assert answer.status_code == 403
    assert "还有一句" in answer.text


def test_leaving_ends_the_visit_and_tells_the_browser_to_forget(app: Flask, client: FlaskClient) -> None:
    report, code = make_receipt()
    enter(client, code)
    answer = client.post("/track/leave")
    assert answer.status_code == 200
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert report.number not in answer.text
    assert "举报" not in answer.text
    assert client.get("/track/report").status_code == 302
    assert db.session.scalars(select(Visit)).one().ended_at is not None


def test_the_quick_way_out_writes_nothing_and_leads_elsewhere(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    enter(client, code)
    answer = client.get("/leave")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("https://www.weather.com.cn")
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert client.get("/track/report").status_code == 302


@pytest.mark.parametrize(
    "path", ["/", "/track", "/track/report", "/track/files", "/track/withdraw", "/leave"]
)
def test_no_page_is_kept_by_the_browser(app: Flask, client: FlaskClient, path: str) -> None:
    _, code = make_receipt()
    enter(client, code)
    assert client.get(path).headers["Cache-Control"] == "no-store"


def test_a_missing_token_keeps_the_code_that_was_typed(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    answer = client.post("/track", data={"code": code})
    assert answer.status_code == 400
    assert code in answer.text
    assert client.get("/track/report").status_code == 302


@pytest.mark.parametrize("status", CaseStatus)
@pytest.mark.parametrize("locale", ["zh_Hans", "en"])
def test_the_page_of_a_report_in_every_status_renders(
    app: Flask, client: FlaskClient, status: CaseStatus, locale: str
) -> None:
    case = make_case(status=status)
    report, code = make_receipt(case)
    with client.session_transaction() as cookie:
        cookie["lang"] = locale
    enter(client, code)
    page = opened(client)
    assert report.number in page
    if locale == "zh_Hans":
        assert english_words(page) == []


def test_who_can_see_the_entry_pages_reads_them_in_chinese(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    assert english_words(client.get("/track").text) == []
    assert english_words(enter(client, "nonsense").text.replace("nonsense", "")) == []
    enter(client, code)
    for path in ("/track/files", "/track/withdraw"):
        assert english_words(client.get(path).text) == [], path


@pytest.fixture
def limited(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A browser at an application whose limits are on, as in life."""
    monkeypatch.setattr(limiter, "enabled", limiter.enabled)
    settings = make_settings(tmp_path, PORTAL_ENV="development", REDIS_URL=redis_url)
    with migrated(settings) as app:
        limiter.reset()
        yield app.test_client()
        limiter.reset()


def test_the_eleventh_wrong_code_is_not_looked_up(limited: FlaskClient) -> None:
    with limited.application.app_context():
        _, code = make_receipt()
    for _ in range(10):
        assert enter(limited, receipt.mint()).status_code == 422
    answer = enter(limited, code)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 600
    assert "分钟" in answer.text
    assert code in answer.text


def test_right_codes_cost_nothing(limited: FlaskClient) -> None:
    with limited.application.app_context():
        _, code = make_receipt()
    for _ in range(12):
        assert enter(limited, code).status_code == 303
