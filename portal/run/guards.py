"""Triggers by which the database itself refuses what the code forbids, on both databases; for migrations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Connection


class Guard(NamedTuple):
    """A trigger: it stops a row when the query finds something, with the message."""

    name: str
    when: str
    """Time and event, such as BEFORE UPDATE."""
    table: str
    condition: str
    """For which rows (NEW, OLD); empty for all."""
    fault: str
    """A query over NEW and OLD; ``SELECT 1`` when the condition says it all."""
    message: str
    first: str = ""
    """For PostgreSQL: what is done before the query, such as taking a lock; a new snapshot follows."""


def written_once(table: str, *events: str) -> list[Guard]:
    """Return guards for rows that are written once; by default neither changed nor deleted."""
    return [
        Guard(
            f"{table}_no_{event.lower()}",
            f"BEFORE {event}",
            table,
            "",
            "SELECT 1",
            f"{table} are written once",
        )
        for event in events or ("UPDATE", "DELETE")
    ]


def put_up(connection: Connection, guards: Iterable[Guard]) -> None:
    """Create the triggers."""
    for guard in guards:
        clause = f"WHEN ({guard.condition})" if guard.condition else ""
        head = f"CREATE TRIGGER guard_{guard.name} {guard.when} ON {guard.table} FOR EACH ROW {clause}"
        if connection.dialect.name == "postgresql":
            row = "OLD" if guard.when.endswith("DELETE") else "NEW"
            connection.execute(
                text(
                    f"CREATE FUNCTION guard_{guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                    f" {guard.first} IF EXISTS ({guard.fault}) THEN RAISE EXCEPTION '{guard.message}'"
                    f" USING ERRCODE = 'check_violation'; END IF; RETURN {row}; END $$"
                )
            )
            connection.execute(text(f"{head} EXECUTE FUNCTION guard_{guard.name}()"))
        else:
            body = f"SELECT RAISE(ABORT, '{guard.message}') WHERE EXISTS ({guard.fault});"
            connection.execute(text(f"{head} BEGIN {body} END"))


def take_down(connection: Connection, guards: Iterable[Guard]) -> None:
    """Drop the triggers."""
    for guard in guards:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"DROP TRIGGER guard_{guard.name} ON {guard.table}"))
            connection.execute(text(f"DROP FUNCTION guard_{guard.name}()"))
        else:
            connection.execute(text(f"DROP TRIGGER guard_{guard.name}"))
