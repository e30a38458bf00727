"""What comes out of the rules: an amount with its derivation, what is missing, or why nothing is paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from portal.rewards.rules.derivation import Derivation
from portal.rewards.rules.terms import Band
from portal.rewards.rules.vocabulary import Moment


class Need(StrEnum):
    """A fact the rules still miss; FACT names it in Missing.fact."""

    PENALTY = "penalty"
    DEATHS = "deaths"
    ACCIDENT_CLASS = "accident_class"
    FACT = "fact"
    CHOICE = "choice"
    CHOICE_INSIDE_BAND = "choice_inside_band"
    CHOICE_REASON = "choice_reason"
    CHOICE_CONFIRMATION = "choice_confirmation"
    IDENTITY_ANSWER = "identity_answer"


NEEDED_BEFORE_APPROVAL: frozenset[Need] = frozenset({Need.CHOICE_CONFIRMATION, Need.IDENTITY_ANSWER})
"""Needs that leave an amount to propose but must be met before it is approved; all others leave none."""


class Reason(StrEnum):
    """Why nothing is paid."""

    NO_FINDING = "no_finding"
    KIND_NOT_COVERED = "kind_not_covered"
    NOT_LISTED = "not_listed"
    NO_CONFIRMED_DEATH = "no_confirmed_death"
    NOTHING_COUNTED = "nothing_counted"
    BELOW_LEAST = "below_least"
    PAID_ALREADY = "paid_already"
    NO_PENALTY_NO_AWARD = "no_penalty_no_award"
    EXCLUDED = "excluded"
    KNOWN_BEFORE = "known_before"
    STAFF_OR_RELATIVE = "staff_or_relative"
    PRINCIPAL = "principal"
    ANONYMOUS = "anonymous"
    NOT_FIRST = "not_first"
    REAL_NAME_MISSING = "real_name_missing"
    REAL_NAME_NOT_CONFIRMED = "real_name_not_confirmed"
    WINDOW_OVER = "window_over"
    CAP_REACHED = "cap_reached"


ABOUT_THE_REPORTER: frozenset[Reason] = frozenset(
    {Reason.STAFF_OR_RELATIVE, Reason.PRINCIPAL, Reason.CAP_REACHED}
)
"""Reasons that tell who the reporter is or what he was paid before: sealed for the verifier."""


class Verdict(StrEnum):
    """The four ways a computation ends."""

    AWARD = "award"
    WAITING = "waiting"
    NOT_COVERED = "not_covered"
    INELIGIBLE = "ineligible"


@dataclass(frozen=True, slots=True)
class Ineligible:
    """Why nothing is paid, with facts for its sentence: exclusion, fact, limit ids, days, fen, the moment."""

    code: Reason
    facts: Mapping[str, int | str] = field(default_factory=dict)
    finding: int | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """A missing fact: of which finding (its place; None: of case or reporter), inside which band, which."""

    need: Need
    finding: int | None = None
    band: Band | None = None
    fact: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a computation; amount_fen and derivation are there exactly when the verdict is AWARD.

    ``computed_fen``: what the rule gives where no officer chose; None where it leaves the amount to him.
    ``formula_fen``: the same without what depends on the reporter.
    ``payable``: the penalties stand as the rule's payable_when asks; before that it is an estimate.
    ``chosen_beyond``: a soft cap was passed: a second approver is needed.
    ``unsealed``: for the verifier, what stands there whoever the reporter is; only where that differs.
    """

    verdict: Verdict
    amount_fen: int | None = None
    derivation: Derivation | None = None
    needs: tuple[Missing, ...] = ()
    reason: Reason | None = None
    officers_choice: bool = False
    finding: int | None = None
    real_name_due: Moment | None = None
    reasons: tuple[Ineligible, ...] = ()
    payable: bool = False
    chosen_beyond: bool = False
    computed_fen: int | None = None
    formula_fen: int | None = None
    entry: str = ""
    unsealed: Outcome | None = None

    @property
    def ready(self) -> bool:
        """Tell whether there is an amount and nothing stands in the way of approving it."""
        return self.verdict is Verdict.AWARD and not self.needs

    @property
    def estimate_only(self) -> bool:
        """Tell whether the amount may not be paid yet: the rule waits for the penalty."""
        return self.verdict is Verdict.AWARD and not self.payable


@dataclass(frozen=True, slots=True)
class Estimate:
    """What may come of the findings as far as they are known, in fen, if anything is paid."""

    low_fen: int
    high_fen: int
    officers_choice: bool
