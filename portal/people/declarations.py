"""What somebody declared that counts at each of his requests, in one query: ties, and who is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import String, cast, null, select, union_all

from portal.database import BigKey, db
from portal.people import absences
from portal.people.declared import Absence, Tie


@dataclass(frozen=True, slots=True)
class Declared:
    """Keys of a person's ties, and the persons whose cases this one sees to today."""

    ties: tuple[str, ...] = ()
    stands_in_for: frozenset[int] = frozenset()


def declared_of(person_id: int, today: date) -> Declared:
    """Return what holds for a person today."""
    ties = select(Tie.key, cast(null(), BigKey)).where(Tie.person_id == person_id, Tie.ended_at.is_(None))
    away = select(cast(null(), String), Absence.person_id).where(*absences.deputising(person_id, today))
    found = db.session.execute(union_all(ties, away)).all()
    rows: list[tuple[str | None, int | None]] = [(key, person) for key, person in found]
    return Declared(
        tuple(sorted(key for key, _person in rows if key is not None)),
        frozenset(person for _key, person in rows if person is not None),
    )
