"""Equality without reading: keyed digests of a person's numbers, made and compared in the vault alone."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.engine import Connection

from portal.vault import tables as t
from portal.vault.groups import FieldGroup
from portal.vault.opener import Opener
from portal.vault.persons import folded_name, folded_number
from portal.vault.refusals import Refused
from portal.vault.serving import Begin, Keys

AT_ONCE = 200  # a fifth of a second of computing: SQLite has one writer
INDEXED = (FieldGroup.LEGAL, FieldGroup.PAYEE, FieldGroup.CONTACT)

Digest = Callable[[str, str], bytes]


def digest_with(keys: Keys) -> Digest:
    """Return the function that makes digests under the vault's own key, another one for each purpose."""

    def digest(purpose: str, value: str) -> bytes:
        secret = keys().index[0].secret
        label = hmac.digest(secret, f"blind index {purpose}".encode(), sha256)
        return hmac.digest(label, value.encode(), sha256)

    return digest


def values_of(group: FieldGroup, fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what makes a person the same, by purpose: identity number, name with telephone, account."""
    number = folded_number(fields.get("id_number", ""))
    if number:
        yield "person", number
    name, telephone = folded_name(fields.get("name", "")), folded_number(fields.get("telephone", ""))
    if name and telephone:
        yield "name", f"{name}|{telephone}"
    if group is FieldGroup.CONTACT and telephone:
        yield "telephone", telephone
    account = folded_number(fields.get("account", ""))
    if account:
        yield "account", account


class Index:
    """Answers yes, no and how often."""

    def __init__(self, opener: Opener, digest: Digest) -> None:
        self._opener = opener
        self._digest = digest

    def catch_up(self, connection: Connection) -> int:
        """Make digests of what was sealed since; returns of how many groups, none when all is done."""
        f, b = t.sealed_fields.c, t.blind_indexes.c
        rows = connection.execute(
            select(f.id, f.report_id, f.field_group, f.version)
            .outerjoin(t.blind_indexes, and_(b.field_id == f.id, b.version == f.version))
            .where(f.field_group.in_([group.value for group in INDEXED]), b.field_id.is_(None))
            .limit(AT_ONCE)
        ).all()
        for row in rows:
            self._index(connection, row.id, row.report_id, FieldGroup(row.field_group), row.version)
        return len(rows)

    def same_person(self, begin: Begin, first_id: int, second_id: int) -> bool:
        """Say whether two reports share any digest."""
        self._catch_up_whole(begin)
        with begin() as connection:
            return bool(self._digests(connection, first_id) & self._digests(connection, second_id))

    def paid_to_same_person(self, begin: Begin, report_id: int, since: datetime) -> list[tuple[str, int]]:
        """Return the kind of matter and the fen of each payment to the person of a report since then."""
        self._catch_up_whole(begin)
        with begin() as connection:
            return self._paid(connection, report_id, since)

    def _paid(self, connection: Connection, report_id: int, since: datetime) -> list[tuple[str, int]]:
        digests = {digest for _, digest in self._digests(connection, report_id)}
        f, b, a, s, p = t.sealed_fields.c, t.blind_indexes.c, t.awards.c, t.shares.c, t.payouts.c
        theirs = (
            select(f.report_id)
            .join(t.blind_indexes, b.field_id == f.id)
            .where((b.digest.in_(digests)) | (f.report_id == report_id))
        )
        rows = connection.execute(
            select(a.derivation, p.amount_fen)
            .select_from(t.payouts)
            .join(t.shares, s.id == p.share_id)
            .join(t.awards, a.id == s.award_id)
            .where(p.state == "paid", p.recorded_at >= since, s.report_id.in_(theirs))
            .order_by(p.id)
        )
        return [(str(row.derivation["kind"]), int(row.amount_fen)) for row in rows]

    def _catch_up_whole(self, begin: Begin) -> None:
        """Make what is missing, a transaction for each batch, so that reports come in between."""
        while True:
            with begin() as connection:
                if self.catch_up(connection) < AT_ONCE:
                    return

    def _digests(self, connection: Connection, report_id: int) -> set[tuple[str, bytes]]:
        f, b = t.sealed_fields.c, t.blind_indexes.c
        rows = connection.execute(
            select(b.purpose, b.digest)
            .join(t.sealed_fields, f.id == b.field_id)
            .where(f.report_id == report_id, b.purpose != "none")
        )
        return {(row.purpose, bytes(row.digest)) for row in rows}

    def _index(
        self, connection: Connection, field_id: int, report_id: int, group: FieldGroup, version: int
    ) -> None:
        """Make the digests of one group anew; one that does not open, or says nothing, is noted as done."""
        try:
            fields = self._opener.fields_of(connection, report_id, group)
        except Refused:
            fields = {}
        connection.execute(delete(t.blind_indexes).where(t.blind_indexes.c.field_id == field_id))
        found = dict(values_of(group, fields)) or {"none": str(field_id)}
        for purpose, value in found.items():
            row = {"field_id": field_id, "purpose": purpose, "version": version}
            connection.execute(insert(t.blind_indexes).values(**row, digest=self._digest(purpose, value)))
