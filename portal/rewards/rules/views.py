"""What each reader of a derivation may see of it."""

from __future__ import annotations

from dataclasses import replace

from portal.rewards.rules.derivation import Derivation
from portal.rewards.rules.outcome import ABOUT_THE_REPORTER, Need, Outcome, Verdict
from portal.rewards.rules.sealed import without_sealed_lines as without_sealed_lines


def for_finance(derivation: Derivation) -> Derivation:
    """Return the derivation after its closed form has been checked; raises DerivationError."""
    return Derivation.from_json(derivation.to_json())


def outcome_for_verifier(outcome: Outcome) -> Outcome:
    """Return an outcome with nothing in it that depends on who the reporter is."""
    if outcome.verdict is Verdict.INELIGIBLE:
        return _barred(outcome)
    if outcome.derivation is None:
        return outcome
    derivation = without_sealed_lines(outcome.derivation)
    return replace(
        outcome,
        amount_fen=derivation.amount_fen,
        derivation=derivation,
        computed_fen=outcome.formula_fen,
        needs=tuple(missing for missing in outcome.needs if missing.need is not Need.IDENTITY_ANSWER),
        unsealed=None,
    )


def _barred(outcome: Outcome) -> Outcome:
    """Return the reasons that everybody may see, or the outcome as it is for anybody else."""
    told = tuple(reason for reason in outcome.reasons if reason.code not in ABOUT_THE_REPORTER)
    if told:
        return replace(outcome, reason=told[0].code, reasons=told, unsealed=None)
    return outcome_for_verifier(outcome.unsealed) if outcome.unsealed else outcome
