"""Trying figures on a case before anything is recorded: the same computation, nothing kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from portal.cases.models import Case, Finding, PenaltyState
from portal.money import MAX_FEN, MoneyError, parse_yuan
from portal.rewards import answered
from portal.rewards.choosing import officer_sets
from portal.rewards.declared import Answers, asked_about_case, asked_about_finding
from portal.rewards.facts import CHOICE_NEEDS, Choices, Computation, compute_shown
from portal.rewards.rules import vocabulary as words
from portal.rewards.rules.compute import compute
from portal.rewards.rules.given import PENALTY_FACTS, Choice, FindingFacts, penalty_values
from portal.rewards.rules.given import PenaltyPart as Part
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.terms import Band
from portal.rewards.wording.page_tongue import page_reading
from portal.rewards.wording.phrases import Phrases
from portal.rewards.words import KINDS

LONGEST = 40
"""So much of what is typed for an amount is shown again."""


@dataclass(frozen=True, slots=True)
class FineField:
    """A part of a penalty that is not recorded yet, to try an amount."""

    name: str
    label: str
    typed: str


@dataclass(frozen=True, slots=True)
class ChoiceField:
    """An amount that the rule leaves to the officer, to try one; between which ends (fen), where known."""

    name: str
    typed: str
    band: Band | None = None


@dataclass(frozen=True, slots=True)
class TryFinding:
    """The fields of one finding."""

    finding: Finding
    title: str
    answers: Answers
    fines: tuple[FineField, ...] = ()
    choice: ChoiceField | None = None

    @property
    def has_fields(self) -> bool:
        """Tell whether there is anything to try about this finding."""
        return bool(self.answers.facts or self.fines or self.choice)


@dataclass(frozen=True, slots=True)
class Trial:
    """The fields of a case, and what comes of what stands in them."""

    computed: Computation
    findings: tuple[TryFinding, ...] = ()
    about_case: Answers | None = None

    @property
    def has_fields(self) -> bool:
        """Tell whether there is anything to try."""
        asks = any(one.has_fields for one in self.findings)
        return asks or bool(self.about_case and self.about_case.facts)


@dataclass(frozen=True, slots=True)
class Typed:
    """What came with a request."""

    fields: Mapping[str, str] = field(default_factory=dict)

    def fen(self, name: str) -> int | None:
        """Return an amount in fen; None for nothing and for what is none."""
        try:
            return parse_yuan(self.fields.get(name, ""))
        except MoneyError:
            return None


def trial(
    case: Case, governing: RuleSet | None, findings: tuple[Finding, ...], fields: Mapping[str, str]
) -> Trial:
    """Return what the typed figures come to; where nothing was typed stands what is recorded."""
    typed = Typed(fields)
    kept = answered.of_findings(findings)
    tried = tuple(
        _finding(one, place, governing, typed, kept.get(one.id, {}))
        for place, one in enumerate(findings, start=1)
    )
    about_case = _about_case(case, governing, fields)
    texts = {one.finding.id: one.answers.texts() for one in tried if one.answers.is_typed}
    said = about_case.texts() if about_case.is_typed else None
    choices = _choices(findings, typed)
    computed = compute_shown(case, governing, findings, choices, {**kept, **texts}, said)
    outcome = _with_fines(computed, typed)
    return Trial(outcome, _with_choices(tried, outcome, typed), about_case)


def _with_choices(
    tried: tuple[TryFinding, ...], computed: Computation, typed: Typed
) -> tuple[TryFinding, ...]:
    """Return the findings with a field for the amount where the rule leaves it to the officer."""
    if computed.rules is None:
        return tried
    bands = {one.finding: one.band for one in computed.outcome.needs if one.need in CHOICE_NEEDS}
    return tuple(
        replace(one, choice=_choice(one, typed, bands.get(place)))
        if officer_sets(computed.rules, words.Kind(one.finding.kind.value))
        else one
        for place, one in enumerate(tried)
    )


def _choice(one: TryFinding, typed: Typed, band: Band | None) -> ChoiceField:
    name = amount_field(one.finding.id)
    return ChoiceField(name, typed.fields.get(name, "")[:LONGEST], band)


def amount_field(finding_id: int) -> str:
    """Return the name of the field for an amount that an officer sets."""
    return f"amount_{finding_id}"


def _about_case(case: Case, governing: RuleSet | None, fields: Mapping[str, str]) -> Answers:
    asked = asked_about_case(governing)
    kept = answered.of_case(case) if asked else {}
    return Answers(asked, page_reading(governing), "case-", fields, kept)


def _finding(
    finding: Finding, place: int, governing: RuleSet | None, typed: Typed, kept: Mapping[str, str]
) -> TryFinding:
    kind = words.Kind(finding.kind.value)
    reading = page_reading(governing)
    answers = Answers(asked_about_finding(governing, kind), reading, f"f{finding.id}-", typed.fields, kept)
    fines: tuple[FineField, ...] = ()
    if governing is not None and finding.penalty_state is PenaltyState.PENDING:
        used = {
            fact
            for entry in governing.entries
            if kind in entry.kinds
            for branch in (entry.pay, entry.without_penalty)
            if branch
            for fact in branch.facts()
        }
        labels = Phrases(reading.facts, reading.tr)
        fines = tuple(
            FineField(name, labels.label(part.value), typed.fields.get(name, "")[:LONGEST])
            for part in words.Part
            if part.value in used & PENALTY_FACTS
            for name in (f"f{finding.id}-{part.value}",)
        )
    return TryFinding(finding, f"{place}. {KINDS[kind]}", answers, fines)


def _choices(findings: tuple[Finding, ...], typed: Typed) -> Choices:
    found = {one.id: typed.fen(amount_field(one.id)) for one in findings}
    return {key: Choice(fen, reasoned=True) for key, fen in found.items() if fen is not None}


def _with_fines(computed: Computation, typed: Typed) -> Computation:
    """Compute once more as if the typed fines were recorded."""
    if computed.rules is None or computed.earlier_unknown:
        return computed
    pairs = zip(computed.findings, computed.facts.findings, strict=True)
    tried = tuple(_fined(finding, facts, typed) for finding, facts in pairs)
    if tried == computed.facts.findings:
        return computed
    facts = replace(computed.facts, findings=tried)
    return replace(computed, facts=facts, outcome=compute(facts, computed.rules))


def _fined(finding: Finding, facts: FindingFacts, typed: Typed) -> FindingFacts:
    if facts.penalty is not words.PenaltyState.PENDING:
        return facts
    fines = {part: typed.fen(f"f{finding.id}-{part.value}") for part in words.Part}
    parts = [Part(part, fen) for part, fen in fines.items() if fen is not None]
    if not parts or sum(one.amount_fen for one in parts) > MAX_FEN:
        return facts
    values = {**facts.values, **penalty_values(parts)}
    return replace(facts, penalty=words.PenaltyState.RECORDED, values=values)
