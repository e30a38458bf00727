"""What each reader of a derivation may see of it."""

from __future__ import annotations

from dataclasses import replace

from portal.rewards.rules.codes import ABOUT_THE_PERSON, Code
from portal.rewards.rules.derivation import Derivation, take_step
from portal.rewards.rules.outcome import Need, Outcome


def without_sealed_lines(derivation: Derivation) -> Derivation:
    """Return the verifier's view: one sealed marker for every reporter, and the sum without it."""
    hidden = ABOUT_THE_PERSON | {Code.SEALED}
    open_steps = tuple(step for step in derivation.steps if step.code not in hidden)
    amount_fen = open_steps[-1].after_fen if open_steps else 0
    # The marker always stands there: its absence would say as much as the line.
    marker = take_step(Code.SEALED, None, amount_fen, {})
    return replace(derivation, steps=(*open_steps, marker), amount_fen=amount_fen, sealed=True)


def for_finance(derivation: Derivation) -> Derivation:
    """Return the derivation after its closed form has been checked; raises DerivationError."""
    return Derivation.from_json(derivation.to_json())


def outcome_for_verifier(outcome: Outcome) -> Outcome:
    """Return an outcome with nothing in it that depends on the reporter's employment."""
    if outcome.derivation is None:
        return outcome
    derivation = without_sealed_lines(outcome.derivation)
    return replace(
        outcome,
        amount_fen=derivation.amount_fen,
        derivation=derivation,
        needs=tuple(missing for missing in outcome.needs if missing.need is not Need.IDENTITY_ANSWER),
    )
