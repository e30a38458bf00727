"""Every clause by the key that names it, and how a clause with its bounds is read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from portal.rewards.rules.clauses import choose, combine, each, fixed, percent, slices
from portal.rewards.rules.clauses.bounds import Clause, Pay
from portal.rewards.rules.faults import FaultCode, Hint
from portal.rewards.rules.lookups import Lookup, Scope
from portal.rewards.rules.reading import Table, shortened
from portal.rewards.rules.vocabulary import FactType, Joint


def _parts_of(joint: Joint, table: Table, scope: Scope) -> Clause | None:
    """Read several clauses that are put together."""
    return combine.parse(table, joint, lambda one: pay(one, scope))


CLAUSES: dict[str, Callable[[Table, Scope], Clause | None]] = {
    "fixed": fixed.parse,
    "percent_of": percent.parse,
    "each": each.parse,
    "choose": choose.parse,
    "slices_of": slices.parse,
    **{joint.value: partial(_parts_of, joint) for joint in Joint},
}
"""A new clause is a file beside the others and a line here."""

_KEYS = frozenset({*CLAUSES, "rate", "count", "slices", "less", "min", "max", "soft_max", "may_reach"})


def pay(table: Table, scope: Scope) -> Pay | None:
    """Read a clause with its bounds; None where it is wrong, which is noted."""
    named = [key for key in CLAUSES if key in table.data]
    if len(named) != 1:
        found = ", ".join(named or map(shortened, list(table.data)[:5]))
        allowed = ", ".join(CLAUSES)
        table.fault(FaultCode.ONE_CLAUSE, Hint.WRITE_ONE, key=table.name, found=found, allowed=allowed)
        return None
    clause = CLAUSES[named[0]](table, scope)
    lookup = Lookup(table, scope)
    low, high, soft, reach = (lookup.value(key) for key in ("min", "max", "soft_max", "may_reach"))
    less = scope.fact(table, table.get("less"), FactType.MONEY) if "less" in table.data else None
    cite = table.cite("cite")
    confirmed = table.flag("confirmed", default=True) if "confirmed" in table.data else None
    to_confirm = frozenset(table.strings("to_confirm"))
    for key in sorted(to_confirm - _KEYS):
        table.fault(FaultCode.UNKNOWN_KEY, Hint.SEE_REFERENCE, key=f"{table.path('to_confirm')}: {key[:40]}")
    if "may_reach" in table.data and "soft_max" not in table.data:
        table.missing("soft_max")
    table.rest()
    if clause is None:
        return None
    paid = less.id if less else ""
    return Pay(clause, low, high, soft, reach, cite, confirmed, to_confirm, paid)
