"""The demonstration's units and staff: invented names, a password and a second factor for each."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from flask_babel import force_locale
from sqlalchemy import select

from portal.database import db
from portal.demo.stories import DISTRICTS
from portal.people import accounts
from portal.people.actor import Actor
from portal.people.duty import ON_DUTY_ROLES, WEEK, Pair, enter, week_of
from portal.people.factors import provisioning_uri
from portal.people.labels import role_label, unit_name
from portal.people.models import Account, Department, District, Person, Unit
from portal.people.passwords import initial_password
from portal.people.permissions import Role
from portal.people.sessions import SignedIn
from portal.reports.sectors import DEPARTMENTS
from portal.vault.keys import Keyring


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the demonstration's staff; empty codes mean no department, and the whole city.

    ``shown`` members are printed when the portal starts: one or two for each role.
    """

    username: str
    name: str
    role: Role
    department: str = ""
    district: str = ""
    certificate: str = ""
    mail: bool = False
    shown: bool = False


_INTAKE, _VERIFIER = Role.INTAKE_OFFICER, Role.VERIFIER

STAFF: tuple[Member, ...] = (
    Member("shouli", "张立新", _INTAKE, "emergency", shown=True, mail=True),
    Member("shouli2", "宋雨桐", _INTAKE, "emergency"),
    Member("shouli-wenfeng", "郭晓燕", _INTAKE, "emergency", "wenfeng"),
    Member("shouli-linzhou", "常志远", _INTAKE, "emergency", "linzhou", shown=True),
    Member("shouli-hua", "段文静", _INTAKE, "emergency", "hua"),
    Member("hecha", "李敏", _VERIFIER, "emergency", certificate="豫E01-0107", shown=True, mail=True),
    Member("hecha2", "孙海涛", _VERIFIER, "emergency", certificate="豫E01-0112"),
    Member("hecha-linzhou", "申国强", _VERIFIER, "emergency", "linzhou", certificate="豫E09-0021"),
    Member("hecha-linzhou2", "原丽娟", _VERIFIER, "emergency", "linzhou", certificate="豫E09-0034"),
    Member("hecha-xiaofang", "马俊峰", _VERIFIER, "fire_brigade", certificate="豫E02-0015", shown=True),
    Member("hecha-xiaofang2", "牛晓东", _VERIFIER, "fire_brigade", certificate="豫E02-0019"),
    Member("hecha-zhujian", "石磊", _VERIFIER, "housing", certificate="豫E03-0042"),
    Member("hecha-zhujian2", "杜春梅", _VERIFIER, "housing", certificate="豫E03-0047"),
    Member("hecha-chengguan", "路远征", _VERIFIER, "city_management", certificate="豫E04-0008"),
    Member("hecha-chengguan2", "焦红霞", _VERIFIER, "city_management", certificate="豫E04-0011"),
    Member("hecha-jiaotong", "关大伟", _VERIFIER, "transport", certificate="豫E05-0031"),
    Member("hecha-jiaotong2", "裴小军", _VERIFIER, "transport", certificate="豫E05-0033"),
    Member("hecha-shichang", "侯建平", _VERIFIER, "market", certificate="豫E06-0064"),
    Member("hecha-shichang2", "韩雪", _VERIFIER, "market", certificate="豫E06-0070"),
    Member("hecha-huanjing", "范志刚", _VERIFIER, "environment", certificate="豫E07-0005"),
    Member("hecha-huanjing2", "谢云", _VERIFIER, "environment", certificate="豫E07-0009"),
    Member("hecha-jiaoyu", "崔玉兰", _VERIFIER, "education", certificate="豫E08-0003"),
    Member("hecha-wenlv", "龚明", _VERIFIER, "culture", certificate="豫E10-0002"),
    Member("hecha-fagai", "毛振华", _VERIFIER, "development", certificate="豫E11-0006"),
    Member("hecha-linye", "柴松", _VERIFIER, "forestry", certificate="豫E12-0001"),
    Member("hecha-youzheng", "邢佳", _VERIFIER, "post", certificate="豫E13-0002"),
    Member("hecha-anwei", "温建国", _VERIFIER, "committee", certificate="豫E14-0001"),
    Member("duban", "赵国庆", Role.SUPERVISOR, "committee", shown=True),
    Member("duban-linzhou", "秦淑芬", Role.SUPERVISOR, "committee", "linzhou"),
    Member("shenfen", "周宁", Role.IDENTITY_OFFICER, "committee", shown=True),
    Member("shenfen2", "何婷", Role.IDENTITY_OFFICER, "committee"),
    Member("caiwu", "陈静", Role.FINANCE, "finance", shown=True, mail=True),
    Member("caiwu2", "王秀兰", Role.FINANCE, "finance", shown=True),
    Member("chuna", "刘芳", Role.CASHIER, "finance", shown=True),
    Member("chuna2", "田野", Role.CASHIER, "finance"),
    Member("shenji", "许正", Role.AUDITOR, shown=True),
    Member("guanli", "高峰", Role.ADMINISTRATOR, shown=True),
    Member("guanli2", "卢静怡", Role.ADMINISTRATOR),
)


@dataclass(frozen=True, slots=True)
class Hired:
    """A member with the account that was made, and what it takes to log in."""

    member: Member
    account: Account
    password: str
    secret: str

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Hired({self.member.username})"

    @property
    def actor(self) -> Actor:
        """Return the actor for services."""
        return SignedIn(self.account, "").actor


def make_units() -> None:
    """Make the departments and districts that are not there yet."""
    for model, rows in ((Department, DEPARTMENTS), (District, DISTRICTS)):
        known = set(db.session.scalars(select(model.code)))
        db.session.add_all(
            model(code=code, name_zh=zh, name_en=en, active=True)
            for code, zh, en in rows
            if code not in known
        )
    db.session.flush()


def hire(ring: Keyring, at: datetime) -> dict[str, Hired]:
    """Make an account for each of the staff, by user name; passwords and seeds are random."""
    departments, districts = ids_of(Department), ids_of(District)
    staff = {}
    for number, member in enumerate(STAFF, start=1):
        new = accounts.NewAccount(
            name=member.name,
            username=member.username,
            roles=frozenset({member.role}),
            department_id=departments.get(member.department),
            district_id=districts.get(member.district),
            certificate_number=member.certificate,
            email=f"{member.username}@anquan.example.com" if member.mail else "",
            telephone=f"1390000{number:04d}" if member.role in ON_DUTY_ROLES else "",
        )
        password = initial_password()
        account, secret = accounts.create(ring, new, password, at)
        staff[member.username] = Hired(member, account, password, secret)
    return staff


ROSTER = {
    "": ("shouli", "duban"),
    "wenfeng": ("shouli-wenfeng", ""),
    "linzhou": ("shouli-linzhou", "duban-linzhou"),
    "hua": ("shouli-hua", ""),
}
"""Who is on duty, by the code of the district; the first line is that of the whole city."""


def make_roster(staff: dict[str, Hired], today: date, at: datetime) -> None:
    """Enter who is on duty from last week to the next."""
    districts = ids_of(District)
    ids = {username: hired.account.id for username, hired in staff.items()}
    chosen = {
        districts.get(code): Pair(ids[officer], ids.get(supervisor))
        for code, (officer, supervisor) in ROSTER.items()
    }
    last = week_of(today) - WEEK
    for week in (last, last + WEEK, last + 2 * WEEK):
        enter(week, chosen, actor=staff["guanli"].actor, at=at, today=last)


def ids_of(model: type[Unit]) -> dict[str, int]:
    """Return the ids of units by code."""
    return {code: unit_id for code, unit_id in db.session.execute(select(model.code, model.id))}


def account_rows(staff: dict[str, Hired]) -> list[dict[str, object]]:
    """Return what the list of accounts says of each, in Chinese."""
    with force_locale("zh_Hans"):
        return [_row(hired) for hired in staff.values()]


def _row(hired: Hired) -> dict[str, object]:
    return {
        "role": role_label(hired.member.role),
        "name": hired.member.name,
        "username": hired.member.username,
        "password": hired.password,
        "scope": _scope(hired.account.person),
        "totp_seed": hired.secret,
        "totp_uri": provisioning_uri(hired.member.username, hired.secret),
        "shown": hired.member.shown,
    }


def _scope(person: Person) -> str:
    department = db.session.get(Department, person.department_id) if person.department_id else None
    district = db.session.get(District, person.district_id) if person.district_id else None
    return " · ".join(filter(None, (unit_name(department), unit_name(district) or "全市")))


def write_private(path: Path, content: dict[str, object]) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
