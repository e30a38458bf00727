"""What a computation comes to, as the verifier reads it: lines, a band, what is missing, or why not."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from portal.cases.models import Case
from portal.database import db
from portal.errors import gettext_noop
from portal.rewards import verdicts
from portal.rewards.facts import Computation
from portal.rewards.rule_models import RuleVersion
from portal.rewards.rulebook import GOVERNING
from portal.rewards.rules.estimate import estimate
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.outcome import Outcome, Verdict
from portal.rewards.rules.views import outcome_for_verifier
from portal.rewards.timing import is_time
from portal.rewards.wording.explain import Audience
from portal.rewards.wording.lines import Shown, lines_for
from portal.rewards.wording.page_tongue import PAGE, page_reading
from portal.rewards.wording.reading import Reading
from portal.rewards.wording.speech import text

EARLIER_UNKNOWN = gettext_noop(
    "What was paid to this reporter before cannot be looked up now. Please come back in a few minutes."
)


@dataclass(frozen=True, slots=True)
class RuleShown:
    """The version that governs, and the number of its page (0: it has none)."""

    title: str
    version: int
    key: int


@dataclass(frozen=True, slots=True)
class Result:
    """What comes out; exactly one of lines, nothing and (estimate or needs) has something to say."""

    lines: tuple[Shown, ...] = ()
    estimate: str = ""
    needs: tuple[str, ...] = ()
    nothing: tuple[str, ...] = ()
    waits: str = ""
    rule: RuleShown | None = None


def result_of(case: Case, computed: Computation) -> Result:
    """Return a computation with nothing in it that tells who reported."""
    governing = computed.rules
    if governing is None:
        return Result(nothing=(PAGE("No reward rule is in force for this trade yet."),))
    reading, shown = page_reading(governing), rule_shown(governing)
    outcome = outcome_for_verifier(computed.outcome)
    if outcome.verdict in {Verdict.NOT_COVERED, Verdict.INELIGIBLE}:
        return Result(nothing=_reasons(outcome, reading), rule=shown)
    if computed.earlier_unknown:
        guess = estimate(computed.facts, governing)
        said = verdicts.estimate_sentence(guess, reading) if guess else ""
        return Result(estimate=said, needs=(PAGE(EARLIER_UNKNOWN),), rule=shown)
    needs = tuple(dict.fromkeys(verdicts.need_sentence(one, reading) for one in outcome.needs))
    if outcome.derivation is not None:
        lines = lines_for(outcome.derivation.to_json(), Audience.VERIFIER)
        return Result(tuple(lines), needs=needs, waits=_waits(case, computed, reading), rule=shown)
    guess = estimate(computed.facts, governing)
    said = verdicts.estimate_sentence(guess, reading) if guess else ""
    return Result(estimate=said, needs=needs, rule=shown)


def rule_shown(governing: RuleSet) -> RuleShown:
    """Return what a page says of the version that governs, and where it is read."""
    key = db.session.scalar(
        select(RuleVersion.id).where(
            RuleVersion.rule_id == governing.id,
            RuleVersion.version == governing.version,
            RuleVersion.status.in_(GOVERNING),
        )
    )
    return RuleShown(text(governing.title, PAGE), governing.version, key or 0)


def _reasons(outcome: Outcome, reading: Reading) -> tuple[str, ...]:
    told = dict.fromkeys(verdicts.ineligible_sentence(one, reading) for one in outcome.reasons)
    if not told and outcome.reason:
        told = dict.fromkeys([verdicts.reason_sentence(outcome.reason, reading)])
    return tuple(told)


def _waits(case: Case, computed: Computation, reading: Reading) -> str:
    """Return what an amount still waits for before it is an award."""
    if computed.rules is None or (computed.outcome.payable and is_time(case, computed)):
        return ""
    return verdicts.not_yet_payable(computed.rules.payable_when, reading)
