"""If these fail, a forged header decides where links lead or who is slowed down, or an odd method gets in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from portal.database import db
from portal.factory import create_app
from tests.fixtures.app import make_settings

ODD = ("TRACE", "CONNECT", "PROPFIND", "PATCH", "DELETE", "PUT")


@pytest.fixture
def hosted(app: Flask) -> Iterator[FlaskClient]:
    """The portal as one host knows it, behind one proxy."""
    served = create_app(app.extensions["portal_settings"])
    served.config.update(TRUSTED_HOSTS=["report.example.cn"], TESTING=False)
    yield served.test_client()
    with served.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    "host", ["evil.example", "report.example.cn.evil.example", "report.example.cn@evil", ""]
)
def test_another_host_than_the_own_is_refused(hosted: FlaskClient, host: str) -> None:
    answer = hosted.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_a_forwarded_host_is_ignored(hosted: FlaskClient) -> None:
    headers = {
        "Host": "report.example.cn",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
    }
    answer = hosted.get("/", headers=headers)
    assert answer.status_code == 200
    assert "evil.example" not in answer.text
    leads = hosted.get("/desk/", headers=headers)
    assert "evil.example" not in (leads.location or "")


def test_without_a_proxy_no_forwarded_address_counts(app: Flask) -> None:
    """A thousand invented addresses must not be a thousand visitors."""
    seen: list[str | None] = []
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: seen.append(request.remote_addr))
    try:
        app.test_client().get("/", headers={"X-Forwarded-For": "198.51.100.7"})
    finally:
        app.before_request_funcs[None].pop(0)
    assert seen == ["127.0.0.1"]


def test_behind_one_proxy_only_what_it_added_counts(tmp_path: Path, redis_url: str) -> None:
    served = create_app(make_settings(tmp_path, PROXY_HOPS="1", REDIS_URL=redis_url))
    seen: list[str | None] = []
    served.before_request_funcs.setdefault(None, []).insert(0, lambda: seen.append(request.remote_addr))
    served.test_client().get("/static/nothing", headers={"X-Forwarded-For": "203.0.113.1, 198.51.100.7"})
    assert seen == ["198.51.100.7"]


@pytest.mark.parametrize("method", ODD)
@pytest.mark.parametrize(
    "path", ["/", "/report", "/track", "/desk/login", "/desk/cases", "/static/css/theme.css"]
)
def test_a_method_that_no_page_has_is_refused(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method)
    answer.close()
    assert answer.status_code == 405


@pytest.mark.parametrize(
    "payload",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http://[evil"],
)
def test_no_parameter_leads_to_another_site(client: FlaskClient, payload: str) -> None:
    for path in ("/language/en", "/text/large"):
        answer = client.get(path, query_string={"next": payload})
        location = answer.location or "/"
        assert location.startswith("/"), (path, location)
        assert not location.startswith(("//", "/\\")), (path, location)


def test_no_other_origin_is_invited(client: FlaskClient) -> None:
    answer = client.get("/", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers
