"""From facts to an amount: the same facts always give the same amount and the same derivation."""

from __future__ import annotations

from dataclasses import replace

from portal.rewards.rules import eligibility, uplifts
from portal.rewards.rules import known as facts_known
from portal.rewards.rules.assess import Asked, Assessed, assess
from portal.rewards.rules.codes import Code, Value
from portal.rewards.rules.derivation import Derivation, Step, take_step
from portal.rewards.rules.given import Facts, ReporterFacts
from portal.rewards.rules.model import RuleSet, Uplift
from portal.rewards.rules.outcome import Ineligible, Missing, Need, Outcome, Reason, Verdict
from portal.rewards.rules.sealed import open_fen
from portal.rewards.rules.vocabulary import (
    Moment,
    Overlap,
    PayableWhen,
    PenaltyState,
    RealName,
    Stage,
)

_NOT_COVERED = frozenset(
    {
        Reason.NO_FINDING,
        Reason.KIND_NOT_COVERED,
        Reason.NOT_LISTED,
        Reason.NO_CONFIRMED_DEATH,
        Reason.NOTHING_COUNTED,
        Reason.BELOW_LEAST,
        Reason.PAID_ALREADY,
        Reason.NO_PENALTY_NO_AWARD,
        Reason.EXCLUDED,
    }
)
_STANDS = {
    PayableWhen.VERIFIED: frozenset(PenaltyState),
    PayableWhen.PENALTY_RECORDED: frozenset(PenaltyState) - {PenaltyState.PENDING},
    PayableWhen.PENALTY_FINAL: frozenset({PenaltyState.FINAL, PenaltyState.COLLECTED, PenaltyState.NONE}),
    PayableWhen.PENALTY_COLLECTED: frozenset({PenaltyState.COLLECTED, PenaltyState.NONE}),
}


def compute(
    facts: Facts,
    rules: RuleSet,
    *,
    moment: Moment = Moment.CONCLUSION,
    stage: Stage = Stage.MAIN,
    main_award_fen: int | None = None,
) -> Outcome:
    """Return the award of a stage that the rules give for these facts at this moment."""
    asked = Asked(moment, stage, main_award_fen)
    assessed = [assess(place, facts, rules, asked) for place in range(len(facts.findings))]
    outcome = _barred(_open(assessed, facts, rules, asked), facts, rules, asked)
    return replace(outcome, payable=payable(facts, rules, stage))


def payable(facts: Facts, rules: RuleSet, stage: Stage = Stage.MAIN) -> bool:
    """Tell whether the penalties of all that the rule covers stand as its payable_when asks."""
    covered = [one for one in facts.findings if rules.entry_for(one.kind, stage)]
    stands = _STANDS[rules.payable_when]
    return bool(covered) and all(one.penalty in stands for one in covered)


def _barred(outcome: Outcome, facts: Facts, rules: RuleSet, asked: Asked) -> Outcome:
    """Return the outcome unless this reporter, or what was known before, bars it."""
    if outcome.verdict is Verdict.NOT_COVERED:
        return outcome
    told = [*outcome.reasons, *eligibility.public_reasons(facts, rules, asked.stage)]
    sealed = eligibility.sealed_reasons(facts.reporter, rules)
    if outcome.verdict is Verdict.AWARD:
        sealed += _limits_reached(outcome, facts, rules)
    if not told and not sealed:
        return outcome
    unsealed = None
    if sealed and not told:
        unsealed = compute(
            replace(facts, reporter=_anybody(facts.reporter)),
            rules,
            moment=asked.moment,
            stage=asked.stage,
            main_award_fen=asked.main_award_fen,
        )
    reasons = (*told, *sealed)
    return Outcome(Verdict.INELIGIBLE, reason=reasons[0].code, reasons=reasons, unsealed=unsealed)


def _anybody(reporter: ReporterFacts) -> ReporterFacts:
    """Return what everybody who handles the case knows of its reporter."""
    return replace(reporter, values={}, asked=frozenset(), earlier={})


def _open(assessed: list[Assessed], facts: Facts, rules: RuleSet, asked: Asked) -> Outcome:
    """Return what the findings earn together, before it is asked whether this reporter may have it."""
    # A finding that is not settled could still earn more than the others: nothing is paid before it is.
    unsettled = [missing for one in assessed if not one.steps for missing in one.missing]
    paid = [one for one in assessed if one.steps]
    if paid or unsettled:
        unsettled += eligibility.unanswered(facts, rules)
    if unsettled:
        return Outcome(Verdict.WAITING, needs=tuple(unsettled))
    if not paid:
        return _nothing(assessed)
    return _award(max(paid, key=lambda one: one.amount_fen), paid, facts, rules, asked)


def _nothing(assessed: list[Assessed]) -> Outcome:
    """Return why nothing is paid: what the reporter could have changed goes before what no rule covers."""
    reasons = [one.reason for one in assessed if one.reason] or [Ineligible(Reason.NO_FINDING)]
    reasons.sort(key=lambda reason: reason.code in _NOT_COVERED)
    first = reasons[0]
    verdict = Verdict.NOT_COVERED if first.code in _NOT_COVERED else Verdict.INELIGIBLE
    same = tuple(one for one in reasons if (one.code in _NOT_COVERED) == (first.code in _NOT_COVERED))
    return Outcome(verdict, reason=first.code, reasons=same)


def _award(best: Assessed, paid: list[Assessed], facts: Facts, rules: RuleSet, asked: Asked) -> Outcome:
    """Return the award with all its steps, those about the person last."""
    steps = _together(best, paid, facts, rules)
    known = facts_known.with_reporter(best.known, facts.reporter, rules.facts.values())
    cap = uplifts.Cap(_cap(rules, asked))
    merits = uplifts.applying(rules, asked.stage, best.known, personal=False)
    if merits:
        steps += uplifts.add(merits, steps[-1].after_fen, rules, cap, uplifts.OPEN)
        reached_fen = steps[-1].after_fen
        cap = uplifts.Cap(None if cap.fen is None else max(cap.fen, reached_fen), shown=False)
    personal = uplifts.applying(rules, asked.stage, known, personal=True)
    steps += uplifts.add(personal, steps[-1].after_fen, rules, cap, uplifts.SEALED)
    steps += _open_uplifts(steps[-1].after_fen, known, facts.reporter, rules, asked.stage)
    kind = facts.findings[best.place].kind
    for limit in rules.limits:
        earlier = facts.reporter.earlier.get(limit.key(kind))
        if limit.max_fen is None or (earlier is None and steps[-1].after_fen <= limit.max_fen):
            continue
        # A single award may be more than the whole period allows.
        inputs = {"max": limit.max_fen, "earlier": earlier.sum_fen if earlier else 0}
        steps.append(take_step(Code.LIMIT, limit.source, steps[-1].after_fen, inputs, limit.id))
    withheld = rules.withholding
    inputs = {"withheld": min(withheld.withheld_fen, steps[-1].after_fen)}
    steps.append(take_step(Code.TAX, withheld.source, steps[-1].after_fen, inputs))
    return _outcome(best, paid, tuple(steps), facts, rules, asked)


def _outcome(
    best: Assessed, paid: list[Assessed], steps: tuple[Step, ...], facts: Facts, rules: RuleSet, asked: Asked
) -> Outcome:
    """Return the award, with what must still be answered before it is approved."""
    counted = paid if rules.overlap is Overlap.SUM else [best]
    amount_fen = steps[-1].after_fen
    derivation = Derivation(
        rule_set=rules.id,
        rule_set_version=rules.version,
        kind=facts.findings[best.place].kind,
        steps=steps,
        amount_fen=amount_fen,
        stage=asked.stage,
    )
    formula = _formula(facts, rules, asked, derivation)
    needs = [missing for one in counted for missing in one.missing]
    if facts.reporter.asked - facts.reporter.values.keys():
        needs.append(Missing(Need.IDENTITY_ANSWER))
    unnamed = best.entry is not None and facts.reporter.real_name is RealName.NONE
    due = best.entry.real_name_by if best.entry and unnamed else None
    return Outcome(
        Verdict.AWARD,
        amount_fen=amount_fen,
        derivation=derivation,
        needs=tuple(needs),
        officers_choice=any(one.officers_choice for one in counted),
        finding=best.place,
        real_name_due=None if due is Moment.NEVER else due,
        chosen_beyond=any(one.beyond for one in counted),
        computed_fen=formula.amount_fen if formula else None,
        formula_fen=open_fen(formula) if formula else None,
        entry=best.entry.id if best.entry else "",
    )


def _formula(facts: Facts, rules: RuleSet, asked: Asked, derivation: Derivation) -> Derivation | None:
    """Return what the rule gives where no officer chose; None where it leaves the amount to him."""
    if all(one.choice is None for one in facts.findings):
        return derivation
    unchosen = tuple(replace(one, choice=None) for one in facts.findings)
    return compute(
        replace(facts, findings=unchosen),
        rules,
        moment=asked.moment,
        stage=asked.stage,
        main_award_fen=asked.main_award_fen,
    ).derivation


def _together(best: Assessed, paid: list[Assessed], facts: Facts, rules: RuleSet) -> list[Step]:
    """Return the steps of the highest single award, or of all with their sum, as the rule says."""
    if len(paid) == 1:
        return list(best.steps)
    amounts: dict[str, Value] = {f"candidate_{at}": one.amount_fen for at, one in enumerate(paid, start=1)}
    if rules.overlap is Overlap.HIGHEST:
        return [*best.steps, take_step(Code.OVERLAP, None, best.amount_fen, amounts)]
    steps: list[Step] = []
    at_fen = 0
    for number, one in enumerate(paid, start=1):
        kind = facts.findings[one.place].kind.value
        steps.append(take_step(Code.PART, None, at_fen, {"number": number, "kind": kind}))
        steps += one.steps
        at_fen = one.amount_fen
    return [*steps, take_step(Code.SUM, None, at_fen, {**amounts, "findings": 1})]


def _cap(rules: RuleSet, asked: Asked) -> int | None:
    """Return the cap of the whole award, in fen; of a later award what the main one left of it."""
    if rules.cap_fen is None or asked.stage is Stage.MAIN or asked.main_award_fen is None:
        return rules.cap_fen
    return max(rules.cap_fen - asked.main_award_fen, 0)


def _open_uplifts(
    before_fen: int, known: facts_known.Known, reporter: ReporterFacts, rules: RuleSet, stage: Stage
) -> list[Step]:
    """Return a step for each uplift whose question the identity officer has yet to answer."""
    return [
        take_step(Code.UPLIFT_OPEN, one.source, before_fen, {}, one.id)
        for one in rules.uplifts
        if _undecided(one, known, reporter, stage)
    ]


def _undecided(uplift: Uplift, known: facts_known.Known, reporter: ReporterFacts, stage: Stage) -> bool:
    if not uplift.personal or stage not in uplift.stages or uplift.when.holds(known) is not None:
        return False
    return not reporter.asked.isdisjoint(uplift.when.undecided(known))


def _limits_reached(outcome: Outcome, facts: Facts, rules: RuleSet) -> list[Ineligible]:
    """Return the limits that leave nothing for this reporter in their period."""
    kind = facts.findings[outcome.finding or 0].kind
    reached = []
    for limit in rules.limits:
        earlier = facts.reporter.earlier.get(limit.key(kind))
        if earlier is None:
            continue
        often = limit.count is not None and earlier.count >= limit.count
        if often or (limit.max_fen is not None and earlier.sum_fen >= limit.max_fen):
            reached.append(Ineligible(Reason.CAP_REACHED, {"limit": limit.id}))
    return reached
