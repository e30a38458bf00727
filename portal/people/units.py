"""Departments and districts: adding, renaming, taking out of use. None is ever deleted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from portal.audit import events
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people.actor import Actor
from portal.people.models import Department, District, Unit
from portal.people.permissions import Permission

CODE = re.compile(r"[a-z][a-z0-9-]{1,38}")


class UnitKind(StrEnum):
    """The two kinds of units."""

    DEPARTMENTS = "departments"
    DISTRICTS = "districts"


MODELS: dict[UnitKind, type[Unit]] = {
    UnitKind.DEPARTMENTS: Department,
    UnitKind.DISTRICTS: District,
}


class UnitNameMissing(Refusal):
    """A unit needs its name in both languages."""

    message = gettext_noop("Please enter the name in Chinese and in English, 80 signs at most each.")
    status = 422


class BadUnitCode(Refusal):
    """The code has other signs than it may have, or is taken."""

    message = gettext_noop(
        "Please choose another code: 2 to 39 small letters, digits or hyphens, used only once."
    )
    status = 422


class UnitNotUsable(Refusal):
    """The chosen department or district does not exist or is out of use."""

    message = gettext_noop("The chosen department or district is no longer in use. Please choose another.")
    status = 422


@dataclass(frozen=True, slots=True)
class UnitNames:
    """A unit's names."""

    zh: str
    en: str

    def checked(self) -> UnitNames:
        """Return the names without blanks around them; raises UnitNameMissing."""
        names = UnitNames(self.zh.strip(), self.en.strip())
        if not all(0 < len(name) <= 80 and name.isprintable() for name in (names.zh, names.en)):
            raise UnitNameMissing
        return names


def all_units(kind: UnitKind) -> list[Unit]:
    """Return the units of a kind, those in use first."""
    model = MODELS[kind]
    return list(db.session.scalars(select(model).order_by(model.active.desc(), model.id)))


def require_usable(department_id: int | None, district_id: int | None) -> None:
    """Refuse a department or district that is absent or out of use; None means none."""
    chosen: tuple[tuple[type[Unit], int | None], ...] = ((Department, department_id), (District, district_id))
    for model, unit_id in chosen:
        unit = db.session.get(model, unit_id) if unit_id is not None else None
        if unit_id is not None and (unit is None or not unit.active):
            raise UnitNotUsable


def add(kind: UnitKind, code: str, names: UnitNames, *, actor: Actor, at: datetime) -> None:
    """Add a unit under a code that never changes; raises BadUnitCode."""
    model = MODELS[kind]
    code, names = code.strip().lower(), names.checked()
    if not CODE.fullmatch(code) or db.session.scalar(select(model.id).where(model.code == code)):
        raise BadUnitCode
    db.session.add(model(code=code, name_zh=names.zh, name_en=names.en, active=True))
    _note("unit_added", kind, code, actor, at)


def change(
    kind: UnitKind, unit_id: int, names: UnitNames, active: bool, *, actor: Actor, at: datetime
) -> None:
    """Rename a unit, take it out of use or back into use; raises NotFound."""
    unit = db.session.get(MODELS[kind], unit_id)
    if unit is None:
        raise NotFound
    names = names.checked()
    if (unit.name_zh, unit.name_en) != (names.zh, names.en):
        unit.name_zh, unit.name_en = names.zh, names.en
        _note("unit_renamed", kind, unit.code, actor, at)
    if unit.active != active:
        unit.active = active
        _note("unit_opened" if active else "unit_closed", kind, unit.code, actor, at)


def _note(action: str, kind: UnitKind, code: str, actor: Actor, at: datetime) -> None:
    role = actor.role_for(Permission.PEOPLE_MANAGE)
    events.record(action, at=at, actor=actor, role=role, facts={"kind": kind.value, "code": code})
