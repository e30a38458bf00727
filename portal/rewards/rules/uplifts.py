"""Uplifts and the caps around them, in the order the rule gives; amounts in fen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.rewards.rules.clauses.run import rate_inputs, rounding_inputs
from portal.rewards.rules.codes import Code, Value
from portal.rewards.rules.derivation import Step, take_step
from portal.rewards.rules.model import RuleSet, Uplift
from portal.rewards.rules.values import Known
from portal.rewards.rules.vocabulary import Order, Stage, Together

# Before the cap goes before what lifts it, and what comes on top of it is last.
_PLACES = {order: place for place, order in enumerate((Order.BEFORE_CAP, Order.LIFTS_CAP, Order.AFTER_CAP))}


@dataclass(frozen=True, slots=True)
class Lines:
    """How the steps of a group of uplifts are called: open for all, or sealed with the person."""

    add: Code
    cap: Code
    lifted: Code | None


OPEN = Lines(Code.MERIT, Code.MERIT_CAP, None)
SEALED = Lines(Code.UPLIFT, Code.TOTAL_CAP, Code.CAP_LIFTED)


@dataclass(frozen=True, slots=True)
class Cap:
    """The cap of the whole award in fen, and whether its own line still has to be shown."""

    fen: int | None
    shown: bool = True


def applying(rules: RuleSet, stage: Stage, known: Known, *, personal: bool) -> list[Uplift]:
    """Return the uplifts of a group whose condition holds."""
    return [
        uplift
        for uplift in rules.uplifts
        if uplift.personal is personal and stage in uplift.stages and uplift.when.holds(known)
    ]


def add(uplifts: Sequence[Uplift], before_fen: int, rules: RuleSet, cap: Cap, lines: Lines) -> list[Step]:
    """Return the steps of the cap and of the uplifts, as the rule puts several together.

    An uplift that a cap would turn into less than the award without it is left out.
    """
    plain = _take([], before_fen, rules, cap, lines)
    groups = [[one] for one in uplifts]
    if rules.together is Together.SUM and uplifts:
        groups = [list(uplifts)]
    elif rules.together is Together.FIRST:
        groups = groups[:1]
    every = [plain, *(_take(group, before_fen, rules, cap, lines) for group in groups)]
    # The first of equals would be the award without the uplift: it is said that it came to nothing.
    return max(reversed(every), key=lambda steps: steps[-1].after_fen if steps else before_fen)


def _take(uplifts: Sequence[Uplift], before_fen: int, rules: RuleSet, cap: Cap, lines: Lines) -> list[Step]:
    """Return the steps of the cap and of these uplifts, all of them."""
    steps: list[Step] = []
    lifted = any(one.order is Order.LIFTS_CAP for one in uplifts)
    if cap.fen is not None and cap.shown:
        code = lines.lifted if lifted else Code.AWARD_CAP
        steps += [take_step(code, rules.source, before_fen, {"max": cap.fen})] if code else []
    award_fen = amount_fen = steps[-1].after_fen if steps else before_fen
    for one in sorted(uplifts, key=lambda uplift: _PLACES[uplift.order]):
        of_fen = award_fen if amount_fen != award_fen else None
        steps.append(take_step(lines.add, one.source, amount_fen, _inputs(one, rules, of_fen), one.id))
        amount_fen = steps[-1].after_fen
        bounds = [one.cap_fen, None if lifted or one.order is not Order.BEFORE_CAP else cap.fen]
        known_bounds = [bound for bound in bounds if bound is not None]
        if known_bounds:
            inputs = {"max": min(known_bounds)}
            steps.append(take_step(lines.cap, one.source, amount_fen, inputs, one.id))
            amount_fen = steps[-1].after_fen
    return steps


def _inputs(uplift: Uplift, rules: RuleSet, of_fen: int | None) -> dict[str, Value]:
    """Return the numbers of an uplift; of_fen: the award it is a share of, where others came before."""
    inputs: dict[str, Value] = {}
    if uplift.rate is None:
        inputs["fixed"] = uplift.fixed_fen
    else:
        inputs = {**rate_inputs(uplift.rate), **rounding_inputs(rules.rounding)}
        if of_fen is not None:
            inputs["of"] = of_fen
    inputs["at_least"] = uplift.at_least_fen
    return inputs
