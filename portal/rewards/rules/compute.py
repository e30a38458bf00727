"""From facts to an amount: the same facts always give the same amount and the same derivation."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from portal.rewards.rules.anyang import ANYANG, RULE_SETS
from portal.rewards.rules.codes import Code, Value
from portal.rewards.rules.derivation import Derivation, Step, take_step
from portal.rewards.rules.legacy import (
    MOMENTS,
    Entry,
    Facts,
    FindingFacts,
    Moment,
    OfficerChoice,
    Part,
    PenaltyState,
    PercentOfPenalty,
    PerDeath,
    RealName,
    RuleSet,
    Source,
)
from portal.rewards.rules.outcome import Missing, Need, Outcome, Reason, Verdict

_NOT_COVERED = frozenset({Reason.NO_FINDING, Reason.KIND_NOT_COVERED, Reason.NO_CONFIRMED_DEATH})


@dataclass(frozen=True, slots=True)
class _Assessed:
    """One finding by itself: steps that lead to an amount, or what is missing, or why nothing is paid."""

    finding: int
    entry: Entry | None = None
    steps: tuple[Step, ...] = ()
    missing: tuple[Missing, ...] = ()
    reason: Reason | None = None
    officers_choice: bool = False

    @property
    def amount_fen(self) -> int:
        """Return the amount that the steps end at, in fen."""
        return self.steps[-1].after_fen


def rule_set(rule_set_id: str, version: int) -> RuleSet:
    """Return the rule set that a case has pinned; raises KeyError for one that never shipped."""
    return RULE_SETS[rule_set_id, version]


def compute(facts: Facts, rules: RuleSet = ANYANG, moment: Moment = Moment.CONCLUSION) -> Outcome:
    """Return the award that the rules give for these facts at this moment."""
    assessed = [_assess(number, facts, rules, moment) for number in range(len(facts.findings))]
    # A finding that is not settled could still earn more than the others: nothing is paid before it is.
    unsettled = tuple(missing for one in assessed if not one.steps for missing in one.missing)
    if unsettled:
        return Outcome(Verdict.WAITING, needs=unsettled)
    paid = [one for one in assessed if one.steps]
    if not paid:
        return _nothing(assessed)
    return _award(max(paid, key=lambda one: one.amount_fen), paid, facts, rules)


def _nothing(assessed: list[_Assessed]) -> Outcome:
    """Return why nothing is paid: what the reporter could have changed goes before what no rule covers."""
    reasons = [one.reason for one in assessed if one.reason]
    named = next((reason for reason in reasons if reason not in _NOT_COVERED), None)
    reason = named or next(iter(reasons), Reason.NO_FINDING)
    verdict = Verdict.NOT_COVERED if reason in _NOT_COVERED else Verdict.INELIGIBLE
    return Outcome(verdict, reason=reason)


def _award(best: _Assessed, paid: list[_Assessed], facts: Facts, rules: RuleSet) -> Outcome:
    """Return the highest single award with the steps about the person."""
    steps = list(best.steps)
    if len(paid) > 1:
        candidates: dict[str, Value] = {
            f"candidate_{place}": one.amount_fen for place, one in enumerate(paid, start=1)
        }
        steps.append(take_step(Code.OVERLAP, None, best.amount_fen, candidates))
    steps += _about_the_person(steps[-1].after_fen, facts, rules)
    amount_fen = steps[-1].after_fen
    unanswered = facts.employment_declared and facts.employee is None
    return Outcome(
        Verdict.AWARD,
        amount_fen=amount_fen,
        derivation=Derivation(
            rule_set=rules.id,
            rule_set_version=rules.version,
            kind=facts.findings[best.finding].kind,
            steps=tuple(steps),
            amount_fen=amount_fen,
        ),
        needs=best.missing + ((Missing(Need.IDENTITY_ANSWER),) if unanswered else ()),
        officers_choice=best.officers_choice,
        finding=best.finding,
        real_name_due=best.entry.real_name_by if best.entry and facts.real_name is RealName.NONE else None,
    )


def _about_the_person(award_fen: int, facts: Facts, rules: RuleSet) -> list[Step]:
    """Return the steps that are sealed for the verifier: uplift, cap of the total, tax."""
    uplift = rules.uplift
    steps: list[Step] = []
    if facts.employee:
        steps.append(
            take_step(
                Code.UPLIFT,
                uplift.source,
                award_fen,
                {**_rate(uplift.rate), "at_least": uplift.at_least_fen},
            )
        )
        total = steps[-1].after_fen
        steps.append(take_step(Code.TOTAL_CAP, uplift.source, total, {"max": uplift.uplift_cap_fen}))
    elif facts.employee is None and facts.employment_declared:
        steps.append(take_step(Code.UPLIFT_OPEN, uplift.source, award_fen, {}))
    after = steps[-1].after_fen if steps else award_fen
    withholding = rules.withholding
    steps.append(take_step(Code.TAX, withholding.source, after, {"withheld": withholding.withheld_fen}))
    return steps


def _assess(number: int, facts: Facts, rules: RuleSet, moment: Moment) -> _Assessed:
    """Return what one finding earns by itself."""
    finding = facts.findings[number]
    entry = rules.entry_for(finding.kind)
    if entry is None:
        return _Assessed(number, reason=Reason.KIND_NOT_COVERED)
    due = MOMENTS.index(entry.real_name_by) <= MOMENTS.index(moment)
    if due and facts.real_name is RealName.NONE:
        return _Assessed(number, entry, reason=Reason.REAL_NAME_MISSING)
    match entry.clause:
        case PercentOfPenalty() as clause:
            return _of_penalty(number, finding, entry, clause)
        case OfficerChoice() as clause:
            return _chosen(number, finding, entry, clause, entry.source)
        case PerDeath() as clause:
            return _for_deaths(number, finding, entry, clause)


def _of_penalty(number: int, finding: FindingFacts, entry: Entry, clause: PercentOfPenalty) -> _Assessed:
    """Return the share of the penalty, or the branch of its own when there is none."""
    if finding.penalty is PenaltyState.PENDING:
        return _Assessed(number, entry, missing=(Missing(Need.PENALTY, number, clause.band),))
    if finding.penalty is PenaltyState.NONE:
        return _without_penalty(number, finding, entry)
    source = entry.source
    parts: dict[str, Value] = {part.value: finding.total(part) for part in Part}
    total = take_step(Code.PENALTY_TOTAL, None, 0, {**parts, "base": "+".join(clause.base)})
    share = take_step(Code.PERCENT, clause.rate_source, total.after_fen, _rate(clause.rate))
    exact = total.after_fen * clause.rate
    rounding = take_step(
        Code.ROUNDING,
        None,
        share.after_fen,
        {"exact_numerator": exact.numerator, "exact_denominator": exact.denominator},
    )
    floor = take_step(Code.FLOOR, source, rounding.after_fen, {"min": clause.band.min_fen})
    cap = take_step(Code.CAP, source, floor.after_fen, {"max": clause.band.max_fen})
    return _Assessed(number, entry, (total, share, rounding, floor, cap))


def _without_penalty(number: int, finding: FindingFacts, entry: Entry) -> _Assessed:
    """Return what the rule gives where no penalty was imposed."""
    source = entry.without_penalty_source or entry.source
    if entry.without_penalty is None:
        return _Assessed(number, entry, reason=Reason.KIND_NOT_COVERED)
    before = take_step(Code.NO_PENALTY, source, 0, {})
    return _chosen(number, finding, entry, entry.without_penalty, source, (before,))


def _chosen(
    number: int,
    finding: FindingFacts,
    entry: Entry,
    clause: OfficerChoice,
    source: Source,
    before: tuple[Step, ...] = (),
) -> _Assessed:
    """Return what the officer chose inside the band, the default he has yet to confirm, or what he owes."""
    choice = finding.choice
    chosen_fen = choice.amount_fen if choice else clause.default_fen
    need = _choice_fault(finding, clause)
    missing = (Missing(need, number, clause.band),) if need else ()
    if chosen_fen is None or need not in {None, Need.CHOICE_CONFIRMATION}:
        return _Assessed(number, entry, missing=missing)
    step = take_step(
        Code.CHOICE,
        source,
        0,
        {
            "min": clause.band.min_fen,
            "max": clause.band.max_fen,
            "chosen": chosen_fen,
            "by_default": int(choice is None),
        },
    )
    return _Assessed(number, entry, (*before, step), missing, officers_choice=True)


def _choice_fault(finding: FindingFacts, clause: OfficerChoice) -> Need | None:
    """Return what is wrong with the officer's choice, if anything."""
    if finding.choice is None:
        return Need.CHOICE if clause.default_fen is None else Need.CHOICE_CONFIRMATION
    if not clause.band.holds(finding.choice.amount_fen):
        return Need.CHOICE_INSIDE_BAND
    return None if finding.choice.reasoned else Need.CHOICE_REASON


def _for_deaths(number: int, finding: FindingFacts, entry: Entry, clause: PerDeath) -> _Assessed:
    """Return the award for confirmed concealed deaths; the class is that of the whole accident."""
    missing: tuple[Missing, ...] = ()
    if finding.deaths_confirmed is None:
        missing += (Missing(Need.DEATHS, number),)
    if finding.accident_class is None:
        missing += (Missing(Need.ACCIDENT_CLASS, number),)
    if finding.deaths_confirmed == 0:
        return _Assessed(number, entry, reason=Reason.NO_CONFIRMED_DEATH)
    if finding.deaths_confirmed is None or finding.accident_class is None:
        return _Assessed(number, entry, missing=missing)
    inputs: dict[str, Value] = {
        "deaths": finding.deaths_confirmed,
        "each": clause.amount(finding.accident_class),
        "accident_class": finding.accident_class.value,
    }
    deaths = take_step(Code.PER_DEATH, entry.source, 0, inputs)
    cap = take_step(Code.CAP, entry.source, deaths.after_fen, {"max": clause.max_fen})
    return _Assessed(number, entry, (deaths, cap))


def _rate(rate: Fraction) -> dict[str, Value]:
    """Return a rate as two whole numbers."""
    return {"rate_numerator": rate.numerator, "rate_denominator": rate.denominator}
