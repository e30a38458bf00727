"""The districts as the public form offers them, kept in the process for half a minute."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select

from portal.database import db
from portal.people.models import District

FRESH_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """A district that can be chosen."""

    id: int
    zh: str
    en: str

    def name(self, locale: str) -> str:
        """Return the name in a language."""
        return self.zh if locale.startswith("zh") else self.en


# By engine: two applications in one process have two databases.
_known: WeakKeyDictionary[Any, tuple[float, dict[int, Place]]] = WeakKeyDictionary()


def districts() -> dict[int, Place]:
    """Return the active districts by id, in the order in which they were entered."""
    engine = db.engine
    kept = _known.get(engine)
    if kept is not None and time.monotonic() - kept[0] < FRESH_SECONDS:
        return kept[1]
    rows = db.session.execute(
        select(District.id, District.name_zh, District.name_en).where(District.active).order_by(District.id)
    )
    places = {row.id: Place(row.id, row.name_zh, row.name_en) for row in rows}
    # What follows may open a transaction of its own: SQLite must not be left with one open here.
    db.session.rollback()
    if places:
        _known[engine] = (time.monotonic(), places)
    return places
