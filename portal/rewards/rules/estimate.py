"""What an award may come to before everything is known: intervals over the missing facts.

Nothing about the person enters it: the estimate stands on the desk, and must not give the reporter away.
"""

from __future__ import annotations

from portal.rewards.rules import known as facts_known
from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.clauses.span import Span, View
from portal.rewards.rules.compute import compute
from portal.rewards.rules.given import Facts, FindingFacts, ReporterFacts
from portal.rewards.rules.model import Entry, RuleSet
from portal.rewards.rules.outcome import Estimate
from portal.rewards.rules.vocabulary import Overlap, PenaltyState, RealName, Stage

_ANYBODY = ReporterFacts(RealName.CONFIRMED)


def estimate(facts: Facts, rules: RuleSet) -> Estimate | None:
    """Return the least and the most that may be paid if anything is; None when no rule covers any of it."""
    single = [one for one in (_single(finding, facts, rules) for finding in facts.findings) if one]
    if not single:
        return None
    put = sum if rules.overlap is Overlap.SUM else max
    low_fen, high_fen = put([one.low_fen for one in single]), put([one.high_fen for one in single])
    if rules.cap_fen is not None:
        low_fen, high_fen = min(low_fen, rules.cap_fen), min(high_fen, rules.cap_fen)
    return Estimate(low_fen, high_fen, any(one.officers_choice for one in single))


def _single(finding: FindingFacts, facts: Facts, rules: RuleSet) -> Span | None:
    """Return what one finding may earn."""
    settled = compute(Facts((finding,), _ANYBODY, facts.values), rules)
    if settled.amount_fen is not None:
        return Span(settled.amount_fen, settled.amount_fen, settled.officers_choice)
    if settled.reason is not None:
        return None
    view = View(facts_known.of_finding(finding, facts), finding.choice, rules.rounding)
    spans = [span for entry in _possible(rules, view) for span in _branches(entry, finding.penalty, view)]
    if not spans:
        return None
    whole = Span(
        min(span.low_fen for span in spans),
        max(span.high_fen for span in spans),
        any(span.officers_choice for span in spans),
    )
    return _with_merit(whole, rules, view)


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
        spans += [Span(other.low_fen, other.high_fen)] if other else []
    return spans


def _with_merit(span: Span, rules: RuleSet, view: View) -> Span:
    """Return the span with the uplifts about the finding that apply or may still apply."""
    high_fen = span.high_fen
    low_fen = span.low_fen
    for uplift in rules.uplifts:
        holds = None if uplift.personal else uplift.when.holds(view.known)
        if uplift.personal or Stage.MAIN not in uplift.stages or holds is False:
            continue
        share = uplift.rate or 0
        added = [
            max(rules.rounding.round(end * share) + uplift.fixed_fen, uplift.at_least_fen)
            for end in (span.low_fen, span.high_fen)
        ]
        cap_fen = uplift.cap_fen if uplift.cap_fen is not None else span.high_fen + added[1]
        high_fen = max(high_fen, min(span.high_fen + added[1], cap_fen))
        low_fen = max(low_fen, min(span.low_fen + added[0], cap_fen)) if holds else low_fen
    return Span(low_fen, high_fen, span.officers_choice)
