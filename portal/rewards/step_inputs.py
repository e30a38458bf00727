"""Reading the numbers of a stored step as the sentences need them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from portal.rewards.rules.codes import slices
from portal.rewards.rules.derivation import Step
from portal.rewards.wording.speech import decimal, percent, yuan


def candidates(step: Step) -> list[int]:
    """Return the amounts that stand beside each other, in their order."""
    keys = sorted((key for key in step.given if key.startswith("candidate_")), key=lambda key: int(key[10:]))
    return [step.value(key) for key in keys]


def money_of(step: Step, part: str) -> int:
    """Return the fen of a part; a part that the step does not name is nothing."""
    return step.value(part) if part in step.given else 0


def counted_fact(given: Mapping[str, int | str]) -> str:
    """Return the fact that was counted, if the step names it."""
    named = given.get("of")
    return named if isinstance(named, str) else ""


def exact_in(given: Mapping[str, int | str], key: str) -> Fraction:
    """Return a number of a step that may be a fraction."""
    if f"{key}_denominator" in given:
        return Fraction(int(given[f"{key}_numerator"]), int(given[f"{key}_denominator"]))
    return Fraction(int(given[key]))


def slices_in(given: Mapping[str, int | str]) -> str:
    """Return what lies in each slice times what it is worth there, as one sum."""
    parts = slices(given)
    if counted_fact(given):
        return " + ".join(f"{decimal(inside)} × {yuan(worth)}" for inside, worth in parts)
    return " + ".join(f"{yuan(inside)} × {percent(worth)}" for inside, worth in parts)


def rate_in(step: Step) -> str:
    """Return the rate of a step in percent, such as "15%"."""
    return percent(Fraction(step.value("rate_numerator"), step.value("rate_denominator")))
