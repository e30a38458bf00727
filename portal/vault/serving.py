"""What every opening has in common: fresh, served once, within a person's day, as the vault sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Table, func, select, update
from sqlalchemy.engine import Connection

from portal.clock import city_date, city_midnight
from portal.people.permissions import Role
from portal.vault import tables as t
from portal.vault.pairs import VaultKeys
from portal.vault.refusals import Refused, Why

FRESH = timedelta(seconds=60)
# A second person's word holds while the first comes back to the page.
AGREED = timedelta(hours=1)
AHEAD = timedelta(seconds=5)  # two machines' clocks

Keys = Callable[[], VaultKeys]
# A transaction that is committed at the end of the block, or rolled back by an exception.
Begin = Callable[[], AbstractContextManager[Connection]]


@dataclass
class Memory:
    """What the process remembers besides the rows, so that resetting rows in the database opens nothing."""

    served: set[str] = field(default_factory=set)
    alone: dict[tuple[int, str], int] = field(default_factory=dict)
    agreed: dict[tuple[int, str], int] = field(default_factory=dict)


class Serving:
    """Serves the committed requests of one table once each."""

    def __init__(self, table: Table, keys: Keys, daily: int, zone: ZoneInfo) -> None:
        self._table = table
        self._keys = keys
        self._daily = daily
        self._zone = zone
        self._memory = Memory()
        self._one_at_a_time = threading.Lock()

    def _fresh(self, connection: Connection, opening_id: str, at: datetime) -> Row[Any]:
        """Return the committed row when its time is now; raises Refused."""
        o = self._table.c
        opening = connection.execute(select(self._table).where(o.id == opening_id)).one_or_none()
        if opening is None:
            raise Refused(Why.UNKNOWN)
        if opening.served_at is not None or opening_id in self._memory.served:
            raise Refused(Why.SERVED)
        if not -AHEAD <= at - opening.asked_at <= FRESH:
            raise Refused(Why.TOO_OLD)
        if opening.second_account_id is not None and not (
            opening.second_at is not None and -AHEAD <= at - opening.second_at <= AGREED
        ):
            raise Refused(Why.TOO_OLD)
        return opening

    def _within_the_day(self, connection: Connection, opening: Row[Any], at: datetime) -> int | None:
        """Return the second person who agreed, None when the person's own day suffices; raises Refused."""
        o, day = self._table.c, self._day(at)
        since = city_midnight(city_date(at, self._zone), self._zone)
        if opening.second_account_id is None:
            rows = connection.execute(
                select(func.count()).where(
                    o.person_id == opening.person_id, o.served_at >= since, o.second_account_id.is_(None)
                )
            ).scalar_one()
            if max(rows, self._memory.alone.get((opening.person_id, day), 0)) >= self._daily:
                raise Refused(Why.QUOTA)
            return None
        second = self._second(connection, opening)
        rows = connection.execute(
            select(func.count()).where(o.second_account_id == opening.second_account_id, o.served_at >= since)
        ).scalar_one()
        # Who agrees has a day of its own, or two people could open everything.
        if max(rows, self._memory.agreed.get((second, day), 0)) >= self._daily:
            raise Refused(Why.QUOTA)
        return second

    def _second(self, connection: Connection, opening: Row[Any]) -> int:
        """Return the person who agreed: another one, who holds the role or supervises; raises Refused."""
        a, g = t.accounts.c, t.role_grants.c
        person = connection.execute(
            select(a.person_id)
            .join(t.role_grants, g.account_id == a.id)
            .where(
                a.id == opening.second_account_id,
                a.active,
                g.role.in_((opening.role, Role.SUPERVISOR.value)),
            )
            .limit(1)
        ).scalar()
        if person is None or person == opening.person_id:
            raise Refused(Why.NOT_ALLOWED)
        return int(person)

    def _mark(self, connection: Connection, opening_id: str, at: datetime) -> None:
        o = self._table.c
        done = connection.execute(
            update(self._table).where(o.id == opening_id, o.served_at.is_(None)).values(served_at=at)
        )
        if done.rowcount != 1:
            raise Refused(Why.SERVED)

    def _remember(self, opening: Row[Any], second: int | None, at: datetime) -> None:
        self._memory.served.add(str(opening.id))
        counts = self._memory.alone if second is None else self._memory.agreed
        key = (opening.person_id if second is None else second, self._day(at))
        counts[key] = counts.get(key, 0) + 1

    def _day(self, at: datetime) -> str:
        return city_date(at, self._zone).isoformat()
