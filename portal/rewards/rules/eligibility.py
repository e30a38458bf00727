"""Who may be paid at all: reasons as codes with facts; what is about the reporter is told apart."""

from __future__ import annotations

from portal.rewards.rules.given import (
    KNOWN_BEFORE,
    PRINCIPAL,
    STAFF_OR_RELATIVE,
    Facts,
    ReporterFacts,
)
from portal.rewards.rules.model import Eligibility, Fact, RuleSet
from portal.rewards.rules.outcome import Ineligible, Missing, Need, Reason
from portal.rewards.rules.registry import STANDARD
from portal.rewards.rules.vocabulary import (
    About,
    Admission,
    Anonymous,
    KnownBefore,
    RealName,
    SharingMode,
    Stage,
)


def public_reasons(facts: Facts, rules: RuleSet, stage: Stage) -> list[Ineligible]:
    """Return the reasons that everybody who handles the case may see."""
    who, reporter = rules.eligibility, facts.reporter
    reasons = []
    if _known_before(facts, who):
        reasons.append(Ineligible(Reason.KNOWN_BEFORE))
    if _anonymous(reporter, who):
        reasons.append(Ineligible(Reason.ANONYMOUS))
    # Whoever corroborates is not the first, and is paid for that.
    shared = rules.sharing.mode is SharingMode.EQUAL or stage is Stage.CORROBORATION
    if who.first_only and not shared and reporter.order > 1:
        reasons.append(Ineligible(Reason.NOT_FIRST))
    if reporter.claim_window_over:
        reasons.append(Ineligible(Reason.WINDOW_OVER, {"days": who.claim_days}))
    return reasons


def sealed_reasons(reporter: ReporterFacts, rules: RuleSet) -> list[Ineligible]:
    """Return the reasons that tell who the reporter is."""
    who = rules.eligibility
    pairs = (
        (STAFF_OR_RELATIVE, who.staff_or_relatives, Reason.STAFF_OR_RELATIVE),
        (PRINCIPAL, who.principal, Reason.PRINCIPAL),
    )
    return [
        Ineligible(reason)
        for fact, admission, reason in pairs
        if admission is Admission.EXCLUDED and reporter.values.get(fact) is True
    ]


def asked_of_case(rules: RuleSet) -> list[Fact]:
    """Return the questions about a case: the file's own, and whether it was known before where that bars.

    A rule that bars what was known before has to be able to learn it. Where the file does not ask itself, an
    answer is possible and not needed.
    """
    own = list(rules.asked(About.CASE))
    if KNOWN_BEFORE in rules.facts or rules.eligibility.known_before is KnownBefore.ALLOWED:
        return own
    return [*own, STANDARD[KNOWN_BEFORE]]


def unanswered(facts: Facts, rules: RuleSet) -> tuple[Missing, ...]:
    """Return what the case still misses before anybody can be paid: whether it was known before."""
    if rules.eligibility.known_before is KnownBefore.ALLOWED or KNOWN_BEFORE not in rules.facts:
        return ()
    if KNOWN_BEFORE in facts.values:
        return ()
    return (Missing(Need.FACT, fact=KNOWN_BEFORE),)


def _known_before(facts: Facts, who: Eligibility) -> bool:
    answer = facts.values.get(KNOWN_BEFORE)
    if who.known_before is KnownBefore.ALLOWED:
        return False
    if who.known_before is KnownBefore.UNLESS_NOT_DEALT_WITH:
        return answer == "yes"
    return answer in {"yes", "yes_not_dealt_with"}


def _anonymous(reporter: ReporterFacts, who: Eligibility) -> bool:
    if reporter.real_name is not RealName.NONE or who.anonymous is Anonymous.ALLOWED:
        return False
    return who.anonymous is Anonymous.EXCLUDED or not reporter.proof
