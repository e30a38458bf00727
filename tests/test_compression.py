"""Packed static files: if these fail, the form takes seconds longer on a slow line, or never opens."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient

SHEET = "/static/css/theme.css"


def test_a_style_sheet_goes_packed_to_a_browser_that_takes_it(client: FlaskClient) -> None:
    plain = client.get(SHEET, buffered=True)
    packed = client.get(SHEET, buffered=True, headers={"Accept-Encoding": "gzip, deflate, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2
    assert packed.headers["Content-Length"] == str(len(packed.data))
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in (plain, packed))
    assert packed.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0"])
def test_others_get_it_as_it_is(client: FlaskClient, accepted: str) -> None:
    assert (
        "Content-Encoding"
        not in client.get(SHEET, buffered=True, headers={"Accept-Encoding": accepted}).headers
    )


def test_a_part_of_a_file_and_a_page_are_never_packed(client: FlaskClient) -> None:
    part = client.get(SHEET, buffered=True, headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
    assert (part.status_code, part.headers.get("Content-Encoding")) == (206, None)
    assert "Content-Encoding" not in client.get("/", headers={"Accept-Encoding": "gzip"}).headers
    assert (
        client.get("/static/nothing.css", buffered=True, headers={"Accept-Encoding": "gzip"}).status_code
        == 404
    )
