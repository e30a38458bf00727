"""The outside of the demonstration: an SMS gateway and a mail server whose messages anybody can read.

``python -m portal.demo.outside`` serves both, and a page that shows what arrived. Refused in
production: these are doubles of other people's services, speaking their protocols.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
import re
import signal
import sys
import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from types import FrameType

import pyotp
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask, jsonify, render_template, request, session
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from portal import clock, presentation
from portal.config import Settings, SettingsError
from portal.extensions import babel
from portal.run.parent import die_with_parent

KEPT = 500
TEMPLATES = Path(__file__).parent.parent.parent / "templates"
TELEPHONE = re.compile(r"\+?[0-9]{3,20}")
LANGUAGES = {"zh": "zh_Hans", "en": "en"}


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that came to the outside."""

    channel: str
    to: str
    subject: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the demonstration, with the one-time code of this half minute."""

    role: str
    name: str
    username: str
    password: str
    scope: str
    code: str


@dataclass(frozen=True, slots=True)
class DemoReceipt:
    """A receipt of the demonstration that anybody may open, and what is behind it."""

    code: str
    state: str


def demo_accounts(path: Path, at: datetime) -> list[DemoAccount]:
    """Return the accounts of the demonstration city; none when there is no city."""
    return [
        DemoAccount(
            role=str(row["role"]),
            name=str(row["name"]),
            username=str(row["username"]),
            password=str(row["password"]),
            scope=str(row["scope"]),
            code=pyotp.TOTP(str(row["totp_seed"])).at(at),
        )
        for row in _rows(path, "accounts")
    ]


def demo_receipts(path: Path) -> list[DemoReceipt]:
    """Return the receipts of the demonstration city; none when there is no city."""
    return [DemoReceipt(str(row["code"]), str(row["state"])) for row in _rows(path, "receipts")]


def _rows(path: Path, name: str) -> list[dict[str, object]]:
    """Return one list of the city's file."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))[name]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [row for row in rows if isinstance(row, dict)]


class Mailbox:
    """The last messages, newest first; one idempotency key is one message."""

    def __init__(self) -> None:
        self._messages: deque[Arrived] = deque(maxlen=KEPT)
        self._keys: deque[str] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def take(self, key: str, message: Arrived) -> bool:
        """Keep a message; False when its key was here before."""
        with self._lock:
            if key and key in self._keys:
                return False
            self._keys.append(key)
            self._messages.appendleft(message)
            return True

    def all(self) -> list[Arrived]:
        """Return the messages, newest first."""
        with self._lock:
            return list(self._messages)


class MailSink:
    """What the mail server does with a letter: it keeps it."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Keep one letter and say so in SMTP."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        letter = message_from_bytes(content, policy=policy.default)
        body = letter.get_body(("plain",))
        text = str(body.get_content()) if body else ""
        arrived = Arrived("email", ", ".join(envelope.rcpt_tos), str(letter["Subject"]), text, clock.now())
        self._box.take(str(letter["Message-ID"]), arrived)
        return "250 OK"


def make_gateway(settings: Settings, box: Mailbox) -> Flask:
    """Make the SMS gateway with its page of messages."""
    app = Flask("portal", template_folder=str(TEMPLATES))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        BABEL_DEFAULT_LOCALE="zh_Hans",
        SESSION_COOKIE_NAME="outside",
        TRUSTED_HOSTS=["127.0.0.1", "localhost"],
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    babel.init_app(app, locale_selector=lambda: session.get("lang", "zh_Hans"))
    presentation.register(app)

    @app.post("/sms")
    def sms() -> tuple[Response, int]:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(token, settings.sms_gateway_token):
            return jsonify(error="token"), 401
        body = request.get_json(silent=True)
        to, text = (body.get("to"), body.get("text")) if isinstance(body, dict) else (None, None)
        if not isinstance(to, str) or not TELEPHONE.fullmatch(to) or not isinstance(text, str) or not text:
            return jsonify(error="fields"), 422
        key = request.headers.get("Idempotency-Key", "")
        new = box.take(key, Arrived("sms", to, "", text, clock.now()))
        return jsonify(status="accepted" if new else "known"), 202 if new else 200

    @app.get("/")
    def messages() -> str:
        code = request.args.get("lang", "")
        if code in LANGUAGES:
            session["lang"] = LANGUAGES[code]
        listed = settings.data / "demo-accounts.json"
        return render_template(
            "demo/outside.html",
            messages=box.all(),
            portal=settings.origin,
            accounts=demo_accounts(listed, clock.now()),
            receipts=demo_receipts(listed),
        )

    @app.after_request
    def _headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'none'"
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def serve(settings: Settings) -> None:
    """Serve mail and SMS until told to stop."""
    # Its request log would name nobody, and fill the terminal of who looks at the demonstration.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    box = Mailbox()
    mail = Controller(MailSink(box), hostname="127.0.0.1", port=settings.port + 2)
    mail.start()
    server = make_server("127.0.0.1", settings.port + 1, make_gateway(settings, box), threaded=True)

    def stop(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        server.serve_forever()
    finally:
        mail.stop()


def main() -> int:
    """Run from the supervisor; refuse outside the demonstration."""
    die_with_parent()
    try:
        settings = Settings.load(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 78
    if settings.is_production:
        print("The demonstration's gateways are refused in production.", file=sys.stderr)
        return 78
    serve(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
