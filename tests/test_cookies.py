"""Static files and cookies: if these fail every page of a slow line loads its styles and scripts anew."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

YEAR = 365 * 24 * 3600


@pytest.mark.parametrize("path", ["css/theme.css", "js/report.js", "img/mark.svg"])
@pytest.mark.parametrize("accepted", ["", "gzip"])
def test_a_static_file_is_the_same_for_everybody_and_may_be_kept_for_a_year(
    client: FlaskClient, path: str, accepted: str
) -> None:
    client.get("/language/en")  # somebody with a session
    assert client.get_cookie("session") is not None
    answer = client.get(f"/static/{path}", buffered=True, headers={"Accept-Encoding": accepted})
    assert answer.status_code == 200
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Cache-Control"] == f"public, max-age={YEAR}"
    assert "Set-Cookie" not in answer.headers
    known = {"Accept-Encoding": accepted, "If-None-Match": answer.headers["ETag"]}
    again = client.get(f"/static/{path}", buffered=True, headers=known)
    assert "Cookie" not in again.headers.get("Vary", "")


def test_every_address_of_a_static_file_on_a_page_changes_with_its_content(client: FlaskClient) -> None:
    """Otherwise what is kept for a year is old after the next release."""
    page = client.get("/report").text
    found = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(found) > 5
    assert [one for one in found if not re.search(r"\?v=[0-9a-f]{12}$", one)] == []


def test_pages_and_missing_files_are_not_kept(client: FlaskClient) -> None:
    for path in ("/", "/report", "/static/nothing.css", "/nothing"):
        assert client.get(path, buffered=True).headers["Cache-Control"] == "no-store"
    assert "Cookie" in client.get("/").headers["Vary"]
