"""What one finding earns by itself: steps to an amount, or what is missing, or why nothing is paid."""

from __future__ import annotations

from dataclasses import dataclass

from portal.rewards.rules import known as facts_known
from portal.rewards.rules.clauses.run import Run
from portal.rewards.rules.codes import Code
from portal.rewards.rules.derivation import Step
from portal.rewards.rules.given import PENALISED, PENALTY_FACTS, Facts
from portal.rewards.rules.model import Entry, RuleSet
from portal.rewards.rules.outcome import NEEDED_BEFORE_APPROVAL, Ineligible, Missing, Reason
from portal.rewards.rules.values import Known
from portal.rewards.rules.vocabulary import MOMENTS, About, Moment, PenaltyState, RealName, Stage


@dataclass(frozen=True, slots=True)
class Assessed:
    """One finding: its place, its entry, and the steps from nothing to its amount."""

    place: int
    known: Known
    entry: Entry | None = None
    steps: tuple[Step, ...] = ()
    missing: tuple[Missing, ...] = ()
    reason: Ineligible | None = None
    officers_choice: bool = False
    beyond: bool = False

    @property
    def amount_fen(self) -> int:
        """Return the amount that the steps end at, in fen."""
        return self.steps[-1].after_fen


@dataclass(frozen=True, slots=True)
class Asked:
    """For which stage and at which moment is computed."""

    moment: Moment = Moment.CONCLUSION
    stage: Stage = Stage.MAIN
    main_award_fen: int | None = None


def assess(place: int, facts: Facts, rules: RuleSet, asked: Asked) -> Assessed:
    """Return what one finding earns."""
    finding = facts.findings[place]
    known = facts_known.of_finding(finding, facts, asked.main_award_fen)
    run = Run(place, known, finding.choice, "", rules.source, rules.rounding)
    excluded = _excluded(rules, run)
    if excluded is not None:
        return Assessed(place, known, reason=excluded)
    entry = _governing(rules, run, asked.stage)
    if run.missing:
        return Assessed(place, known, missing=tuple(run.missing))
    if entry is None:
        covered = rules.entry_for(finding.kind, asked.stage) is not None
        reason = Reason.NOT_LISTED if covered else Reason.KIND_NOT_COVERED
        return Assessed(place, known, reason=Ineligible(reason, {"kind": finding.kind.value}, place))
    unnamed = _unnamed(entry, facts.reporter.real_name, asked.moment, place)
    if unnamed is not None:
        return Assessed(place, known, entry, reason=unnamed)
    run.entry, run.source = entry.id, entry.source
    return _paid(entry, finding.penalty, run, rules, asked.stage)


def _paid(entry: Entry, penalty: PenaltyState, run: Run, rules: RuleSet, stage: Stage) -> Assessed:
    """Return what the entry pays, by its branch without a penalty where there is none."""
    earned = _earn(entry, penalty, run)
    _needed_by_uplifts(rules, run, stage)
    open_needs = any(missing.need not in NEEDED_BEFORE_APPROVAL for missing in run.missing)
    if earned and not open_needs:
        steps, missing = tuple(run.steps), tuple(run.missing)
        return Assessed(
            run.place,
            run.known,
            entry,
            steps,
            missing,
            officers_choice=run.chosen,
            beyond=run.beyond,
        )
    # A count of nothing settles the matter, whatever else is not known.
    if run.reasons and not earned and (not run.missing or _nothing_counted(run.reasons)):
        return Assessed(run.place, run.known, entry, reason=run.reasons[0])
    return Assessed(run.place, run.known, entry, missing=tuple(run.missing))


def _earn(entry: Entry, penalty: PenaltyState, run: Run) -> bool:
    """Take the steps of the branch that holds; False where something is missing or nothing is paid."""
    if entry.without_penalty is not None and penalty is PenaltyState.PENDING:
        run.band = entry.pay.band()
        run.miss(PENALISED)
        return False
    if penalty is not PenaltyState.NONE:
        return entry.pay.earn(run)
    if entry.without_penalty is not None:
        source = entry.without_penalty.source(entry.source)
        run.take(Code.NO_PENALTY, {}, source)
        return entry.without_penalty.earn(run)
    if PENALTY_FACTS.isdisjoint(entry.pay.facts()):
        return entry.pay.earn(run)
    run.refuse(Reason.NO_PENALTY_NO_AWARD, {})
    return False


def _nothing_counted(reasons: list[Ineligible]) -> bool:
    return reasons[0].code in {Reason.NO_CONFIRMED_DEATH, Reason.NOTHING_COUNTED}


def _excluded(rules: RuleSet, run: Run) -> Ineligible | None:
    """Return the exclusion that holds; facts that would decide one are noted as missing."""
    for exclusion in rules.exclusions:
        holds = exclusion.when.holds(run.known)
        if holds:
            return Ineligible(Reason.EXCLUDED, {"exclusion": exclusion.id}, run.place)
        if holds is None:
            for fact in exclusion.when.undecided(run.known):
                run.miss(fact)
    return None


def _governing(rules: RuleSet, run: Run, stage: Stage) -> Entry | None:
    """Return the first entry that holds; a fact that decides about an earlier one is noted as missing."""
    for entry in rules.entries:
        if entry.stage is not stage:
            continue
        holds = entry.when.holds(run.known)
        if holds:
            return entry
        if holds is None:
            for fact in entry.when.undecided(run.known):
                run.miss(fact)
            return None
    return None


def _needed_by_uplifts(rules: RuleSet, run: Run, stage: Stage) -> None:
    """Note the facts of the finding that an uplift asks for: for every reporter alike."""
    for uplift in rules.uplifts:
        if stage not in uplift.stages or uplift.when.holds(run.known) is not None:
            continue
        for fact in uplift.when.undecided(run.known):
            declared = rules.facts.get(fact)
            if declared is None or declared.about is not About.REPORTER:
                run.miss(fact)


def _unnamed(entry: Entry, name: RealName, moment: Moment, place: int) -> Ineligible | None:
    """Return why a reporter without a (confirmed) name gets nothing at this moment."""
    if entry.real_name_by is Moment.NEVER or MOMENTS.index(entry.real_name_by) > MOMENTS.index(moment):
        return None
    facts = {"moment": entry.real_name_by.value}
    if name is RealName.NONE:
        return Ineligible(Reason.REAL_NAME_MISSING, facts, place)
    if name is RealName.DECLARED and moment is Moment.CLAIM:
        return Ineligible(Reason.REAL_NAME_NOT_CONFIRMED, facts, place)
    return None
