"""Findings (查实事项): what was verified, as long as nothing rests on it yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.cases.models import AccidentClass, Case, Finding, FindingKind, PenaltyState
from portal.cases.steps import CaseStatus
from portal.cases.verification import VERIFIED, FieldFault, enter, note_event, reason_of, text
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people.actor import Actor

DESCRIPTION_LONGEST = 2000
MOST_DEATHS = 999
"""More confirmed deaths than this are a slip of the keyboard."""

# Deaths from which an accident is of a class (国务院令第493号 art. 3, to be confirmed): only ever proposed.
CLASS_FROM_DEATHS = (
    (30, AccidentClass.ESPECIALLY_MAJOR),
    (10, AccidentClass.MAJOR),
    (3, AccidentClass.LARGER),
    (1, AccidentClass.ORDINARY),
)


class PenaltyStands(Refusal):
    """The finding carries a decision about a penalty."""

    message = gettext_noop(
        "The penalty of this finding is recorded already, so the finding stays. Correct the penalty instead."
    )


class AwardDecided(Refusal):
    """Finance has approved the award that rests on this."""

    message = gettext_noop(
        "The reward of this case is approved, so what it rests on can no longer be changed. Talk to finance."
    )


class RectificationStands(Refusal):
    """The finding has been ordered to be put right."""

    message = gettext_noop(
        "Putting this right is ordered already, so the finding stays. Change the finding instead."
    )


class UnlikelyDeaths(FieldFault):
    """A number of deaths that is none."""

    message = gettext_noop("Please give the confirmed deaths as a whole number up to %(most)d.")
    field = "deaths"


class DeathsElsewhere(FieldFault):
    """Deaths belong to a concealed accident only."""

    message = gettext_noop("Deaths and class belong to a concealed accident only. Leave them empty here.")
    field = "deaths"


@dataclass(frozen=True, slots=True)
class Found:
    """What was verified; deaths and class (concealed accidents only) are 0 and None until confirmed."""

    kind: FindingKind
    description: str
    deaths: int = 0
    accident_class: AccidentClass | None = None


def proposed_class(deaths: int) -> AccidentClass | None:
    """Return the class that a number of deaths suggests, None for none."""
    return next((accident for least, accident in CLASS_FROM_DEATHS if deaths >= least), None)


def findings_of(case: Case) -> Sequence[Finding]:
    """Return the findings of a case with penalties and rectification; two queries."""
    return (
        db.session.scalars(select(Finding).where(Finding.case_id == case.id).order_by(Finding.id))
        .unique()
        .all()
    )


def find_finding(case: Case, finding_id: int) -> Finding:
    """Return a finding of this case; raises NotFound, also for one of another case."""
    finding = db.session.get(Finding, finding_id)
    if finding is None or finding.case_id != case.id:
        raise NotFound
    return finding


def add_finding(
    case: Case, found: Found, actor: Actor, at: datetime, *, version: int, award_decided: bool
) -> Finding:
    """Record what was verified, before the conclusion that rests on it."""
    enter(case, actor, version=version, statuses={CaseStatus.VERIFYING})
    _still_open(award_decided)
    finding = Finding(
        case_id=case.id, recorded_by=actor.person_id, recorded_at=at, penalty_state=PenaltyState.PENDING
    )
    _write(finding, found)
    db.session.add(finding)
    db.session.flush()
    note_event("finding_recorded", case, actor, at, {"finding": finding.id, **_facts(finding)})
    return finding


def change_finding(
    case: Case,
    finding_id: int,
    found: Found,
    actor: Actor,
    at: datetime,
    *,
    version: int,
    award_decided: bool,
) -> Finding:
    """Correct a finding whose penalty is not recorded yet; the event holds it as it was and as it is."""
    enter(case, actor, version=version, statuses=VERIFIED)
    finding = find_finding(case, finding_id)
    _still_open(award_decided, finding)
    before = _facts(finding)
    _write(finding, found)
    facts = {"finding": finding.id, **_facts(finding), "was": before}
    note_event("finding_changed", case, actor, at, facts)
    return finding


def remove_finding(
    case: Case,
    finding_id: int,
    reason: str,
    actor: Actor,
    at: datetime,
    *,
    version: int,
    award_decided: bool,
) -> None:
    """Take out a finding that was recorded by mistake, before the conclusion; the event keeps why.

    Raises RectificationStands.
    """
    enter(case, actor, version=version, statuses={CaseStatus.VERIFYING})
    finding = find_finding(case, finding_id)
    _still_open(award_decided, finding)
    if finding.rectification is not None:
        raise RectificationStands
    why = reason_of(reason)
    db.session.delete(finding)
    db.session.flush()
    note_event("finding_removed", case, actor, at, {"finding": finding_id, **_facts(finding)}, why)


def _still_open(award_decided: bool, finding: Finding | None = None) -> None:
    if award_decided:
        raise AwardDecided
    if finding is not None and finding.penalty_state is not PenaltyState.PENDING:
        raise PenaltyStands


def _write(finding: Finding, found: Found) -> None:
    """Put what was found into the row; faults name their field."""
    if found.kind is FindingKind.CONCEALED_ACCIDENT:
        if not 0 <= found.deaths <= MOST_DEATHS:
            raise UnlikelyDeaths(most=MOST_DEATHS)
    elif found.deaths or found.accident_class:
        raise DeathsElsewhere
    finding.description = text(found.description, "description", DESCRIPTION_LONGEST)
    finding.kind = found.kind
    finding.deaths_confirmed = found.deaths
    finding.accident_class = found.accident_class


def _facts(finding: Finding) -> dict[str, object]:
    return {
        "kind": finding.kind.value,
        "deaths": finding.deaths_confirmed,
        "accident_class": finding.accident_class.value if finding.accident_class else None,
    }
