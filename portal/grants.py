"""What each part of the portal may do with a PostgreSQL role of its own: one table, and the SQL of it.

Where parts run as users or on machines of their own, each gets a role that can do its work and no more. What
is not named for a part does not exist for it; `*` stands for all other tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from portal.database import Base, db
from portal.tables import SLICES
from portal.vault import tables as vault_tables

assert SLICES  # noqa: S101 - importing it made the metadata whole


class Part(StrEnum):
    """The parts that can have a role of their own."""

    PUBLIC = "public"
    DESK = "desk"
    WORKER = "worker"
    VAULT = "vault"


Grants = Mapping[str, tuple[str, ...]]

READ = ("SELECT",)
ADD = ("SELECT", "INSERT")
ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
# The log and what hangs on it only grow, whoever writes.
LOG: Grants = {"events": ADD}
# A wrap is put away and thrown away; only the vault reads one.
WRAPS: Grants = {
    "sealed_keys": ("SELECT (field_id, key_id)", "INSERT", "DELETE"),
    "blind_indexes": ("SELECT (field_id)", "DELETE"),
    "original_keys": ("SELECT (name, body_digest)", "INSERT", "DELETE"),
    "vault_canaries": (),
    "alert_counts": (),
}

PUBLIC: Grants = {
    **LOG,
    **WRAPS,
    # who is called and told; no password, no second factor, no session
    "accounts": (
        "SELECT (id, person_id, username, email, telephone, locale, active, must_change_password,"
        " password_set_at, created_at)",
    ),
    "passkeys": ("SELECT (id, account_id)",),
    "login_failures": ("SELECT (last_at)",),  # /healthz counts those who guess
    "people": READ,
    "role_grants": READ,
    "departments": READ,
    "districts": READ,
    "duty_weeks": READ,
    # the form and what comes of it
    "situations": READ,
    "sector_questions": READ,
    "firms": READ,
    "firm_grams": READ,
    "challenges": ("SELECT", "INSERT", "DELETE"),
    "drafts": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "uploads": ALL,
    "staged_files": ALL,
    "evidence": ("SELECT", "INSERT", "UPDATE (original_destroyed_at)"),
    "evidence_pages": READ,
    "redactions": READ,
    "cases": (
        "SELECT",
        "INSERT",
        "UPDATE (status, is_open, urgent, closed_at, waiting_since, due_at, due_step, version)",
    ),
    "reports": (
        "SELECT",
        "INSERT",
        "UPDATE (real_name, withdrawn_at, alert_channel, receipt_digest, receipt_key_id,"
        " code_known_to_staff)",
    ),
    "alarms": ADD,
    "alarm_calls": ADD,
    "sealed_fields": ALL,
    "identity_checks": (
        "SELECT",
        "INSERT",
        "UPDATE (answer, reason, answered_at, answered_by, asked_at)",
        "DELETE",
    ),
    "reporter_facts": ("SELECT", "UPDATE (reason)"),
    # the receipt page
    "visits": ALL,
    "messages": ("SELECT", "INSERT", "UPDATE (read_at)"),
    "notices": ("SELECT", "INSERT", "UPDATE (read_at)"),
    "deliveries": ("SELECT", "INSERT", "UPDATE (channel, state, done_at, lease_until)"),
    "openings": ("SELECT (report_id, event_id, field_group, served_at)",),
    "original_openings": ("SELECT (report_id, event_id, served_at)",),
    "code_renewals": ("SELECT", "UPDATE (ended_at)"),
    "retention_holds": READ,
    # the reward; a name given late is computed into the proposal at once
    "rule_sets": READ,
    "findings": READ,
    "finding_facts": READ,
    "case_facts": READ,
    "penalties": READ,
    "rectifications": READ,
    "site_checks": READ,
    "award_hands": READ,
    "awards": ("SELECT", "UPDATE (facts, derivation, version)"),
    "shares": ("SELECT", "UPDATE (status, claimed_at, version)"),
    "payouts": READ,
    "alembic_version": READ,
}

_DESK_AND_WORKER: Grants = {
    "*": ALL,
    **LOG,
    **WRAPS,
    "opening_requests": ALL,
    "alembic_version": READ,
}
# A row is asked for and never marked as served: only the vault knows what it served.
DESK: Grants = {**_DESK_AND_WORKER, "openings": ADD, "original_openings": ADD}
WORKER: Grants = {
    **_DESK_AND_WORKER,
    "openings": READ,
    "original_openings": READ,
    "original_requests": READ,
    # its own wrap of what is not cleaned yet; the vault's is nothing to it
    "original_keys": (
        "SELECT (name, digest, working_key_id, working_wrap, body_digest)",
        "INSERT",
        "UPDATE (working_key_id, working_wrap, body_digest)",
        "DELETE",
    ),
    "alert_counts": ("SELECT (day)", "DELETE"),
    "accounts": PUBLIC["accounts"],
    "passkeys": PUBLIC["passkeys"],
    "recovery_codes": (),
    "opening_requests": READ,
}


def _vault() -> Grants:
    """What the plain tables of the vault process name, to read; and the few things that it writes."""
    tables = vault_tables.everything.tables.values()
    reads = {table.name: f"SELECT ({', '.join(table.c.keys())})" for table in tables}
    writes: Grants = {
        "openings": ("UPDATE (served_at)",),
        "original_openings": ("UPDATE (served_at)",),
        "deliveries": ("UPDATE (state, done_at, error, lease_until)",),
        "alert_counts": ("INSERT", "UPDATE (sent)"),
        "blind_indexes": ("INSERT", "DELETE"),
        "vault_canaries": ("INSERT", "DELETE"),
        # `flask vault rotate`
        "sealed_keys": ("INSERT", "UPDATE (key_id, wrap)"),
        "sealed_fields": ("UPDATE (blob)",),
        "original_keys": ("UPDATE (vault_key_id, vault_wrap)",),
    }
    return {name: (select, *writes.get(name, ())) for name, select in reads.items()}


def grants_of(part: Part) -> Grants:
    """Return what a part may do, by table; every other table does not exist for it."""
    named = {Part.PUBLIC: PUBLIC, Part.DESK: DESK, Part.WORKER: WORKER, Part.VAULT: _vault()}[part]
    others = named.get("*", ())
    known = (*Base.metadata.tables, *(name for name in named if name != "*"))
    return {name: named.get(name, others) for name in dict.fromkeys(known) if named.get(name, others)}


def statements(part: Part, role: str) -> Iterator[str]:
    """Yield the SQL that makes a role, takes everything from it and gives it what its part needs."""
    name = _quoted(role)
    yield (f"DO $$ BEGIN CREATE ROLE {name} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {name}"
    for every in ("TABLES", "SEQUENCES"):
        yield f"REVOKE ALL ON ALL {every} IN SCHEMA public FROM {name}"
    for table, verbs in sorted(grants_of(part).items()):
        yield f"GRANT {', '.join(verbs)} ON {table} TO {name}"
        if "INSERT" in verbs and (sequence := _sequence(table)):
            yield f"GRANT USAGE ON SEQUENCE {sequence} TO {name}"


def apply(connection: Connection, part: Part, role: str) -> None:
    """Make or mend one role; needs the owner of the database."""
    together = ";\n".join(statements(part, role))
    connection.exec_driver_sql(together, execution_options={"no_parameters": True})


def _sequence(table: str) -> str:
    made = Base.metadata.tables.get(table)
    column = made.autoincrement_column if made is not None else None
    return f"{table}_{column.name}_seq" if column is not None else ""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_line(error: ProgrammingError) -> str:
    return str(error.orig).splitlines()[0]


@click.command("grants")
@click.option("--prefix", default="woodpecker_", help="Begins the name of each role.")
@click.option(
    "--part",
    "parts",
    multiple=True,
    type=click.Choice([part.value for part in Part]),
    help="Only these parts.",
)
@click.option("--apply", "now", is_flag=True, help="Do it in the database of DATABASE_URL.")
@with_appcontext
def grants(prefix: str, parts: tuple[str, ...], now: bool) -> None:
    """Print the SQL that gives each part of the portal a PostgreSQL role of its own, or apply it."""
    chosen = [Part(part) for part in parts] or list(Part)
    if not now:
        for part in chosen:
            click.echo(f"-- {part}: {prefix}{part}")
            for statement in statements(part, f"{prefix}{part}"):
                click.echo(f"{statement};")
        return
    if db.engine.dialect.name != "postgresql":
        raise click.ClickException("Roles are for PostgreSQL: set DATABASE_URL to the owner of the database.")
    try:
        with db.engine.begin() as connection:
            for part in chosen:
                apply(connection, part, f"{prefix}{part}")
                click.echo(f"{prefix}{part}: {len(grants_of(part))} tables")
    except ProgrammingError as error:
        # Nothing was done: it is one transaction.
        raise click.ClickException(
            f"{_first_line(error)}. DATABASE_URL must be that of the owner of all tables, who may make roles:"
            " ALTER ROLE owner CREATEROLE"
        ) from None
    click.echo(
        "Give each role a password (\\password in psql) and put its address into that part's settings."
    )
