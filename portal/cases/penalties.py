"""Penalties (行政处罚) of a finding in parts, or none with a reason; open until the award is approved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from portal.cases.findings import AwardDecided, find_finding
from portal.cases.models import Case, Finding, Penalty, PenaltyPart, PenaltyState
from portal.cases.steps import Conclusion
from portal.cases.verification import (
    FieldFault,
    InTheFuture,
    Missing,
    enter,
    line,
    note_event,
    reason_of,
)
from portal.clock import city_date
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.money import MAX_FEN
from portal.people.actor import Actor

DECISION_LONGEST = 60
MOST_PARTS = 20


class UnlikelyAmount(FieldFault):
    """An amount that is no penalty."""

    message = gettext_noop("Please give an amount greater than zero.")
    field = "amount"


class BeforeTheDecision(FieldFault):
    """A penalty cannot be final or paid before it was decided."""

    message = gettext_noop("This day lies before the decision. Please check both days.")


class NotConfirmed(Refusal):
    """The check did not confirm anything that could be penalised."""

    message = gettext_noop("The check did not confirm this report, so no penalty can be recorded here.")


class TooManyParts(Refusal):
    """More parts than one decision has."""

    message = gettext_noop("A finding takes up to %(most)d parts of a penalty. Please put some together.")
    status = 422


class LastPart(Refusal):
    """Without its last part the finding would have no decision at all."""

    message = gettext_noop(
        "This is the only part of the penalty. Change it, or record that there is no penalty, and why."
    )


@dataclass(frozen=True, slots=True)
class PenaltyLine:
    """One part of a penalty: decision, day, on whom, and the amount in fen."""

    decision_number: str
    decided_on: date
    part: PenaltyPart
    amount_fen: int
    final_on: date | None = None
    collected_on: date | None = None


def record_penalties(
    case: Case,
    finding_id: int,
    lines: Sequence[PenaltyLine],
    actor: Actor,
    at: datetime,
    *,
    version: int,
    zone: ZoneInfo,
    award_decided: bool,
    reason: str = "",
) -> Finding:
    """Record one or several parts; where "no penalty" stood, this corrects it and asks for a reason.

    Raises Missing or TooManyParts.
    """
    finding = _open_finding(case, finding_id, actor, version, award_decided)
    if not lines:
        raise Missing("decision_number")
    if len(finding.penalties) + len(lines) > MOST_PARTS:
        raise TooManyParts(most=MOST_PARTS)
    why = reason_of(reason) if finding.penalty_state is PenaltyState.NONE else ""
    before = finding.penalty_state
    rows = [_row(line, index, actor, at, zone) for index, line in enumerate(lines)]
    finding.penalty_state = PenaltyState.PENALISED
    finding.no_penalty_reason = ""
    finding.penalties.extend(rows)
    db.session.flush()
    facts = {"finding": finding.id, "state_was": before.value, "parts": [_facts(row) for row in rows]}
    note_event("penalty_recorded", case, actor, at, facts, why)
    return finding


def record_no_penalty(
    case: Case,
    finding_id: int,
    reason: str,
    actor: Actor,
    at: datetime,
    *,
    version: int,
    award_decided: bool,
) -> Finding:
    """Record that there is no penalty, and why; parts that were recorded go, the event holds them."""
    finding = _open_finding(case, finding_id, actor, version, award_decided)
    why = reason_of(reason)
    facts = {
        "finding": finding.id,
        "state_was": finding.penalty_state.value,
        "parts": [_facts(row) for row in finding.penalties],
    }
    for row in finding.penalties:
        db.session.delete(row)
    db.session.flush()
    db.session.expire(finding, ["penalties"])
    finding.penalty_state = PenaltyState.NONE
    finding.no_penalty_reason = why
    note_event("no_penalty_recorded", case, actor, at, facts, why)
    return finding


def change_penalty(
    case: Case,
    penalty_id: int,
    to: PenaltyLine,
    reason: str,
    actor: Actor,
    at: datetime,
    *,
    version: int,
    zone: ZoneInfo,
    award_decided: bool,
) -> Penalty:
    """Correct one part that was typed wrongly; the event holds it as it was and as it is."""
    row, finding = _open_penalty(case, penalty_id, actor, version, award_decided)
    fresh = _row(to, 0, actor, at, zone)
    before = _facts(row)
    # What happened later to a penalty corrects nothing.
    why = reason_of(reason) if _corrects(row, fresh) else reason.strip()[:1000]
    renumbered = row.decision_number != fresh.decision_number
    row.decision_number, row.decided_on = fresh.decision_number, fresh.decided_on
    row.part, row.amount_fen = fresh.part, fresh.amount_fen
    row.final_on, row.collected_on = fresh.final_on, fresh.collected_on
    facts = {"finding": finding.id, "was": before, "is": _facts(row), "renumbered": renumbered}
    note_event("penalty_changed", case, actor, at, facts, why)
    return row


def remove_penalty(
    case: Case,
    penalty_id: int,
    reason: str,
    actor: Actor,
    at: datetime,
    *,
    version: int,
    award_decided: bool,
) -> None:
    """Take out one part that was recorded twice; the last part stays.

    Raises LastPart.
    """
    row, finding = _open_penalty(case, penalty_id, actor, version, award_decided)
    if len(finding.penalties) == 1:
        raise LastPart
    why = reason_of(reason)
    facts = {"finding": finding.id, "was": _facts(row)}
    db.session.delete(row)
    db.session.flush()
    db.session.expire(finding, ["penalties"])
    note_event("penalty_removed", case, actor, at, facts, why)


def find_penalty(case: Case, penalty_id: int) -> tuple[Penalty, Finding]:
    """Return a part of a penalty in this case, with its finding; raises NotFound, also for another case's."""
    row = db.session.get(Penalty, penalty_id)
    if row is None:
        raise NotFound
    return row, find_finding(case, row.finding_id)


def _open_finding(case: Case, finding_id: int, actor: Actor, version: int, award_decided: bool) -> Finding:
    enter(case, actor, version=version)
    finding = find_finding(case, finding_id)
    if award_decided:
        raise AwardDecided
    if case.conclusion not in {None, Conclusion.TRUE, Conclusion.PARTLY_TRUE}:
        raise NotConfirmed
    return finding


def _open_penalty(
    case: Case, penalty_id: int, actor: Actor, version: int, award_decided: bool
) -> tuple[Penalty, Finding]:
    row, finding = find_penalty(case, penalty_id)
    return row, _open_finding(case, finding.id, actor, version, award_decided)


def _row(given: PenaltyLine, index: int, actor: Actor, at: datetime, zone: ZoneInfo) -> Penalty:
    """Return the row of one part; faults name the field and, from the second part on, its place."""
    mark = f"_{index}" if index else ""
    if given.decided_on > city_date(at, zone):
        raise InTheFuture(f"decided_on{mark}")
    for name, day in (("final_on", given.final_on), ("collected_on", given.collected_on)):
        if day is not None and day > city_date(at, zone):
            raise InTheFuture(f"{name}{mark}")
        if day is not None and day < given.decided_on:
            raise BeforeTheDecision(f"{name}{mark}")
    if not 0 < given.amount_fen <= MAX_FEN:
        raise UnlikelyAmount(f"amount{mark}")
    return Penalty(
        decision_number=line(given.decision_number, f"decision_number{mark}", DECISION_LONGEST),
        decided_on=given.decided_on,
        part=given.part,
        amount_fen=given.amount_fen,
        final_on=given.final_on,
        collected_on=given.collected_on,
        recorded_by=actor.person_id,
        recorded_at=at,
    )


def _corrects(row: Penalty, fresh: Penalty) -> bool:
    """Tell whether something that was recorded is recorded otherwise; a day that was empty may be added."""
    was = (row.decision_number, row.decided_on, row.part, row.amount_fen)
    if was != (fresh.decision_number, fresh.decided_on, fresh.part, fresh.amount_fen):
        return True
    days = ((row.final_on, fresh.final_on), (row.collected_on, fresh.collected_on))
    return any(before is not None and before != now for before, now in days)


def _facts(row: Penalty) -> dict[str, object]:
    later = {"final_on": row.final_on, "collected_on": row.collected_on}
    return {
        "part": row.part.value,
        "fen": row.amount_fen,
        "on": row.decided_on.isoformat(),
        **{name: day.isoformat() for name, day in later.items() if day},
    }
