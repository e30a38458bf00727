"""When the open step of a case is due: pure functions of dates, time limits and the official calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from portal.calendars.workdays import WorkCalendar, add_days, add_working_days
from portal.cases.steps import CaseStatus, DueStep
from portal.config import Deadlines


@dataclass(frozen=True, slots=True)
class Terms:
    """The time limits in force: days, working calendar and the city's zone."""

    deadlines: Deadlines
    calendar: WorkCalendar
    zone: tzinfo

    def accept_by(self, received_at: datetime) -> datetime:
        """Say whether it is accepted: 5 working days after receipt, at the close of office."""
        return add_working_days(received_at, self.deadlines.accept_working_days, self.calendar, self.zone)

    def verify_by(self, accepted_at: datetime, extended_days: int = 0) -> datetime:
        """Verify and finish: 60 days after acceptance, 30 more once approved."""
        return add_days(accepted_at, self.deadlines.verify_days + extended_days, self.zone, self.calendar)

    def answer_by(self, concluded_at: datetime) -> datetime:
        """Answer the reporter: 10 days after verification ends (应急〔2023〕106号)."""
        return add_days(concluded_at, self.deadlines.answer_days, self.zone, self.calendar)

    def close_by(self, answered_at: datetime) -> datetime:
        """Close: when the 10 days for an objection have passed since the answer (应急〔2023〕106号)."""
        return add_days(answered_at, self.deadlines.answer_days, self.zone, self.calendar)


@dataclass(frozen=True, slots=True)
class Moments:
    """When a case was received, accepted, concluded and answered, and by how much it was extended."""

    received_at: datetime
    accepted_at: datetime | None = None
    concluded_at: datetime | None = None
    answered_at: datetime | None = None
    extended_days: int = 0


def due_of(status: CaseStatus, moments: Moments, terms: Terms) -> tuple[DueStep, datetime] | None:
    """Return the open step and its due time, None when nothing is due any more."""
    if status is CaseStatus.RECEIVED:
        return DueStep.ACCEPT, terms.accept_by(moments.received_at)
    if status in {CaseStatus.ACCEPTED, CaseStatus.ASSIGNED, CaseStatus.VERIFYING}:
        since = moments.accepted_at or moments.received_at
        return DueStep.VERIFY, terms.verify_by(since, moments.extended_days)
    if status is CaseStatus.CONCLUDED and moments.concluded_at:
        return DueStep.ANSWER, terms.answer_by(moments.concluded_at)
    if status is CaseStatus.ANSWERED and moments.answered_at:
        return DueStep.CLOSE, terms.close_by(moments.answered_at)
    return None
