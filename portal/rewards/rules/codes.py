"""The steps a computation is made of, and what each does to an amount in fen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from fractions import Fraction

from portal.rewards.rules.rounding import FEN, Rounding
from portal.rewards.rules.vocabulary import RoundMode

Value = int | str


class Code(StrEnum):
    """What a step did. PENALTY_TOTAL and PER_DEATH stand in derivations of schema 1 only."""

    PENALTY_TOTAL = "penalty_total"
    PER_DEATH = "per_death"
    BASE = "base"
    PERCENT = "percent"
    ROUNDING = "rounding"
    FIXED = "fixed"
    EACH = "each"
    SLICES = "slices"
    CHOICE = "choice"
    NO_PENALTY = "no_penalty"
    FLOOR = "floor"
    CAP = "cap"
    SOFT_CAP = "soft_cap"
    BEYOND = "beyond"
    LESS = "less"
    PART = "part"
    SUM = "sum"
    HIGHEST = "highest"
    LOWEST = "lowest"
    OVERLAP = "overlap"
    MERIT = "merit"
    MERIT_CAP = "merit_cap"
    AWARD_CAP = "award_cap"
    CAP_LIFTED = "cap_lifted"
    UPLIFT = "uplift"
    UPLIFT_OPEN = "uplift_open"
    TOTAL_CAP = "total_cap"
    LIMIT = "limit"
    TAX = "tax"
    SEALED = "sealed"


ABOUT_THE_PERSON: frozenset[Code] = frozenset(
    {Code.CAP_LIFTED, Code.UPLIFT, Code.UPLIFT_OPEN, Code.TOTAL_CAP, Code.LIMIT, Code.TAX}
)
"""The steps that tell who the reporter is, or come after one that does and so carry its sum."""

COMBINING: frozenset[Code] = frozenset({Code.SUM, Code.HIGHEST, Code.LOWEST})
"""The steps that take up the amounts of the parts before them."""


class DerivationError(ValueError):
    """A stored derivation is not one; the message names the key, never a value."""


def number(inputs: Mapping[str, Value], key: str) -> int:
    """Return a number among the inputs; raises DerivationError."""
    value = inputs.get(key)
    if not isinstance(value, int):
        raise DerivationError(key)
    return value


def share_of(amount_fen: int, inputs: Mapping[str, Value]) -> int:
    """Return the share of an amount that a step's rate gives, rounded; raises DerivationError."""
    numerator, denominator = number(inputs, "rate_numerator"), number(inputs, "rate_denominator")
    if denominator <= 0 or numerator < 0:
        raise DerivationError("rate_denominator")
    return rounding_of(inputs).ratio(amount_fen * numerator, denominator)


def rounding_of(inputs: Mapping[str, Value]) -> Rounding:
    """Return the rounding of a step: the fen, half up, where it does not say; raises DerivationError."""
    if "unit" not in inputs and "mode" not in inputs:
        return FEN
    mode, unit_fen = inputs.get("mode"), number(inputs, "unit")
    if mode not in set(RoundMode) or unit_fen < 1:
        raise DerivationError("mode")
    return Rounding(unit_fen, RoundMode(mode))


def uplift_before_minimum(before: int, inputs: Mapping[str, Value]) -> int:
    """Return the fen of an uplift before its own minimum: a share of the award, or a fixed amount."""
    if "fixed" in inputs:
        return number(inputs, "fixed")
    award_fen = number(inputs, "of") if "of" in inputs else before
    return share_of(award_fen, inputs)


def exact(inputs: Mapping[str, Value], key: str) -> Fraction:
    """Return an amount of fen that may have a fraction; raises DerivationError."""
    denominator = inputs.get(f"{key}_denominator", 1)
    if not isinstance(denominator, int) or denominator < 1:
        raise DerivationError(key)
    return Fraction(
        number(inputs, f"{key}_numerator" if f"{key}_denominator" in inputs else key), denominator
    )


def _base(_before: int, inputs: Mapping[str, Value]) -> int:
    """Return the sum of the parts that the rule counts."""
    return sum(number(inputs, part) for part in str(inputs.get("base", "")).split("+") if part)


def _percent(before: int, inputs: Mapping[str, Value]) -> int:
    """Return the share of an amount, rounded as the rule says."""
    return share_of(before, inputs)


def _rounded(before: int, inputs: Mapping[str, Value]) -> int:
    """Return the amount, which must be the exact one rounded."""
    exactly = exact(inputs, "exact")
    if rounding_of(inputs).round(exactly) != before:
        raise DerivationError("exact_numerator")
    return before


def _each(_before: int, inputs: Mapping[str, Value]) -> int:
    """Return a count times the amount for each, rounded as the rule says."""
    return rounding_of(inputs).round(exact(inputs, "count") * exact(inputs, "each"))


def slices(inputs: Mapping[str, Value]) -> list[tuple[Fraction, Fraction]]:
    """Return what lies in each slice and what it is worth there: fen and a rate, or a count and fen."""
    count = sum(1 for key in inputs if key.startswith("worth_") and not key.endswith("_denominator"))
    return [
        (exact(inputs, f"slice_{place}"), exact(inputs, f"worth_{place}")) for place in range(1, count + 1)
    ]


def _slices(_before: int, inputs: Mapping[str, Value]) -> int:
    """Return the sum of the slices, each at its own rate or amount, rounded as the rule says."""
    return rounding_of(inputs).round(sum((part * worth for part, worth in slices(inputs)), Fraction(0)))


def _per_death(_before: int, inputs: Mapping[str, Value]) -> int:
    """Return deaths times the amount for each."""
    return number(inputs, "deaths") * number(inputs, "each")


def candidates(inputs: Mapping[str, Value]) -> list[int]:
    """Return the amounts that stand beside each other in a step, in their order; raises DerivationError."""
    count = sum(1 for key in inputs if key.startswith("candidate_"))
    return [number(inputs, f"candidate_{place}") for place in range(1, count + 1)]


def _highest(before: int, inputs: Mapping[str, Value]) -> int:
    """Return the highest of the candidates."""
    return max([before, *candidates(inputs)])


def _uplift(before: int, inputs: Mapping[str, Value]) -> int:
    """Return the award with the uplift, which may have its own minimum."""
    at_least = number(inputs, "at_least") if "at_least" in inputs else 0
    return before + max(uplift_before_minimum(before, inputs), at_least)


def _beyond(before: int, inputs: Mapping[str, Value]) -> int:
    """Return what an officer chose beyond the soft cap; raises DerivationError outside what he may reach."""
    if not before <= number(inputs, "chosen") <= number(inputs, "max"):
        raise DerivationError("chosen")
    return number(inputs, "chosen")


def _unchanged(before: int, _inputs: Mapping[str, Value]) -> int:
    """Return the amount as it was."""
    return before


def _at_most(before: int, inputs: Mapping[str, Value]) -> int:
    """Return the amount, bounded."""
    return min(before, number(inputs, "max"))


def _limited(before: int, inputs: Mapping[str, Value]) -> int:
    """Return what is left under the limit after what was paid earlier."""
    return min(before, max(number(inputs, "max") - number(inputs, "earlier"), 0))


EFFECT: dict[Code, Callable[[int, Mapping[str, Value]], int]] = {
    Code.PENALTY_TOTAL: _base,
    Code.PER_DEATH: _per_death,
    Code.BASE: _base,
    Code.PERCENT: _percent,
    Code.ROUNDING: _rounded,
    Code.FIXED: lambda _before, inputs: number(inputs, "amount"),
    Code.EACH: _each,
    Code.SLICES: _slices,
    Code.CHOICE: lambda _before, inputs: number(inputs, "chosen"),
    Code.NO_PENALTY: _unchanged,
    Code.FLOOR: lambda before, inputs: max(before, number(inputs, "min")),
    Code.CAP: _at_most,
    Code.SOFT_CAP: _at_most,
    Code.BEYOND: _beyond,
    Code.LESS: lambda before, inputs: max(before - number(inputs, "paid"), 0),
    Code.PART: lambda _before, _inputs: 0,
    Code.SUM: lambda _before, inputs: sum(candidates(inputs)),
    Code.HIGHEST: lambda _before, inputs: max(candidates(inputs), default=0),
    Code.LOWEST: lambda _before, inputs: min(candidates(inputs), default=0),
    Code.OVERLAP: _highest,
    Code.MERIT: _uplift,
    Code.MERIT_CAP: _at_most,
    Code.AWARD_CAP: _at_most,
    Code.CAP_LIFTED: _unchanged,
    Code.UPLIFT: _uplift,
    Code.UPLIFT_OPEN: _unchanged,
    Code.TOTAL_CAP: _at_most,
    Code.LIMIT: _limited,
    Code.TAX: lambda before, inputs: before - number(inputs, "withheld"),
    Code.SEALED: _unchanged,
}

_BOUNDS = frozenset(
    {
        Code.FLOOR,
        Code.CAP,
        Code.SOFT_CAP,
        Code.MERIT_CAP,
        Code.AWARD_CAP,
        Code.TOTAL_CAP,
        Code.LIMIT,
    }
)


def bit(code: Code, before: int, after: int, inputs: Mapping[str, Value]) -> bool:
    """Tell whether a bound, a minimum or the rounding changed what would have come out."""
    if code in _BOUNDS:
        return after != before
    if code is Code.ROUNDING:
        return exact(inputs, "exact") != after
    if code in {Code.UPLIFT, Code.MERIT}:
        return "at_least" in inputs and number(inputs, "at_least") > uplift_before_minimum(before, inputs)
    return False
