"""What comes out of the rules: an amount with its derivation, what is missing, or why nothing is paid."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.rewards.rules.derivation import Derivation
from portal.rewards.rules.model import Band, Moment


class Need(StrEnum):
    """A fact the rules still miss."""

    PENALTY = "penalty"
    DEATHS = "deaths"
    ACCIDENT_CLASS = "accident_class"
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
    NO_CONFIRMED_DEATH = "no_confirmed_death"
    REAL_NAME_MISSING = "real_name_missing"


class Verdict(StrEnum):
    """The four ways a computation ends."""

    AWARD = "award"
    WAITING = "waiting"
    NOT_COVERED = "not_covered"
    INELIGIBLE = "ineligible"


@dataclass(frozen=True, slots=True)
class Missing:
    """A missing fact: of which finding (its place; None: of the reporter), and inside which band."""

    need: Need
    finding: int | None = None
    band: Band | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a computation; amount_fen and derivation are there exactly when the verdict is AWARD."""

    verdict: Verdict
    amount_fen: int | None = None
    derivation: Derivation | None = None
    needs: tuple[Missing, ...] = ()
    reason: Reason | None = None
    officers_choice: bool = False
    finding: int | None = None
    real_name_due: Moment | None = None

    @property
    def ready(self) -> bool:
        """Tell whether there is an amount and nothing stands in the way of approving it."""
        return self.verdict is Verdict.AWARD and not self.needs


@dataclass(frozen=True, slots=True)
class Estimate:
    """What may come of the findings as far as they are known, in fen, without anything about the person."""

    low_fen: int
    high_fen: int
    officers_choice: bool
