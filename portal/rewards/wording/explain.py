"""Turns a derivation into lines that a verifier, finance or the reporter reads, in the reader's language."""

from __future__ import annotations

from portal.rewards.rules.codes import Code
from portal.rewards.rules.derivation import Derivation, Step
from portal.rewards.rules.views import for_finance, without_sealed_lines
from portal.rewards.wording.reading import Audience, Line, Reading
from portal.rewards.wording.speech import yuan_exact
from portal.rewards.wording.step_lines import StepLines

__all__ = ["Audience", "Line", "Reading", "explain"]


def explain(derivation: Derivation, audience: Audience, reading: Reading) -> list[Line]:
    """Return the lines for this reader; the verifier's never tell anything about the reporter."""
    shown = _view(derivation, audience)
    bounds = _merged_bounds(shown) if audience is not Audience.FINANCE else None
    said = StepLines(reading, audience)
    lines: list[Line] = []
    for step in shown.steps:
        if bounds and step in bounds:
            lines += [said.both_bounds(*bounds)] if step is bounds[0] else []
        elif not (step.code is Code.ROUNDING and not step.bit and audience is Audience.REPORTER):
            lines.append(said.line(step))
    return [*lines, Line(said.sum_title(shown), yuan_exact(shown.amount_fen), sum=True)]


def _view(derivation: Derivation, audience: Audience) -> Derivation:
    """Return what this reader may see of the derivation."""
    if audience is Audience.VERIFIER:
        return without_sealed_lines(derivation)
    return for_finance(derivation) if audience is Audience.FINANCE else derivation


def _merged_bounds(derivation: Derivation) -> tuple[Step, Step] | None:
    """Return a floor and a cap beside each other of which neither bit: together they are one line."""
    for one, two in zip(derivation.steps, derivation.steps[1:], strict=False):
        if one.code is Code.FLOOR and two.code is Code.CAP and not (one.bit or two.bit):
            return one, two
    return None
