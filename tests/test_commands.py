"""The operator's commands: if these fail, nobody can log in for the first time, or faults stay unseen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click import Context, Group
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, doctor
from portal.config import Settings
from portal.doctor import Grade
from portal.people import accounts
from portal.people.models import Account
from portal.people.permissions import Role
from portal.vault.client import VaultClient
from tests.fixtures.records import make_account, make_case, make_department
from tests.fixtures.staff import NOON, Staff, log_in

ROOT = Path(__file__).parent.parent
GOOD = "thirteen crows by the river\n"


def flask(data: Path, *arguments: str, text: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the flask program as an operator would."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", str(ROOT / "app.py"), *arguments],
        env={**keep, "PORTAL_ENV": "development", "PORTAL_DATA": str(data), **environ},
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd=data,
    )


def test_the_first_administrator_is_made_on_an_empty_database(tmp_path: Path) -> None:
    arguments = ("create-admin", "--username", "Boss", "--name", "管理员", "--password-stdin")
    made = flask(tmp_path, *arguments, text=GOOD)
    assert made.returncode == 0, made.stderr
    assert "The administrator boss is made." in made.stdout
    assert "otpauth://totp/Woodpecker:boss?secret=" in made.stdout
    assert GOOD.strip() not in made.stdout
    again = flask(tmp_path, *arguments, text=GOOD)
    assert again.returncode != 0
    assert "taken" in again.stderr


def invoke(app: Flask, *arguments: str, text: str = "") -> tuple[int, str]:
    answer = app.test_cli_runner().invoke(args=["create-admin", *arguments], input=text)
    return answer.exit_code, answer.output


def test_what_create_admin_shows_opens_the_desk(app: Flask, client: FlaskClient, session: Session) -> None:
    code, shown = invoke(app, "--username", "boss", "--name", "管理员", "--password-stdin", text=GOOD)
    assert code == 0, shown
    secret = re.search(r"secret=([A-Z2-7]+)", shown)
    assert secret
    account = session.scalars(select(Account).where(Account.username == "boss")).one()
    assert account.roles == {Role.ADMINISTRATOR}
    with clock.frozen(NOON):
        assert log_in(client, Staff(account, secret[1], GOOD.strip()), NOON).status_code == 302
        assert client.get("/desk/people").status_code == 200


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "aaaaaaaaaaaaaaaa",
        "123456789012",
        "woodpecker2026",
        "anquanjubao2026",
        "啄木鸟安全举报2026",
    ],
)
def test_a_weak_password_is_refused_in_plain_words(app: Flask, session: Session, password: str) -> None:
    code, shown = invoke(app, "--username", "boss", "--name", "x", "--password-stdin", text=password + "\n")
    assert code == 1
    assert "at least 12 characters" in shown.replace("\n", " ")
    assert session.scalar(select(Account.id)) is None


@pytest.mark.parametrize("name", ["x", "two words", "王", "a/b"])
def test_a_user_name_that_nobody_can_type_is_refused(app: Flask, session: Session, name: str) -> None:
    code, shown = invoke(app, "--username", name, "--name", "x", "--generate")
    assert code == 1
    assert "2 to 60 signs" in shown


def test_a_generated_password_must_be_changed(app: Flask, session: Session) -> None:
    code, shown = invoke(app, "--username", "boss", "--name", "x", "--generate")
    assert code == 0, shown
    account = session.scalars(select(Account)).one()
    assert account.must_change_password
    password = shown.split("shown once: ")[1].split()[0]
    assert accounts.password_matches(account, password)


def test_keys_are_made_in_production_before_anything_else_is_right(tmp_path: Path) -> None:
    path = tmp_path / "secret" / "keys"
    made = flask(tmp_path, "keys", "create", PORTAL_ENV="production", PORTAL_KEYS=str(path))
    assert made.returncode == 0, made.stderr
    assert path.stat().st_mode & 0o777 == 0o700
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    again = flask(tmp_path, "keys", "create", PORTAL_ENV="production", PORTAL_KEYS=str(path))
    assert again.returncode != 0
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before


def test_the_doctor_names_every_faulty_setting(tmp_path: Path) -> None:
    seen = flask(tmp_path, "doctor", PORTAL_ENV="production")
    assert seen.returncode == 1
    for name in ("SECRET_KEY", "PORTAL_ORIGIN", "PORTAL_KEYS"):
        assert f"broken  {name}" in seen.stdout


def test_faulty_settings_start_nothing_but_what_mends_them(tmp_path: Path) -> None:
    for arguments in (["routes"], ["create-admin", "--username", "boss", "--name", "x"]):
        started = flask(tmp_path, *arguments, PORTAL_ENV="production")
        assert started.returncode != 0
        assert "The portal does not start, because of its settings" in started.stderr
        assert "Traceback" not in started.stderr


@pytest.fixture
def healthy(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of the test's application, with the running parts taken as well."""
    monkeypatch.setattr("portal.health.troubles", dict)
    settings: Settings = app.extensions["portal_settings"]
    settings.data.chmod(0o700)
    return settings


def sentences(settings: Settings, grade: Grade) -> str:
    return "\n".join(found.sentence for found in doctor.examine(settings) if found.grade is grade)


def test_the_doctor_finds_nothing_broken_where_nothing_is(app: Flask, healthy: Settings) -> None:
    assert sentences(healthy, Grade.BROKEN) == ""


def test_the_doctor_passes_on_what_is_not_well(
    app: Flask, healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.health.troubles", lambda: {"redis": "does not answer"})
    assert "Redis: does not answer." in sentences(healthy, Grade.BROKEN)


def test_the_doctor_sees_an_exposed_key_file(app: Flask, healthy: Settings) -> None:
    for name in ("web.json", "desk.json", "files.json", "worker.json", "vault.json"):
        file = healthy.keys_path / name
        file.chmod(0o644)
        try:
            assert f"can be read by others: {file}" in sentences(healthy, Grade.BROKEN)
        finally:
            file.chmod(0o600)


def test_the_doctor_sees_files_that_wait_for_a_key_the_workers_do_not_have(
    app: Flask, healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise photos pile up without a clean copy and nobody knows why."""
    monkeypatch.setattr("portal.evidence.original_keys.working_ids", lambda: {"another"})
    assert "Files wait for the workers' key another" in sentences(healthy, Grade.BROKEN)


def test_the_doctor_sees_a_key_of_files_that_web_processes_still_hold(
    app: Flask, healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.vault.keys.holds_earlier", lambda _: True)
    assert "flask evidence reseal" in sentences(healthy, Grade.RISKY)


def test_the_doctor_sees_a_vault_that_is_closed_or_has_another_key(
    app: Flask, healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "portal_vault", VaultClient(healthy.data / "nothing.sock"))
    assert "The vault does not answer" in sentences(healthy, Grade.BROKEN)
    stranger = SimpleNamespace(health=lambda: {"key": "another", "keys": ["another"]})
    monkeypatch.setitem(app.extensions, "portal_vault", stranger)
    assert "does not hold the key" in sentences(healthy, Grade.BROKEN)


def test_the_doctor_names_roles_nobody_holds_and_steps_nobody_can_take(app: Flask, healthy: Settings) -> None:
    department = make_department("fire")
    make_case(department=department)
    for role in Role:
        if role is not Role.CASHIER:
            make_account(role)
    disabled = make_account(Role.CASHIER)
    disabled.active = False
    risky = sentences(healthy, Grade.RISKY)
    assert "Nobody holds the role cashier" in risky
    assert "Nobody holds the role finance" not in risky
    assert "verifiers who have one: 1" in risky
    assert "The department fire has 1 open cases and no verifier." in risky
    make_account(Role.VERIFIER, department=department)
    risky = sentences(healthy, Grade.RISKY)
    assert "verifiers who have one" not in risky
    assert "The department fire" not in risky


def test_the_doctor_sees_a_year_without_calendar(app: Flask, healthy: Settings) -> None:
    with clock.frozen(NOON.replace(year=2040)):
        assert "does not cover 2040" in sentences(healthy, Grade.BROKEN)


def test_the_doctor_sees_a_switched_off_captcha(app: Flask, healthy: Settings) -> None:
    assert "PORTAL_CHALLENGE=null" in sentences(healthy, Grade.RISKY)


def test_the_fund_of_a_year_is_filled_once_for_each_decision(app: Flask) -> None:
    """Without it a real portal can approve no award at all."""
    runner = app.test_cli_runner()
    for _ in range(2):
        result = runner.invoke(args=["fund", "add", "2031", "５,000,000", "--key", "decision-14"])
        assert result.exit_code == 0, result.output
    assert "5,000,000.00" in result.output
    assert runner.invoke(args=["fund", "add", "2031", "--", "-5"]).exit_code == 1
    assert runner.invoke(args=["fund", "add", "2031", "0"]).exit_code == 1


def test_every_command_that_the_documents_name_is_there(app: Flask) -> None:
    """An operator who follows them in a bad hour would stand before "No such command"."""
    texts = [ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").rglob("*.md")]
    named = {
        (words[1], words[2])
        for path in texts
        for words in re.finditer(
            r"\bflask (?:--app app )?([a-z][a-z-]+)(?: ([a-z][a-z-]+)\b)?", path.read_text("utf-8")
        )
    } - {("command", "that"), ("program", "was")}
    assert len(named) > 20
    for name, more in named:
        command = app.cli.commands.get(name)
        assert command is not None, name
        if isinstance(command, Group) and more and name != "backup":
            assert command.get_command(Context(command), more), (name, more)
