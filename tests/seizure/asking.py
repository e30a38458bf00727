"""Asking for pages as a browser does: over HTTP, or of an application in this process."""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from http.client import HTTPConnection
from typing import Any, Protocol

from flask import Flask

INPUT = re.compile(r"<input\b[^>]*>")
ATTRIBUTE = re.compile(r'(\w[\w-]*)="([^"]*)"')
File = tuple[str, bytes]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page's forms."""
        found = (dict(ATTRIBUTE.findall(tag)) for tag in INPUT.findall(self.text))
        return {one["name"]: unescape(one.get("value", "")) for one in found if one.get("type") == "hidden"}


class Browser(Protocol):
    """Somebody's browser with its cookies."""

    def get(self, path: str) -> Answer:
        """Ask for a page."""

    def post(self, path: str, fields: Mapping[str, str], files: Sequence[File] = ()) -> Answer:
        """Send a form."""

    def cookie(self) -> str:
        """The session cookie."""


def sends(browser: Browser, path: str, to: str = "", files: Sequence[File] = (), **typed: str) -> Answer:
    """Open a page and send its form, to itself unless told otherwise."""
    page = browser.get(path)
    return browser.post(to or path, {**page.hidden, **typed}, files)


@dataclass
class OverHttp:
    """A visitor from an address, with a browser that says who it is."""

    port: int
    network: str = "203.0.113.9"
    agent: str = "Mozilla/5.0"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path)

    def post(self, path: str, fields: Mapping[str, str], files: Sequence[File] = ()) -> Answer:
        """Send a multipart form, as the browser does."""
        boundary = secrets.token_hex(12)
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        for name, content in files:
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
            parts.append(head.encode() + content + b"\r\n")
        body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        return self.ask("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Any = ()) -> Answer:
        """Send anything."""
        named = {"X-Forwarded-For": self.network, "User-Agent": self.agent, **dict(headers)}
        if self.cookies:
            named["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = HTTPConnection("localhost", self.port, timeout=60)
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return Answer(answer.status, content.decode(errors="replace"))

    def cookie(self) -> str:
        """The session cookie."""
        return self.cookies.get("session", "")


class InProcess:
    """A browser of an application in this process."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        answer = self._client.get(path)
        return Answer(answer.status_code, answer.text)

    def post(self, path: str, fields: Mapping[str, str], files: Sequence[File] = ()) -> Answer:
        """Send a form."""
        data: dict[str, Any] = {**fields, "files": [(io.BytesIO(content), name) for name, content in files]}
        answer = self._client.post(path, data=data, content_type="multipart/form-data")
        return Answer(answer.status_code, answer.text)

    def cookie(self) -> str:
        """The session cookie."""
        cookie = self._client.get_cookie("session")
        return cookie.value if cookie else ""
