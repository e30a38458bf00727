"""Computing every stored award anew, from its stored facts and its version, and comparing what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Row

from portal.database import db
from portal.rewards import rulebook
from portal.rewards.models import Award, Stage
from portal.rewards.rules.codes import DerivationError
from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import Derivation, recompute
from portal.rewards.rules.vocabulary import Stage as RuleStage
from portal.rewards.steps import LIVE_AWARDS
from portal.rewards.stored_facts import facts_of

BATCH = 500
MOST = 1000
"""So many differences are kept by number; the others are counted."""

Progress = Callable[[int, int], None]
StoredAward = Row[tuple[int, str, int, Stage, str, str, dict[str, Any], dict[str, Any], int]]


class Fault(StrEnum):
    """What does not agree."""

    STEPS = "steps"
    AMOUNT = "amount"
    DERIVATION = "derivation"
    RULES_MISSING = "rules_missing"


@dataclass(frozen=True, slots=True)
class Difference:
    """An award that comes out otherwise: its number, what is stored and what was computed, in fen."""

    number: str
    fault: Fault
    stored_fen: int
    computed_fen: int | None


@dataclass
class Recomputed:
    """How many awards were computed anew, and which differ."""

    checked: int = 0
    different: int = 0
    differences: list[Difference] = field(default_factory=list)

    def note(self, found: Difference | None) -> None:
        """Count one award."""
        self.checked += 1
        if found is not None:
            self.different += 1
            if len(self.differences) < MOST:
                self.differences.append(found)


def recompute_all(progress: Progress = lambda _done, _total: None) -> Recomputed:
    """Compute all stored awards anew, page by page of the key, in constant memory; writes nothing."""
    total = db.session.scalar(select(func.count(Award.id))) or 0
    result = Recomputed()
    for row in _awards():
        result.note(difference(row))
        if result.checked % BATCH == 0:
            progress(result.checked, total)
    progress(result.checked, total)
    return result


def _awards() -> Iterator[StoredAward]:
    """Stream the awards as plain rows; no transaction stays open between pages."""
    last = 0
    while True:
        rows = db.session.execute(
            select(
                Award.id,
                Award.number,
                Award.case_id,
                Award.stage,
                Award.rule_id,
                Award.rule_version,
                Award.facts,
                Award.derivation,
                Award.computed_fen,
            )
            .where(Award.id > last)
            .order_by(Award.id)
            .limit(BATCH)
        ).all()
        db.session.rollback()
        if not rows:
            return
        last = rows[-1].id
        yield from rows


def difference(row: StoredAward) -> Difference | None:
    """Return how an award comes out otherwise than it is stored; None where it agrees."""
    stored_fen = row.computed_fen
    try:
        derivation = Derivation.from_json(row.derivation)
        walked = recompute(derivation)
    except DerivationError:
        return Difference(row.number, Fault.STEPS, stored_fen, None)
    if walked != derivation.amount_fen:
        return Difference(row.number, Fault.STEPS, stored_fen, walked)
    try:
        rules = rulebook.at(row.rule_id, row.rule_version)
    except KeyError:
        return Difference(row.number, Fault.RULES_MISSING, stored_fen, None)
    if row.stage is Stage.CORRECTION:
        return None  # what somebody corrected by hand follows from no rule
    outcome = compute(
        facts_of(row.facts), rules, stage=RuleStage(row.stage.value), main_award_fen=_main_award(row)
    )
    computed = outcome.computed_fen if outcome.computed_fen is not None else outcome.amount_fen
    if computed != stored_fen or outcome.derivation is None:
        return Difference(row.number, Fault.AMOUNT, stored_fen, computed)
    if row.derivation.get("schema") == outcome.derivation.to_json().get("schema"):
        agrees = outcome.derivation.to_json() == row.derivation
        return None if agrees else Difference(row.number, Fault.DERIVATION, stored_fen, computed)
    return None


def _main_award(row: StoredAward) -> int | None:
    """Return the amount of the case's main award, in fen, for an award that came on top of it."""
    if row.stage is Stage.MAIN:
        return None
    main = (Award.case_id == row.case_id, Award.stage == Stage.MAIN, Award.status.in_(LIVE_AWARDS))
    return db.session.scalar(select(Award.amount_fen).where(*main))
