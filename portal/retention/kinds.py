"""The kinds of data a report may hold, and what each is made of (pure)."""

from __future__ import annotations

from enum import StrEnum

from portal.vault.groups import FieldGroup


class Kind(StrEnum):
    """What is kept about a report, in the order in which pages name it.

    ``NAME`` is the sealed legal name, ``TOLD`` what was cut out of the text, ``ORIGINALS`` the files as they
    came, ``TEXT`` the report, its messages, the cleaned copies of its files and what was told about it.
    """

    TEXT = "text"
    ORIGINALS = "originals"
    CONTACT = "contact"
    ALERT = "alert"
    NAME = "name"
    TOLD = "told"
    PAYEE = "payee"


GROUP_OF: dict[Kind, FieldGroup] = {
    Kind.CONTACT: FieldGroup.CONTACT,
    Kind.ALERT: FieldGroup.ALERT,
    Kind.NAME: FieldGroup.LEGAL,
    Kind.TOLD: FieldGroup.TOLD,
    Kind.PAYEE: FieldGroup.PAYEE,
}
KIND_OF: dict[FieldGroup, Kind] = {group: kind for kind, group in GROUP_OF.items()}
# Whose period begins when the reporter withdraws: the matter goes on without them.
PERSONAL = frozenset(GROUP_OF)
# What its reporter may have destroyed before its time.
ERASABLE = (Kind.CONTACT, Kind.ALERT, Kind.NAME, Kind.TOLD, Kind.PAYEE, Kind.ORIGINALS)
