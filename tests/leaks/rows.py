"""Every cell of every table, as whoever takes a dump reads it; and guesses at small numbers."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator

from sqlalchemy import MetaData, select
from sqlalchemy.engine import Connection

# Digests that are cut short still give a number away: so many bytes from the beginning are looked for.
SHORTEST = 8
PUBLIC_KEYS = (b"", b"woodpecker", b"portal", b"receipt code 1\x00", b"filing body 1\x00", b"blind index")


def cells(connection: Connection) -> Iterator[tuple[str, bytes]]:
    """Every value of every table with the name of its column; numbers and times as text."""
    tables = MetaData()
    tables.reflect(connection)
    for table in tables.sorted_tables:
        for row in connection.execute(select(table)):
            for name, value in row._mapping.items():
                if value is not None:
                    yield f"{table.name}.{name}", as_bytes(value)


def as_bytes(value: object) -> bytes:
    """A value as it stands in a dump."""
    if isinstance(value, (bytes, memoryview)):
        return bytes(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False).encode()
    return str(value).encode()


def prefixes(values: Iterable[bytes]) -> set[bytes]:
    """The beginnings of all values that may be digests, raw or written in hex."""
    found = set()
    for value in values:
        if len(value) >= SHORTEST:
            found.add(value[:SHORTEST])
        if len(value) >= 2 * SHORTEST:
            try:
                found.add(bytes.fromhex(value[: 2 * SHORTEST].decode("ascii")))
            except ValueError:
                continue
    return found


def guesses(number: str, keys: Iterable[bytes] = PUBLIC_KEYS) -> Iterator[bytes]:
    """The beginnings of digests of a number: plain, salted and keyed with what an attacker knows."""
    text = number.encode()
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
        yield hashlib.new(name, text).digest()[:SHORTEST]
    for key in keys:
        yield hmac.digest(key, text, "sha256")[:SHORTEST]
        yield hashlib.sha256(key + text).digest()[:SHORTEST]
        yield hashlib.sha256(text + key).digest()[:SHORTEST]
