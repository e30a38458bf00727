"""Who must sign an award before it is approved: the profiles of a small town and of a city (pure).

Approval itself is finance's last step and always needed; what stands here comes before it. Each signature is
another person's, and none of them verified the case or answers about its reporter.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

_YUAN = 100
MANY_FEN = 10_000 * _YUAN
VERY_MANY_FEN = 100_000 * _YUAN


class Profile(StrEnum):
    """How many people a town can put to one award.

    ``SMALL``: three people; one verifies, one approves, one pays. ``CITY``: more sign as the amount grows.
    """

    SMALL = "small"
    CITY = "city"


class SigningStep(StrEnum):
    """A signature before the approval, in order."""

    REVIEW = "review"
    """A supervisor looks at what was verified."""
    COSIGN = "cosign"
    """Somebody of finance signs beside whoever approves."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Awards from an amount on, in fen, and the signatures they need."""

    from_fen: int
    steps: tuple[SigningStep, ...]


TIERS: dict[Profile, tuple[Tier, ...]] = {
    Profile.SMALL: (Tier(0, ()),),
    Profile.CITY: (
        Tier(0, ()),
        Tier(MANY_FEN, (SigningStep.COSIGN,)),
        Tier(VERY_MANY_FEN, (SigningStep.REVIEW, SigningStep.COSIGN)),
    ),
}


def needed(profile: Profile, amount_fen: int, *, major: bool, beyond: bool) -> tuple[SigningStep, ...]:
    """Return the signatures an award needs, in order.

    In a city a major hazard counts as many yuan. An amount ``beyond`` what the rule gives in principle needs
    a second signature everywhere.
    """
    at_least = MANY_FEN if major and profile is Profile.CITY else 0
    steps = tier_of(profile, max(amount_fen, at_least)).steps
    return with_second(steps) if beyond else steps


def tier_of(profile: Profile, amount_fen: int) -> Tier:
    """Return the tier that an amount belongs to."""
    return [tier for tier in TIERS[profile] if tier.from_fen <= amount_fen][-1]


def with_second(steps: tuple[SigningStep, ...]) -> tuple[SigningStep, ...]:
    """Return the steps with the second signature of finance among them."""
    return steps if SigningStep.COSIGN in steps else (*steps, SigningStep.COSIGN)


def missing(steps: tuple[SigningStep, ...], signed: Collection[SigningStep]) -> tuple[SigningStep, ...]:
    """Return the steps that nobody has signed, in order."""
    return tuple(step for step in steps if step not in signed)
