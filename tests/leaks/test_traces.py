"""What a visit leaves behind: if these fail, a shared computer, a log or a dump says who was here."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import logs
from portal.database import db
from portal.evidence.models import Evidence
from portal.extensions import limiter
from portal.reports import receipt
from portal.reports.models import Report
from tests.evidence.samples import jpeg, quarters
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.records import make_case
from tests.fixtures.uploads import Tus, encoded
from tests.fixtures.visitors import enter, make_receipt
from tests.leaks.canaries import Group, forms, opened_cookies, value
from tests.leaks.rows import as_bytes, cells, guesses, prefixes
from tests.public.test_filing import NAMED, Citizen, code_of

FIRM = value(Group.FIRM, 1)
LINKS = re.compile(r'<[^>]*?\b(?:href|src|action|formaction|srcset|poster|data-\w+)="([^"]*)"')
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
# A history shows titles: they may say that this site was looked at, not that somebody reported.
TELLING = re.compile("举报|奖|查询码|撤回|姓名|账户|report|reward|receipt|withdraw|name|claim", re.IGNORECASE)
ELSEWHERE = ("/static/", "/leave", "/language/", "/text/", "/desk")
MOST_OF_ONE = 3
"""So often one page is looked at with other words behind the question mark."""
HARMLESS = "https://www.weather.com.cn/"
"""The one address elsewhere: where the quick way out leads."""


@dataclass
class Walk:
    """Follows every link from a page, as a browser would, and notes what its address bar and history get."""

    client: FlaskClient
    secrets: list[str]
    seen: dict[str, TestResponse] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    times: Counter[str] = field(default_factory=Counter)

    def through(self, *starts: str) -> Walk:
        """Every page of the citizens' side that can be reached by links from these."""
        waiting = list(starts)
        while waiting:
            path = waiting.pop()
            bare = urlsplit(path).path
            if path in self.seen or path.startswith(ELSEWHERE) or self.times[bare] >= MOST_OF_ONE:
                continue
            self.times[bare] += 1
            answer = self.seen[path] = self.client.get(path)
            self.look(path, answer)
            waiting += [link for link in self.links(path, answer) if link.startswith("/")]
        return self

    def links(self, path: str, answer: TestResponse) -> Iterator[str]:
        """Addresses on this site that a page leads to, and where it sends."""
        found = (
            [unescape(link) for link in LINKS.findall(answer.text)] if answer.mimetype == "text/html" else []
        )
        for link in [*found, answer.headers.get("Location", "")]:
            parts = urlsplit(urljoin(f"http://localhost{path}", link))
            if parts.netloc == "localhost" and parts.scheme == "http" and link:
                yield parts.path + (f"?{parts.query}" if parts.query else "")

    def look(self, path: str, answer: TestResponse) -> None:
        """Headers, title, addresses and cookies of one answer."""
        heads = answer.headers
        if heads["Referrer-Policy"] != "no-referrer" or heads["Cache-Control"] != "no-store":
            self.faults.append(f"{path}: may be kept or told on")
        titles = " ".join(TITLE.findall(answer.text)) if answer.mimetype == "text/html" else ""
        addresses = [unquote(link) for link in [path, heads.get("Location", ""), *LINKS.findall(answer.text)]]
        cookies = heads.getlist("Set-Cookie")
        inside = [part.decode("utf-8", "replace") for said in cookies for part in opened_cookies(said)]
        for where, texts in {"address": addresses, "title": [titles], "cookie": [*cookies, *inside]}.items():
            for secret in self.secrets:
                if any(secret in text for text in texts):
                    self.faults.append(f"{path}: {secret} in the {where}")
        for link in addresses:
            parts = urlsplit(link)
            if parts.netloc not in {"", "localhost"} and not link.startswith(HARMLESS):
                self.faults.append(f"{path}: leads to {link}")
        if "://" in heads["Content-Security-Policy"]:
            self.faults.append(f"{path}: loads from elsewhere")


def secrets_of(report: Report, code: str) -> list[str]:
    """What may stand in no address, title or cookie."""
    return [code, *receipt.groups(code), report.number, report.uuid, FIRM, "AY-2026"]


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_no_address_title_or_cookie_of_a_visitor_holds_a_secret(app: Flask, locale: str) -> None:
    """The history of a browser, its tabs and its address bar: they stay when the reporter has gone."""
    with app.app_context():
        report, code = make_receipt(make_case(subject=FIRM), narrative=value(Group.TEXT, 1))
    client = app.test_client()
    client.get(f"/language/{locale}")
    outside = Walk(client, secrets_of(report, code)).through("/", "/report", "/track")
    assert outside.faults == []
    assert len(outside.seen) > 10
    answer = enter(client, code)
    inside = Walk(client, secrets_of(report, code))
    inside.look("/track", answer)
    inside.through("/track/report", "/track/files", "/track/withdraw", "/track/claim")
    assert inside.faults == []
    titles = {
        path: TITLE.findall(page.text)[0] for path, page in inside.seen.items() if TITLE.search(page.text)
    }
    behind = {path: title for path, title in titles.items() if path.startswith("/track/")}
    assert len(behind) > 5
    assert {path: title for path, title in behind.items() if TELLING.search(title)} == {}
    assert report.number in inside.seen["/track/report"].text, "the positive control: the page itself has it"


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_the_walk_sees_a_secret_where_there_is_one(app: Flask) -> None:
    """The positive control: the same walk finds what stands in an address of a page."""
    walk = Walk(app.test_client(), ["/privacy"]).through("/")
    assert any("/privacy in the address" in fault for fault in walk.faults)


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("way", ["/leave", "/track/leave"])
def test_after_leaving_nothing_of_the_visit_is_left(app: Flask, way: str) -> None:
    """The answer is harmless, asks the browser to clear what it can, and the old cookie opens nothing."""
    with app.app_context():
        report, code = make_receipt(make_case(subject=FIRM))
    client = app.test_client()
    enter(client, code)
    before = client.get_cookie("session")
    answer = client.get(way) if way == "/leave" else client.post(way)
    assert set(answer.headers["Clear-Site-Data"].split(", ")) == {'"cache"', '"cookies"', '"storage"'}
    page = answer.text + str(answer.headers)
    assert not [secret for secret in secrets_of(report, code) if secret in page]
    assert not re.search(
        "举报|啄木鸟|查询码|report|receipt", TITLE.sub("", page) + answer.headers.get("Location", "")
    )
    assert client.get("/track/report").status_code == 302
    if way == "/track/leave":
        assert before is not None
        client.set_cookie("session", before.value)
        assert client.get("/track/report").headers["Location"] == "/track"


# Who was here, and what their file was called


ADDRESS, HOST = "203.0.113.207", "2001:db8:77:1234:5678:9abc:def0:1207"
FILE_NAME = f"{value(Group.FILE_NAME, 7)}.jpg"


@pytest.fixture
def life(tmp_path: Path, empty_redis_url: str) -> Iterator[Flask]:
    """An application as in life: limits, Redis, one trusted proxy."""
    settings = make_settings(tmp_path, PORTAL_ENV="development", REDIS_URL=empty_redis_url, PROXY_HOPS="1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limiter, "enabled", limiter.enabled)
        with migrated(settings) as app:
            yield app


def visits_from(app: Flask, address: str) -> str:
    """Everything that somebody does from one address; returns the receipt code."""
    client = app.test_client()
    client.environ_base["HTTP_X_FORWARDED_FOR"] = f"10.1.1.1, {address}"
    client.environ_base["HTTP_USER_AGENT"] = "Kanarienbrowser/7.0"
    for path in ("/", "/report", "/firms?q=安", "/calculator", "/nowhere", "/desk/login"):
        client.get(path)
    citizen = Citizen(client).open()
    photo = jpeg(quarters())
    citizen.send(
        {"narrative": "东侧安全出口一直用木料堵着。", "consent": "yes", **NAMED}, [(FILE_NAME, photo)]
    )
    code = code_of(citizen.page)
    assert len(code) == 25
    for _ in range(11):
        enter(client, receipt.mint())
    with app.app_context():
        tus = Tus(client)
        named = f"filename {encoded(FILE_NAME)},mark {encoded('0' * 64)}"
        tus.create(len(photo), Upload_Metadata=named)
    client.post("/report", data={"files": (io.BytesIO(b"no picture"), FILE_NAME)})
    other = app.test_client()
    other.environ_base["HTTP_X_FORWARDED_FOR"] = f"198.51.100.3, {address}"
    other.post("/desk/login", data={"username": "nobody", "password": "wrong", "code": "000000"})
    return code


def everything(app: Flask, log: str) -> dict[str, bytes]:
    """All that the visits left: the rows, the keys and values of Redis, the log, the names of files."""
    settings = app.extensions["portal_settings"]
    with app.app_context():
        found = {f"{name} {n}": content for n, (name, content) in enumerate(cells(db.session.connection()))}
        assert db.session.scalars(select(Evidence.id)).all()
        db.session.rollback()
    redis: Redis = app.extensions["portal_redis"]
    for key in redis.keys("*"):
        found[f"redis {key!r}"] = key + b" " + as_bytes(value_in(redis, key))
    found["log"] = log.encode()
    names = [str(path.relative_to(settings.data)) for path in settings.data.rglob("*")]
    found["names of files"] = json.dumps(names, ensure_ascii=False).encode()
    return found


def value_in(redis: Redis, key: bytes) -> object:
    """What Redis holds under a key of any type."""
    kind = redis.type(key).decode()
    if kind == "string":
        return redis.get(key)
    if kind == "hash":
        return repr(redis.hgetall(key))
    if kind == "list":
        return repr(redis.lrange(key, 0, -1))
    return repr(redis.zrange(key, 0, -1) if kind == "zset" else redis.smembers(key))


@pytest.mark.parametrize("address", [ADDRESS, HOST])
def test_no_row_no_key_and_no_line_of_the_log_holds_a_visitors_address(life: Flask, address: str) -> None:
    """Nor a plain hash of it, which is as good: there are few enough addresses to try them all."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure(stream)
    try:
        code = visits_from(life, address)
    finally:
        root.handlers[:], root.level = before, level
        logging.captureWarnings(capture=False)
    left = everything(life, stream.getvalue())
    assert any(name.startswith("redis") for name in left), "the limits count somewhere"
    wanted = {
        form for text in (address, FILE_NAME, FILE_NAME[:-4], "Kanarienbrowser") for form in forms(text)
    }
    wanted |= {code.encode(), "-".join(receipt.groups(code)).encode()}
    assert [name for name, content in left.items() if any(form in content for form in wanted)] == []
    tokens = [word for content in left.values() for word in [content, *re.split(rb"[^0-9A-Za-z]+", content)]]
    tokens += [packed(word) for word in tokens if 22 <= len(word) <= 90]
    for text in (address, address.rpartition(":")[0], f"{address}/64", "2001:db8:77:1234::/64"):
        assert prefixes(tokens).isdisjoint(guesses(text)), text


def packed(word: bytes) -> bytes:
    """The bytes of a word in base64, nothing where it is none."""
    try:
        return base64.urlsafe_b64decode(word + b"=" * (-len(word) % 4))
    except ValueError:
        return b""
