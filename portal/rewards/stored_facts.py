"""The facts an award was computed from: as they are stored with it, and read back from there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from portal.rewards.rules.given import (
    DEATHS,
    Choice,
    Earlier,
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
PARTS = frozenset(part.value for part in Part)
OWN_PLACE = frozenset({*PARTS, DEATHS, ACCIDENT_CLASS})
"""Facts of a finding that stand in a place of their own, as in the first awards."""


def stored_facts(facts: Facts, finding_ids: tuple[int, ...]) -> dict[str, Any]:
    """Return facts as JSON, with the finding that each group of them belongs to."""
    reporter = facts.reporter
    return {
        "real_name": reporter.real_name.value,
        "employment_asked": INSIDER in reporter.asked | reporter.values.keys(),
        "employee": reporter.values.get(INSIDER),
        "findings": [_stored_finding(key, one) for key, one in zip(finding_ids, facts.findings, strict=True)],
        "case": _stored_values(facts.values),
        "reporter": {
            "order": reporter.order,
            "values": _stored_values(reporter.values),
            "asked": sorted(reporter.asked),
            "earlier": {name: [one.count, one.sum_fen] for name, one in sorted(reporter.earlier.items())},
            "claim_window_over": reporter.claim_window_over,
            "proof": reporter.proof,
        },
    }


def facts_of(stored: Mapping[str, Any]) -> Facts:
    """Return the facts of an award; raises KeyError or ValueError for what was never stored so."""
    return Facts(
        tuple(_finding(one) for one in stored["findings"]),
        _reporter(stored),
        _values(stored.get("case", {})),
    )


def _reporter(stored: Mapping[str, Any]) -> ReporterFacts:
    name = RealName(stored["real_name"])
    more = stored.get("reporter")
    if more is None:  # the first awards knew one question
        answer = stored["employee"]
        values: dict[str, FactValue] = {} if answer is None else {INSIDER: answer}
        asked = frozenset({INSIDER} if stored["employment_asked"] else ())
        return ReporterFacts(real_name=name, values=values, asked=asked)
    return ReporterFacts(
        real_name=name,
        order=more["order"],
        values=_values(more["values"]),
        asked=frozenset(more["asked"]),
        earlier={key: Earlier(count, sum_fen) for key, (count, sum_fen) in more["earlier"].items()},
        claim_window_over=more["claim_window_over"],
        proof=more["proof"],
    )


def _stored_finding(finding_id: int, facts: FindingFacts) -> dict[str, Any]:
    values = facts.values
    others = {fact: value for fact, value in values.items() if fact not in OWN_PLACE}
    return {
        "id": finding_id,
        "kind": facts.kind.value,
        "penalty": facts.penalty.value,
        "parts": [[part, values[part]] for part in sorted(PARTS & values.keys())],
        "deaths_confirmed": values.get(DEATHS),
        "accident_class": values.get(ACCIDENT_CLASS),
        "values": _stored_values(others),
        "chosen_fen": facts.choice.amount_fen if facts.choice else None,
    }


def _finding(stored: Mapping[str, Any]) -> FindingFacts:
    values: dict[str, FactValue] = dict(
        penalty_values(PenaltyPart(Part(part), fen) for part, fen in stored["parts"])
    )
    if stored["deaths_confirmed"] is not None:
        values[DEATHS] = stored["deaths_confirmed"]
    if stored["accident_class"]:
        values[ACCIDENT_CLASS] = stored["accident_class"]
    values |= _values(stored.get("values", {}))
    chosen = stored["chosen_fen"]
    choice = Choice(chosen, reasoned=True) if chosen is not None else None
    return FindingFacts(Kind(stored["kind"]), PenaltyState(stored["penalty"]), values, choice)


def _stored_values(values: Mapping[str, FactValue]) -> dict[str, Any]:
    """Return values as JSON: what it has no type for stands under the name of its type."""
    found: dict[str, Any] = {}
    for fact, value in sorted(values.items()):
        if isinstance(value, Fraction):
            found[fact] = {"fraction": [value.numerator, value.denominator]}
        elif isinstance(value, date):
            found[fact] = {"date": value.isoformat()}
        else:
            found[fact] = value
    return found


def _values(stored: Mapping[str, Any]) -> dict[str, FactValue]:
    return {fact: _value(value) for fact, value in stored.items()}


def _value(stored: Any) -> FactValue:  # noqa: ANN401  (JSON)
    if not isinstance(stored, dict):
        return stored  # type: ignore[no-any-return]
    if "fraction" in stored:
        return Fraction(*stored["fraction"])
    return date.fromisoformat(stored["date"])
