"""The settings: read from the environment once, typed, with every fault named in one message."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from portal.config_places import (
    ObjectStorage,
    clamd_url,
    data_directory,
    database_url,
    keys_directory,
    object_storage,
    origin_of,
    sms_url,
    smtp_url,
    socket_path,
    vault_socket,
)
from portal.config_retention import RetentionPeriods, retention_periods
from portal.environment import Environment
from portal.safeguards import (
    DEMO_SMS_TOKEN,
    check_demonstration,
    check_production,
    demo_sms_url,
    demo_smtp_url,
)

FACES = ("public", "desk")
REPORT_BYTES = 300 * 1024 * 1024  # nine files, of which one may be a film
SECRET_BYTES = 32
MIB = 1024 * 1024
PORTAL_NAMES = frozenset(
    {
        "PORTAL_ENV",
        "PORTAL_DATA",
        "PORTAL_FACES",
        "PORTAL_ORIGIN",
        "PORTAL_PORT",
        "PORTAL_BIND",
        "PORTAL_KEYS",
        "PORTAL_CHALLENGE",
    }
)


class Mode(StrEnum):
    """What the portal is run for."""

    DEVELOPMENT = "development"
    DEMO = "demo"
    PRODUCTION = "production"
    TEST = "test"


class SettingsError(Exception):
    """The settings cannot be used; `faults` holds one sentence for each fault."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        lines = "\n".join(f"  - {fault}" for fault in faults)
        super().__init__(f"The portal does not start, because of its settings:\n{lines}")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Time limits of the steps, in days; `accept_working_days` follows the official calendar."""

    accept_working_days: int = 5
    verify_days: int = 60
    extend_days: int = 30
    answer_days: int = 10
    claim_days: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of the portal; made by `Settings.load`, never changed. Its repr shows no secret."""

    env: Mode
    data: Path
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    redis_is_private: bool
    faces: frozenset[str]
    origin: str
    port: int
    bind: str
    secret_key: str = field(repr=False)
    keys_path: Path
    vault_socket: Path
    vault_daily_openings: int
    alert_delay: tuple[int, int]
    challenge: str
    sms_gateway_url: str = field(repr=False)
    sms_gateway_token: str = field(repr=False)
    smtp_url: str = field(repr=False)
    smtp_password: str = field(repr=False)
    mail_from: str
    city_name_zh: str
    city_name_en: str
    city_code: str
    city_zone: str
    organiser_zh: str
    organiser_en: str
    hotline: str
    icp_record: str
    police_record: str
    site_code: str
    fund_total_fen: int
    web_workers: int
    web_threads: int
    workers: int
    proxy_hops: int
    trusted_hosts: tuple[str, ...]
    evidence_dir: Path
    upload_free_space_floor: int
    evidence_s3: ObjectStorage | None
    clamd_url: str
    log_level: str
    deadlines: Deadlines
    retention: RetentionPeriods
    signing_profile: str
    """small or city: who signs what (portal.rewards.signing)."""
    password_max_age_days: int
    passkey_roles: frozenset[str]

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the environment. Makes PORTAL_DATA. Raises SettingsError naming all faults."""
        source = Environment(environ)
        settings = _read(cls, source)
        check_demonstration(settings, source)
        check_production(settings, source)
        if source.faults:
            raise SettingsError(source.faults)
        return settings

    @property
    def is_production(self) -> bool:
        """Whether real people use this portal."""
        return self.env is Mode.PRODUCTION

    @property
    def is_demo(self) -> bool:
        """Whether this is the labelled demonstration, which listens on loopback only."""
        return self.env is Mode.DEMO

    @property
    def is_test(self) -> bool:
        """Whether automatic tests run."""
        return self.env is Mode.TEST

    @property
    def is_https(self) -> bool:
        """Whether people reach the portal by https; decides cookie names and the Secure mark."""
        return self.origin.startswith("https://")

    @property
    def host(self) -> str:
        """The host name of the origin, without a port."""
        return urlsplit(self.origin).hostname or "localhost"

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.city_zone)

    @property
    def redis_socket(self) -> Path:
        """Where the private Redis listens; meaningful only if `redis_is_private`."""
        return socket_path(self.data)

    @property
    def limiter_url(self) -> str:
        """The Redis address in the spelling of the rate limiter, which names unix sockets differently."""
        return self.redis_url.replace("unix://", "redis+unix://", 1)

    def cookie_name(self, base: str) -> str:
        """The cookie's name; on https with the prefix that binds it to this host, all paths and Secure."""
        return f"__Host-{base}" if self.is_https else base

    def flask_config(self) -> dict[str, Any]:
        """Settings of Flask and its extensions, whose own defaults have no limits and no Secure cookies."""
        return {
            "SECRET_KEY": self.secret_key,
            "TESTING": self.is_test,
            "SESSION_COOKIE_NAME": self.cookie_name("session"),
            "SESSION_COOKIE_SECURE": self.is_https,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_PATH": "/",
            "PERMANENT_SESSION_LIFETIME": timedelta(hours=8),
            "PREFERRED_URL_SCHEME": "https" if self.is_https else "http",
            "MAX_CONTENT_LENGTH": REPORT_BYTES + 1024 * 1024,
            "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,  # a text that is far too long still comes back whole
            "MAX_FORM_PARTS": 200,
            "TRUSTED_HOSTS": None if self.is_test else list(self.trusted_hosts),
            # A long report is written for hours; the token lives as long as its session.
            "WTF_CSRF_TIME_LIMIT": None,
            # The referrer is withheld on purpose, so only the token is compared.
            "WTF_CSRF_SSL_STRICT": False,
            "BABEL_DEFAULT_LOCALE": "zh_Hans",
            "BABEL_DEFAULT_TIMEZONE": self.city_zone,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
        }


def _read(cls: type[Settings], source: Environment) -> Settings:
    """All settings with their defaults; faults are left in the source."""
    env = Mode(source.choice("PORTAL_ENV", tuple(Mode), Mode.DEMO))
    source.unknown("PORTAL_", PORTAL_NAMES)
    data = data_directory(source)
    port = source.number("PORTAL_PORT", 8000, least=1, most=65535)
    origin = origin_of(source, port)
    redis_url = source.secret("REDIS_URL")
    source.url("REDIS_URL", redis_url, ("redis", "rediss", "unix"))
    demo = env is Mode.DEMO
    return cls(
        env=env,
        data=data,
        database_url=database_url(source, data),
        redis_url=redis_url or f"unix://{quote(str(socket_path(data)))}",
        redis_is_private=not redis_url,
        faces=_faces(source),
        origin=origin,
        port=port,
        bind=source.text("PORTAL_BIND", "127.0.0.1"),
        secret_key=_secret_key(source, env, data),
        keys_path=keys_directory(source, data),
        vault_socket=vault_socket(source, data),
        vault_daily_openings=source.number("VAULT_DAILY_OPENINGS", 10, least=1, most=1000),
        alert_delay=_alert_delay(source, "0-0" if demo else "5-60"),
        challenge=source.choice("PORTAL_CHALLENGE", ("picture", "null"), "picture"),
        sms_gateway_url=sms_url(source, demo_sms_url(port) if demo else ""),
        sms_gateway_token=source.secret("SMS_GATEWAY_TOKEN", DEMO_SMS_TOKEN if demo else ""),
        smtp_url=smtp_url(source, demo_smtp_url(port) if demo else ""),
        smtp_password=source.secret("SMTP_PASSWORD"),
        mail_from=source.text("MAIL_FROM", f"no-reply@{urlsplit(origin).hostname or 'localhost'}"),
        city_name_zh=source.text("CITY_NAME_ZH", "安阳市"),
        city_name_en=source.text("CITY_NAME_EN", "Anyang"),
        city_code=_city_code(source),
        city_zone=source.zone("CITY_ZONE", "Asia/Shanghai"),
        organiser_zh=source.text("ORGANISER_ZH", "安阳市应急管理局"),
        organiser_en=source.text("ORGANISER_EN", "Anyang Emergency Management Bureau"),
        hotline=source.text("HOTLINE", "12350"),
        icp_record=source.text("ICP_RECORD"),
        police_record=source.text("POLICE_RECORD"),
        site_code=source.text("SITE_CODE"),
        fund_total_fen=source.number("FUND_TOTAL", 5_000_000, most=10**12) * 100,
        web_workers=source.number("WEB_WORKERS", min(4, os.cpu_count() or 1), least=1, most=256),
        web_threads=source.number("WEB_THREADS", 32, least=1, most=64),
        workers=source.number("WORKERS", 1, least=1, most=64),
        proxy_hops=source.number("PROXY_HOPS", 0, most=8),
        trusted_hosts=_trusted_hosts(source, env, origin),
        evidence_dir=Path(source.text("EVIDENCE_DIR", str(data / "evidence"))).absolute(),
        upload_free_space_floor=source.number("UPLOAD_FREE_SPACE_FLOOR", 1024, most=10**8) * MIB,
        clamd_url=clamd_url(source),
        evidence_s3=object_storage(source),
        log_level=source.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
        deadlines=_deadlines(source),
        retention=retention_periods(source),
        signing_profile=source.choice("SIGNING_PROFILE", ("small", "city"), "small"),
        password_max_age_days=source.number("PASSWORD_MAX_AGE_DAYS", 0, most=3650),
        passkey_roles=frozenset(source.words("PASSKEY_ROLES")),
    )


def _faces(source: Environment) -> frozenset[str]:
    """Which routes this process serves."""
    faces = source.words("PORTAL_FACES", FACES)
    for face in faces:
        if face not in FACES:
            source.fault(f"PORTAL_FACES names {face!r}; known faces are {', '.join(FACES)}.")
    return frozenset(faces)


def _secret_key(source: Environment, env: Mode, data: Path) -> str:
    """SECRET_KEY; outside production kept in the data directory, so that sessions survive a restart."""
    value = source.secret("SECRET_KEY")
    if value:
        if len(value.encode()) < SECRET_BYTES or len(set(value)) < 10:
            source.fault(
                f"SECRET_KEY is weak; use at least {SECRET_BYTES} random bytes (openssl rand -hex 32)."
            )
        return value
    if env is Mode.PRODUCTION:
        source.fault("SECRET_KEY is missing; make one with: openssl rand -hex 32")
        return ""
    return _kept_secret(data / "secret_key", source)


def _kept_secret(path: Path, source: Environment) -> str:
    """The file's content; made whole and 0600 at first use, so that two processes starting at once agree."""
    try:
        if not path.exists():
            draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_hex(SECRET_BYTES), encoding="ascii")
            try:
                os.link(draft, path)
            except FileExistsError:
                pass  # another process was first; its key counts
            finally:
                draft.unlink()
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        source.fault(f"The file {path.name} in PORTAL_DATA cannot be made or read: {type(error).__name__}.")
        return ""


def _alert_delay(source: Environment, default: str) -> tuple[int, int]:
    """Minutes, from-to, by which an alert comes later than what it tells; none in the demonstration."""
    value = source.text("ALERT_DELAY_MINUTES", default)
    least, _, most = value.partition("-")
    if not (least.isdigit() and most.isdigit() and int(least) <= int(most) <= 24 * 60):
        source.fault(f"ALERT_DELAY_MINUTES is {value!r}; it must be two numbers such as 5-60.")
        return 5, 60
    return int(least), int(most)


def _city_code(source: Environment) -> str:
    """Capital letters that begin each case number."""
    value = source.text("CITY_CODE", "AY")
    if not (value.isascii() and value.isalpha() and value.isupper() and 2 <= len(value) <= 4):
        source.fault(f"CITY_CODE is {value!r}; it must be two to four capital letters, such as AY.")
        return "AY"
    return value


def _trusted_hosts(source: Environment, env: Mode, origin: str) -> tuple[str, ...]:
    """Host names the portal answers to; outside production also the loopback names."""
    own = urlsplit(origin).hostname or "localhost"
    default = (own,) if env is Mode.PRODUCTION else tuple(dict.fromkeys((own, "localhost", "127.0.0.1")))
    return source.words("TRUSTED_HOSTS", default)


def _deadlines(source: Environment) -> Deadlines:
    """The time limits in days."""
    return Deadlines(
        accept_working_days=source.number("DEADLINE_ACCEPT_WORKING_DAYS", 5, least=1, most=365),
        verify_days=source.number("DEADLINE_VERIFY_DAYS", 60, least=1, most=3650),
        extend_days=source.number("DEADLINE_EXTEND_DAYS", 30, least=1, most=3650),
        answer_days=source.number("DEADLINE_ANSWER_DAYS", 10, least=1, most=3650),
        claim_days=source.number("CLAIM_DAYS", 60, least=1, most=3650),
    )
