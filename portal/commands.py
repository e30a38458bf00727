"""Commands for whoever runs the portal: create-admin, break-glass, doctor, keys create, backup, restore."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import click
from alembic.runtime.migration import MigrationContext
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_babel import force_locale
from flask_migrate import Migrate, upgrade

from portal import clock, doctor
from portal.audit import events
from portal.backup.commands import backup, restore
from portal.backup.erasures import erasures
from portal.config import Settings, SettingsError
from portal.config_places import keys_directory
from portal.database import db
from portal.doctor import Finding, Grade
from portal.environment import Environment
from portal.errors import Refusal
from portal.evidence.commands import evidence
from portal.extensions import settings
from portal.factory import create_app
from portal.grants import grants
from portal.money import MoneyError, format_yuan, parse_yuan
from portal.people import accounts
from portal.people import commands as access_commands
from portal.people.accounts import NewAccount
from portal.people.actor import SYSTEM
from portal.people.factors import provisioning_uri
from portal.people.models import Account
from portal.people.passwords import initial_password
from portal.people.permissions import Role
from portal.rewards import fund
from portal.rewards.commands import reward_rules
from portal.subjects import register as firms
from portal.subjects import sheets
from portal.vault.commands import vault
from portal.vault.keyfiles import KeyFileError
from portal.vault.keys import Keyring

MIGRATIONS = Path(__file__).parent.parent / "migrations"

migrate = Migrate(compare_type=True, render_as_batch=False)

# What can be done while the settings are faulty: exactly what mends them.
MENDING = frozenset({"doctor", "keys", "vault"})
# What is done beside the portal: making the application would make keys where some are to be brought back.
BESIDE = frozenset({"backup", "restore"})
FLASK_OPTIONS = frozenset({"-A", "--app", "-e", "--env-file"})  # those that a value follows


@click.command("create-admin")
@click.option("--username", prompt="User name", help="2 to 60 small letters, digits, dots or hyphens.")
@click.option("--name", prompt="Name of the person", help="The person's name, as it stands in the desk.")
@click.option("--email", default="", help="For neutral mails that something waits.")
@click.option("--generate", is_flag=True, help="Make a password that must be changed at the first log-in.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_appcontext
def create_admin(username: str, name: str, email: str, generate: bool, password_stdin: bool) -> None:
    """Make an administrator; password and second factor are shown once."""
    if generate:
        password = initial_password()
    elif password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password (12 signs at least)", hide_input=True, confirmation_prompt=True)
    _fill_empty_database()
    new = NewAccount(name=name, username=username, roles=frozenset({Role.ADMINISTRATOR}), email=email)
    try:
        made, secret = _administrator(new, password, must_change=generate)
    except Refusal as refusal:
        db.session.rollback()
        with force_locale("en"):
            raise click.ClickException(refusal.sentence()) from None
    click.echo(f"The administrator {made.username} is made.")
    if generate:
        click.echo(f"Password for the first log-in, shown once: {password}")
    click.echo(f"Second factor, shown once: {secret}")
    click.echo(f"As an address for an authenticator app: {provisioning_uri(made.username, secret)}")
    click.echo(f"Log in at {settings().origin}/desk/login")


def _administrator(new: NewAccount, password: str, *, must_change: bool) -> tuple[Account, str]:
    at = clock.now()
    account, secret = accounts.create(current_app.extensions["portal_keyring"], new, password, at)
    account.must_change_password = must_change
    facts = {"account": account.id, "roles": [Role.ADMINISTRATOR.value]}
    events.record("account_created", at=at, actor=SYSTEM, facts=facts)
    db.session.commit()
    return account, secret


def _fill_empty_database() -> None:
    """Make the tables when there are none at all; an older database is left to `flask db upgrade`."""
    present = MigrationContext.configure(db.session.connection()).get_current_revision()
    db.session.rollback()
    if present is None:
        click.echo("The database is empty; its tables are being made.")
        upgrade()


@click.command("doctor")
@with_appcontext
def examine() -> None:
    """Say what is missing or risky; fails when something is broken."""
    _tell(doctor.examine(settings()))


def _tell(findings: list[Finding]) -> None:
    for grade in Grade:
        for finding in findings:
            if finding.grade is grade:
                click.echo(f"{grade.value:7} {finding.sentence}")
    broken = sum(finding.grade is Grade.BROKEN for finding in findings)
    click.echo(f"{broken} broken, {sum(finding.grade is Grade.RISKY for finding in findings)} risky.")
    if broken:
        raise SystemExit(1)


@click.group("keys")
def keys() -> None:
    """The key files."""


@keys.command("create")
def create_keys() -> None:
    """Make the key files; those that are there are never overwritten."""
    path = keys_path(os.environ)
    try:
        Keyring.create(path)
    except KeyFileError as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"The key files are made in {path}: web.json, desk.json, files.json, worker.json, vault.json,"
        " worker.pub and vault.pub."
    )
    click.echo(
        "Without them no identity and no receipt code can be read again. Keep copies, away from the database;"
        " `flask vault init` makes the recovery file of the vault."
    )


@click.group("register")
def register_of_firms() -> None:
    """The register of firms that names are suggested from."""


@register_of_firms.command("import")
@click.argument("file", type=click.File("rb"))
@with_appcontext
def import_firms(file: BinaryIO) -> None:
    """Put a list of firms (CSV or xlsx) in: new ones are added, changed ones changed, none deleted."""
    try:
        found = firms.preview(file.read(sheets.MAX_BYTES + 1), most=None)
        counts = firms.put_in(found.rows, actor=SYSTEM, at=clock.now())
    except Refusal as refusal:
        db.session.rollback()
        with force_locale("en"):
            raise click.ClickException(refusal.sentence()) from None
    db.session.commit()
    for number, fault in found.faults:
        click.echo(f"Line {number} is not taken: {fault.value.replace('_', ' ')}.", err=True)
    click.echo(f"{counts.new} new, {counts.changed} changed, {counts.same} the same.")


@click.group("fund")
def reward_fund() -> None:
    """The reward fund (奖励资金) of each budget year."""


@reward_fund.command("add")
@click.argument("year", type=click.IntRange(2000, 2999))
@click.argument("yuan")
@click.option("--key", default="", help="Names this budget decision: the same key again adds nothing.")
@with_appcontext
def add_to_fund(year: int, yuan: str, key: str) -> None:
    """Put YUAN into the fund of YEAR, which is made when there is none; written to the ledger."""
    try:
        amount = parse_yuan(yuan)
    except MoneyError as error:
        raise click.ClickException(f"{yuan} is no amount of money ({error.code.value}).") from None
    if not amount:
        raise click.ClickException("Nothing to add: the amount is zero.")
    found = fund.add_budget(year, amount, key or clock.now().isoformat(), SYSTEM, clock.now())
    db.session.commit()
    click.echo(f"The fund of {year} holds {format_yuan(found.total_fen)} yuan in all.")


def keys_path(environ: Mapping[str, str]) -> Path:
    """Return where the key files belong, as the settings do, even when other settings are faulty."""
    source = Environment(environ)
    return keys_directory(source, Path(source.text("PORTAL_DATA", "instance")).absolute())


def make_app(environ: Mapping[str, str], words: list[str]) -> Flask:
    """Return the application with its commands; with faulty settings, what mends them, or the end."""
    if is_beside(words, environ):
        return bare_app()
    try:
        app = create_app(Settings.load(environ))
    except (SettingsError, KeyFileError) as error:
        if not is_mending(words, environ):
            raise SystemExit(str(error)) from None
        return mending_app(error)
    register(app)
    return app


def register(app: Flask) -> None:
    """Give the application its commands, and what migrates its database."""
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    for command in (create_admin, examine, keys, register_of_firms, reward_fund, vault, reward_rules):
        app.cli.add_command(command)
    app.cli.add_command(evidence)
    app.cli.add_command(grants)
    app.cli.add_command(erasures)
    app.cli.add_command(access_commands.break_glass)
    app.cli.add_command(backup)
    app.cli.add_command(restore)


def bare_app() -> Flask:
    """Return an application that serves nothing and opens nothing, for backup and restore."""
    app = Flask("portal", static_folder=None)
    app.cli.add_command(backup)
    app.cli.add_command(restore)
    return app


def mending_app(error: SettingsError | KeyFileError) -> Flask:
    """Return an application that serves nothing and has the commands that mend its settings."""
    faults = error.faults if isinstance(error, SettingsError) else [str(error)]
    app = Flask("portal", static_folder=None)

    @click.command("doctor")
    def name_faults() -> None:
        """Say what is wrong with the settings."""
        _tell([Finding(Grade.BROKEN, fault) for fault in faults])

    app.cli.add_command(name_faults)
    app.cli.add_command(keys)
    app.cli.add_command(vault)
    app.cli.add_command(evidence)
    return app


def is_mending(arguments: list[str], environ: Mapping[str, str]) -> bool:
    """Say whether the flask program was called for a command that mends the settings."""
    return environ.get("FLASK_RUN_FROM_CLI") == "true" and not MENDING.isdisjoint(arguments[1:])


def is_beside(arguments: list[str], environ: Mapping[str, str]) -> bool:
    """Say whether the flask program was called for backup or restore."""
    words = iter(arguments[1:])
    for word in words:
        if word in FLASK_OPTIONS:
            next(words, None)
        elif not word.startswith("-"):
            return environ.get("FLASK_RUN_FROM_CLI") == "true" and word in BESIDE
    return False
