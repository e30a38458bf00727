"""The lines of a stored derivation for one reader, in the form in which the pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.rewards import rulebook
from portal.rewards.rules.derivation import Derivation
from portal.rewards.rules.views import without_sealed_lines
from portal.rewards.rules.vocabulary import Kind
from portal.rewards.wording.explain import Audience, Line, Reading, explain
from portal.rewards.wording.page_tongue import page_reading


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the ``derive`` macro; kind is step, idle, sealed or sum."""

    label: str
    result: str
    how: str
    kind: str
    amount_fen: int = 0


def lines_for(stored: Mapping[str, Any], audience: Audience) -> list[Shown]:
    """Return what this reader may see of a stored derivation, with its sum last."""
    derivation = Derivation.from_json(stored)
    said = explain(derivation, audience, reading_of(derivation))
    return [shown(line, amount_for(derivation, audience)) for line in said]


def reading_of(derivation: Derivation) -> Reading:
    """Return how a derivation is read on this page: with the words of the rule set it is pinned to."""
    try:
        return page_reading(rulebook.at(derivation.rule_set, derivation.rule_set_version))
    except KeyError:
        return page_reading()


def amount_for(derivation: Derivation, audience: Audience) -> int:
    """Return the sum this reader may see, in fen: the verifier's is without what depends on the reporter."""
    if audience is Audience.VERIFIER:
        return without_sealed_lines(derivation).amount_fen
    return derivation.amount_fen


def kind_of(stored: Mapping[str, Any]) -> Kind:
    """Return the kind of the finding that is paid."""
    return Kind(stored["kind"])


def shown(line: Line, amount_fen: int) -> Shown:
    """Return a line as the ``derive`` macro takes it."""
    kind = "sum" if line.sum else "sealed" if line.sealed else "idle" if line.idle else "step"
    return Shown(line.title, line.result, line.how, kind, amount_fen)
