"""Who verified a case: what separation of duties is measured by."""

from __future__ import annotations

from sqlalchemy import select

from portal.cases.models import Finding, Penalty, SiteCheck
from portal.database import db


def verifiers_of(case_id: int) -> set[int]:
    """Return the persons who verified a case: on site, or by recording what was found."""
    checks = db.session.execute(
        select(SiteCheck.officer_one_id, SiteCheck.officer_two_id, SiteCheck.recorded_by).where(
            SiteCheck.case_id == case_id
        )
    )
    people = {person for row in checks for person in row}
    people |= set(db.session.scalars(select(Finding.recorded_by).where(Finding.case_id == case_id)))
    recorded = select(Penalty.recorded_by).join(Finding, Finding.id == Penalty.finding_id)
    return people | set(db.session.scalars(recorded.where(Finding.case_id == case_id)))
