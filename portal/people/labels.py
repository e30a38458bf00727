"""What roles are called, and units in the reader's language."""

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


DEVICES = {
    "phone": lazy_gettext("Mobile phone"),
    "tablet": lazy_gettext("Tablet"),
    "computer": lazy_gettext("Computer"),
}


def device_label(device: str) -> str:
    """Return the words for a kind of device; empty when the browser did not say."""
    return str(DEVICES.get(device, ""))


class Named(Protocol):
    """A department or a district."""

    name_zh: str
    name_en: str


def unit_name(unit: Named | None) -> str:
    """Return the name of a department or district in the reader's language; empty for none."""
    if unit is None:
        return ""
    return unit.name_en if str(get_locale()) == "en" else unit.name_zh


ROLE_NOTES = {
    Role.INTAKE_OFFICER.value: lazy_gettext("First look at what comes in: accepts, refuses, asks, assigns."),
    Role.VERIFIER.value: lazy_gettext("Checks on site, records findings and penalty, concludes."),
    Role.SUPERVISOR.value: lazy_gettext("Assigns, urges, grants a longer term."),
    Role.IDENTITY_OFFICER.value: lazy_gettext("Answers yes or no about the reporter; sees no money."),
    Role.FINANCE.value: lazy_gettext("Approves awards or sends them back; sees no report."),
    Role.CASHIER.value: lazy_gettext("Pays and records the payment; sees no report."),
    Role.AUDITOR.value: lazy_gettext("Reads the event log and samples awards."),
    Role.ADMINISTRATOR.value: lazy_gettext("Accounts and units; sees no report."),
}
