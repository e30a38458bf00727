"""Where an officer sets an amount: inside a band, or beyond a soft cap with a second signature."""

from __future__ import annotations

from dataclasses import replace

from portal.money import MAX_FEN
from portal.rewards.facts import Computation
from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.clauses.choose import Choose
from portal.rewards.rules.clauses.combine import Combine
from portal.rewards.rules.codes import Code
from portal.rewards.rules.compute import compute
from portal.rewards.rules.given import Choice, Facts
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.outcome import Need, Outcome
from portal.rewards.rules.terms import Band
from portal.rewards.rules.vocabulary import Kind, Stage


def officer_sets(rules: RuleSet, kind: Kind) -> bool:
    """Tell whether a rule set may leave the amount for this kind to an officer, whatever the answers are."""
    return any(
        _leaves_it(branch)
        for entry in rules.entries
        if kind in entry.kinds and entry.stage is Stage.MAIN
        for branch in (entry.pay, entry.without_penalty)
        if branch is not None
    )


def _leaves_it(pay: Pay) -> bool:
    clause = pay.clause
    if isinstance(clause, Combine):
        return pay.soft is not None or any(_leaves_it(part) for part in clause.clauses)
    return pay.soft is not None or isinstance(clause, Choose)


def choice_bands(computed: Computation) -> dict[int, Band]:
    """Return the band of each finding whose amount an officer sets, by its place; nothing chosen yet."""
    needed: dict[int, Band] = {}
    for one in computed.outcome.needs:
        if one.band is not None and one.finding is not None:
            needed[one.finding] = one.band
    if computed.only_choices_missing:
        return needed
    beyond = _beyond(computed)
    return beyond if computed.payable and not needed else {}


def _beyond(computed: Computation) -> dict[int, Band]:
    """Return how far beyond a soft cap an officer may go; empty where none was passed."""
    outcome, place = computed.outcome, computed.outcome.finding
    if computed.rules is None or place is None or not _is_soft(outcome):
        return {}
    asked = compute(_with_most(computed.facts, place), computed.rules, stage=computed.stage)
    found = [one.band for one in asked.needs if one.need is Need.CHOICE_INSIDE_BAND and one.band]
    return {place: found[0]} if found and found[0].max_fen > found[0].min_fen else {}


def _is_soft(outcome: Outcome) -> bool:
    steps = outcome.derivation.steps if outcome.derivation else ()
    return any(step.code is Code.SOFT_CAP and step.bit for step in steps)


def _with_most(facts: Facts, place: int) -> Facts:
    """Choose more than any rule allows: the refusal says how much it does."""
    findings = list(facts.findings)
    findings[place] = replace(findings[place], choice=Choice(MAX_FEN, reasoned=True))
    return replace(facts, findings=tuple(findings))
