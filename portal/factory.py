"""The composition root: one application out of the slices, with the faces it is asked to show."""

from __future__ import annotations

import contextlib
import logging
import secrets
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, cast

from flask import Flask, g, redirect, render_template, request, session, url_for
from flask_babel import get_locale
from flask_login import current_user
from jinja2 import Template
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from portal import clock, compression, i18n, logs, presentation, site, tables
from portal.admin import access, navigation
from portal.admin.routes import desk
from portal.cases.verifiers import HadAnotherHand, is_kept_apart
from portal.challenge.setup import make_challenger
from portal.config import Settings
from portal.cookies import SessionsOfPages
from portal.database import db, set_read_only
from portal.errors import NotFound, Refusal, Stale, gettext_noop
from portal.evidence.partials import Partials
from portal.evidence.store import make_store
from portal.evidence.vaulted import make_originals
from portal.extensions import babel, csrf, limiter, login_manager
from portal.fields import KeyConverter
from portal.notices import letters
from portal.people import labels, passkeys, sessions
from portal.public.routes import public
from portal.requests import FormRequest
from portal.rewards.routes import finance
from portal.run import doorbell
from portal.translations.catalogue import ensure_compiled
from portal.vault.client import VaultClient
from portal.vault.keyfiles import KeyFileError
from portal.vault.keys import Holder, Keyring, complete, split_single_file

log = logging.getLogger("portal")

ROOT = Path(__file__).parent.parent

LOCALES = ("zh_Hans", "en")
NOT_OURS = "400: 此地址不属于本平台 / This address is not ours\n"
TOLD = frozenset({400, 403, 405, 413, 429})
"""Refusals that the log notes whoever meets them; others only of people who are signed in."""
STREAMED = frozenset({"multipart/form-data", "application/offset+octet-stream"})
"""Bodies that are read piece by piece: forms with files, and resumable uploads."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
        "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class ForeignPost(Refusal):
    """A form of another site posts here."""

    message = gettext_noop(
        "This was sent from another site, so it was not taken. Open the page here and send it again."
    )
    status = 400


@dataclass(frozen=True, slots=True)
class SettingsView:
    """What templates may know of the settings: no secret is among it."""

    city_name_zh: str
    city_name_en: str
    organiser: str
    hotline: str
    icp: str
    police_record: str
    site_code: str
    demo: bool
    challenge_off: bool
    demo_messages_url: str

    @classmethod
    def of(cls, settings: Settings, *, chinese: bool) -> SettingsView:
        """Choose what a page in this language shows."""
        return cls(
            city_name_zh=settings.city_name_zh,
            city_name_en=settings.city_name_en,
            organiser=settings.organiser_zh if chinese else settings.organiser_en,
            hotline=settings.hotline,
            icp=settings.icp_record,
            police_record=settings.police_record,
            site_code=settings.site_code,
            demo=settings.is_demo,
            challenge_off=settings.challenge == "null",
            demo_messages_url=f"http://localhost:{settings.port + 1}/" if settings.is_demo else "",
        )


def create_app(settings: Settings, faces: frozenset[str] | None = None) -> Flask:
    """Make the application; ``faces`` (default: those of the settings) chooses its routes."""
    passkeys.check_roles(settings.passkey_roles)
    app = Flask("portal", template_folder=str(ROOT / "templates"))
    app.config.update(settings.flask_config())
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 365 * 24 * 3600  # addresses of static files carry a hash
    app.session_interface = SessionsOfPages()
    app.request_class = FormRequest
    app.url_map.converters["int"] = KeyConverter
    app.config["RATELIMIT_STORAGE_URI"] = settings.limiter_url
    app.config["RATELIMIT_ENABLED"] = not settings.is_test
    app.extensions["portal_settings"] = settings
    app.extensions["portal_faces"] = settings.faces if faces is None else faces
    app.extensions["portal_tables"] = tables.SLICES
    app.extensions["portal_keyring"] = _keyring(settings, app.extensions["portal_faces"])
    app.extensions["portal_vault"] = VaultClient(settings.vault_socket)
    app.extensions["portal_store"] = make_store(settings, app.extensions["portal_keyring"])
    app.extensions["portal_originals"] = make_originals(settings, app.extensions["portal_keyring"])
    app.extensions["portal_partials"] = Partials(settings.evidence_dir / "uploads")
    # A body that arrives slowly holds a thread: uploads never take the last ones.
    app.extensions["portal_upload_slots"] = BoundedSemaphore(max(1, settings.web_threads // 2))
    app.extensions["portal_redis"] = Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=0.2,
        socket_timeout=0.5,
        # Once more after a lost connection, and no longer: a citizen waits for the answer.
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )
    _beginnings(app)
    _extensions(app)
    app.extensions["portal_challenger"] = make_challenger(app, settings)
    doorbell.install(app)
    app.extensions["portal_staff_teller"] = letters.tell
    presentation.register(app)
    app.jinja_env.filters.update(
        role_label=labels.role_label, unit_name=labels.unit_name, device_label=labels.device_label
    )
    _blueprints(app, app.extensions["portal_faces"])
    _requests(app)
    _errors(app)
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    return app


def _keyring(settings: Settings, faces: frozenset[str]) -> Keyring:
    """Load the keys that these faces need; outside production the files are made at first use."""
    split_single_file(settings.keys_path)
    if not settings.keys_path.exists() and not settings.is_production:
        with contextlib.suppress(KeyFileError):  # another process was first
            Keyring.create(settings.keys_path)
    complete(settings.keys_path)
    ring = Keyring.load(settings.keys_path, _holders(faces))
    ring.working_key()  # without it no file could be taken in: said now, not to a visitor
    return ring


def _holders(faces: frozenset[str]) -> frozenset[Holder]:
    """Choose the key files: who shows the public face alone, from which everybody is met, gets the fewest."""
    if "desk" in faces:
        return frozenset({Holder.WEB, Holder.DESK, Holder.FILES})
    return frozenset({Holder.WEB}) if faces else frozenset({Holder.WEB, Holder.FILES})


def _extensions(app: Flask) -> None:
    ensure_compiled()
    db.init_app(app)
    csrf.init_app(app)
    babel.init_app(app, locale_selector=_locale, default_translation_directories="translations")
    i18n.install(app)
    limiter.init_app(app)
    login_manager.init_app(app)
    login_manager.user_loader(lambda token: sessions.find(token, clock.now()))


def _locale() -> str:
    """Choose the language: what was asked for in this session, else Simplified Chinese."""
    chosen = session.get("lang")
    return chosen if chosen in LOCALES else LOCALES[0]


def _blueprints(app: Flask, faces: frozenset[str]) -> None:
    app.register_blueprint(site.site)
    if "public" in faces:
        app.register_blueprint(public)
    if "desk" in faces:
        app.register_blueprint(desk, url_prefix="/desk")
        app.register_blueprint(finance, url_prefix="/desk")


def _beginnings(app: Flask) -> None:
    """What comes before every extension: its own reference, and whether the request may write."""

    @app.before_request
    def _begin() -> None:
        g.reference = secrets.token_hex(4)
        # SQLite takes the write lock at BEGIN: pages that only read must not ask for it.
        set_read_only(request.method in SAFE_METHODS)
        if request.method not in SAFE_METHODS and _from_elsewhere():
            raise ForeignPost
        if request.mimetype not in STREAMED:
            # Read as a whole into memory, before anybody is asked who he is: no more than a form's text.
            request.max_content_length = app.config["MAX_FORM_MEMORY_SIZE"]
        if "\0" in request.path:
            raise NotFound  # PostgreSQL holds no such sign, so nothing is called so


def _requests(app: Flask) -> None:
    app.before_request(access.guard)
    app.after_request(compression.pack)

    @app.after_request
    def _finish(response: Response) -> Response:
        response.headers.update({k: v for k, v in HEADERS.items() if k not in response.headers})
        if request.endpoint != "static" or response.status_code >= 400:
            response.headers.setdefault("Cache-Control", "no-store")
        if app.config["SESSION_COOKIE_SECURE"]:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return response

    @app.context_processor
    def _everywhere() -> dict[str, Any]:
        settings = cast(Settings, app.extensions["portal_settings"])
        zh = str(get_locale() or "").startswith("zh")
        return {
            "settings_view": SettingsView.of(settings, chinese=zh),
            "faces": app.extensions["portal_faces"],
            "locale": "zh-Hans" if zh else "en",
            "city_name": settings.city_name_zh if zh else settings.city_name_en,
            "may": lambda name: current_user.is_authenticated and current_user.actor.may(name),
            "now": clock.now(),
            "desk_nav": navigation.desk_nav,
            "desk_who": navigation.desk_who,
            "notice_link": navigation.notice_link,
        }


def _from_elsewhere() -> bool:
    """Say whether a browser names another site as the one that posts.

    Beside the token. Under our referrer policy browsers call the origin of our own forms ``null``, so the
    fetch metadata decides there; a client that names neither is let through to the token check.
    """
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return True
    origin = request.headers.get("Origin", "")
    if origin in {"", "null"}:
        return False
    return origin.partition("://")[2] != request.host


def _errors(app: Flask) -> None:
    @app.errorhandler(Refusal)
    def _refused(refusal: Refusal) -> tuple[str, int]:
        db.session.rollback()
        _note_refusal(refusal.status)
        return _page(refusal.status, refusal.sentence()), refusal.status

    @app.errorhandler(StaleDataError)
    def _stale(_error: StaleDataError) -> tuple[str, int]:
        db.session.rollback()
        return _page(409, Stale().sentence()), 409

    @app.errorhandler(IntegrityError)
    def _kept_apart(error: IntegrityError) -> tuple[str, int]:
        # No slice below the awards may ask them, so it is the database that says no.
        return _refused(HadAnotherHand()) if is_kept_apart(error) else _fault(error)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> tuple[str, int] | HTTPException | Response:
        if error.code is None or error.code < 400:
            return error
        _note_refusal(error.code)
        if isinstance(error, SecurityError):
            # Asked for under a host that is not ours no address can be built, so there is no page of ours.
            return Response(NOT_OURS, error.code, mimetype="text/plain")
        return _page(error.code, ""), error.code

    @app.errorhandler(Exception)
    def _fault(error: Exception) -> tuple[str, int]:
        db.session.rollback()
        log.error("A page broke.", exc_info=error, extra={"event": "fault", "status": 500})
        if app.testing or app.debug:
            raise error
        return _page(InternalServerError.code, ""), InternalServerError.code

    login_manager.unauthorized_handler(lambda: redirect(url_for("desk.login")))


def _note_refusal(status: int) -> None:
    """Log a door that stayed shut, with the account at it if there is one; a visitor stays unknown."""
    account = getattr(g.get("_login_user"), "account", None)
    # The key that the session remembers: asking the row would ask the database, which may be what failed.
    known = inspect(account).identity if account is not None else None
    if status in TOLD or known:
        logs.mark("refused", status=status, account=known[0] if known else None)


def _page(status: int, sentence: str) -> str:
    """Render the page of an error: what happened, what is safe, what to do."""
    names: list[str | Template] = [
        f"errors/{status}.html",
        "errors/500.html" if status >= 500 else "errors/409.html",
    ]
    return render_template(names, status=status, sentence=sentence, reference=g.get("reference", ""))
