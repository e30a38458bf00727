"""Where things are: the settings that are folders, sockets and addresses."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from portal.environment import Environment

SOCKET_PATH_BYTES = 100  # sockaddr_un holds 108 with its end mark; Redis appends nothing, we keep a margin


@dataclass(frozen=True, slots=True)
class ObjectStorage:
    """Where evidence lies when a service that speaks S3 keeps it; its repr shows no secret."""

    url: str
    bucket: str
    prefix: str
    region: str
    addressing: str
    key_id: str = field(repr=False)
    secret: str = field(repr=False)


def data_directory(source: Environment) -> Path:
    """The data directory, made when it is not there."""
    data = Path(source.text("PORTAL_DATA", "instance")).absolute()
    _make_directory(data, source)
    return data


def _make_directory(data: Path, source: Environment) -> None:
    """Make the data directory, readable by its owner alone."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        source.fault(f"PORTAL_DATA: the directory cannot be made: {error.strerror}.")
        return
    if not os.access(data, os.W_OK | os.X_OK):
        source.fault("PORTAL_DATA: the directory cannot be written to by this user.")


def keys_directory(source: Environment, data: Path) -> Path:
    """The directory of the key files; the one file of earlier versions lay beside it under ``.json``."""
    path = Path(source.text("PORTAL_KEYS", str(data / "keys"))).absolute()
    return path.with_suffix("") if path.suffix == ".json" else path


def socket_path(data: Path, name: str = "redis.sock") -> Path:
    """A private socket: in the data directory, or in a short one if its name grew too long."""
    inside = data / name
    if len(os.fsencode(inside)) <= SOCKET_PATH_BYTES:
        return inside
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"portal-{os.getuid()}-{digest}" / name


def vault_socket(source: Environment, data: Path) -> Path:
    """Where the vault process listens."""
    value = source.text("VAULT_SOCKET")
    return Path(value).absolute() if value else socket_path(data, "vault.sock")


def origin_of(source: Environment, port: int) -> str:
    """Scheme and host under which people reach the portal."""
    default = f"http://localhost:{port}"
    value = source.text("PORTAL_ORIGIN", default).rstrip("/")
    parts = source.url("PORTAL_ORIGIN", value, ("http", "https"))
    if not parts.scheme:
        return default
    if not parts.hostname or parts.path or parts.query or parts.fragment or parts.username:
        source.fault(
            f"PORTAL_ORIGIN is {value!r}; it must be scheme and host only, such as https://report.example.cn."
        )
        return default
    return value


def origin_host(source: Environment, port: int) -> str:
    """The host name of the portal's origin."""
    return urlsplit(origin_of(source, port)).hostname or "localhost"


def database_url(source: Environment, data: Path, first: str = "") -> str:
    """The database in SQLAlchemy's spelling, PostgreSQL with psycopg; the setting ``first`` goes before."""
    value = (source.secret(first) if first else "") or source.secret("DATABASE_URL")
    if not value:
        return f"sqlite:///{data / 'portal.db'}"
    for prefix in ("postgres://", "postgresql://"):
        if value.startswith(prefix):
            value = f"postgresql+psycopg://{value.removeprefix(prefix)}"
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        source.fault("DATABASE_URL is not an address that starts with postgresql:// or sqlite:///.")
        return ""
    if url.drivername not in ("postgresql+psycopg", "sqlite"):
        source.fault(f"DATABASE_URL names {url.drivername}; the portal knows postgresql and sqlite.")
    return value


def sms_url(source: Environment, default: str) -> str:
    """The SMS gateway's address."""
    value = source.text("SMS_GATEWAY_URL", default)
    source.url("SMS_GATEWAY_URL", value, ("http", "https"))
    return value


def smtp_url(source: Environment, default: str) -> str:
    """The mail server: smtp://user@host:port, with ?starttls=1 if wanted, or smtps://; no password."""
    value = source.text("SMTP_URL", default)
    parts = source.url("SMTP_URL", value, ("smtp", "smtps"))
    if parts.password:
        source.fault("SMTP_URL carries a password; put it into SMTP_PASSWORD_FILE.")
    return value


def clamd_url(source: Environment) -> str:
    """The virus scanner: unix:///path of its socket, or tcp://host:port; empty if there is none."""
    value = source.text("CLAMD_URL")
    parts = source.url("CLAMD_URL", value, ("unix", "tcp"))
    if (parts.scheme == "tcp" and not (parts.hostname and parts.port)) or (
        parts.scheme == "unix" and (parts.netloc or len(parts.path) < 2)
    ):
        source.fault("CLAMD_URL must be unix:///path/of/the/socket or tcp://host:port.")
        return ""
    return value if parts.scheme else ""


def object_storage(source: Environment) -> ObjectStorage | None:
    """The bucket of EVIDENCE_S3_URL; without it evidence lies in EVIDENCE_DIR."""
    url = source.text("EVIDENCE_S3_URL").rstrip("/")
    if not url:
        return None
    parts = source.url("EVIDENCE_S3_URL", url, ("https", "http"))
    if parts.username or parts.password:
        source.fault(
            "EVIDENCE_S3_URL carries a name or password; put them into EVIDENCE_S3_KEY_FILE"
            " and EVIDENCE_S3_SECRET_FILE."
        )
    storage = ObjectStorage(
        url=url,
        bucket=source.text("EVIDENCE_S3_BUCKET"),
        prefix=source.text("EVIDENCE_S3_PREFIX"),
        region=source.text("EVIDENCE_S3_REGION", "us-east-1"),
        addressing=source.choice("EVIDENCE_S3_ADDRESSING", ("path", "virtual"), "path"),
        key_id=source.secret("EVIDENCE_S3_KEY"),
        secret=source.secret("EVIDENCE_S3_SECRET"),
    )
    for name, value in (("BUCKET", storage.bucket), ("KEY", storage.key_id), ("SECRET", storage.secret)):
        if not value:
            source.fault(f"EVIDENCE_S3_URL is set, but EVIDENCE_S3_{name} is not.")
    return storage
