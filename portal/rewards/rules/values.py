"""VALUE: an amount in fen or a rate, written down or looked up by a fact; exact, never a binary fraction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from portal.rewards.rules.given import MAX_COUNT, FactValue

Number = int | Fraction
Known = Mapping[str, FactValue]
"""What is known of one finding and its case, by fact id."""


@dataclass(slots=True)
class Trace:
    """What a lookup used (for the step's inputs), missed (fact ids), or did not find covered (fact ids)."""

    inputs: dict[str, int | str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)

    def use(self, fact: str, value: FactValue) -> None:
        """Note a fact that decided a value."""
        self.inputs[f"fact.{fact}"] = written(value)

    def miss(self, fact: str) -> None:
        """Note a fact that is not known yet."""
        if fact not in self.missing:
            self.missing.append(fact)


def written(value: FactValue | Number) -> int | str:
    """Return a fact as it stands in a derivation: a whole number, a decimal in digits, or a closed word."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else decimal_digits(value)
    return value if isinstance(value, int) else str(value)


def decimal_digits(value: Fraction) -> str:
    """Return a fraction of thousandths in digits, such as "50.5"; anything finer as "1/3"."""
    thousandths = value * 1000
    if thousandths.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    sign = "-" if value < 0 else ""
    whole, part = divmod(abs(thousandths.numerator), 1000)
    return f"{sign}{whole}.{part:03d}".rstrip("0")


def option_of(value: FactValue) -> str:
    """Return the option that an answer stands for; yes and no are options too."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def number_of(value: FactValue | None) -> Number | None:
    """Return a fact's number (fen for money), or None when it is not known or no number."""
    if isinstance(value, bool) or not isinstance(value, (int, Fraction)):
        return None
    return value


@dataclass(frozen=True, slots=True)
class Constant:
    """A number written in the rule: fen, or a rate as a fraction of one."""

    number: Number

    def find(self, _known: Known, _trace: Trace) -> Number | None:
        """Return the number."""
        return self.number

    def span(self, _known: Known) -> tuple[Number, Number]:
        """Return the number twice."""
        return self.number, self.number

    def facts(self) -> Iterator[str]:
        """Name no fact."""
        return iter(())


@dataclass(frozen=True, slots=True)
class ByOption:
    """A value for each answer of a choice; ``take`` names the option's own value where the fact lists it."""

    fact: str
    table: Mapping[str, Value]
    other: Value | None = None
    take: str = ""

    def find(self, known: Known, trace: Trace) -> Number | None:
        """Return the value of the answer; None where it is missing."""
        answer = known.get(self.fact)
        if answer is None:
            trace.miss(self.fact)
            return None
        trace.use(self.fact, answer)
        value = self.table.get(option_of(answer), self.other)
        if value is None:
            trace.below.append(self.fact)
            return None
        return value.find(known, trace)

    def span(self, known: Known) -> tuple[Number, Number]:
        """Return the least and the most over the answers that are still possible."""
        answer = known.get(self.fact)
        if answer is not None:
            value = self.table.get(option_of(answer), self.other)
            return value.span(known) if value else (0, 0)
        every = [*self.table.values(), *([self.other] if self.other else [])]
        return hull([value.span(known) for value in every])

    def facts(self) -> Iterator[str]:
        """Name the choice and what its values use."""
        yield self.fact
        for value in (*self.table.values(), *([self.other] if self.other else [])):
            yield from value.facts()


@dataclass(frozen=True, slots=True)
class Tier:
    """A half-open step: from this number (fen for money) to below that one; None: without end."""

    low: Number
    below: Number | None
    value: Value

    def holds(self, number: Number) -> bool:
        """Tell whether the number lies in the step."""
        return self.low <= number and (self.below is None or number < self.below)


@dataclass(frozen=True, slots=True)
class Tiered:
    """A value by quantity or money, in rising steps without gap; below the first nothing is covered."""

    fact: str
    tiers: tuple[Tier, ...]

    def find(self, known: Known, trace: Trace) -> Number | None:
        """Return the value of the step; None where the fact is missing or outside all steps."""
        number = number_of(known.get(self.fact))
        if number is None:
            trace.miss(self.fact)
            return None
        trace.use(self.fact, number)
        for tier in self.tiers:
            if tier.holds(number):
                trace.inputs.setdefault("tier_from", written(tier.low))
                if tier.below is not None:
                    trace.inputs.setdefault("tier_below", written(tier.below))
                return tier.value.find(known, trace)
        trace.below.append(self.fact)
        return None

    def span(self, known: Known) -> tuple[Number, Number]:
        """Return the least and the most over the steps that are still possible."""
        number = number_of(known.get(self.fact))
        possible = [tier for tier in self.tiers if number is None or tier.holds(number)]
        return hull([tier.value.span(known) for tier in possible]) if possible else (0, 0)

    def facts(self) -> Iterator[str]:
        """Name the quantity and what the steps use."""
        yield self.fact
        for tier in self.tiers:
            yield from tier.value.facts()


@dataclass(frozen=True, slots=True)
class Product:
    """A value times a counted fact, as for "up to 10,000 per worker"; least and most bound the count."""

    each: Value
    count: str
    least: Number = 0
    most: Number = MAX_COUNT

    def find(self, known: Known, trace: Trace) -> Number | None:
        """Return the product; None where the count or the value is missing."""
        number = number_of(known.get(self.count))
        if number is None:
            trace.miss(self.count)
        else:
            trace.use(self.count, number)
        each = self.each.find(known, trace)
        return None if number is None or each is None else each * number

    def span(self, known: Known) -> tuple[Number, Number]:
        """Return the least and the most over the counts that are still possible."""
        low, high = self.each.span(known)
        number = number_of(known.get(self.count))
        least, most = (self.least, self.most) if number is None else (number, number)
        return low * least, high * most

    def facts(self) -> Iterator[str]:
        """Name the count and what the value uses."""
        yield self.count
        yield from self.each.facts()


Value = Constant | ByOption | Tiered | Product


def covers(value: Value | None, known: Known) -> bool:
    """Tell whether a value is surely found, whatever the missing facts turn out to be."""
    if value is None or isinstance(value, Constant):
        return True
    if isinstance(value, Product):
        return covers(value.each, known)
    answer = known.get(value.fact)
    if isinstance(value, Tiered):
        number = number_of(answer)
        holding = [tier for tier in value.tiers if number is not None and tier.holds(number)]
        return bool(holding) and covers(holding[0].value, known)
    if answer is None:
        return all(covers(one, known) for one in (*value.table.values(), value.other))
    found = value.table.get(option_of(answer), value.other)
    return found is not None and covers(found, known)


def hull(spans: list[tuple[Number, Number]]) -> tuple[Number, Number]:
    """Return the least and the most of several spans."""
    return min(low for low, _high in spans), max(high for _low, high in spans)


def constant(value: Value | None) -> Number | None:
    """Return the number of a constant, None for anything looked up or absent."""
    return value.number if isinstance(value, Constant) else None
