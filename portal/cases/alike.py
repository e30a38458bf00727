"""The same picture in another case: for officers only, and of a case out of reach no more than its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal.cases.models import Case
from portal.cases.scope import reaches
from portal.database import db
from portal.evidence import likeness
from portal.evidence.models import Evidence, EvidenceHash
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.reports.models import Report

MOST = 9


@dataclass(frozen=True, slots=True)
class SamePicture:
    """Where else a picture was sent; ``title`` and ``uuid`` are empty for a case out of reach."""

    case_id: int
    number: str
    title: str
    uuid: str
    position: int
    distance: int

    @property
    def can_be_opened(self) -> bool:
        """Whether its reader reaches the other case."""
        return bool(self.uuid)


def same_as(item: Evidence, actor: Actor) -> list[SamePicture]:
    """Return where a picture was sent besides, the likest first; one line for each case out of reach."""
    return _found({other: distance for other, distance in likeness.similar(item.id)}, actor)


def same_in(evidence_ids: Sequence[int], case_id: int, actor: Actor) -> list[SamePicture]:
    """Return other cases into which any of these pictures was sent, each once."""
    hashed = db.session.scalars(
        select(EvidenceHash.evidence_id).where(EvidenceHash.evidence_id.in_(evidence_ids)).distinct()
    )
    nearest: dict[int, int] = {}
    for evidence_id in sorted(hashed)[:MOST]:
        for other, distance in likeness.similar(evidence_id):
            nearest[other] = min(distance, nearest.get(other, distance))
    cases: dict[int, SamePicture] = {}
    for one in _found(nearest, actor):
        if one.case_id != case_id:
            cases.setdefault(one.case_id, one)
    return list(cases.values())


def _found(nearest: dict[int, int], actor: Actor) -> list[SamePicture]:
    if not nearest:
        return []
    rows = db.session.execute(
        select(Evidence.id, Evidence.uuid, Evidence.position, Case)
        .join(Report, Report.id == Evidence.report_id)
        .join(Case, Case.id == Report.case_id)
        .where(Evidence.id.in_(nearest))
    )
    found, closed = [], set()
    for row in sorted(rows, key=lambda row: (nearest[row.id], row.id)):
        case, distance = row.Case, nearest[row.id]
        if reaches(case, actor, Permission.CASE_READ):
            found.append(SamePicture(case.id, case.number, case.title, row.uuid, row.position, distance))
        elif case.id not in closed:
            closed.add(case.id)
            found.append(SamePicture(case.id, case.number, "", "", 0, distance))
    return found
