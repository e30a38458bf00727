"""Reading WHEN: which facts must hold for an entry, an exclusion or an uplift."""

from __future__ import annotations

from datetime import date

from portal.rewards.rules.conditions import Between, Bound, Condition, Not, OneOf, Test
from portal.rewards.rules.faults import FaultCode, Hint
from portal.rewards.rules.lookups import Scope, measure, options_of, unknown_option
from portal.rewards.rules.model import Fact
from portal.rewards.rules.reading import Table
from portal.rewards.rules.vocabulary import FactType

_DEEPEST = 3


def condition(table: Table, key: str, scope: Scope, depth: int = 0) -> Condition:
    """Return the condition under a key; without one it always holds."""
    inner = table.table(key)
    if inner is None:
        return Condition()
    if depth >= _DEEPEST:
        table.fault(FaultCode.TOO_DEEP, Hint.WRITE_FLATTER, most=_DEEPEST)
        return Condition()
    tests = [_test(inner, name, scope, depth) for name in inner.data]
    inner.asked.update(inner.data)
    return Condition(tuple(test for test in tests if test is not None))


def _test(table: Table, name: str, scope: Scope, depth: int) -> Test | None:
    """Return what one key of a condition asks for."""
    if name == "not":
        return Not(condition(table, name, scope, depth + 1))
    fact = scope.fact(table, name)
    if fact is None:
        return None
    if isinstance(table.data[name], dict):
        return _between(table, fact)
    if fact.type is FactType.YES_NO:
        if not isinstance(table.data[name], bool):
            table.wrong(name, "true_or_false")
            return None
        return OneOf(fact.id, frozenset({"yes" if table.flag(name, default=False) else "no"}))
    if fact.type is FactType.CHOICE:
        return _answers(table, fact)
    table.wrong(name, "from_and_below")
    return None


def _answers(table: Table, fact: Fact) -> Test | None:
    raw = table.get(fact.id)
    answers = [raw] if isinstance(raw, str) else table.strings(fact.id)
    options = options_of(fact)
    for answer in answers:
        if answer not in options:
            unknown_option(table, fact, answer, options)
    return OneOf(fact.id, frozenset(answers)) if answers else None


def _between(table: Table, fact: Fact) -> Test | None:
    inner = table.table(fact.id)
    if inner is None or fact.type in {FactType.YES_NO, FactType.CHOICE}:
        table.wrong(fact.id, "true_or_false" if fact.type is FactType.YES_NO else "list_of_texts")
        return None
    low, below = _bound(inner, fact, "from"), _bound(inner, fact, "below")
    inner.rest()
    if low is None and below is None:
        if not inner.has("from", "below"):
            inner.missing("from")
        return None
    if low is not None and below is not None and not _rises(low, below):
        inner.fault(FaultCode.TIER_EMPTY, Hint.SWAP_BOUNDS, key=inner.name, at=str(inner.data["from"]))
        return None
    return Between(fact.id, low, below)


def _bound(table: Table, fact: Fact, key: str) -> Bound | None:
    if fact.type is not FactType.DATE:
        return measure(table, fact, key)
    return table.day(key) if key in table.data else None


def _rises(low: Bound, below: Bound) -> bool:
    if isinstance(low, date) or isinstance(below, date):
        return isinstance(low, date) and isinstance(below, date) and low < below
    return low < below
