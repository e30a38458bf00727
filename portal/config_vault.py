"""The settings of the vault process: read from the same environment, without what only the web needs."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from portal import config_places as places
from portal.config import Mode, SettingsError
from portal.environment import Environment
from portal.safeguards import DEMO_SMS_TOKEN, demo_sms_url, demo_smtp_url

VAULT_NAMES = frozenset(
    {
        "VAULT_SOCKET",
        "VAULT_KEYS",
        "VAULT_ALLOWED_USERS",
        "VAULT_DAILY_OPENINGS",
        "VAULT_DAILY_ALERTS",
        "VAULT_DATABASE_URL",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSettings:
    """Every setting of the vault process; its repr shows no secret."""

    data: Path
    database_url: str = field(repr=False)
    socket: Path
    keys: Path
    public: Path
    allowed_uids: frozenset[int]
    daily_openings: int
    daily_alerts: int
    zone: ZoneInfo
    sms_gateway_url: str = field(repr=False)
    sms_gateway_token: str = field(repr=False)
    smtp_url: str = field(repr=False)
    smtp_password: str = field(repr=False)
    mail_from: str

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> VaultSettings:
        """Read the environment. Raises SettingsError naming all faults."""
        source = Environment(environ)
        source.unknown("VAULT_", VAULT_NAMES)
        demo = source.choice("PORTAL_ENV", tuple(Mode), Mode.DEMO) == Mode.DEMO
        data = places.data_directory(source)
        port = source.number("PORTAL_PORT", 8000, least=1, most=65535)
        loaded = cls(
            data=data,
            database_url=places.database_url(source, data, "VAULT_DATABASE_URL"),
            socket=places.vault_socket(source, data),
            keys=private_file(source, data),
            public=places.keys_directory(source, data) / "vault.pub",
            allowed_uids=_uids(source),
            daily_openings=source.number("VAULT_DAILY_OPENINGS", 10, least=1, most=1000),
            daily_alerts=source.number("VAULT_DAILY_ALERTS", 5, least=1, most=100),
            zone=ZoneInfo(source.zone("CITY_ZONE", "Asia/Shanghai")),
            sms_gateway_url=places.sms_url(source, demo_sms_url(port) if demo else ""),
            sms_gateway_token=source.secret("SMS_GATEWAY_TOKEN", DEMO_SMS_TOKEN if demo else ""),
            smtp_url=places.smtp_url(source, demo_smtp_url(port) if demo else ""),
            smtp_password=source.secret("SMTP_PASSWORD"),
            mail_from=source.text("MAIL_FROM", f"no-reply@{places.origin_host(source, port)}"),
        )
        if source.faults:
            raise SettingsError(source.faults)
        return loaded


def private_file(source: Environment, data: Path) -> Path:
    """The vault's private keys: beside the other keys unless VAULT_KEYS names another file."""
    default = places.keys_directory(source, data) / "vault.json"
    return Path(source.text("VAULT_KEYS", str(default))).absolute()


def _uids(source: Environment) -> frozenset[int]:
    """Whom the vault answers: its own user, and those that VAULT_ALLOWED_USERS names."""
    found = {os.getuid()}
    for name in source.words("VAULT_ALLOWED_USERS"):
        try:
            found.add(int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid)
        except KeyError:
            source.fault(f"VAULT_ALLOWED_USERS names {name!r}, but this machine has no such user.")
    return frozenset(found)
