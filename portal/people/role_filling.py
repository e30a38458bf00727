"""Filling the rows of roles and their conflicts from the table in ``permissions``; knows no models.

A new role needs no migration: the rows are filled whenever the database is migrated or the portal starts.
"""

from __future__ import annotations

from sqlalchemy import String, column, delete, insert, select, table
from sqlalchemy.engine import Connection

from portal.people.permissions import FORBIDDEN_PAIRS, Role

ROLES = table("roles", column("code", String))
CONFLICTS = table("role_conflicts", column("first", String), column("second", String))


def conflicts() -> set[tuple[str, str]]:
    """Return the forbidden pairs as they stand in the rows."""
    pairs = (sorted(role.value for role in pair) for pair in FORBIDDEN_PAIRS)
    return {(first, second) for first, second in pairs}


def fill(connection: Connection) -> None:
    """Make the rows equal to the table; the caller commits. Rows that are right are not touched."""
    roles = {role.value for role in Role}
    known = set(connection.scalars(select(ROLES.c.code)))
    if known - roles:
        connection.execute(delete(ROLES).where(ROLES.c.code.in_(known - roles)))
    if roles - known:
        connection.execute(insert(ROLES), [{"code": code} for code in sorted(roles - known)])
    pairs, standing = conflicts(), _standing(connection)
    for first, second in sorted(standing - pairs):
        connection.execute(delete(CONFLICTS).where(CONFLICTS.c.first == first, CONFLICTS.c.second == second))
    if pairs - standing:
        rows = [{"first": first, "second": second} for first, second in sorted(pairs - standing)]
        connection.execute(insert(CONFLICTS), rows)


def _standing(connection: Connection) -> set[tuple[str, str]]:
    rows = connection.execute(select(CONFLICTS.c.first, CONFLICTS.c.second))
    return {(first, second) for first, second in rows}
