"""If these fail, a log betrays somebody, or a fault cannot be found by the mark that a person reads out."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import logs
from portal.admin.access import ACCESS, Door
from portal.factory import create_app
from portal.people.permissions import Role
from tests.fixtures.records import make_account, sign_in

SECRET = "13800000000"
HOSTILE = ["a\r\nb", "a\u2028b", "a\x1b[31mb", '"}\n{"level":"error"', "\x00", "中文"]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the process logs while the test runs."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    portal_level = logging.getLogger("portal").level
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("portal").setLevel(portal_level)
    logging.captureWarnings(capture=False)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def broken(app: Flask) -> Iterator[Flask]:
    application = create_app(app.extensions["portal_settings"])
    application.config.update(TESTING=False)

    @application.get("/broken")
    def break_down() -> str:
        raise RuntimeError(SECRET)

    ACCESS["break_down"] = Door.PUBLIC
    yield application
    del ACCESS["break_down"]


def test_a_fault_is_found_by_the_mark_on_the_page_and_says_nothing_else(
    broken: Flask, written: io.StringIO
) -> None:
    answer = broken.test_client().get(
        f"/broken?telephone={SECRET}", headers={"Cookie": f"x={SECRET}", "User-Agent": SECRET}
    )
    (line,) = [one for one in lines(written) if one.get("event") == "fault"]
    assert str(line["reference"]) in answer.text
    assert line["error"] == "RuntimeError"
    assert any("test_logs.py" in str(place) for place in line["places"])  # type: ignore[attr-defined]
    assert SECRET not in written.getvalue()


@pytest.mark.parametrize("text", HOSTILE)
def test_one_event_is_one_line_whatever_is_in_it(text: str, written: io.StringIO) -> None:
    logging.getLogger("portal.test").warning("It says %s.", text)
    assert written.getvalue().count("\n") == 1
    assert written.getvalue().isascii()
    assert text in str(lines(written)[0]["message"])


def test_other_libraries_arguments_are_left_out(written: io.StringIO) -> None:
    logging.getLogger("library").warning("no connection to %s", SECRET)
    logging.getLogger("library").warning(f"no connection to {SECRET}")
    assert [line["message"] for line in lines(written)] == ["no connection to %s", "from test_logs"]


@pytest.mark.parametrize("path", ["/desk/login", "/report"])
def test_a_refused_post_is_noted_without_address_or_body(
    broken: Flask, written: io.StringIO, path: str
) -> None:
    for text in HOSTILE:
        before = len(lines(written))
        broken.test_client().post(
            path,
            data={"username": text + SECRET, "title": text + SECRET},
            headers={"Origin": "https://evil.example"},
            environ_overrides={"REMOTE_ADDR": "203.0.113.77"},
        )
        (line,) = lines(written)[before:]
        assert (line["event"], line["status"]) == ("refused", 400)
    assert SECRET not in written.getvalue()
    assert "203.0.113.77" not in written.getvalue()


def test_a_wrong_method_is_noted(broken: Flask, written: io.StringIO) -> None:
    assert broken.test_client().delete("/report").status_code == 405
    assert [line["status"] for line in lines(written)] == [405]


def test_a_shut_door_names_the_account_at_it(app: Flask, client: FlaskClient, written: io.StringIO) -> None:
    account = make_account(Role.AUDITOR)
    sign_in(client, account)
    assert client.get("/desk/people").status_code == 403
    assert [(line["status"], line["account"]) for line in lines(written)] == [(403, account.id)]
