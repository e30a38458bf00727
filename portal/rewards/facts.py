"""From the rows of a case to the facts the rules ask for: codes, numbers and yes or no, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal.cases.models import Case, Finding, PenaltyPart, PenaltyState
from portal.cases.steps import Conclusion
from portal.cases.telling import live_reports
from portal.database import db
from portal.reports.identity import checks_of_many
from portal.reports.models import IdentityCheck, Question, RealName, Report
from portal.rewards.rules import given as rules
from portal.rewards.rules import vocabulary as words
from portal.rewards.rules.anyang import ANYANG
from portal.rewards.rules.compute import compute
from portal.rewards.rules.outcome import Need, Outcome, Verdict

_PENALTY = {
    PenaltyState.PENDING: words.PenaltyState.PENDING,
    PenaltyState.PENALISED: words.PenaltyState.RECORDED,
    PenaltyState.NONE: words.PenaltyState.NONE,
}
_PART = {
    PenaltyPart.FIRM: words.Part.FINE_FIRM,
    PenaltyPart.PERSON: words.Part.FINE_PERSON,
    PenaltyPart.CONFISCATED: words.Part.CONFISCATED,
}
INSIDER = "insider"
NOT_TRUE = frozenset({Conclusion.FALSE, Conclusion.CANNOT_BE_CLEARED_UP})
CHOICE_NEEDS = frozenset({Need.CHOICE, Need.CHOICE_CONFIRMATION, Need.CHOICE_INSIDE_BAND, Need.CHOICE_REASON})


@dataclass(frozen=True, slots=True)
class Computation:
    """What the rules give for a case now: for which report, from which facts."""

    report: Report | None
    findings: tuple[Finding, ...]
    facts: rules.Facts
    outcome: Outcome

    @property
    def penalties_known(self) -> bool:
        """Tell whether the penalty, or its absence, is recorded for all that a rule covers (payable_when)."""
        covered = [one for one in self.facts.findings if ANYANG.entry_for(one.kind)]
        return bool(covered) and all(one.penalty is not words.PenaltyState.PENDING for one in covered)

    @property
    def choice_needs(self) -> tuple[int, ...]:
        """Return the places of findings whose amount an officer has to choose."""
        return tuple(
            missing.finding
            for missing in self.outcome.needs
            if missing.need in CHOICE_NEEDS and missing.finding is not None
        )

    @property
    def only_choices_missing(self) -> bool:
        """Tell whether nothing but an officer's choice stands between the case and its award."""
        others = {missing.need for missing in self.outcome.needs} - CHOICE_NEEDS - {Need.IDENTITY_ANSWER}
        return self.penalties_known and bool(self.choice_needs) and not others

    @property
    def payable(self) -> bool:
        """Tell whether an award can be proposed; an identity answer may still be missing."""
        return (
            self.outcome.verdict is Verdict.AWARD
            and self.penalties_known
            and not self.choice_needs
            and self.report is not None
        )

    def stored(self) -> dict[str, object]:
        """Return the facts as they are stored with the award."""
        return {
            "real_name": self.facts.reporter.real_name.value,
            "employment_asked": INSIDER in self.facts.reporter.asked | self.facts.reporter.values.keys(),
            "employee": self.facts.reporter.values.get(INSIDER),
            "findings": [
                _stored_finding(finding, facts)
                for finding, facts in zip(self.findings, self.facts.findings, strict=True)
            ],
        }


def compute_case(case: Case, choices: Mapping[int, rules.Choice]) -> Computation:
    """Return what the rules give; the first report in order of receipt that they allow is the one paid."""
    findings = findings_of(case)
    facts = tuple(_finding_facts(finding, choices.get(finding.id)) for finding in findings)
    reports = live_reports(case)
    checks = checks_of_many(report.id for report in reports if report.real_name is not RealName.NONE)
    computed = [_for_report(report, findings, facts, checks.get(report.id, {})) for report in reports]
    eligible = next((one for one in computed if one.outcome.verdict is not Verdict.INELIGIBLE), None)
    if eligible is not None:
        return eligible
    if computed:
        return computed[0]
    return Computation(None, findings, rules.Facts(facts), compute(rules.Facts(facts), ANYANG))


def compute_for(case: Case, report: Report) -> Computation:
    """Return what the rules would give this report, whatever else the case holds."""
    findings = findings_of(case)
    facts = tuple(_finding_facts(finding, None) for finding in findings)
    checks = checks_of_many((report.id,)).get(report.id, {})
    return _for_report(report, findings, facts, checks)


def findings_of(case: Case) -> tuple[Finding, ...]:
    """Return what was verified in a case, with its penalties as they are now."""
    return tuple(
        db.session.scalars(
            select(Finding)
            .where(Finding.case_id == case.id)
            .order_by(Finding.id)
            .execution_options(populate_existing=True)
        ).unique()
    )


def stored_choices(facts: Mapping[str, object]) -> dict[int, rules.Choice]:
    """Return the amounts that officers chose, from stored facts, by finding."""
    findings = facts.get("findings")
    if not isinstance(findings, list):
        return {}
    return {
        int(one["id"]): rules.Choice(int(one["chosen_fen"]), reasoned=True)
        for one in findings
        if one.get("chosen_fen") is not None
    }


def _for_report(
    report: Report,
    findings: tuple[Finding, ...],
    facts: Sequence[rules.FindingFacts],
    checks: Mapping[Question, IdentityCheck],
) -> Computation:
    employment = checks.get(Question.EMPLOYEE)
    answer = employment.answer if employment else None
    reporter = rules.ReporterFacts(
        real_name=real_name_of(report, checks),
        values={} if answer is None else {INSIDER: answer},
        # What was declared is sealed: the question stands for every report with a name.
        asked=frozenset({INSIDER} if employment is not None else ()),
    )
    known = rules.Facts(tuple(facts), reporter)
    return Computation(report, findings, known, compute(known, ANYANG))


def real_name_of(report: Report, checks: Mapping[Question, IdentityCheck]) -> words.RealName:
    """Return how far the name holds: one that the identity officer could not confirm is none."""
    asked = checks.get(Question.REAL_NAME)
    if asked is not None and asked.answer is False:
        return words.RealName.NONE
    return words.RealName(report.real_name.value)


def _finding_facts(finding: Finding, choice: rules.Choice | None) -> rules.FindingFacts:
    accident = finding.accident_class
    # A death toll without the class of the accident is one that no investigation has confirmed yet.
    confirmed = finding.deaths_confirmed if accident or finding.deaths_confirmed else None
    values: dict[str, rules.FactValue] = {}
    if finding.penalty_state is PenaltyState.PENALISED:
        values |= rules.penalty_values(
            rules.PenaltyPart(_PART[one.part], one.amount_fen) for one in finding.penalties
        )
    if confirmed is not None:
        values[rules.DEATHS] = confirmed
    if accident:
        values["accident_class"] = accident.value
    return rules.FindingFacts(words.Kind(finding.kind.value), _PENALTY[finding.penalty_state], values, choice)


def _stored_finding(finding: Finding, facts: rules.FindingFacts) -> dict[str, object]:
    known = finding.penalties if finding.penalty_state is PenaltyState.PENALISED else ()
    return {
        "id": finding.id,
        "kind": facts.kind.value,
        "penalty": facts.penalty.value,
        "parts": [[_PART[one.part].value, one.amount_fen] for one in known],
        "deaths_confirmed": facts.values.get(rules.DEATHS),
        "accident_class": facts.values.get("accident_class"),
        "chosen_fen": facts.choice.amount_fen if facts.choice else None,
    }
