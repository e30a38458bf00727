"""Keeping what a verifier answers to the rule set's questions, with who confirmed it and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import select

from portal.cases.findings import AwardDecided, find_finding
from portal.cases.models import Case, Finding, FindingKind
from portal.cases.verification import enter, note_event
from portal.database import db
from portal.people.actor import Actor
from portal.rewards import rulebook
from portal.rewards.decided import award_decided
from portal.rewards.facts import findings_of
from portal.rewards.rule_models import CaseFact, FindingFact
from portal.rewards.rules.model import RuleSet

Texts = Mapping[str, str]


def governing_for(
    case: Case, kind: FindingKind, at: datetime, changed: Finding | None = None
) -> RuleSet | None:
    """Return the rule set that governs a case once it has a finding of this kind (or one becomes of it)."""
    known = [one for one in findings_of(case) if changed is None or one.id != changed.id]
    recorded = changed.recorded_at if changed else at
    with db.session.no_autoflush:
        return rulebook.governing(case, [*known, Finding(kind=kind, recorded_at=recorded)])


def record_finding_facts(
    case: Case,
    finding_id: int,
    asked: Sequence[str],
    texts: Texts,
    actor: Actor,
    at: datetime,
    *,
    version: int,
) -> None:
    """Keep what was answered about one finding; an empty answer to what was ``asked`` takes it out."""
    enter(case, actor, version=version)
    finding = find_finding(case, finding_id)
    decided = award_decided(case, lock=True)
    if keep_of_finding(finding, asked, texts, actor, at, decided=decided):
        facts = {"finding": finding.id, "facts": sorted(asked)}
        note_event("facts_recorded", case, actor, at, facts)


def keep_of_finding(
    finding: Finding, asked: Sequence[str], texts: Texts, actor: Actor, at: datetime, *, decided: bool = False
) -> bool:
    """Write the answers about a finding beside the step that records it; tells whether any is new.

    Raises AwardDecided.
    """
    rows = db.session.scalars(select(FindingFact).where(FindingFact.finding_id == finding.id))
    known = {row.fact_id: row for row in rows}
    changed = False
    for fact_id in asked:
        text, row = texts.get(fact_id, ""), known.get(fact_id)
        if (row.value if row else "") == text:
            continue
        if decided and row is not None:
            raise AwardDecided
        changed = True
        if row is None:
            row = FindingFact(finding_id=finding.id, fact_id=fact_id)
            db.session.add(row)
        if not text:
            db.session.delete(row)
            continue
        row.value, row.confirmed_by, row.confirmed_at = text, cast(int, actor.person_id), at
    db.session.flush()
    return changed


def record_case_facts(
    case: Case, asked: Sequence[str], texts: Texts, actor: Actor, at: datetime, *, version: int
) -> None:
    """Keep what was answered about a case as a whole; raises AwardDecided."""
    enter(case, actor, version=version)
    decided = award_decided(case, lock=True)
    rows = db.session.scalars(select(CaseFact).where(CaseFact.case_id == case.id))
    known = {row.fact_id: row for row in rows}
    for fact_id in asked:
        text, row = texts.get(fact_id, ""), known.get(fact_id)
        if (row.value if row else "") == text:
            continue
        if decided and row is not None:
            raise AwardDecided
        if row is None:
            row = CaseFact(case_id=case.id, fact_id=fact_id)
            db.session.add(row)
        if not text:
            db.session.delete(row)
            continue
        row.value, row.confirmed_by, row.confirmed_at = text, cast(int, actor.person_id), at
    note_event("facts_recorded", case, actor, at, {"facts": sorted(asked)})
