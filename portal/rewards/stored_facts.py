"""The facts an award was computed from, read back from what was stored with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.rewards.rules.given import (
    DEATHS,
    Choice,
    Facts,
    FactValue,
    FindingFacts,
    PenaltyPart,
    ReporterFacts,
    penalty_values,
)
from portal.rewards.rules.vocabulary import Kind, Part, PenaltyState, RealName

INSIDER = "insider"
ACCIDENT_CLASS = "accident_class"


def facts_of(stored: Mapping[str, Any]) -> Facts:
    """Return the facts of an award; raises KeyError or ValueError for what was never stored so."""
    answer = stored["employee"]
    reporter = ReporterFacts(
        real_name=RealName(stored["real_name"]),
        values={} if answer is None else {INSIDER: answer},
        asked=frozenset({INSIDER} if stored["employment_asked"] else ()),
    )
    return Facts(tuple(_finding(one) for one in stored["findings"]), reporter)


def _finding(stored: Mapping[str, Any]) -> FindingFacts:
    values: dict[str, FactValue] = dict(
        penalty_values(PenaltyPart(Part(part), fen) for part, fen in stored["parts"])
    )
    if stored["deaths_confirmed"] is not None:
        values[DEATHS] = stored["deaths_confirmed"]
    if stored["accident_class"]:
        values[ACCIDENT_CLASS] = stored["accident_class"]
    chosen = stored["chosen_fen"]
    choice = Choice(chosen, reasoned=True) if chosen is not None else None
    return FindingFacts(Kind(stored["kind"]), PenaltyState(stored["penalty"]), values, choice)
