"""What an award may come to before everything is known: intervals over the missing facts.

Nothing about the person enters it: the estimate stands on the desk, and must not give the reporter away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from portal.rewards.rules import known as facts_known
from portal.rewards.rules import uplifts
from portal.rewards.rules.assess import Asked, assess
from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.clauses.span import Span, View
from portal.rewards.rules.given import PENALTY_FACTS, Facts, FindingFacts, ReporterFacts
from portal.rewards.rules.model import Entry, RuleSet, Uplift
from portal.rewards.rules.outcome import Estimate
from portal.rewards.rules.vocabulary import FactType, Overlap, PenaltyState, RealName, Stage

_ANYBODY = ReporterFacts(RealName.CONFIRMED)


def estimate(facts: Facts, rules: RuleSet) -> Estimate | None:
    """Return the least and the most that may be paid if anything is; None when no rule covers any of it."""
    single = [one for one in (_single(finding, facts, rules) for finding in facts.findings) if one]
    if not single:
        return None
    put = sum if rules.overlap is Overlap.SUM else max
    certain = [one.low_fen for one in single if one.certain]
    low_fen = put(certain) if certain else min(one.low_fen for one in single)
    low_fen, high_fen = _with_merit(low_fen, put([one.high_fen for one in single]), facts, rules)
    return Estimate(low_fen, high_fen, any(one.officers_choice for one in single))


def _single(finding: FindingFacts, facts: Facts, rules: RuleSet) -> Span | None:
    """Return what one finding may earn, before the uplifts and the cap of the whole award."""
    known = facts_known.of_finding(finding, facts)
    settled = assess(0, Facts((finding,), _ANYBODY, facts.values), rules, Asked())
    if settled.steps:
        return Span(settled.amount_fen, settled.amount_fen, settled.officers_choice)
    if settled.reason is not None:
        return None
    view = View(known, finding.choice, rules.rounding)
    possible = _possible(rules, view)
    spans = [span for entry in possible for span in _branches(entry, finding.penalty, view)]
    if not spans:
        return None
    sure = len(possible) == 1 and _certain(possible[0], finding.penalty, rules, view)
    return Span(
        min(span.low_fen for span in spans),
        max(span.high_fen for span in spans),
        any(span.officers_choice for span in spans),
        certain=sure and all(span.certain for span in spans),
    )


def _certain(entry: Entry, penalty: PenaltyState, rules: RuleSet, view: View) -> bool:
    """Tell whether something is paid whatever the missing facts turn out to be; in doubt no."""
    if entry.when.holds(view.known) is None or any(
        one.when.holds(view.known) is None for one in rules.exclusions
    ):
        return False
    used = {fact for branch in (entry.pay, entry.without_penalty) if branch for fact in branch.facts()}
    if penalty is PenaltyState.PENDING and entry.without_penalty is None and used & PENALTY_FACTS:
        return False
    # A count may be nothing, a quantity may lie below the first step.
    measured = {FactType.NUMBER, FactType.MONEY}
    return not any(rules.facts[fact].type in measured for fact in used - PENALTY_FACTS if fact in rules.facts)


def _possible(rules: RuleSet, view: View) -> list[Entry]:
    """Return the entries that may still govern: up to the first that certainly does."""
    possible = []
    for entry in rules.entries:
        holds = entry.when.holds(view.known) if entry.stage is Stage.MAIN else False
        if holds is not False:
            possible.append(entry)
        if holds:
            break
    return possible


def _branches(entry: Entry, penalty: PenaltyState, view: View) -> list[Span]:
    """Return what the branches that may still hold can pay."""
    branches: list[Pay] = [entry.pay]
    if penalty is PenaltyState.NONE and entry.without_penalty is not None:
        branches = [entry.without_penalty]
    spans = [span for span in (branch.span(view) for branch in branches) if span]
    if penalty is PenaltyState.PENDING and entry.without_penalty is not None:
        other = entry.without_penalty.span(view)
        # Who chooses in the branch without a penalty is said when it is known that there is none.
        if other is None:
            return [replace(span, certain=False) for span in spans]
        spans.append(Span(other.low_fen, other.high_fen, certain=other.certain))
    return spans


def _with_merit(low_fen: int, high_fen: int, facts: Facts, rules: RuleSet) -> tuple[int, int]:
    """Return both ends with the cap of the award and the uplifts about the findings that may apply."""
    held = [
        (uplift, [uplift.when.holds(facts_known.of_finding(finding, facts)) for finding in facts.findings])
        for uplift in rules.uplifts
        if not uplift.personal and Stage.MAIN in uplift.stages
    ]
    possible = [uplift for uplift, holds in held if any(one is not False for one in holds)]
    certain = [uplift for uplift, holds in held if all(one is True for one in holds)]
    # Which of several will apply may still change: the least is then what is paid without any.
    lows = certain if certain == possible else []
    groups = [possible, *([uplift] for uplift in possible)]
    return (
        _uplifted(lows, low_fen, rules),
        max(_uplifted(group, high_fen, rules) for group in groups),
    )


def _uplifted(merits: Sequence[Uplift], before_fen: int, rules: RuleSet) -> int:
    """Return the fen of an award with these uplifts and the rule's cap."""
    steps = uplifts.add(merits, before_fen, rules, uplifts.Cap(rules.cap_fen), uplifts.OPEN)
    return steps[-1].after_fen if steps else before_fen
