"""What the settings must not be: a demonstration that can be reached, a production with weak secrets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url

from portal.environment import Environment

if TYPE_CHECKING:
    from portal.config import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
DEMO_SMS_TOKEN = "demonstration-gateway-token"  # noqa: S105 - public on purpose; production refuses it
WEAK_PASSWORDS = frozenset(
    {
        "",
        "postgres",
        "password",
        "portal",
        "admin",
        "root",
        "secret",
        "changeme",
        "change-me",
        "123456",
        "woodpecker",
    }
)


def demo_sms_url(port: int) -> str:
    """The demonstration's own SMS gateway: loopback, the port after the web server's."""
    return f"http://127.0.0.1:{port + 1}/sms"


def demo_smtp_url(port: int) -> str:
    """The demonstration's own mail sink: loopback, two ports after the web server's."""
    return f"smtp://127.0.0.1:{port + 2}"


def check_demonstration(settings: Settings, source: Environment) -> None:
    """The demonstration has public passwords: it must not be reachable, and must reach nobody."""
    if not settings.is_demo:
        return
    if settings.bind not in LOOPBACK:
        source.fault(
            f"PORTAL_BIND is {settings.bind}; demonstration mode listens on loopback only (127.0.0.1)."
        )
    for name, address in (("SMS_GATEWAY_URL", settings.sms_gateway_url), ("SMTP_URL", settings.smtp_url)):
        if urlsplit(address).hostname not in (*LOOPBACK, None):
            source.fault(f"{name} leads outside; demonstration mode uses its own gateways only. Unset it.")


def check_production(settings: Settings, source: Environment) -> None:
    """In production nothing of the demonstration and no weak secret is accepted."""
    if not settings.is_production:
        return
    if not settings.is_https:
        source.fault("PORTAL_ORIGIN must be set and start with https:// in production.")
    if settings.challenge == "null":
        source.fault("PORTAL_CHALLENGE=null switches the captcha off; it is refused in production.")
    if settings.alert_delay[1] < 5:
        source.fault("ALERT_DELAY_MINUTES is too short: who watches both sides could pair alerts with steps.")
    _check_keys(settings.keys_path, source)
    _check_gateways(settings, source)
    _check_database_password(settings.database_url, source)


def _check_keys(directory: Path, source: Environment) -> None:
    """The key files must exist and belong to their owner alone."""
    single, path = directory.with_suffix(".json"), directory / "web.json"
    found = path if directory.exists() else single
    if not found.is_file():
        source.fault("PORTAL_KEYS: there are no key files; make them with: flask keys create")
    elif found.stat().st_mode & 0o077:
        source.fault(f"PORTAL_KEYS: {found.name} can be read by others; run chmod 600 on it.")


def _check_gateways(settings: Settings, source: Environment) -> None:
    """Outside services need their secrets, and must not be the demonstration's.

    The public face alone only offers alerts: worker and vault send them, and have the secrets.
    """
    sends = settings.faces != {"public"}
    if (
        settings.sms_gateway_url == demo_sms_url(settings.port)
        or settings.sms_gateway_token == DEMO_SMS_TOKEN
    ):
        source.fault(
            "SMS_GATEWAY_URL and SMS_GATEWAY_TOKEN are the demonstration's; set those of a real gateway."
        )
    elif sends and settings.sms_gateway_url and len(settings.sms_gateway_token) < 16:
        source.fault("SMS_GATEWAY_TOKEN is missing or shorter than 16 characters.")
    if settings.smtp_url == demo_smtp_url(settings.port):
        source.fault("SMTP_URL is the demonstration's; set that of a real mail server.")
    elif sends and urlsplit(settings.smtp_url).username and not settings.smtp_password:
        source.fault("SMTP_URL names a user, but SMTP_PASSWORD_FILE is missing.")


def _check_database_password(address: str, source: Environment) -> None:
    """A PostgreSQL server over the network needs a password that nobody guesses at once."""
    if not address.startswith("postgresql"):
        return
    url = make_url(address)
    if url.password is None and _authenticates_otherwise(url):
        return
    password = str(url.password or "")
    if password.lower() in WEAK_PASSWORDS or password == url.username or len(password) < 12:
        source.fault("DATABASE_URL: the password is missing, well known or shorter than 12 characters.")


def _authenticates_otherwise(url: URL) -> bool:
    """Whether the server knows us by a local socket, a certificate, a password file or a service entry."""
    local = not url.host or url.host.startswith("/")
    return local or any(name in url.query for name in ("passfile", "service", "sslcert", "host"))
