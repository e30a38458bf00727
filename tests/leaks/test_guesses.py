"""Guessing receipt codes: if these fail, a stranger with time reads a report, or learns that one exists."""

from __future__ import annotations

import ast
import itertools
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import NormalDist, median

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import event
from sqlalchemy.engine import Engine

from portal import clock
from portal.cases.numbers import new_number
from portal.database import db
from portal.extensions import limiter
from portal.public import counts
from portal.reports import receipt, visits
from portal.reports.models import Report
from portal.reports.receipt import ALPHABET, LENGTH, RANDOM_LENGTH
from portal.vault.keys import Purpose
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.records import WHEN, make_case
from tests.fixtures.visitors import enter, make_receipt, token_of
from tests.rewards.world import World, approved

PUBLIC = Path(__file__).parents[2] / "portal" / "public"
ASSURE = pytest.mark.assure


def mistyped(code: str) -> str:
    """The code with one character exchanged, so that the check character does not fit."""
    return ("0" if code[0] != "0" else "1") + code[1:]


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Count keyed hashes of codes and statements of the database."""
    found: Counter[str] = Counter()
    real = receipt.digest

    def digest(code: str, key: bytes) -> bytes:
        found["hashes"] += 1
        found[f"length {len(code)}"] += 1
        return real(code, key)

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "SAVEPOINT" not in statement:  # of the test's own transaction
            found[statement] += 1

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(receipt, "digest", digest)
            yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


# How many guesses, and how many reports they meet


@pytest.mark.parametrize(
    ("app", "tries"),
    [
        ("sqlite", 2_000),
        pytest.param("sqlite", 100_000, marks=ASSURE),
        pytest.param("postgresql", 100_000, marks=ASSURE),
    ],
    indirect=["app"],
)
def test_guesses_with_a_right_check_character_find_nothing(app: Flask, tries: int) -> None:
    """Against many reports at once; and the very same search does find the codes that exist."""
    case = make_case()
    codes = [make_receipt(case)[1] for _ in range(100)]
    began = time.perf_counter()
    found = sum(visits.find_report(receipt.mint()) is not None for _ in range(tries))
    print(f"{tries} guesses in {time.perf_counter() - began:.1f} s, {found} hits")
    assert found == 0
    assert all(visits.find_report(code) is not None for code in codes[:10])


def test_a_code_holds_so_much_chance_that_no_limit_has_to_carry_it() -> None:
    """A million reports, a thousand guesses a second for ten years: less than one in 10^17."""
    bits = RANDOM_LENGTH * math.log2(len(set(ALPHABET)))
    assert (len(set(ALPHABET)), RANDOM_LENGTH, LENGTH) == (32, 24, 25)
    assert bits >= 112
    guesses = 1_000 * 3600 * 24 * 365 * 10
    assert guesses * 1e6 / 2**bits < 1e-17


@ASSURE
def test_every_place_of_a_hundred_thousand_codes_is_even_and_says_nothing_of_the_next() -> None:
    codes = [receipt.mint() for _ in range(100_000)]
    assert len(set(codes)) == len(codes)
    expected = len(codes) / 32
    worst = 0.0
    for place in range(LENGTH):
        tally = Counter(code[place] for code in codes)
        worst = max(worst, sum((tally[c] - expected) ** 2 / expected for c in ALPHABET))
    pairs = Counter((one[0], other[0]) for one, other in itertools.pairwise(codes))
    even = (len(codes) - 1) / 1024
    along = sum((pairs[a, b] - even) ** 2 / even for a in ALPHABET for b in ALPHABET)
    print(f"chi-square of the worst place {worst:.1f} (31 degrees), of neighbours {along:.0f} (1023 degrees)")
    assert worst < 90  # p about 1e-7, times 25 places
    assert along < 1023 + 6 * math.sqrt(2 * 1023)


@pytest.mark.parametrize("many", [5_000, pytest.param(200_000, marks=ASSURE)])
def test_case_numbers_carry_no_order(many: int) -> None:
    numbers = [int(new_number("AY", WHEN, clock.CITY)[-6:]) for _ in range(many)]
    mean, place = sum(numbers) / many, (many - 1) / 2
    together = sum((n - mean) * (i - place) for i, n in enumerate(numbers))
    alone = math.sqrt(sum((n - mean) ** 2 for n in numbers) * sum((i - place) ** 2 for i in range(many)))
    assert abs(together / alone) < 6 / math.sqrt(many)
    tens = Counter(n // 100_000 for n in numbers)
    assert sum((tens[d] - many / 10) ** 2 / (many / 10) for d in range(10)) < 50


# The same work and the same answer


def test_right_wrong_mistyped_and_absent_codes_cost_the_same_work(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, code = make_receipt()
    work = {}
    typed = {"right": code, "absent": receipt.mint(), "mistyped": mistyped(code), "nonsense": "举报", "": ""}
    for name, text in typed.items():
        db.session.expire_all()
        with counted(monkeypatch) as found:
            visits.find_report(text)
        work[name] = dict(found)
    assert work["right"]["hashes"] >= 1
    assert all(one == work["right"] for one in work.values()), work


def test_no_answer_tells_an_absent_code_from_a_mistyped_one(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status, headers, length, words, hashes and statements."""
    _, code = make_receipt()
    client.get("/track")
    seen = []
    for typed in (receipt.mint(), mistyped(code), mistyped(receipt.mint()), "9" * 25):
        token = token_of(client.get("/track").text)
        with counted(monkeypatch) as found:
            answer = client.post("/track", data={"csrf_token": token, "code": typed})
        page = re.sub(r'translate="no">[0-9a-f]{8}<', "", answer.text)
        heads = {name: said for name, said in answer.headers if name not in {"Set-Cookie", "Date"}}
        plain = page.replace(typed, "").replace(token_of(page), "")
        seen.append((answer.status_code, plain, heads, dict(found)))
    assert seen[0][0] == 422
    assert all(one == seen[0] for one in seen)


@ASSURE
@pytest.mark.timeout(1800)
def test_time_does_not_tell_absent_codes_from_mistyped_ones(app: Flask, client: FlaskClient) -> None:
    """Two thousand of each, one after the other; ranks compared (Mann-Whitney), and the medians."""
    case = make_case()
    code = max(make_receipt(case)[1] for _ in range(50))
    kinds: dict[str, Callable[[], str]] = {
        "absent": receipt.mint,
        "mistyped": lambda: mistyped(receipt.mint()),
        "mistyped right": lambda: mistyped(code),
    }
    took: dict[str, list[float]] = {name: [] for name in kinds}
    token = token_of(client.get("/track").text)
    for _ in range(2_000):
        for name, make in kinds.items():
            form = {"csrf_token": token, "code": make()}
            began = time.perf_counter()
            client.post("/track", data=form)
            took[name].append(time.perf_counter() - began)
    for name in ("mistyped", "mistyped right"):
        gap = abs(median(took[name]) - median(took["absent"])) * 1000
        p = mann_whitney(took["absent"], took[name])
        print(f"absent against {name}: medians {gap:.3f} ms apart, p = {p:.3f}")
        assert gap < 2
        assert p > 0.001


def mann_whitney(one: list[float], other: list[float]) -> float:
    """The two-sided probability of so different ranks by chance, by the normal approximation."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(rank for rank, (_, which) in enumerate(ranked, start=1) if which == 0)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return 2 * (1 - NormalDist().cdf(abs(z)))


# The limit


@pytest.fixture(scope="module", params=["redis", "redis down"])
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application whose limits are on as in life, behind one proxy; with Redis, and without."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else "redis://127.0.0.1:1/0"
    folder = tmp_path_factory.mktemp("life")
    settings = make_settings(folder, **LIFE, REDIS_URL=url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limiter, "enabled", limiter.enabled)
        with migrated(settings) as app:
            yield app


LIFE = {
    "PORTAL_ENV": "development",
    "PROXY_HOPS": "1",
    "SMS_GATEWAY_URL": "http://127.0.0.1:1/",
    "SMS_GATEWAY_TOKEN": "token",
}
_places = itertools.count(1)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> str:
    """A network that has tried nothing yet."""
    monkeypatch.setattr(counts, "_in_process", FixedWindowRateLimiter(MemoryStorage()))
    return f"198.51.100.{next(_places)}"


def at_network(app: Flask, addresses: str) -> FlaskClient:
    """A browser without cookies; the header is what the proxy in front hands on."""
    client = app.test_client()
    client.environ_base["HTTP_X_FORWARDED_FOR"] = addresses
    return client


def known_code(app: Flask) -> str:
    with app.app_context():
        return make_receipt()[1]


def test_the_eleventh_wrong_code_is_not_looked_up_with_and_without_redis(life: Flask, network: str) -> None:
    code = known_code(life)
    for _ in range(10):
        assert enter(at_network(life, network), receipt.mint()).status_code == 422
    assert enter(at_network(life, network), code).status_code == 429
    assert enter(at_network(life, f"198.51.100.{next(_places)}"), code).status_code == 303


def test_made_up_addresses_before_the_true_one_change_nothing(life: Flask, network: str) -> None:
    """What a sender writes into X-Forwarded-For stands left of what the proxy adds."""
    for number in range(10):
        spoofed = f"203.0.113.{number}, 10.0.0.{number}, {network}"
        assert enter(at_network(life, spoofed), receipt.mint()).status_code == 422
    assert enter(at_network(life, f"203.0.113.99, {network}"), receipt.mint()).status_code == 429


def test_the_addresses_of_one_ipv6_network_count_together(life: Flask, network: str) -> None:
    place = network.rpartition(".")[2]
    for number in range(10):
        assert enter(at_network(life, f"2001:db8:0:{place}::{number}"), receipt.mint()).status_code == 422
    assert enter(at_network(life, f"2001:db8:0:{place}:ffff::1"), receipt.mint()).status_code == 429


def test_without_a_proxy_in_the_settings_the_header_is_not_read(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()
    monkeypatch.setattr(limiter, "enabled", True)
    monkeypatch.setattr("portal.visitor.network_of", lambda address: seen.add(address) or address)
    for number in range(3):
        enter(at_network(app, f"203.0.113.{number}"), receipt.mint())
    assert seen == {"127.0.0.1"}


# Every page that takes a code -> what else its form needs before the code is looked at.
DOORS: dict[str, dict[str, str]] = {
    "/track": {},
    "/track/claim": {"consent": "yes"},
    "/track/code": {},
    "/track/alerts": {"action": "set", "alert_channel": "sms", "alert_address": "13812345678"},
    "/track/name": {"consent": "yes", "name": "王芳芳", "telephone": "13812345678"},
    "/track/erase": {"kinds": "told"},
}
ASKS = re.compile(r'<input[^>]*name="code"')
_TAKES = frozenset({"confirm_code", "find_report", "prove"})
_COUNTS = frozenset({"begin_try", "was_right"})


def test_every_module_that_looks_at_a_code_asks_the_limit_and_counts(app: Flask) -> None:
    taking = {}
    for path in PUBLIC.glob("*.py"):
        called = {
            node.func.attr
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        if called & _TAKES:
            taking[path.name] = _COUNTS - called
    assert taking.keys() == {"own_hand.py", "code_page.py", "tracking.py"}
    assert not any(taking.values()), taking


@pytest.fixture(scope="module")
def reporters(life: Flask) -> list[str]:
    """The codes of somebody with a reward to claim, and of somebody anonymous."""
    with life.app_context():
        world = World()
        world.fund()
        award = approved(world)
        code = receipt.mint()
        _, secret = life.extensions["portal_keyring"].current(Purpose.RECEIPT)
        report = db.session.get_one(Report, award.shares[0].report_id)
        report.receipt_digest = receipt.digest(code, secret)
        db.session.commit()
        return [code, make_receipt()[1]]


def visit_to(app: Flask, door: str, codes: list[str]) -> tuple[FlaskClient, str, str]:
    """A browser of whoever finds this door open, its page, and the code that is right there."""
    for code in codes:
        client = at_network(app, f"192.0.2.{next(_places)}")
        if door != "/track":
            assert enter(client, code).status_code == 303
        answer = client.get(door)
        if answer.status_code == 200 and ASKS.search(answer.text):
            return client, answer.text, code
    raise AssertionError(f"nobody finds {door} open")


def send(client: FlaskClient, door: str, page: str, code: str) -> int:
    names = dict(HIDDEN_FIELD.findall(page)) | DOORS[door]
    return client.post(door, data={**names, "csrf_token": token_of(page), "code": code}).status_code


HIDDEN_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@pytest.mark.parametrize("door", DOORS)
def test_every_door_that_takes_a_code_is_shut_after_ten_wrong_ones(
    life: Flask, network: str, reporters: list[str], door: str
) -> None:
    """One count for all doors: what was tried at one of them counts at each."""
    client, page, code = visit_to(life, door, reporters)
    client.environ_base["HTTP_X_FORWARDED_FOR"] = network
    for _ in range(10):
        assert send(client, door, page, receipt.mint()) == 422
    assert send(client, door, page, code) == 429
    assert enter(at_network(life, network), code).status_code == 429


def test_no_other_page_takes_a_code(life: Flask, reporters: list[str]) -> None:
    """A page with a field for the code that is not in the table above has no test of its limit."""
    found = set()
    for code in reporters:
        client = at_network(life, f"192.0.2.{next(_places)}")
        assert enter(client, code).status_code == 303
        for rule in life.url_map.iter_rules():
            asks = {"GET", "POST"} <= set(rule.methods or ()) and not rule.arguments
            if asks and rule.endpoint.startswith("public.") and ASKS.search(client.get(rule.rule).text):
                found.add(rule.rule)
    assert found - {"/report"} == set(DOORS)
