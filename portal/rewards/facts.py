"""From the rows of a case to the facts its rule set asks for, and what comes out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from portal.cases.models import Case, Finding, PenaltyPart, PenaltyState
from portal.cases.steps import Conclusion
from portal.cases.telling import live_reports
from portal.database import db
from portal.reports.identity import checks_of_many
from portal.reports.models import IdentityCheck, Question, RealName, Report
from portal.rewards import answered, rulebook
from portal.rewards.earlier import earlier_awards
from portal.rewards.rules import given
from portal.rewards.rules import vocabulary as words
from portal.rewards.rules.compute import compute
from portal.rewards.rules.eligibility import asked_of_case
from portal.rewards.rules.model import Fact, RuleSet
from portal.rewards.rules.outcome import Ineligible, Need, Outcome, Reason, Verdict
from portal.rewards.stored_facts import ACCIDENT_CLASS, INSIDER, OWN_PLACE, stored_facts
from portal.vault.client import VaultClosed, VaultRefused

_PART = {
    PenaltyPart.FIRM: words.Part.FINE_FIRM,
    PenaltyPart.PERSON: words.Part.FINE_PERSON,
    PenaltyPart.CONFISCATED: words.Part.CONFISCATED,
}
NOT_TRUE = frozenset({Conclusion.FALSE, Conclusion.CANNOT_BE_CLEARED_UP})
CHOICE_NEEDS = frozenset({Need.CHOICE, Need.CHOICE_CONFIRMATION, Need.CHOICE_INSIDE_BAND, Need.CHOICE_REASON})
NO_RULE = Outcome(
    Verdict.NOT_COVERED, reason=Reason.KIND_NOT_COVERED, reasons=(Ineligible(Reason.KIND_NOT_COVERED),)
)

Texts = Mapping[int, Mapping[str, str]]
Choices = Mapping[int, given.Choice]


@dataclass(frozen=True, slots=True)
class Asked:
    """For which stage is computed: beside which main award (fen), and which reports it passes over."""

    stage: words.Stage = words.Stage.MAIN
    main_award_fen: int | None = None
    without: frozenset[int] = frozenset()


MAIN = Asked()


@dataclass(frozen=True, slots=True)
class Computation:
    """What the governing rule set gives for a case now: for which report, from which facts."""

    report: Report | None
    findings: tuple[Finding, ...]
    facts: given.Facts
    outcome: Outcome
    rules: RuleSet | None = None
    stage: words.Stage = words.Stage.MAIN
    sharers: tuple[Report, ...] = ()
    """Among whom it is divided, in order of receipt."""
    earlier_unknown: bool = False
    """Nobody can say now what was paid before: shown on pages only, never proposed."""

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
        return self.outcome.payable and bool(self.choice_needs) and not others

    @property
    def payable(self) -> bool:
        """Tell whether an award can be proposed; an identity answer may still be missing."""
        return (
            self.outcome.verdict is Verdict.AWARD
            and self.outcome.payable
            and not self.choice_needs
            and self.report is not None
        )

    @property
    def computed_fen(self) -> int:
        """Return what the rule gives, in fen: without the officer's choice, where it does not need one."""
        rule_gives = self.outcome.computed_fen
        return (self.outcome.amount_fen or 0) if rule_gives is None else rule_gives

    def stored(self) -> dict[str, object]:
        """Return the facts as they are stored with the award."""
        return stored_facts(self.facts, tuple(finding.id for finding in self.findings))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a case apart from its reporters, and for what it is asked."""

    case: Case
    rules: RuleSet
    findings: tuple[Finding, ...]
    facts: given.Facts
    asked: Asked


def compute_case(
    case: Case, choices: Choices, *, rules: RuleSet | None = None, asked: Asked = MAIN
) -> Computation:
    """Return what a case earns by the rule set that governs it (or by another one, to try it).

    Paid is the first report in order of receipt that the rules allow, or all of them where they share.
    """
    return compute_known(case, findings_of(case), choices, rules=rules, asked=asked)


def compute_known(
    case: Case,
    findings: tuple[Finding, ...],
    choices: Choices,
    *,
    rules: RuleSet | None = None,
    asked: Asked = MAIN,
    typed: Texts | None = None,
    typed_case: Mapping[str, str] | None = None,
) -> Computation:
    """Return what these findings earn; ``typed`` holds answers that take the place of those that are kept."""
    governing = rules or rulebook.governing(case, findings)
    if governing is None:
        return Computation(None, findings, _bare(findings), NO_RULE, stage=asked.stage)
    facts = _facts_of_case(case, governing, findings, choices, typed, typed_case)
    known = _Known(case, governing, findings, facts, asked)
    reports = [one for one in live_reports(case) if one.id not in asked.without]
    return _of_reports(known, reports)


def compute_shown(
    case: Case,
    governing: RuleSet | None,
    findings: tuple[Finding, ...],
    choices: Choices,
    typed: Texts,
    typed_case: Mapping[str, str] | None,
) -> Computation:
    """Return what a page shows; while the vault is closed and a limit needs it, what is known without."""
    try:
        return compute_known(case, findings, choices, rules=governing, typed=typed, typed_case=typed_case)
    except (VaultClosed, VaultRefused):
        if governing is None:
            raise
        facts = _facts_of_case(case, governing, findings, choices, typed, typed_case)
        waiting = Outcome(Verdict.WAITING)
        return Computation(None, findings, facts, waiting, governing, earlier_unknown=True)


def compute_for(case: Case, report: Report) -> Computation:
    """Return what the rules would give this report, whatever else the case holds."""
    findings = findings_of(case)
    governing = rulebook.governing(case, findings)
    if governing is None:
        return Computation(report, findings, _bare(findings), NO_RULE)
    facts = _facts_of_case(case, governing, findings, {}, None, None)
    return _of_reports(_Known(case, governing, findings, facts, MAIN), [report])


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


def stored_choices(facts: Mapping[str, object]) -> dict[int, given.Choice]:
    """Return the amounts that officers chose, from stored facts, by finding."""
    findings = facts.get("findings")
    if not isinstance(findings, list):
        return {}
    return {
        int(one["id"]): given.Choice(int(one["chosen_fen"]), reasoned=True)
        for one in findings
        if one.get("chosen_fen") is not None
    }


def asked_of_reporter(governing: RuleSet | None) -> list[Fact]:
    """Return what a rule set asks about the reporter: yes or no, answered by the identity officer."""
    about = governing.asked(words.About.REPORTER) if governing else ()
    return [fact for fact in about if fact.type is words.FactType.YES_NO]


def real_name_of(report: Report, checks: Mapping[Question, IdentityCheck]) -> words.RealName:
    """Return how far the name holds: one that the identity officer could not confirm is none."""
    asked = checks.get(Question.REAL_NAME)
    if asked is not None and asked.answer is False:
        return words.RealName.NONE
    return words.RealName(report.real_name.value)


def penalty_state(finding: Finding) -> words.PenaltyState:
    """Return how far the penalty of a finding has come: all of its parts have to be as far."""
    if finding.penalty_state is PenaltyState.PENDING:
        return words.PenaltyState.PENDING
    if finding.penalty_state is PenaltyState.NONE:
        return words.PenaltyState.NONE
    parts = finding.penalties
    if parts and all(one.collected_on for one in parts):
        return words.PenaltyState.COLLECTED
    # What was collected was not contested any more.
    if parts and all(one.final_on or one.collected_on for one in parts):
        return words.PenaltyState.FINAL
    return words.PenaltyState.RECORDED


def _of_reports(known: _Known, reports: Sequence[Report]) -> Computation:
    named = [report.id for report in reports if report.real_name is not RealName.NONE]
    checks, answers = checks_of_many(named), _reporter_texts(known.rules, named)
    eligible: list[Computation] = []
    computed: list[Computation] = []
    # Whoever corroborates comes after the first, whose award is the main one.
    before = 2 if known.asked.stage is words.Stage.CORROBORATION else 1
    for report in reports:
        reporter = _reporter(known, report, checks.get(report.id, {}), answers.get(report.id, {}))
        one = _computed(known, report, replace(reporter, order=before + len(eligible)))
        computed.append(one)
        if one.outcome.verdict is not Verdict.INELIGIBLE:
            eligible.append(one)
    if not computed:
        return _computed(known, None, given.ReporterFacts())
    if not eligible:
        return computed[0]
    sharers = eligible if _is_divided(known) else eligible[:1]
    return replace(eligible[0], sharers=tuple(one.report for one in sharers if one.report))


def _is_divided(known: _Known) -> bool:
    """Tell whether everybody whom the rules allow has a share."""
    equal = known.rules.sharing.mode is words.SharingMode.EQUAL
    return equal or known.asked.stage is words.Stage.CORROBORATION


def _computed(known: _Known, report: Report | None, reporter: given.ReporterFacts) -> Computation:
    facts = replace(known.facts, reporter=reporter)
    asked = known.asked
    outcome = compute(facts, known.rules, stage=asked.stage, main_award_fen=asked.main_award_fen)
    sharers = (report,) if report else ()
    return Computation(report, known.findings, facts, outcome, known.rules, asked.stage, sharers)


def _reporter_texts(governing: RuleSet, report_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Return the identity officer's further answers, where the rule set asks for any."""
    more = [fact for fact in asked_of_reporter(governing) if fact.id != INSIDER]
    return answered.of_reports(report_ids) if more else {}


def _reporter(
    known: _Known, report: Report, checks: Mapping[Question, IdentityCheck], texts: Mapping[str, str]
) -> given.ReporterFacts:
    asked = {fact.id: fact for fact in asked_of_reporter(known.rules)}
    employment = checks.get(Question.EMPLOYEE)
    values = answered.values_of(asked, texts)
    if INSIDER in asked and employment is not None and employment.answer is not None:
        values[INSIDER] = employment.answer
    return given.ReporterFacts(
        real_name=real_name_of(report, checks),
        values=values,
        # What was declared is sealed: the questions stand for every report with a name.
        asked=frozenset(asked if checks else ()),
        earlier=earlier_awards(report, known.rules, known.findings),
    )


def _facts_of_case(
    case: Case,
    governing: RuleSet,
    findings: tuple[Finding, ...],
    choices: Choices,
    typed: Texts | None,
    typed_case: Mapping[str, str] | None,
) -> given.Facts:
    about_finding = {fact.id: fact for fact in governing.asked(words.About.FINDING)}
    about_case = {fact.id: fact for fact in asked_of_case(governing)}
    texts: Texts = answered.of_findings(findings) if about_finding else {}
    texts = {**texts, **(typed or {})}
    said = typed_case if typed_case is not None else answered.of_case(case) if about_case else {}
    return given.Facts(
        tuple(
            _finding_facts(one, about_finding, texts.get(one.id, {}), choices.get(one.id)) for one in findings
        ),
        values=answered.values_of(about_case, said),
    )


def _finding_facts(
    finding: Finding, asked: Mapping[str, Fact], texts: Mapping[str, str], choice: given.Choice | None
) -> given.FindingFacts:
    accident = finding.accident_class
    # A death toll without the class of the accident is one that no investigation has confirmed yet.
    confirmed = finding.deaths_confirmed if accident or finding.deaths_confirmed else None
    values = answered.values_of({key: fact for key, fact in asked.items() if key not in OWN_PLACE}, texts)
    if finding.penalty_state is PenaltyState.PENALISED:
        values |= given.penalty_values(
            given.PenaltyPart(_PART[one.part], one.amount_fen) for one in finding.penalties
        )
    if confirmed is not None:
        values[given.DEATHS] = confirmed
    if accident:
        values[ACCIDENT_CLASS] = accident.value
    return given.FindingFacts(words.Kind(finding.kind.value), penalty_state(finding), values, choice)


def _bare(findings: tuple[Finding, ...]) -> given.Facts:
    return given.Facts(tuple(_finding_facts(one, {}, {}, None) for one in findings))
