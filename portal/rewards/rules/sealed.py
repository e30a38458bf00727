"""The view of a derivation in which nothing depends on who the reporter is."""

from __future__ import annotations

from dataclasses import replace

from portal.rewards.rules.codes import ABOUT_THE_PERSON, Code
from portal.rewards.rules.derivation import Derivation, Step, take_step


def without_sealed_lines(derivation: Derivation) -> Derivation:
    """Return the verifier's view: one sealed marker for every reporter, and the sum without it."""
    open_steps = [shown for step in derivation.steps if (shown := _shown(step)) is not None]
    amount_fen = open_steps[-1].after_fen if open_steps else 0
    # The marker always stands there: its absence would say as much as the line.
    marker = take_step(Code.SEALED, None, amount_fen, {})
    return replace(derivation, steps=(*open_steps, marker), amount_fen=amount_fen, sealed=True)


def open_fen(derivation: Derivation) -> int:
    """Return the sum that everybody may see, in fen."""
    amount_fen = 0
    for step in derivation.steps:
        if step.code is Code.CAP_LIFTED:
            return min(step.before_fen, step.value("max"))
        if step.code not in ABOUT_THE_PERSON:
            amount_fen = step.after_fen
    return amount_fen


def _shown(step: Step) -> Step | None:
    """Return the step as everybody may see it; a cap that was lifted for a person stands as for others."""
    if step.code is Code.CAP_LIFTED:
        lifted = take_step(Code.AWARD_CAP, None, step.before_fen, step.given)
        return replace(
            lifted,
            rule=step.rule,
            version=step.version,
            article=step.article,
            confirmed=step.confirmed,
            entry=step.entry,
        )
    return None if step.code in ABOUT_THE_PERSON or step.code is Code.SEALED else step
