"""The groups of identity fields and their only readers (pure)."""

from __future__ import annotations

from enum import StrEnum

from portal.people.permissions import Role


class FieldGroup(StrEnum):
    """Groups of identity fields, each with its own readers.

    ``CONTACT`` telephone and e-mail, opened by the intake officer to ask. ``ALERT`` the address for
    alerts, resolved by the vault itself for one delivery. ``LEGAL`` name and employment as declared, for
    the identity officer. ``PAYEE`` account holder, bank and number, for the cashier. ``TOLD`` what was cut
    out of the text of a report.
    """

    CONTACT = "contact"
    ALERT = "alert"
    LEGAL = "legal"
    PAYEE = "payee"
    TOLD = "told"


# Nobody reads the address for alerts, and a role that is not here reads nothing.
READER: dict[FieldGroup, Role] = {
    FieldGroup.CONTACT: Role.INTAKE_OFFICER,
    FieldGroup.LEGAL: Role.IDENTITY_OFFICER,
    FieldGroup.PAYEE: Role.CASHIER,
    FieldGroup.TOLD: Role.IDENTITY_OFFICER,
}
# Opened for a case in the reader's own district only.
WITHIN_DISTRICT = frozenset({FieldGroup.CONTACT})
# The event that stands in the log, committed, before anything is opened.
EVENT_OF: dict[FieldGroup, str] = {
    FieldGroup.CONTACT: "contact_opened",
    FieldGroup.LEGAL: "identity_opened",
    FieldGroup.PAYEE: "payee_opened",
    FieldGroup.TOLD: "told_opened",
}


def context_of(group: FieldGroup, report_uuid: str, version: int) -> tuple[str, ...]:
    """Return what a sealed group is bound to."""
    return (group.value, report_uuid, str(version))
