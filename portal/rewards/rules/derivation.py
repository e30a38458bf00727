"""How an amount came about, step by step: codes and numbers only, stored as JSON and recomputable from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from portal.rewards.rules.closed import (
    DERIVATION_KEYS,
    STEP_KEYS,
    article_text,
    entry_name,
    exact_mapping,
    known_code,
    known_inputs,
    known_kind,
    known_stage,
    rule_name,
    schema_of,
    whole_number,
    yes_or_no,
)
from portal.rewards.rules.codes import (
    COMBINING,
    EFFECT,
    Code,
    DerivationError,
    Value,
    bit,
    candidates,
    number,
)
from portal.rewards.rules.terms import Source
from portal.rewards.rules.vocabulary import Kind, Stage

SCHEMA = 2
"""The version of the stored form; raise it when a key or the meaning of a code changes."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: amounts in fen before and after it, its numbers, and whether its bound or minimum bit."""

    code: Code
    rule: str
    version: int
    article: str
    confirmed: bool
    inputs: tuple[tuple[str, Value], ...]
    before_fen: int
    after_fen: int
    bit: bool
    entry: str = ""

    @property
    def given(self) -> dict[str, Value]:
        """Return the inputs by name."""
        return dict(self.inputs)

    def value(self, key: str) -> int:
        """Return one input that is a number; raises DerivationError."""
        return number(self.given, key)


@dataclass(frozen=True, slots=True)
class Derivation:
    """All steps from nothing to the amount; sealed=True marks the view without the lines about the person."""

    rule_set: str
    rule_set_version: int
    kind: Kind
    steps: tuple[Step, ...]
    amount_fen: int
    sealed: bool = False
    stage: Stage = Stage.MAIN
    schema: int = SCHEMA

    def to_json(self) -> dict[str, object]:
        """Return plain ints, strings, booleans, lists and dicts."""
        data: dict[str, object] = {
            "schema": self.schema,
            "rule_set": self.rule_set,
            "rule_set_version": self.rule_set_version,
            "kind": self.kind.value,
            "sealed": self.sealed,
            "amount_fen": self.amount_fen,
            "steps": [_step_to_json(step, self.schema) for step in self.steps],
        }
        return data if self.schema == 1 else {**data, "stage": self.stage.value}

    def canonical(self) -> str:
        """Return the one JSON text of this derivation: sorted keys, no spaces."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, stored: object) -> Derivation:
        """Read what to_json wrote; unknown keys, codes and words are refused with DerivationError."""
        schema = schema_of(stored)
        data = exact_mapping(stored, DERIVATION_KEYS[schema])
        steps = data["steps"]
        if not isinstance(steps, list):
            raise DerivationError("steps")
        return cls(
            rule_set=rule_name(data, "rule_set"),
            rule_set_version=whole_number(data, "rule_set_version"),
            kind=known_kind(data),
            steps=tuple(_step_from_json(step, schema) for step in steps),
            amount_fen=whole_number(data, "amount_fen"),
            sealed=yes_or_no(data, "sealed"),
            stage=known_stage(data),
            schema=schema,
        )


def take_step(
    code: Code, source: Source | None, before_fen: int, inputs: Mapping[str, Value], entry: str = ""
) -> Step:
    """Return the step that this code makes from an amount in fen and its inputs."""
    after_fen = EFFECT[code](before_fen, inputs)
    return Step(
        code=code,
        rule=source.rule if source else "",
        version=source.version if source else 0,
        article=source.article if source else "",
        confirmed=source.confirmed if source else True,
        inputs=tuple(sorted(inputs.items())),
        before_fen=before_fen,
        after_fen=after_fen,
        bit=bit(code, before_fen, after_fen, inputs),
        entry=entry,
    )


def recompute(derivation: Derivation) -> int:
    """Return the fen that the stored inputs lead to; raises DerivationError where a step does not follow."""
    amount_fen = 0
    held: list[int] = []
    for step in derivation.steps:
        given = step.given
        if step.code is Code.PART:
            held.append(amount_fen)
        elif step.code in COMBINING:
            _take_up(candidates(given), held, amount_fen)
        after_fen = EFFECT[step.code](amount_fen, given)
        bound_bit = bit(step.code, amount_fen, after_fen, given)
        if (step.before_fen, step.after_fen, step.bit) != (amount_fen, after_fen, bound_bit):
            raise DerivationError(step.code.value)
        amount_fen = after_fen
    if amount_fen != derivation.amount_fen or held:
        raise DerivationError("amount_fen")
    return amount_fen


def _take_up(amounts: list[int], held: list[int], last_fen: int) -> None:
    """Take the parts off: what stands beside each other must be what the parts came to."""
    count = len(amounts)
    if count < 1 or len(held) < count or [*held[len(held) - count + 1 :], last_fen] != amounts:
        raise DerivationError("candidate")
    if held[-count] != 0:
        raise DerivationError(Code.PART.value)
    del held[-count:]


def _step_to_json(step: Step, schema: int) -> dict[str, object]:
    """Return a step as plain values."""
    data: dict[str, object] = {
        "code": step.code.value,
        "rule": str(step.rule),
        "version": step.version,
        "article": step.article,
        "confirmed": step.confirmed,
        "inputs": {key: value if isinstance(value, int) else str(value) for key, value in step.inputs},
        "before_fen": step.before_fen,
        "after_fen": step.after_fen,
        "bit": step.bit,
    }
    return data if schema == 1 else {**data, "entry": step.entry}


def _step_from_json(stored: object, schema: int) -> Step:
    """Read one step; raises DerivationError."""
    data = exact_mapping(stored, STEP_KEYS[schema])
    code = known_code(data)
    return Step(
        code=code,
        rule=rule_name(data, "rule"),
        version=whole_number(data, "version"),
        article=article_text(data),
        confirmed=yes_or_no(data, "confirmed"),
        inputs=known_inputs(code, data["inputs"]),
        before_fen=whole_number(data, "before_fen"),
        after_fen=whole_number(data, "after_fen"),
        bit=yes_or_no(data, "bit"),
        entry=entry_name(data) if schema > 1 else "",
    )
