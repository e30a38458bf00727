"""``python -m bench``: speed against the limit application, in interleaved rounds; only ratios count.

The machine's own speed drifts by half within minutes, so each round measures everything once and the
median of the rounds' ratios is printed beside its target.
"""

from __future__ import annotations

import argparse
import contextlib
import secrets
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from bench import burdens, cleaning, login, rules, seed, vault
from bench.load import Browser, Round, limit_flow, measure, report_flow
from bench.servers import Server, fill_pool, folder, limit, portal
from portal.challenge.jobs import POOL_LEVEL
from portal.factory import create_app
from tests.fixtures.services import start_postgres, stop_postgres

PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
QUEUE_SIZES = (1_000, 100_000)


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that has a target: the ratio's name, its bound and whether more is better."""

    name: str
    bound: float
    more: bool = False

    def verdict(self, value: float) -> str:
        """Say whether the target is met."""
        met = value >= self.bound if self.more else value <= self.bound
        sign = ">=" if self.more else "<="
        return f"{'met' if met else 'MISSED'} (target {sign} {self.bound:g})"


Figures = dict[str, list[float]]


def add(figures: Figures, name: str, value: float) -> None:
    """Keep one round's figure."""
    figures.setdefault(name, []).append(value)


def photo(size: int = 1 << 20) -> bytes:
    """Return a file of a mebibyte that begins like a JPEG; the web process looks no deeper."""
    return PHOTO + secrets.token_bytes(size - len(PHOTO) - 2) + b"\xff\xd9"


def submission_round(base: Server, servers: list[Server], count: int, figures: Figures) -> None:
    """Measure the submission once on everything, with and without a photo, and keep the ratios."""
    for label, file, flows in (("text", b"", count), ("1 MiB photo", photo(), max(8, count // 4))):
        least = measure(base, limit_flow(file), flows)
        show(base.name, label, least)
        for server in servers:
            assert server.settings is not None
            # More than the worker keeps ready, so that it draws none while we measure.
            fill_pool(server.settings, flows + 2 * POOL_LEVEL)
            one = measure(server, report_flow(file), flows)
            show(server.name, label, one)
            prefix = f"{server.name}, {label}"
            add(figures, f"{prefix}: CPU of the limit form", one.cpu_ms / least.cpu_ms)
            add(figures, f"{prefix}: throughput of the limit form", one.per_second / least.per_second)
            add(figures, f"{prefix}: p99/p50", one.quantile(0.99) / one.quantile(0.5))
        # What this machine does to the tail of a form that does nothing: no portal can be below it.
        add(figures, f"limit, {label}: p99/p50", least.quantile(0.99) / least.quantile(0.5))


def show(server: str, label: str, one: Round) -> None:
    """Print one measurement."""
    print(
        f"  {server:22} {label:14} {one.per_second:8.1f}/s   p50 {one.quantile(0.5):7.1f}  "
        f"p95 {one.quantile(0.95):7.1f}  p99 {one.quantile(0.99):7.1f} ms   CPU {one.cpu_ms:6.2f} ms",
        flush=True,
    )


def page_flow(path: str, cookies: dict[str, str], mark: bytes) -> Callable[[Browser], None]:
    """Make a flow of one page for somebody who is signed in."""

    def flow(browser: Browser) -> None:
        browser.cookies.update(cookies)
        status, page = browser.get(path)
        if status != 200 or mark not in page:
            raise RuntimeError(f"{path} answered {status}")

    return flow


def wrong_code_flow(browser: Browser) -> None:
    """Look up a receipt code that belongs to nobody."""
    _, page = browser.get("/track")
    token = page.split(b'name="csrf_token"')[1].split(b'value="')[1].split(b'"')[0].decode()
    status, _ = browser.post("/track", {"csrf_token": token, "code": "0" * 25})
    if status not in {200, 404, 422, 429}:
        raise RuntimeError(f"/track answered {status}")


def staff_cookie(server: Server, token: str) -> dict[str, str]:
    """Return the cookie of an open session, signed as the portal signs it."""
    assert server.settings is not None
    app = create_app(server.settings, faces=frozenset())
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert isinstance(signer, URLSafeTimedSerializer)
    value = signer.dumps({"_user_id": token, "_fresh": True})
    return {app.config["SESSION_COOKIE_NAME"]: value if isinstance(value, str) else value.decode()}


def queue_rounds(base: Server, server: Server, rounds: int, count: int, figures: Figures) -> None:
    """Measure the queue at each size against a bare page."""
    assert server.settings is not None
    app = create_app(server.settings, faces=frozenset())
    have = 0
    for size in QUEUE_SIZES:
        seed.cases(app, size - have, seed=size)
        have = size
        cookies = staff_cookie(server, seed.officer(app))
        for _ in range(rounds):
            hello = measure(base, page_flow("/hello", {}, b"hello"), count * 4, fresh=False)
            queue = measure(server, page_flow("/desk/cases", cookies, b"BN-2026"), count, fresh=False)
            show(server.name, f"queue {size:,}", queue)
            add(
                figures,
                f"{server.name}, queue at {size:,}: p95 of hello",
                queue.quantile(0.95) / hello.quantile(0.95),
            )
            add(figures, f"{server.name}, queue at {size:,}: p95 ms", queue.quantile(0.95))
    few, many = (
        statistics.median(figures[f"{server.name}, queue at {size:,}: p95 ms"]) for size in QUEUE_SIZES
    )
    add(figures, f"{server.name}, queue: p95 at 100,000 of its p95 at 1,000", many / few)


def burden_rounds(servers: list[Server], rounds: int, count: int, figures: Figures) -> None:
    """Measure the memory at rest and under a film, and what slow senders do to another visitor."""
    for server in servers:
        add(figures, f"{server.name}: a web process at rest, MB", server.largest_rss())
    for server in servers:
        burdens.home(server, count)
        for _ in range(rounds):
            free = burdens.home(server, count)
            with burdens.SlowSenders(server):
                crowded = burdens.home(server, count)
            show(server.name, "home", free)
            show(server.name, "home, slow", crowded)
            add(
                figures,
                f"{server.name}, 20 slow senders: p95 of the home page without them",
                crowded.quantile(0.95) / free.quantile(0.95),
            )
        add(figures, f"{server.name}: a web process while a film arrives, MB", burdens.film(server))


def cleaning_rounds(rounds: int, count: int, figures: Figures) -> None:
    """Measure how many twelve-megapixel photos a core cleans in a second."""
    content = cleaning.photo()
    print(f"A photo of 12 megapixels, {len(content) / (1 << 20):.1f} MiB")
    for number in range(rounds):
        core, clock = cleaning.per_core_second(content, count)
        print(f"  round {number + 1}: {core:.1f} a second of computing, {clock:.1f} a second", flush=True)
        add(figures, PHOTOS, core)


PHOTOS = "12-megapixel photos cleaned a second and core"
TARGETS = {
    PHOTOS: Target("6", 4.0, more=True),
    "text: CPU of the limit form": Target("1", 2.5),
    "portal on PostgreSQL, text: throughput of the limit form": Target("1", 0.35, more=True),
    "portal on SQLite, text: throughput of the limit form": Target("1", 0.3, more=True),
    "portal on PostgreSQL, text: p99/p50": Target("1", 2.0),
    "portal on SQLite, text: p99/p50": Target("1", 2.5),
    "1 MiB photo: CPU of the limit form": Target("3", 1.5),
    vault.SEALING: Target("vault", 1.0),
    vault.REVEALING: Target("vault", 300.0),
    "queue at 100,000: p95 of hello": Target("4", 8.0),
    "queue: p95 at 100,000 of its p95 at 1,000": Target("4", 1.3),
    "a web process at rest, MB": Target("7", 100.0),
    "a web process while a film arrives, MB": Target("7", 120.0),
    "20 slow senders: p95 of the home page without them": Target("filing", 3.0),
}


def report(figures: Figures) -> None:
    """Print the medians and what they say of the targets."""
    print("\nMedian of the rounds (least to most):")
    for name, values in figures.items():
        target = next((t for key, t in TARGETS.items() if name.endswith(key)), None)
        middle = statistics.median(values)
        verdict = f"   target {target.name}: {target.verdict(middle)}" if target else ""
        print(f"  {name:66} {middle:8.2f}  ({min(values):.2f} to {max(values):.2f}){verdict}")


@contextlib.contextmanager
def both(directory: Path) -> Iterator[list[Server]]:
    """Run the portal on both databases."""
    facts = start_postgres()
    try:
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(portal(subfolder(directory, "sqlite")))]
            if facts["url"]:
                pid = int((Path(facts["folder"]) / "data" / "postmaster.pid").read_text().split()[0])
                servers.append(stack.enter_context(portal(subfolder(directory, "pg"), facts["url"], (pid,))))
            else:
                print(f"PostgreSQL is left out: {facts['reason']}")
            yield servers
    finally:
        if facts["url"]:
            stop_postgres(facts)


def subfolder(directory: Path, name: str) -> Path:
    """Make a directory in a directory."""
    path = directory / name
    path.mkdir()
    return path


def main() -> int:
    """Run everything and print the ratios."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--flows", type=int, default=160, help="flows in each measurement")
    parts = ("submission", "receipt", "queue", "cleaning", "rules", "burdens", "vault", "login")
    parser.add_argument("--only", choices=parts, default="")
    wanted = parser.parse_args()
    figures: Figures = {}
    if wanted.only in {"", "cleaning"}:
        cleaning_rounds(wanted.rounds, 8, figures)
    if wanted.only in {"", "rules"}:
        rules.main()
    if wanted.only in {"", "login"}:
        login.main()
    if wanted.only in {"", "vault"}:
        for _ in range(wanted.rounds):
            add(figures, vault.SEALING, vault.sealing_ms())
            add(figures, vault.REVEALING, vault.revealing_ms())
    if wanted.only not in {"cleaning", "rules", "vault", "login"}:
        serve(wanted, figures)
    report(figures)
    return 0


def serve(wanted: argparse.Namespace, figures: Figures) -> None:
    """Measure everything that is asked of servers."""
    with folder() as directory, limit(subfolder(directory, "limit")) as base, both(directory) as servers:
        if wanted.only in {"", "burdens"}:  # first: memory at rest is that of a process that served nothing
            burden_rounds(servers, wanted.rounds, wanted.flows, figures)
        for server in servers:
            assert server.settings is not None
            seed.places(create_app(server.settings, faces=frozenset()))
            fill_pool(server.settings, 2 * POOL_LEVEL)
            measure(server, report_flow(b""), 24)
        measure(base, limit_flow(b""), 24)
        for number in range(wanted.rounds):
            print(f"Round {number + 1} of {wanted.rounds}", flush=True)
            if wanted.only in {"", "submission"}:
                submission_round(base, servers, wanted.flows, figures)
            if wanted.only in {"", "receipt"}:
                for server in servers:
                    least = measure(base, limit_flow(b""), wanted.flows)
                    one = measure(server, wrong_code_flow, wanted.flows)
                    show(server.name, "receipt", one)
                    add(
                        figures,
                        f"{server.name}, receipt look-up: CPU of the limit form",
                        one.cpu_ms / least.cpu_ms,
                    )
        if wanted.only in {"", "queue"}:
            for server in servers:
                queue_rounds(base, server, wanted.rounds, max(40, wanted.flows // 4), figures)
        for server in servers:
            add(figures, f"{server.name}: largest process, MB", server.largest_rss())


if __name__ == "__main__":
    psutil.cpu_percent()
    sys.exit(main())
