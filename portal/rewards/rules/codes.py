"""The steps a computation is made of, and what each does to an amount in fen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from fractions import Fraction

from portal.money import percent

Value = int | str


class Code(StrEnum):
    """What a step did."""

    PENALTY_TOTAL = "penalty_total"
    PERCENT = "percent"
    ROUNDING = "rounding"
    FLOOR = "floor"
    CAP = "cap"
    NO_PENALTY = "no_penalty"
    CHOICE = "choice"
    PER_DEATH = "per_death"
    OVERLAP = "overlap"
    UPLIFT = "uplift"
    UPLIFT_OPEN = "uplift_open"
    TOTAL_CAP = "total_cap"
    TAX = "tax"
    SEALED = "sealed"


ABOUT_THE_PERSON: frozenset[Code] = frozenset({Code.UPLIFT, Code.UPLIFT_OPEN, Code.TOTAL_CAP, Code.TAX})
"""The steps that tell who the reporter is, or come after one that does and so carry its sum."""


class DerivationError(ValueError):
    """A stored derivation is not one; the message names the key, never a value."""


def uplift_percent(step_inputs: Mapping[str, Value], award_fen: int) -> int:
    """Return the fen of an employee uplift before its own minimum."""
    return percent(award_fen, _rate(step_inputs))


def number(inputs: Mapping[str, Value], key: str) -> int:
    """Return a number among the inputs; raises DerivationError."""
    value = inputs.get(key)
    if not isinstance(value, int):
        raise DerivationError(key)
    return value


def _rate(inputs: Mapping[str, Value]) -> Fraction:
    """Return the rate of a step; raises DerivationError."""
    denominator = number(inputs, "rate_denominator")
    if denominator <= 0 or number(inputs, "rate_numerator") < 0:
        raise DerivationError("rate_denominator")
    return Fraction(number(inputs, "rate_numerator"), denominator)


def _penalty_total(_before: int, inputs: Mapping[str, Value]) -> int:
    """Return the sum of the parts that the rule counts."""
    return sum(number(inputs, part) for part in str(inputs.get("base", "")).split("+") if part)


def _per_death(_before: int, inputs: Mapping[str, Value]) -> int:
    """Return deaths times the amount for each."""
    return number(inputs, "deaths") * number(inputs, "each")


def _highest(before: int, inputs: Mapping[str, Value]) -> int:
    """Return the highest of the candidates."""
    return max([before, *(number(inputs, key) for key in inputs if key.startswith("candidate_"))])


def _uplift(before: int, inputs: Mapping[str, Value]) -> int:
    """Return the award with the uplift, which has its own minimum."""
    return before + max(uplift_percent(inputs, before), number(inputs, "at_least"))


def _unchanged(before: int, _inputs: Mapping[str, Value]) -> int:
    """Return the amount as it was."""
    return before


EFFECT: dict[Code, Callable[[int, Mapping[str, Value]], int]] = {
    Code.PENALTY_TOTAL: _penalty_total,
    Code.PERCENT: lambda before, inputs: percent(before, _rate(inputs)),
    Code.ROUNDING: _unchanged,
    Code.FLOOR: lambda before, inputs: max(before, number(inputs, "min")),
    Code.CAP: lambda before, inputs: min(before, number(inputs, "max")),
    Code.NO_PENALTY: _unchanged,
    Code.CHOICE: lambda _before, inputs: number(inputs, "chosen"),
    Code.PER_DEATH: _per_death,
    Code.OVERLAP: _highest,
    Code.UPLIFT: _uplift,
    Code.UPLIFT_OPEN: _unchanged,
    Code.TOTAL_CAP: lambda before, inputs: min(before, number(inputs, "max")),
    Code.TAX: lambda before, inputs: before - number(inputs, "withheld"),
    Code.SEALED: _unchanged,
}


def bit(code: Code, before: int, after: int, inputs: Mapping[str, Value]) -> bool:
    """Tell whether a bound, a minimum or the rounding changed what would have come out."""
    if code is Code.ROUNDING:
        return number(inputs, "exact_denominator") != 1
    if code is Code.UPLIFT:
        return number(inputs, "at_least") > uplift_percent(inputs, before)
    return code in {Code.FLOOR, Code.CAP, Code.TOTAL_CAP} and after != before
