"""The clients: whole flows as a browser makes them, from several threads, each with its own cookies."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection

from bench.servers import ANSWER, Server

CLIENTS = 8
INPUT = re.compile(rb'<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"')
TEXT = "东侧安全出口一直用木料堵着，门从外面锁了。二楼隔成宿舍，住了十几个人，晚上车间还在喷漆。" * 4


class Browser:
    """One visitor: a kept connection and its cookies."""

    def __init__(self, port: int) -> None:
        # Every visitor comes from another network: the limits per network are at work, and not in the way.
        self._network = ".".join(str(secrets.randbelow(254) + 1) for _ in range(4))
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask for a page."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, fields: dict[str, str], file: bytes = b"") -> tuple[int, bytes]:
        """Send a multipart form, as the browser does."""
        boundary = secrets.token_hex(12)
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        if file:
            head = 'name="{}"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
            name = "files" if path == "/report" else "file"
            parts.append(
                f"--{boundary}\r\nContent-Disposition: form-data; {head.format(name)}".encode()
                + file
                + b"\r\n"
            )
        body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        return self._ask("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def call(self, path: str, token: str) -> tuple[int, bytes]:
        """Post nothing but the token of the form, as the page's scripts do."""
        return self._ask("POST", path, b"", {"X-CSRFToken": token})

    def raw(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
        """Send anything; returns the status and the headers of the answer."""
        self._connection.request(method, path, body, {**headers, "X-Forwarded-For": self._network})
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        headers = {**headers, "X-Forwarded-For": self._network}
        if self.cookies:
            headers = {**headers, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return answer.status, content


def hidden(page: bytes) -> dict[str, str]:
    """Return the hidden values of a page's form."""
    return {name.decode(): value.decode() for name, value in INPUT.findall(page)}


def limit_flow(file: bytes) -> Callable[[Browser], None]:
    """Make the flow of the limit form: GET, then POST."""

    def flow(browser: Browser) -> None:
        _, page = browser.get("/form")
        token = hidden(page)["csrf_token"]
        fields = {"csrf_token": token, "sector": "fire", "subject": "x", "district": "1", "address": "x"}
        status, page = browser.post("/form", {**fields, "happened": "now", "narrative": TEXT}, file)
        if status != 200 or page != b"taken":
            raise RuntimeError(f"the limit form answered {status}")

    return flow


def report_flow(file: bytes, *, captcha: bool = True) -> Callable[[Browser], None]:
    """Make the flow of a report: the form, then everything at once, to the receipt."""

    def flow(browser: Browser) -> None:
        _, page = browser.get("/report")
        found = hidden(page)
        fields = {
            "csrf_token": found["csrf_token"],
            "draft": found["draft"],
            "action": "send",
            "category": "fire",
            "situation": "exit_blocked",
            "narrative": TEXT,
            "subject_name": "安禾家具厂",
            "address": "工业北路 27 号",
            "danger_now": "ongoing",
            "happened": "昨天",
            "identity": "anonymous",
            "consent": "yes",
        }
        if captcha:
            _, given = browser.call("/challenge", found["csrf_token"])
            fields |= {"challenge_id": json.loads(given)["id"], "challenge_answer": ANSWER}
        status, page = browser.post("/report", fields, file)
        if status != 200 or b"receipt-code" not in page:
            raise RuntimeError(f"the report form answered {status}")

    return flow


@dataclass
class Round:
    """What one round measured: seconds of each flow, flows a second, CPU a flow."""

    seconds: list[float] = field(default_factory=list)
    per_second: float = 0.0
    cpu_ms: float = 0.0

    def quantile(self, share: float) -> float:
        """Return a quantile of the flows' times, in milliseconds."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure(
    server: Server, flow: Callable[[Browser], None], count: int, clients: int = CLIENTS, *, fresh: bool = True
) -> Round:
    """Run ``count`` flows from several clients and measure each; ``fresh`` makes each a new visitor."""
    result = Round()
    lock = threading.Lock()
    left = iter(range(count))
    faults: list[BaseException] = []

    def client() -> None:
        browser = Browser(server.port)
        while True:
            with lock:
                if next(left, None) is None or faults:
                    return
            if fresh:
                browser = Browser(server.port)
            began = time.perf_counter()
            try:
                flow(browser)
            except Exception as error:
                faults.append(error)
                return
            took = time.perf_counter() - began
            with lock:
                result.seconds.append(took)

    cpu, began = server.cpu_seconds(), time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    result.per_second = len(result.seconds) / (time.perf_counter() - began)
    result.cpu_ms = 1000 * (server.cpu_seconds() - cpu) / len(result.seconds)
    return result
