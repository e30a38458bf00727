"""What was answered to the rule set's questions about a case, in words for its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portal.cases.models import Case, Finding
from portal.rewards import answered, rulebook
from portal.rewards.declared import answer_in_words, asked_about_case, asked_about_finding
from portal.rewards.rules.model import Fact
from portal.rewards.rules.vocabulary import Kind, PayableWhen
from portal.rewards.wording.page_tongue import page_reading
from portal.rewards.wording.phrases import Phrases
from portal.rewards.wording.reading import Reading

Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Said:
    """Labels with answers, by finding and for the case; and about which of them anything is asked."""

    findings: Mapping[int, Rows] = field(default_factory=dict)
    asked: frozenset[int] = frozenset()
    case: Sequence[tuple[str, str]] = ()
    asks_case: bool = False
    needs_penalty: bool = True
    """Whether the rule pays nothing before the penalty."""


def said_about(case: Case, findings: Sequence[Finding]) -> Said:
    """Return what was answered, and what is asked; a few queries, however many findings there are."""
    governing = rulebook.governing(case, findings) if findings else None
    if governing is None:
        return Said()
    reading = page_reading(governing)
    asked = {one.id: asked_about_finding(governing, Kind(one.kind.value)) for one in findings}
    kept = answered.of_findings(findings) if any(asked.values()) else {}
    about_case = asked_about_case(governing)
    kept_of_case = answered.of_case(case) if about_case else {}
    return Said(
        {key: _rows(facts, kept.get(key, {}), reading) for key, facts in asked.items()},
        frozenset(key for key, facts in asked.items() if facts),
        _rows(about_case, kept_of_case, reading),
        bool(about_case),
        governing.payable_when is not PayableWhen.VERIFIED,
    )


def _rows(facts: Sequence[Fact], kept: Mapping[str, str], reading: Reading) -> Rows:
    words = Phrases(reading.facts, reading.tr)
    return [
        (words.label(fact.id), answer_in_words(fact, kept[fact.id], reading))
        for fact in facts
        if fact.id in kept
    ]
