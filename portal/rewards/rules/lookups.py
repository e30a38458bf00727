"""Reading VALUE: an amount or a rate, written down or looked up by a declared fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from portal.rewards.rules.faults import FaultCode, Hint
from portal.rewards.rules.given import BASE, MAX_COUNT
from portal.rewards.rules.model import Fact
from portal.rewards.rules.reading import Table, near, shortened
from portal.rewards.rules.registry import ALWAYS, OF_A_SHARE, STANDARD
from portal.rewards.rules.values import ByOption, Constant, Number, Product, Tier, Tiered, Value
from portal.rewards.rules.vocabulary import About, FactType

_DEEPEST = 4
_FORMS = "of + is, of + take, of + tiers, each + count"


class Unit(StrEnum):
    """What a value is measured in."""

    AMOUNT = "amount"
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class Scope:
    """The facts that may be used, and whether those about the reporter are among them."""

    facts: Mapping[str, Fact]
    reporter: bool = False
    base: bool = False
    """Whether the sum of a percentage may be named, as its own rate may."""

    def fact(self, table: Table, fact_id: object, *types: FactType) -> Fact | None:
        """Return a declared fact of one of these types; a fault where there is none."""
        if not isinstance(fact_id, str):
            table.fault(FaultCode.WRONG_TYPE, Hint.SEE_REFERENCE, key=table.path("of"), expected="fact")
            return None
        fact = self.facts.get(fact_id) or ALWAYS.get(fact_id) or self._base(fact_id)
        if fact is None:
            self._undeclared(table, fact_id)
            return None
        if types and fact.type not in types:
            table.fault(FaultCode.FACT_TYPE, Hint.SEE_REFERENCE, fact=fact_id, expected=", ".join(types))
            return None
        if fact.about is About.REPORTER and not self.reporter:
            table.fault(FaultCode.REPORTER_FACT, Hint.MOVE_TO_UPLIFT, fact=fact_id)
            return None
        return fact

    def _base(self, fact_id: str) -> Fact | None:
        return OF_A_SHARE if self.base and fact_id == BASE else None

    def _undeclared(self, table: Table, fact_id: str) -> None:
        if table.faults.full:
            return
        close = "" if fact_id in STANDARD else near(fact_id, [*self.facts, *STANDARD, *ALWAYS])
        hint = Hint.DID_YOU_MEAN if close else Hint.DECLARE_THE_FACT
        table.fault(FaultCode.UNDECLARED_FACT, hint, fact=shortened(fact_id), near=close)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Reads values of one unit for one table."""

    table: Table
    scope: Scope
    unit: Unit = Unit.AMOUNT

    def value(self, key: str) -> Value | None:
        """Return the value under a key; None when there is none or it is wrong."""
        raw = self.table.get(key)
        return None if raw is None else self.read(key, raw, 0)

    def read(self, key: str, raw: object, depth: int) -> Value | None:
        """Return what a value says."""
        if not isinstance(raw, dict):
            number = self._number(key, raw)
            return None if number is None else Constant(number)
        inner = Table(raw, self.table.place, self.table.faults, self.table.path(key))
        if depth >= _DEEPEST:
            self.table.fault(FaultCode.TOO_DEEP, Hint.WRITE_FLATTER, most=_DEEPEST)
            return None
        lookup = Lookup(inner, self.scope, self.unit)
        found = lookup._looked_up(depth + 1)
        inner.rest()
        return found

    def _number(self, key: str, raw: object) -> Number | None:
        if self.unit is Unit.RATE:
            return self.table.as_rate(key, raw)
        return self.table.as_amount(key, raw)

    def _looked_up(self, depth: int) -> Value | None:
        table = self.table
        if table.has("each", "count"):
            return self._product(depth)
        forms = [form for form in ("is", "take", "tiers") if form in table.data]
        if len(forms) != 1 or "of" not in table.data:
            found = ", ".join(map(shortened, list(table.data)[:5]))
            table.fault(FaultCode.ONE_CLAUSE, Hint.WRITE_ONE, key=table.name, found=found, allowed=_FORMS)
            table.asked.update(table.data)
            return None
        if forms[0] == "tiers":
            return self._tiers(depth)
        fact = self.scope.fact(table, table.get("of"), FactType.CHOICE, FactType.YES_NO)
        raw, other = table.get(forms[0]), table.get("other")
        if fact is None:
            return None
        if forms[0] == "take":
            return self._taken(fact, raw)
        if not isinstance(raw, dict):
            table.wrong("is", "table")
            return None
        return self._by_option(fact, raw, other, depth)

    def _product(self, depth: int) -> Value | None:
        raw, count = self.table.get("each"), self.table.get("count")
        if raw is None:
            self.table.missing("each")
        each = None if raw is None else self.read("each", raw, depth)
        fact = self.scope.fact(self.table, count, FactType.NUMBER)
        if each is None or fact is None:
            return None
        return Product(each, fact.id, fact.min or 0, MAX_COUNT if fact.max is None else fact.max)

    def _by_option(self, fact: Fact, raw: dict[str, object], other: object, depth: int) -> Value | None:
        options = options_of(fact)
        values: dict[str, Value] = {}
        for option, one in raw.items():
            if option not in options:
                self._unknown_option(fact, option, options)
                continue
            value = self.read(f"is.{option}", one, depth)
            if value is not None:
                values[option] = value
        for option in options:
            if option not in raw and other is None:
                self.table.fault(
                    FaultCode.OPTION_NOT_NAMED, Hint.NAME_EVERY_OPTION, fact=fact.id, option=option
                )
        rest = None if other is None else self.read("other", other, depth)
        return ByOption(fact.id, values, rest) if values or rest else None

    def _unknown_option(self, fact: Fact, option: str, options: list[str]) -> None:
        unknown_option(self.table, fact, option, options)

    def _taken(self, fact: Fact, name: object) -> Value | None:
        if not isinstance(name, str):
            self.table.wrong("take", "text")
            return None
        values: dict[str, Value] = {}
        wanted = Fraction if self.unit is Unit.RATE else int
        for option in fact.options:
            number = option.values.get(name)
            if number is None or not isinstance(number, wanted):
                self.table.fault(
                    FaultCode.OPTION_WITHOUT_VALUE,
                    Hint.NAME_EVERY_OPTION,
                    fact=fact.id,
                    option=option.id,
                    name=shortened(name),
                )
            else:
                values[option.id] = Constant(number)
        return ByOption(fact.id, values, take=name) if values else None

    def _tiers(self, depth: int) -> Value | None:
        fact = self.scope.fact(self.table, self.table.get("of"), FactType.NUMBER, FactType.MONEY)
        self.table.asked.add("tiers")
        found = () if fact is None else self.steps("tiers", fact, depth)
        return None if fact is None or not found else Tiered(fact.id, found)

    def steps(self, key: str, fact: Fact, depth: int = 0) -> tuple[Tier, ...]:
        """Return the steps of a scale over a fact; none where one of them is wrong, which is noted."""
        rows = self.table.tables(key)
        found = [tier for tier in (self._tier(fact, row, depth) for row in rows) if tier]
        if not rows:
            self.table.wrong(key, "list_of_tables")
        if len(found) != len(rows) or not found:
            return ()
        self._meet(key, found)
        return tuple(found)

    def _tier(self, fact: Fact, row: Table, depth: int) -> Tier | None:
        low, below = (measure(row, fact, key) for key in ("from", "below"))
        raw = row.get("is")
        value = Lookup(row, self.scope, self.unit).read("is", raw, depth) if raw is not None else None
        for key in ("from", "is"):
            if key not in row.data:
                row.missing(key)
        row.rest()
        if low is None or value is None or ("below" in row.data and below is None):
            return None
        if below is not None and below <= low:
            row.fault(FaultCode.TIER_EMPTY, Hint.MAKE_TIERS_MEET, key=row.name, at=str(row.data["from"]))
            return None
        return Tier(low, below, value)

    def _meet(self, key: str, tiers: list[Tier]) -> None:
        """Refuse steps that overlap or leave a gap; the last one may be open."""
        rows = self.table.tables(key)
        for number, (one, following) in enumerate(pairwise(tiers), start=1):
            at = str(rows[number].data["from"])
            if one.below is None or one.below > following.low:
                self.table.fault(
                    FaultCode.TIERS_OVERLAP, Hint.MAKE_TIERS_MEET, key=self.table.path(key), at=at
                )
            elif one.below < following.low:
                self.table.fault(FaultCode.TIERS_GAP, Hint.MAKE_TIERS_MEET, key=self.table.path(key), at=at)


def options_of(fact: Fact) -> list[str]:
    """Return the answers a fact may have, by id."""
    return ["yes", "no"] if fact.type is FactType.YES_NO else [option.id for option in fact.options]


def unknown_option(table: Table, fact: Fact, option: str, options: list[str]) -> None:
    """Note an answer that the fact does not have."""
    if table.faults.full:
        return
    close = near(option, options)
    hint = Hint.DID_YOU_MEAN if close else Hint.SEE_REFERENCE
    table.fault(FaultCode.OPTION_UNKNOWN, hint, fact=fact.id, option=shortened(option), near=close)


def measure(table: Table, fact: Fact, key: str) -> Number | None:
    """Return a bound of a quantity, or of money in fen; None when there is none."""
    raw = table.get(key)
    if raw is None:
        return None
    return table.as_amount(key, raw) if fact.type is FactType.MONEY else table.as_number(key, raw)
