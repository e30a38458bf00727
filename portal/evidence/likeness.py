"""The same photo again: near pictures by their likeness hashes. For officers only, never for the public."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import delete, or_, select

from portal.database import db
from portal.evidence.hashes import BITS, Hashes
from portal.evidence.models import EvidenceHash

BANDS = 4
BAND_BITS = BITS // BANDS
# Two hashes with at most so many different bits have a quarter with at most one, so none is missed.
NEAR = 2 * BANDS - 1
_CANDIDATES = 500  # a picture that resembles more than this is a form or a blank wall, and says nothing


def keep(evidence_id: int, hashes: Hashes) -> None:
    """Replace the hashes of a picture."""
    db.session.execute(delete(EvidenceHash).where(EvidenceHash.evidence_id == evidence_id))
    db.session.add_all(
        EvidenceHash(evidence_id=evidence_id, mirrored=mirrored, cut=cut, band=band, value=value)
        for mirrored, cut, whole in hashes
        for band, value in enumerate(_bands(whole))
    )


def similar(evidence_id: int) -> list[tuple[int, int]]:
    """Return other pictures that look the same, as id and number of different bits, nearest first."""
    own = [whole for mirrored, whole in _hashes([evidence_id]).get(evidence_id, ()) if not mirrored]
    if not own:
        return []
    found = []
    for other, hashes in _hashes(_candidates(evidence_id, own)).items():
        distance = min((mine ^ whole).bit_count() for mine in own for _, whole in hashes)
        if distance <= NEAR:
            found.append((distance, other))
    return [(other, distance) for distance, other in sorted(found)]


def _candidates(evidence_id: int, own: list[int]) -> list[int]:
    """Return pictures that share a quarter of a hash but for one bit."""
    wanted = {
        (band, near) for whole in own for band, value in enumerate(_bands(whole)) for near in _near(value)
    }
    by_band: dict[int, list[int]] = defaultdict(list)
    for band, value in sorted(wanted):
        by_band[band].append(value)
    query = (
        select(EvidenceHash.evidence_id)
        .where(
            or_(
                *(
                    (EvidenceHash.band == band) & EvidenceHash.value.in_(values)
                    for band, values in by_band.items()
                )
            ),
            EvidenceHash.evidence_id != evidence_id,
        )
        .distinct()
        .order_by(EvidenceHash.evidence_id.desc())
        .limit(_CANDIDATES)
    )
    return list(db.session.scalars(query))


def _hashes(evidence_ids: list[int]) -> dict[int, list[tuple[bool, int]]]:
    """Return the hashes of pictures, put together from their quarters."""
    query = select(EvidenceHash).where(EvidenceHash.evidence_id.in_(evidence_ids))
    wholes: dict[tuple[int, bool, int], int] = defaultdict(int)
    for row in db.session.scalars(query):
        wholes[row.evidence_id, row.mirrored, row.cut] |= row.value << (BAND_BITS * row.band)
    told: dict[int, list[tuple[bool, int]]] = defaultdict(list)
    for (evidence_id, mirrored, _cut), whole in wholes.items():
        told[evidence_id].append((mirrored, whole))
    return told


def _bands(whole: int) -> list[int]:
    return [whole >> (BAND_BITS * band) & (1 << BAND_BITS) - 1 for band in range(BANDS)]


def _near(value: int) -> Iterable[int]:
    """A quarter itself and those that differ in one bit."""
    return (value, *(value ^ 1 << bit for bit in range(BAND_BITS)))
