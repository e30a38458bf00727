"""Opening one original for one committed request: the vault gives the data key of this file, and no other."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from portal.people.permissions import TABLE, Permission, Scope
from portal.vault import tables as t
from portal.vault.file_keys import unwrap_lasting
from portal.vault.opening import SealError
from portal.vault.refusals import Refused, Why
from portal.vault.serving import Begin, Keys, Serving

EVENT = "original_opened"
READERS: dict[str, Scope] = {role.value: scope for role, scope in TABLE[Permission.EVIDENCE_ORIGINAL].items()}
# What the virus scanner found, or has not looked at yet, stays closed.
CLOSED = frozenset({"infected", "waiting"})


class OriginalOpener(Serving):
    """Serves committed requests for originals once each, within a person's day."""

    def __init__(self, keys: Keys, daily: int, zone: ZoneInfo) -> None:
        super().__init__(t.original_openings, keys, daily, zone)

    def data_key(self, begin: Begin, opening_id: str, at: datetime) -> bytes:
        """Return the data key of the file that was asked for; raises Refused.

        That it was served is committed before anything is returned.
        """
        with self._one_at_a_time:
            with begin() as connection:
                opening = self._fresh(connection, opening_id, at)
                self._check_reader(connection, opening)
                self._check_event(connection, opening)
                second = self._within_the_day(connection, opening, at)
                self._mark(connection, opening_id, at)
                key = self._unwrapped(connection, opening)
            self._remember(opening, second, at)
        return key

    def _check_reader(self, connection: Connection, opening: Row[Any]) -> None:
        """Look up for ourselves that this account holds a role that opens originals, for this case."""
        a, g, p, c, r = t.accounts.c, t.role_grants.c, t.people.c, t.cases.c, t.reports.c
        grants = connection.execute(
            select(a.person_id, p.district_id, p.department_id, g.role)
            .join(t.role_grants, g.account_id == a.id)
            .join(t.people, p.id == a.person_id)
            .where(a.id == opening.account_id, a.active, g.role.in_(tuple(READERS)))
        ).all()
        scopes = {READERS[grant.role] for grant in grants}
        case = connection.execute(
            select(c.district_id, c.department_id)
            .join(t.reports, r.case_id == c.id)
            .where(r.id == opening.report_id)
        ).one_or_none()
        if case is None or opening.role not in {grant.role for grant in grants}:
            raise Refused(Why.NOT_ALLOWED)
        reader = grants[0]
        in_district = reader.district_id is None or reader.district_id == case.district_id
        in_unit = reader.department_id is not None and reader.department_id == case.department_id
        reached = in_district and (Scope.DISTRICT in scopes or in_unit)
        if reader.person_id != opening.person_id or not reached:
            raise Refused(Why.NOT_ALLOWED)

    def _check_event(self, connection: Connection, opening: Row[Any]) -> None:
        """The log must say already who opens which file."""
        e = t.events.c
        facts = connection.execute(
            select(e.facts).where(
                e.id == opening.event_id,
                e.action == EVENT,
                e.report_id == opening.report_id,
                e.actor_account_id == opening.account_id,
            )
        ).scalar()
        if not isinstance(facts, dict) or facts.get("evidence") != opening.evidence_id:
            raise Refused(Why.NO_EVENT)

    def _unwrapped(self, connection: Connection, opening: Row[Any]) -> bytes:
        """Return the key of exactly the file that the request names; raises Refused."""
        v, k = t.evidence.c, t.original_keys.c
        row = connection.execute(
            select(k.name, k.digest, k.vault_wrap, v.scan_state)
            .join(t.original_keys, k.name == v.original)
            .where(
                v.id == opening.evidence_id,
                v.report_id == opening.report_id,
                v.digest == opening.digest,
                k.digest == v.digest,
            )
        ).one_or_none()
        if row is None:
            raise Refused(Why.EMPTY)
        if row.scan_state in CLOSED:
            raise Refused(Why.NOT_ALLOWED)
        try:
            return unwrap_lasting(self._keys(), row.name, row.digest, row.vault_wrap)
        except SealError:
            raise Refused(Why.DAMAGED) from None
