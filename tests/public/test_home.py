"""If these fail, the first page promises what is not so, or tells a firm that somebody reported it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.cases.steps import CaseStatus, Conclusion
from portal.database import db
from portal.public import totals
from portal.public.home import COMMON
from portal.public.totals import period
from portal.reports.sectors import situation
from tests.fixtures.pages import english_words
from tests.fixtures.records import make_case, make_district, make_report
from tests.fixtures.visitors import enter, make_receipt, token_of

MIDMONTH = datetime(2026, 11, 12, 4, 0, tzinfo=UTC)
LAST_MONTH = datetime(2026, 10, 20, 4, 0, tzinfo=UTC)
INFO = ["/", "/notice", "/privacy", "/accessibility", "/unseen", "/rules", "/track"]
ONCE = re.compile(
    r'((?:name="(?:csrf_token|draft|challenge_id)" value|data-uploads[^>]* data-token)=")[^"]*'
    r"|(challenge/)[\w-]+"
)


def plain(page: str) -> str:
    """Return a page without what is random in each answer."""
    return ONCE.sub(r"\1\2", page)


def many(count: int, at: datetime, status: CaseStatus = CaseStatus.RECEIVED) -> None:
    for _ in range(count):
        case = make_case(status=status, opened_at=at)
        if status is CaseStatus.CLOSED:
            case.concluded_at = at
        make_report(case, received_at=at)
    db.session.commit()


@pytest.mark.parametrize("path", INFO)
@pytest.mark.parametrize("locale", ["zh_Hans", "en"])
def test_every_page_of_explanation_renders_in_both_languages(
    app: Flask, client: FlaskClient, path: str, locale: str
) -> None:
    with client.session_transaction() as cookie:
        cookie["lang"] = locale
    answer = client.get(path)
    assert answer.status_code == 200
    if locale == "zh_Hans":
        assert english_words(answer.text) == []
    else:
        assert re.search(r"<h1>[A-Z]", answer.text)


def test_the_first_page_leads_everywhere(app: Flask, client: FlaskClient) -> None:
    page = client.get("/").text
    for target in re.findall(r'href="(/[^"#]*)"', page):
        if not target.startswith("/static/"):
            assert client.get(target).status_code in {200, 302, 303}, target


def test_each_common_danger_opens_the_form_with_it_chosen(app: Flask, client: FlaskClient) -> None:
    page = client.get("/").text
    for _, code in COMMON:
        known = situation(code)
        assert known is not None
        assert f"/report?situation={code}" in page
        assert f'value="{code}" selected' in client.get(f"/report?situation={code}").text


def test_the_first_page_weighs_less_than_150_kilobytes(app: Flask, client: FlaskClient) -> None:
    page = client.get("/")
    weight = len(page.data)
    for target in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)):
        with client.get(target) as asset:
            weight += len(asset.data)
    assert weight < 150 * 1024


def test_no_page_asks_another_site_for_anything(app: Flask, client: FlaskClient) -> None:
    for path in INFO:
        assert not re.findall(r'(?:src|<link[^>]*href)="(?:https?:)?//', client.get(path).text)


def test_the_day_of_the_deadlines_comes_from_the_settings(app: Flask, client: FlaskClient) -> None:
    page = client.get("/").text
    assert "5 个工作日内" in page
    assert "受理后 60 天内" in page


def test_small_totals_are_not_published(app: Flask, client: FlaskClient) -> None:
    many(4, LAST_MONTH)
    with clock.frozen(MIDMONTH):
        assert "data-totals" not in client.get("/").text


def test_totals_are_published_from_five_and_only_those(app: Flask, client: FlaskClient) -> None:
    many(5, LAST_MONTH)
    many(4, LAST_MONTH, CaseStatus.CLOSED)
    with clock.frozen(MIDMONTH):
        page = client.get("/").text
    figures = page.split("data-totals")[1].split("</section>")[0]
    assert re.findall(r'class="num">(\d+)<', figures) == ["5"]
    assert "舍去零头" in figures
    assert "安禾家具" not in page


def test_totals_count_whole_months_of_the_year_and_what_was_confirmed(app: Flask) -> None:
    many(6, LAST_MONTH, CaseStatus.CLOSED)
    many(7, MIDMONTH, CaseStatus.CLOSED)
    many(8, datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC), CaseStatus.CLOSED)
    for _ in range(5):
        case = make_case(status=CaseStatus.CLOSED, opened_at=LAST_MONTH)
        case.conclusion, case.concluded_at = Conclusion.FALSE, LAST_MONTH
    db.session.commit()
    found = totals.totals(MIDMONTH, clock.CITY)
    assert (found.received, found.confirmed, found.paid) == (5, 5, None)


def test_who_subtracts_last_months_totals_reads_no_single_report(app: Flask) -> None:
    """A firm with one quiet month would know that somebody reported, and when."""
    many(6, LAST_MONTH, CaseStatus.CLOSED)
    seen = []
    for more, at in ((0, MIDMONTH), (1, MIDMONTH), (3, MIDMONTH), (4, MIDMONTH)):
        many(more, at, CaseStatus.CLOSED)
        totals._known.clear()
        found = totals.totals(MIDMONTH + timedelta(days=30), clock.CITY)
        seen.append((found.received, found.confirmed))
    assert seen == [(5, 5), (5, 5), (10, 10), (10, 10)]


def test_totals_are_counted_once_and_kept(app: Flask, client: FlaskClient) -> None:
    many(6, LAST_MONTH)
    with clock.frozen(MIDMONTH):
        first = client.get("/").text
        many(6, LAST_MONTH)
        assert plain(client.get("/").text) == plain(first)


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 11, 1), date(2026, 1, 1), date(2026, 10, 31)),
        (date(2026, 1, 15), date(2025, 1, 1), date(2025, 12, 31)),
        (date(2028, 3, 31), date(2028, 1, 1), date(2028, 2, 29)),
    ],
)
def test_the_period_ends_with_the_last_full_month(today: date, first: date, last: date) -> None:
    assert period(today) == (first, last)


def answers(app: Flask) -> dict[str, tuple[int, str, dict[str, str]]]:
    """Return what a stranger is answered on each public page."""
    browser = app.test_client()
    pages = {path: browser.get(path) for path in [*INFO, "/report", "/report?situation=exit_blocked"]}
    pages["wrong code"] = enter(browser, "0000011111222223333344444")
    token = token_of(browser.get("/report").text)
    pages["form"] = browser.post("/report", data={"csrf_token": token, "subject_name": "安禾家具有限公司"})
    headers = ("Content-Length", "Set-Cookie", "Date")
    return {
        name: (page.status_code, plain(page.text), {k: v for k, v in page.headers if k not in headers})
        for name, page in pages.items()
    }


def test_no_public_answer_depends_on_the_reports_of_others(app: Flask) -> None:
    """The accused types his own firm's name: an empty and a full database answer alike, to the byte."""
    make_district()
    with clock.frozen(MIDMONTH):
        before = answers(app)
        many(7, MIDMONTH - timedelta(days=2))
        many(7, MIDMONTH - timedelta(days=1), CaseStatus.VERIFYING)
        make_receipt(narrative="安禾家具有限公司的安全出口被堵")
        totals._known.clear()
        after = answers(app)
    for name, answer in before.items():
        assert after[name] == answer, name
