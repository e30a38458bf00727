"""What roles and logged actions are called on the desk's pages."""

from __future__ import annotations

from typing import Protocol

from flask_babel import get_locale, lazy_gettext

from portal.people.permissions import Role

ROLES = {
    Role.INTAKE_OFFICER: lazy_gettext("Intake officer"),
    Role.VERIFIER: lazy_gettext("Verifier"),
    Role.SUPERVISOR: lazy_gettext("Supervisor"),
    Role.IDENTITY_OFFICER: lazy_gettext("Identity officer"),
    Role.FINANCE: lazy_gettext("Finance"),
    Role.CASHIER: lazy_gettext("Cashier"),
    Role.AUDITOR: lazy_gettext("Auditor"),
    Role.ADMINISTRATOR: lazy_gettext("Administrator"),
}


def role_label(role: str) -> str:
    """Return the words for a role; an unknown one shows its own name."""
    return str(ROLES[Role(role)]) if role in set(Role) else role


class Named(Protocol):
    """A department or a district."""

    name_zh: str
    name_en: str


def unit_name(unit: Named | None) -> str:
    """Return the name of a department or district in the reader's language; empty for none."""
    if unit is None:
        return ""
    return unit.name_en if str(get_locale()) == "en" else unit.name_zh
