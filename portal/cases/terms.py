"""The time limits in force, and what of a case is due under them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from portal.cases.due import due_at
from portal.cases.models import Case
from portal.cases.steps import CaseStatus, DueStep
from portal.config import Deadlines, Settings

STEP_OF: dict[CaseStatus, DueStep] = {
    CaseStatus.RECEIVED: DueStep.ACCEPT,
    CaseStatus.ACCEPTED: DueStep.VERIFY,
    CaseStatus.ASSIGNED: DueStep.VERIFY,
    CaseStatus.VERIFYING: DueStep.VERIFY,
    CaseStatus.CONCLUDED: DueStep.ANSWER,
    CaseStatus.ANSWERED: DueStep.CLOSE,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Limits in days, and the zone whose days are counted."""

    deadlines: Deadlines
    zone: ZoneInfo

    @classmethod
    def of(cls, settings: Settings) -> Terms:
        """Return the time limits of these settings."""
        return cls(settings.deadlines, settings.zone)


def due_of(case: Case, terms: Terms) -> tuple[DueStep, datetime] | None:
    """Return the step of a case that is open now and its due time; None when nothing is due any more."""
    step = STEP_OF.get(case.status)
    if step is None:
        return None
    since = {
        DueStep.ACCEPT: case.opened_at,
        DueStep.VERIFY: case.accepted_at,
        DueStep.ANSWER: case.concluded_at,
        DueStep.CLOSE: case.answered_at,
    }[step] or case.opened_at
    return step, due_at(step, since, terms.deadlines, terms.zone, extended_days=case.extended_days)
