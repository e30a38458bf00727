"""A browser for tests of pages: signs in, reads tokens and hidden fields, posts forms as they were shown."""

from __future__ import annotations

import re
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.people.models import Account
from tests.fixtures.records import sign_in

INPUT = re.compile(r"<input\b[^>]*>")
ATTRIBUTE = re.compile(r'(\w[\w-]*)="([^"]*)"')


class Browser:
    """One browser; in English unless told otherwise."""

    def __init__(self, app: Flask, account: Account | None = None, lang: str = "en") -> None:
        self.client: FlaskClient = app.test_client()
        if account is not None:
            sign_in(self.client, account)
        with self.client.session_transaction() as cookie:
            cookie["lang"] = lang

    def get(self, path: str) -> str:
        """Return the text of a page that must open."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def hidden(self, page: str) -> dict[str, str]:
        """Return the hidden fields of a page."""
        found = (dict(ATTRIBUTE.findall(tag)) for tag in INPUT.findall(page))
        return {one["name"]: unescape(one.get("value", "")) for one in found if one.get("type") == "hidden"}

    def post(self, page_path: str, path: str = "", **typed: str) -> TestResponse:
        """Open a page and post its form, with what was typed, to it or to another address."""
        return self.client.post(path or page_path, data={**self.hidden(self.get(page_path)), **typed})
