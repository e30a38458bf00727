"""If these fail, a portal for real people starts with a demonstration's secrets, or hides why it cannot."""

import os
import stat
from pathlib import Path

import pytest

from portal.config import Mode, Settings, SettingsError
from portal.config_places import socket_path
from portal.safeguards import DEMO_SMS_TOKEN, demo_sms_url, demo_smtp_url

STRONG = "0123456789abcdef0123456789ABCDEF-"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The least a production portal needs."""
    keys = tmp_path / "keys.json"
    keys.touch(mode=0o600)
    return {
        "PORTAL_ENV": "production",
        "PORTAL_DATA": str(tmp_path / "data"),
        "PORTAL_KEYS": str(keys),
        "PORTAL_ORIGIN": "https://report.example.cn",
        "SECRET_KEY": STRONG,
        "DATABASE_URL": "postgres://portal:a-long-password-1@db/portal",
    }


def faults(environ: dict[str, str], **changes: str) -> list[str]:
    """The faults of the environment after the changes; an empty value removes a variable."""
    with pytest.raises(SettingsError) as caught:
        Settings.load({**environ, **changes})
    return caught.value.faults


def test_the_public_machine_offers_alerts_without_the_secrets_to_send_them(environ: dict[str, str]) -> None:
    """The secrets would have to lie on the machine that the internet reaches."""
    offering = {"SMS_GATEWAY_URL": "https://sms.example.cn", "SMTP_URL": "smtp://portal@mail.example.cn"}
    assert Settings.load({**environ, **offering, "PORTAL_FACES": "public"}).sms_gateway_token == ""
    found = faults(environ, **offering, PORTAL_FACES="desk")
    assert any("SMS_GATEWAY_TOKEN" in fault for fault in found)


def test_a_complete_production_environment_is_accepted(environ: dict[str, str]) -> None:
    settings = Settings.load(environ)
    assert settings.is_production
    assert settings.database_url == "postgresql+psycopg://portal:a-long-password-1@db/portal"
    assert settings.trusted_hosts == ("report.example.cn",)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(
            {
                "PORTAL_ENV": "production",
                "PORTAL_DATA": str(tmp_path),
                "PORTAL_CHALLENGE": "null",
                "DATABASE_URL": "postgresql://portal:portal@db/portal",
                "SMS_GATEWAY_URL": "https://sms.example.cn/send",
                "SMTP_URL": "smtp://portal@mail.example.cn",
            }
        )
    message = str(caught.value)
    for name in (
        "SECRET_KEY", "PORTAL_ORIGIN", "PORTAL_CHALLENGE", "PORTAL_KEYS",
        "DATABASE_URL", "SMS_GATEWAY_TOKEN", "SMTP_PASSWORD_FILE",
    ):  # fmt: skip
        assert name in message
    assert len(caught.value.faults) == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 64),
        ("SECRET_KEY", ""),
        ("PORTAL_ORIGIN", "http://report.example.cn"),
        ("PORTAL_ORIGIN", "https://report.example.cn/path"),
        ("PORTAL_ORIGIN", "https://user@report.example.cn"),
        ("PORTAL_CHALLENGE", "null"),
        ("PORTAL_CHALLENGE", "off"),
        ("ALERT_DELAY_MINUTES", "0-0"),
        ("PORTAL_KEYS", "/nowhere/keys.json"),
        ("DATABASE_URL", "postgresql://portal@db/portal"),
        ("DATABASE_URL", "postgresql://portal:changeme@db/portal"),
        ("DATABASE_URL", "mysql://portal:a-long-password-1@db/portal"),
        ("DATABASE_URL", "nonsense"),
        ("REDIS_URL", "http://cache"),
        ("SMS_GATEWAY_TOKEN", DEMO_SMS_TOKEN),
        ("SMS_GATEWAY_URL", demo_sms_url(8000)),
        ("SMTP_URL", demo_smtp_url(8000)),
        ("SMTP_URL", "smtp://user:password@mail.example.cn"),
        ("SMTP_URL", "http://mail"),
        ("PORTAL_FACES", "public,kitchen"),
        ("PORTAL_PORT", "80000"),
        ("PORTAL_PORT", "８０００"),
        ("CITY_ZONE", "Asia/Anyang"),
        ("CITY_CODE", "ay"),
        ("FUND_TOTAL", "5,000,000"),
        ("FUND_TOTAL", "-1"),
        ("PROXY_HOPS", "one"),
        ("CLAIM_DAYS", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("PORTAL_ENV", "prod"),
        ("PORTAL_ENVIRONMENT", "production"),
        ("MAIL_FROM", "a@b.cn\nBcc: c@d.cn"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, environ: dict[str, str]) -> None:
    assert any(name in fault for fault in faults(environ, **{name: value}))


def test_a_key_file_that_others_can_read_is_refused(environ: dict[str, str]) -> None:
    Path(environ["PORTAL_KEYS"]).chmod(0o640)
    assert any("chmod 600" in fault for fault in faults(environ))


def test_a_local_database_socket_needs_no_password(environ: dict[str, str]) -> None:
    settings = Settings.load({**environ, "DATABASE_URL": "postgresql:///portal?host=/run/postgresql"})
    assert settings.database_url == "postgresql+psycopg:///portal?host=/run/postgresql"


def test_secrets_come_from_files_too(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(STRONG + "\n")
    changed = {**environ, "SECRET_KEY": "", "SECRET_KEY_FILE": str(tmp_path / "secret")}
    assert Settings.load(changed).secret_key == STRONG


def test_a_secret_given_twice_is_a_fault(environ: dict[str, str], tmp_path: Path) -> None:
    assert any("both" in fault for fault in faults(environ, SECRET_KEY_FILE=str(tmp_path / "secret")))


def test_no_secret_is_shown(environ: dict[str, str]) -> None:
    environ |= {"SMS_GATEWAY_URL": "https://sms.example.cn", "SMS_GATEWAY_TOKEN": "a-long-token-of-sms"}
    settings = Settings.load({**environ, "SMTP_URL": "smtp://u@h", "SMTP_PASSWORD": "mail-secret"})
    for secret in (STRONG, "a-long-password-1", "a-long-token-of-sms", "mail-secret"):
        assert secret not in repr(settings)


def test_faults_do_not_repeat_a_password(environ: dict[str, str]) -> None:
    found = faults(environ, DATABASE_URL="postgresql://u:hunter2@h/x", SMTP_URL="smtp://u:hunter2@h")
    assert not any("hunter2" in fault for fault in found)


@pytest.mark.parametrize("bind", ["0.0.0.0", "192.168.1.7", "::"])
def test_the_demonstration_listens_on_loopback_only(bind: str, tmp_path: Path) -> None:
    assert any("loopback" in fault for fault in faults({"PORTAL_DATA": str(tmp_path)}, PORTAL_BIND=bind))


def test_the_demonstration_reaches_nobody_outside(tmp_path: Path) -> None:
    found = faults(
        {"PORTAL_DATA": str(tmp_path)}, SMTP_URL="smtp://mail.example.cn", SMS_GATEWAY_URL="https://sms.cn"
    )
    assert len(found) == 2


def test_the_demonstration_is_the_default_and_needs_nothing(tmp_path: Path) -> None:
    settings = Settings.load({"PORTAL_DATA": str(tmp_path)})
    assert settings.env is Mode.DEMO
    assert settings.origin == "http://localhost:8000"
    assert settings.database_url == f"sqlite:///{tmp_path}/portal.db"
    assert settings.redis_url == f"unix://{tmp_path}/redis.sock"
    assert settings.fund_total_fen == 500_000_000


def test_the_secret_key_is_kept_and_private(tmp_path: Path) -> None:
    first = Settings.load({"PORTAL_DATA": str(tmp_path)}).secret_key
    assert len(first) >= 32
    assert Settings.load({"PORTAL_DATA": str(tmp_path)}).secret_key == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_deep_data_directory_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    assert len(os.fsencode(socket_path(deep))) < 108
    assert socket_path(deep) != socket_path(tmp_path / ("y" * 100))


def test_cookies_follow_the_scheme_of_the_origin(environ: dict[str, str], tmp_path: Path) -> None:
    secure = Settings.load(environ).flask_config()
    assert secure["SESSION_COOKIE_NAME"] == "__Host-session"
    assert secure["SESSION_COOKIE_SECURE"] is True
    plain = Settings.load({"PORTAL_DATA": str(tmp_path)}).flask_config()
    assert plain["SESSION_COOKIE_NAME"] == "session"
    assert plain["SESSION_COOKIE_SECURE"] is False
    for config in (secure, plain):
        assert config["SESSION_COOKIE_HTTPONLY"] is True
        assert config["SESSION_COOKIE_SAMESITE"] == "Lax"


def test_flask_gets_limits_where_it_has_none(environ: dict[str, str]) -> None:
    config = Settings.load(environ).flask_config()
    assert config["MAX_CONTENT_LENGTH"] == (300 + 1) * 1024 * 1024
    assert config["MAX_FORM_MEMORY_SIZE"]
    assert config["MAX_FORM_PARTS"]
    assert config["TRUSTED_HOSTS"] == ["report.example.cn"]


def test_the_limiter_spells_unix_sockets_its_own_way(tmp_path: Path) -> None:
    assert Settings.load({"PORTAL_DATA": str(tmp_path)}).limiter_url == f"redis+unix://{tmp_path}/redis.sock"
