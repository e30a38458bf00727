"""What a backup must know of the database: read by plain SQL, so that an older shape can be backed up too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, inspect, text
from sqlalchemy.engine import Connection

from portal.vault.groups import FieldGroup, context_of
from portal.vault.opening import SealError, key_id_of
from portal.vault.process import canary_context

COUNTED = (
    "reports",
    "cases",
    "events",
    "messages",
    "evidence",
    "sealed_fields",
    "awards",
    "payouts",
    "accounts",
)
# Every column that names a stored file, besides the originals. What was only staged may go at any time.
NAMING = (
    ("evidence", "clean_digest"),
    ("evidence", "thumb_digest"),
    ("evidence_pages", "digest"),
    ("redactions", "digest"),
)
# Those that name an original: by its own name, in an older shape and before it is resealed by its digest.
HOLDING = ("evidence", "staged_files")
FORMER_HEAD = 300  # bytes: longer than the header with the longest key id


@dataclass(frozen=True, slots=True)
class Sample:
    """Something sealed that only the right key opens."""

    key_id: str
    blob: bytes
    wrap: bytes | None
    context: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands in the database at one moment."""

    migration: str
    counts: dict[str, int]
    digests: frozenset[str]
    names: frozenset[str]
    """The originals that lie under names of their own."""
    needs: dict[str, list[str]]
    canaries: tuple[Sample, ...]
    fields: tuple[Sample, ...]
    seeds: tuple[Sample, ...]
    originals: tuple[Sample, ...]
    """One original for each pair of the vault: its context is its name and its digest."""


def gather(connection: Connection) -> Facts:
    """Read everything in the connection's transaction."""
    tables = set(inspect(connection).get_table_names())
    fields, seeds = tuple(_fields(connection, tables)), tuple(_seeds(connection, tables))
    receipts = _column(connection, tables, "reports", "receipt_key_id")
    originals = tuple(_sealed_originals(connection, tables))
    working = _column(connection, tables, "original_keys", "working_key_id")
    wrapped = {str(one) for one in _column(connection, tables, "sealed_keys", "key_id")}
    wrapped |= {str(one) for one in _column(connection, tables, "original_keys", "vault_key_id")}
    needs = {
        "receipt": sorted(str(one) for one in receipts),
        "vault": sorted(wrapped | {sample.key_id for sample in fields}),
        "working": sorted(str(one) for one in working if one),
        "totp": sorted({sample.key_id for sample in seeds}),
    }
    return Facts(
        migration=str(next(iter(_column(connection, tables, "alembic_version", "version_num")), "")),
        counts={
            table: int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608
            for table in COUNTED
            if table in tables
        },
        digests=digests(connection),
        names=names(connection),
        needs=needs,
        canaries=tuple(_canaries(connection, tables)),
        fields=fields,
        seeds=seeds,
        originals=originals,
    )


def digests(connection: Connection) -> frozenset[str]:
    """Return the digest of every file that a row names by it."""
    tables = set(inspect(connection).get_table_names())
    named = [_column(connection, tables, table, column) for table, column in NAMING]
    former = [_originals(connection, table, "digest") for table in HOLDING if table in tables]
    return frozenset(str(digest) for one in (*named, *former) for digest in one if digest)


def names(connection: Connection) -> frozenset[str]:
    """Return the name of every original that lies under its own."""
    tables = set(inspect(connection).get_table_names())
    if "original_keys" not in tables:
        return frozenset()
    named = [_originals(connection, table, "original") for table in HOLDING]
    return frozenset(str(name) for one in named for name in one if name)


def _originals(connection: Connection, table: str, column: str) -> set[Any]:
    """Return the originals that were not destroyed; an older shape has neither mark nor name."""
    columns = {str(one["name"]) for one in inspect(connection).get_columns(table)}
    conditions = ["original = ''"] if column == "digest" and "original" in columns else []
    if "original_destroyed_at" in columns:
        conditions.append("original_destroyed_at IS NULL")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return set(connection.execute(text(f"SELECT DISTINCT {column} FROM {table}{where}")).scalars())  # noqa: S608


def _sealed_originals(connection: Connection, tables: set[str]) -> Iterator[Sample]:
    """Yield one original of each pair to which any is sealed."""
    if "original_keys" not in tables:
        return
    rows = connection.execute(
        text(
            "SELECT name, digest, vault_key_id, vault_wrap FROM original_keys WHERE name IN"
            " (SELECT max(name) FROM original_keys WHERE name IN (SELECT original FROM evidence)"
            " GROUP BY vault_key_id)"
        )
    )
    for row in rows:
        yield Sample(row.vault_key_id, b"", bytes(row.vault_wrap), (row.name, row.digest))


def _column(connection: Connection, tables: set[str], table: str, column: str) -> set[Any]:
    if table not in tables:
        return set()
    return set(connection.execute(text(f"SELECT DISTINCT {column} FROM {table}")).scalars())  # noqa: S608


def _canaries(connection: Connection, tables: set[str]) -> Iterator[Sample]:
    if "vault_canaries" in tables:
        for row in connection.execute(text("SELECT key_id, blob, wrap FROM vault_canaries")):
            yield Sample(row.key_id, bytes(row.blob), bytes(row.wrap), canary_context(row.key_id))


def _fields(connection: Connection, tables: set[str]) -> Iterator[Sample]:
    """Yield the newest sealed group of each key, of those an earlier version sealed each key's first."""
    if "sealed_keys" not in tables:
        return
    rows = connection.execute(
        text(
            "SELECT f.field_group, f.version, f.blob, k.wrap, k.key_id, r.uuid"
            " FROM sealed_fields f JOIN reports r ON r.id = f.report_id"
            " JOIN sealed_keys k ON k.field_id = f.id"
            " WHERE f.id IN (SELECT max(field_id) FROM sealed_keys GROUP BY key_id)"
        )
    )
    for row in rows:
        yield _field(row, row.key_id, bytes(row.wrap))
    seen: set[str] = set()
    former = connection.execute(
        text(
            "SELECT f.field_group, f.version, f.blob, r.uuid"
            " FROM sealed_fields f JOIN reports r ON r.id = f.report_id"
            " LEFT JOIN sealed_keys k ON k.field_id = f.id WHERE k.field_id IS NULL"
        )
    )
    for row in former:
        try:
            key_id = key_id_of(bytes(row.blob[:FORMER_HEAD]))
        except SealError:  # its data key was destroyed: nothing opens it, and nothing shall
            continue
        if key_id not in seen:
            seen.add(key_id)
            yield _field(row, key_id, None)


def _field(row: Row[Any], key_id: str, wrap: bytes | None) -> Sample:
    context = context_of(FieldGroup(row.field_group), row.uuid, row.version)
    return Sample(key_id, bytes(row.blob), wrap, context)


def _seeds(connection: Connection, tables: set[str]) -> Iterator[Sample]:
    """Yield one second-factor seed of each key."""
    if "accounts" not in tables:
        return
    seen: set[str] = set()
    query = "SELECT username, totp_sealed FROM accounts WHERE totp_sealed IS NOT NULL"
    for row in connection.execute(text(query)):
        key_id = key_id_of(bytes(row.totp_sealed))
        if key_id not in seen:
            seen.add(key_id)
            yield Sample(key_id, bytes(row.totp_sealed), None, ("totp", row.username))
