"""What is missing or risky in this installation, in plain words for whoever runs it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask_babel import force_locale
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from portal import clock, health
from portal.calendars.official import shipped_calendar
from portal.cases.models import Case
from portal.config import Settings
from portal.database import db
from portal.errors import Refusal
from portal.evidence import original_keys, scrub
from portal.evidence.scanning import Clamd, ScannerDown
from portal.evidence.store import StoreError
from portal.extensions import settings
from portal.people import duty
from portal.people.models import Account, Department, Person, RoleGrant
from portal.people.permissions import Role
from portal.rewards import signatures, staffing
from portal.rewards.fund import fund_of
from portal.vault import asking, keys
from portal.vault.keyfiles import KeyFileError
from portal.vault.keys import WORKING_FILES
from portal.vault.working import WorkingKeys

GIB = 1024**3
FULL, NEARLY_FULL = 1 * GIB, 5 * GIB
SIGNATURE_DAYS = 7
LOOPBACK = ("127.0.0.1", "localhost", "::1")
OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Grade(StrEnum):
    """How bad something is: only what is broken fails the command."""

    BROKEN = "broken"
    RISKY = "risky"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one thing."""

    grade: Grade
    sentence: str


Findings = Iterator[Finding]


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; needs an application context. What the database holds comes last."""
    checks: tuple[Callable[[Settings], Findings], ...] = (
        _mode,
        _network,
        _channels,
        _scanner,
        _calendar,
        _files,
        _disks,
        _vault,
    )
    found = [finding for check in checks for finding in check(settings)]
    return [*found, *_database()]


def _broken(sentence: str) -> Finding:
    return Finding(Grade.BROKEN, sentence)


def _risky(sentence: str) -> Finding:
    return Finding(Grade.RISKY, sentence)


def _note(sentence: str) -> Finding:
    return Finding(Grade.NOTE, sentence)


def _mode(settings: Settings) -> Findings:
    if settings.is_demo:
        yield _note(
            "This is the demonstration: its passwords are public. PORTAL_ENV=production is the real one."
        )
    elif not settings.is_production:
        yield _note(
            f"PORTAL_ENV is {settings.env.value}; real people use the portal with PORTAL_ENV=production."
        )
    if settings.challenge == "null":
        yield _risky("PORTAL_CHALLENGE=null: robots can send reports. Unset it.")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        yield _risky("The portal runs as root. Give it a user of its own.")


def _network(settings: Settings) -> Findings:
    if not settings.is_https:
        yield _risky("PORTAL_ORIGIN is not https: log-ins and receipt codes can be read on the way.")
    if settings.is_https and settings.proxy_hops == 0:
        yield _risky(
            "PROXY_HOPS is 0: behind nginx every visitor counts as one. Set it to the number of proxies."
        )
    if settings.bind not in LOOPBACK and settings.proxy_hops == 0:
        yield _risky(
            f"PORTAL_BIND is {settings.bind}: the portal can be reached without a proxy in front of it."
        )


def _channels(settings: Settings) -> Findings:
    if not settings.sms_gateway_url:
        yield _risky("SMS_GATEWAY_URL is not set: nobody gets alerts by SMS.")
    if not settings.smtp_url:
        yield _risky("SMTP_URL is not set: nobody gets alerts by e-mail.")
    if settings.is_production and not settings.passkey_roles:
        yield _risky(
            "PASSKEY_ROLES is not set: everybody logs in with a code that he can be tricked into giving away."
            " Better: finance,cashier,identity_officer,auditor,administrator"
        )
    if settings.is_production and not settings.icp_record:
        yield _note("ICP_RECORD is not set; the footer shows no registration.")


def _scanner(settings: Settings) -> Findings:
    """Ask the virus scanner who it is."""
    if not settings.clamd_url:
        yield _note(
            "CLAMD_URL is not set: files are cleaned but not scanned for viruses, and their page says so."
        )
        return
    try:
        found = Clamd(settings.clamd_url).version()
    except ScannerDown as error:
        yield _broken(
            f"The virus scanner does not answer at CLAMD_URL ({error}): new files wait and nobody sees them."
        )
        return
    if found.signatures is None:
        yield _risky(f"{found.name} answers, but does not say how old its signatures are. Run freshclam.")
    elif (age := (clock.now() - found.signatures).days) > SIGNATURE_DAYS:
        yield _risky(f"{found.name} answers, but its signatures are {age} days old. Run freshclam.")
    else:
        yield _note(f"{found.name} answers; its signatures are of {found.signatures:%Y-%m-%d}.")


def _calendar(_settings: Settings) -> Findings:
    calendar, today = shipped_calendar(), clock.city_date(clock.now())
    if not calendar.covers(today.year):
        yield _broken(f"The calendar of moved workdays does not cover {today.year}: due dates are wrong.")
    elif today.month >= 11 and not calendar.covers(today.year + 1):
        yield _risky(
            f"The calendar of moved workdays does not cover {today.year + 1} yet; due dates may move."
        )


def _files(settings: Settings) -> Findings:
    yield from _private(settings.keys_path / "web.json", "The key file of the web processes")
    for name in ("desk.json", "files.json", "worker.json", "vault.json"):
        if (settings.keys_path / name).exists():
            yield from _private(settings.keys_path / name, f"The key file {name}")
    yield from _private(settings.data, "The data directory")
    if settings.is_production and (settings.keys_path / "vault.json").exists():
        yield _risky(
            "The vault's private key lies beside the keys of the web processes: who takes those over can read"
            " it. Give the vault a user of its own and move the file there (VAULT_KEYS)."
        )
    if keys.holds_earlier(settings.keys_path):
        yield _risky(
            "web.json still holds the key of files of the version before: who takes over a web process opens"
            " old originals. Run: flask evidence reseal"
        )
    single = settings.keys_path.with_name(f"{settings.keys_path.name}.json.split")
    if single.exists():
        yield _risky(f"The key file of the version before holds every key; put it away: {single}")
    if settings.is_production and settings.keys_path.is_relative_to(settings.data):
        yield _risky("The key file lies in the data directory: one backup would hold both lock and key.")
    if settings.evidence_dir.exists() and not os.access(settings.evidence_dir, os.W_OK | os.X_OK):
        yield _broken("The evidence directory cannot be written: no report with a file is accepted.")


def _private(path: Path, name: str) -> Findings:
    try:
        mode = path.stat().st_mode
    except OSError:
        yield _broken(f"{name} is missing or cannot be read: {path}")
        return
    if mode & OTHERS:
        yield _broken(f"{name} can be read by others: {path}. Run chmod go= on it.")


def _vault(settings: Settings) -> Findings:
    if "desk" not in settings.faces:
        return
    try:
        held = asking.vault().health()["keys"]
    except Refusal:
        yield _broken(
            f"The vault does not answer at {settings.vault_socket}: no identity can be opened and no alert is"
            " sent. Reports are taken all the same."
        )
        return
    public = current_app.extensions["portal_keyring"].vault_key().id
    if public not in held:
        yield _broken(
            f"The vault does not hold the key {public} to which identities are sealed; it has"
            f" {', '.join(held)}. Bring its vault.json or the portal's vault.pub back."
        )


def _disks(settings: Settings) -> Findings:
    places = {"data directory": settings.data, "evidence directory": settings.evidence_dir}
    for name, path in places.items():
        if not path.exists():
            continue
        free = shutil.disk_usage(path).free
        if free < NEARLY_FULL:
            grade = Grade.BROKEN if free < FULL else Grade.RISKY
            yield Finding(grade, f"The disk of the {name} has {free / GIB:.1f} GiB left.")


def _database() -> Findings:
    try:
        behind = _migrations()
    except SQLAlchemyError as error:
        yield _broken(f"The database does not answer ({type(error).__name__}).")
        return
    if behind:
        yield _broken(behind)
        return
    for part, trouble in health.troubles().items():
        yield _broken(f"{part.capitalize()}: {trouble}.")
    yield from _evidence()
    yield from _fund()
    yield from _people()
    yield from _signatures()
    yield from _duty()


def _evidence() -> Findings:
    """Name what the scrub found; and say when the store does not answer."""
    for one in scrub.faulty():
        seen = f", seen {one.verified_at:%Y-%m-%d %H:%M} UTC" if one.verified_at else ""
        yield _broken(f"Evidence {one.uuid} is not as it came: {one.fault}{seen}. Restore it from a backup.")
    yield from _working_keys()
    try:
        next(current_app.extensions["portal_store"].digests(), None)
    except StoreError as error:
        yield _broken(f"The store of evidence does not answer ({error.code.value}).")


def _working_keys() -> Findings:
    """Say when files wait for a pair that the workers do not have, where their file can be looked at."""
    private = settings().keys_path / WORKING_FILES[0]
    needed = original_keys.working_ids()
    if not needed or not os.access(private, os.R_OK):
        return
    try:
        lacking = needed - {pair.id for pair in WorkingKeys.load(private).pairs}
    except KeyFileError as error:
        yield _broken(str(error))
        return
    if lacking:
        names = ", ".join(sorted(lacking))
        yield _broken(
            f"Files wait for the workers' key {names}, which {private} does not hold: they get no clean copy."
            " Bring the right worker.json back."
        )


def _signatures() -> Findings:
    """Name what nobody can sign today."""
    with force_locale("en"):
        for gap in staffing.gaps(signatures.profile(), clock.city_date(clock.now())):
            yield _risky(gap.sentence)


def _migrations() -> str:
    """Return a sentence when the database is not at the newest migration."""
    config = current_app.extensions["migrate"].migrate.get_config()
    newest = ScriptDirectory.from_config(config).get_current_head()
    present = MigrationContext.configure(db.session.connection()).get_current_revision()
    if present is None:
        return "The database is empty. Run: flask db upgrade"
    return (
        ""
        if present == newest
        else f"The database stands at {present}, the code at {newest}. Run: flask db upgrade"
    )


def _fund() -> Findings:
    fund = fund_of(clock.now())
    if fund is None:
        yield _risky(
            "There is no reward fund for this year: no award can be approved. Run: flask fund add YEAR YUAN"
        )
    elif fund.available_fen <= 0:
        yield _risky("The reward fund of this year is used up: no award can be approved.")


def _people() -> Findings:
    holders = _people_by_role()
    for role in Role:
        if not holders.get(role.value):
            yield _risky(f"Nobody holds the role {role.value}; its steps wait.")
    if holders.get(Role.ADMINISTRATOR.value, 0) == 1:
        yield _risky(
            "There is one administrator only; if he loses his telephone and his recovery codes, use: flask"
            " break-glass"
        )
    certified = _certified_verifiers()
    if certified < 2:
        yield _risky(
            "A check on site needs two officers with certificate numbers; verifiers who have one:"
            f" {certified}."
        )
    yield from _units_without_verifier()
    without_factor = len(
        db.session.scalars(select(Account.id).where(Account.active, Account.totp_sealed.is_(None))).all()
    )
    if without_factor:
        yield _note(f"Accounts whose owners have not used their invitation yet: {without_factor}.")


def _people_by_role() -> dict[str, int]:
    rows = db.session.execute(
        select(RoleGrant.role, func.count(Account.person_id.distinct()))
        .join(Account, Account.id == RoleGrant.account_id)
        .where(Account.active)
        .group_by(RoleGrant.role)
    )
    return {role: count for role, count in rows}


def _certified_verifiers() -> int:
    query = (
        select(Person.id)
        .join(Account, Account.person_id == Person.id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.active, RoleGrant.role == Role.VERIFIER.value, Person.certificate_number != "")
        .distinct()
    )
    return len(db.session.scalars(query).all())


def _units_without_verifier() -> Findings:
    verifiers = (
        select(Person.department_id)
        .join(Account, Account.person_id == Person.id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.active, RoleGrant.role == Role.VERIFIER.value, Person.department_id.is_not(None))
    )
    rows = db.session.execute(
        select(Department.code, func.count(Case.id))
        .join(Case, Case.department_id == Department.id)
        .where(Case.is_open, Department.id.not_in(verifiers))
        .group_by(Department.code)
    )
    for code, count in rows:
        yield _risky(f"The department {code} has {count} open cases and no verifier.")


def _duty() -> Findings:
    """Who is called when people are in danger, in this week and the next."""
    this = duty.week_of(clock.city_date(clock.now()))
    for week in (this, this + duty.WEEK):
        missing = [place.district.code if place.district else "the whole city" for place in duty.gaps(week)]
        if missing:
            yield _risky(
                f"In the week from {week} nobody on duty can be called for: {', '.join(missing)}."
                " Enter somebody with a mobile number in the duty roster."
            )
    if not duty.supervisors_of(None):
        yield _risky("No supervisor of the whole city has a mobile number: none is called after 30 minutes.")
