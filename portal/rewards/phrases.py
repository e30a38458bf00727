"""Conditions, amounts and clauses of a rule set in words; facts and answers by the file's own labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import groupby

from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.clauses.choose import Choose
from portal.rewards.rules.clauses.combine import Combine
from portal.rewards.rules.clauses.each import Each
from portal.rewards.rules.clauses.fixed import Fixed
from portal.rewards.rules.clauses.percent import Percent
from portal.rewards.rules.conditions import Between, Condition, Not, OneOf, Test
from portal.rewards.rules.given import KIND
from portal.rewards.rules.model import Fact, Option
from portal.rewards.rules.registry import ALWAYS, STANDARD
from portal.rewards.rules.values import ByOption, Constant, Number, Product, Tiered, Value
from portal.rewards.rules.vocabulary import FactType, Overlap
from portal.rewards.speech import CHINESE, Tongue, day, decimal, listed, percent, sentences, text, yuan

FEW = 12
"""So many lines of a table are read at once; a longer one is opened."""

Write = Callable[[Number], str]
"""How a number of a VALUE is written: an amount with its yuan, or a rate."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: an answer and what it earns, under a heading (a trade, a tier) or none."""

    label: str
    value: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, whether its figure was seen, and the table that belongs to it."""

    text: str
    confirmed: bool = True
    rows: tuple[Row, ...] = ()

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        """Return the table under its headings, in the order of the file."""
        return [(title, list(rows)) for title, rows in groupby(self.rows, key=lambda row: row.group)]

    @property
    def long(self) -> bool:
        """Tell whether the table is too long to be read at once."""
        return len(self.rows) > FEW


class Phrases:
    """Words for the parts of one rule set in one language."""

    def __init__(self, facts: Mapping[str, Fact], tr: Tongue) -> None:
        self._facts = facts
        self.tr = tr

    def fact(self, fact_id: str) -> Fact | None:
        """Return a fact as the rule set words it, else as the standard does."""
        return self._facts.get(fact_id) or STANDARD.get(fact_id) or ALWAYS.get(fact_id)

    def label(self, fact_id: str) -> str:
        """Return what a fact is called; never its id."""
        fact = self.fact(fact_id)
        return text(fact.label, self.tr) if fact else self.tr("a fact of the rule")

    def inside(self, fact_id: str) -> str:
        """Return what a fact is called inside a sentence."""
        return lowered(self.label(fact_id))

    def answer(self, fact_id: str, answer: str) -> str:
        """Return what an answer is called; never its id."""
        tr = self.tr
        if answer in {"yes", "no"}:
            fact = self.fact(fact_id)
            if fact is None or fact.type is FactType.YES_NO:
                return tr("yes") if answer == "yes" else tr("no")
        option = self._option(fact_id, answer)
        return text(option.label, tr) if option else tr("another answer")

    def _option(self, fact_id: str, answer: str) -> Option | None:
        fact = self.fact(fact_id)
        return fact.option(answer) if fact else None

    def quantity(self, fact_id: str, number: Number) -> str:
        """Return a number of a fact with its unit; money with yuan."""
        fact = self.fact(fact_id)
        if fact is not None and fact.type is FactType.MONEY:
            return self.money(number)
        unit = text(fact.unit, self.tr) if fact and fact.unit else ""
        return f"{decimal(Fraction(number))} {unit}".strip()

    def money(self, fen: Number) -> str:
        """Return an amount with its yuan."""
        return self.tr("%(amount)s yuan", amount=yuan(fen))

    # Conditions ------------------------------------------------------------------------------------------

    def conditions(self, condition: Condition) -> str:
        """Return what must hold beside the kind, as one phrase; empty when there is nothing else."""
        joint = "，且" if self.tr.language == CHINESE else " and "
        return joint.join(self.test(one) for one in condition.tests if not _is_kind(one))

    def test(self, test: Test) -> str:
        """Return one test as a phrase."""
        tr = self.tr
        if isinstance(test, Not):
            return tr("not (%(condition)s)", condition=self.conditions(test.condition))
        if isinstance(test, Between):
            return tr(
                "“%(label)s” is %(range)s",
                label=self.label(test.fact),
                range=self.range(test.fact, test.low, test.below),
            )
        fact = self.fact(test.fact)
        if fact is not None and fact.type is FactType.YES_NO:
            asked = self.label(test.fact)
            return tr("“%(label)s” is answered %(answer)s", label=asked, answer=self._answers(test))
        return tr("“%(label)s” is %(answer)s", label=self.label(test.fact), answer=self._answers(test))

    def _answers(self, test: OneOf) -> str:
        fact = self.fact(test.fact)
        known = [option.id for option in fact.options] if fact else []
        order = sorted(test.answers, key=lambda one: known.index(one) if one in known else len(known))
        *first, last = [lowered(self.answer(test.fact, one)) for one in order]
        return self.tr("%(first)s or %(last)s", first=listed(first, self.tr), last=last) if first else last

    def range(self, fact_id: str, low: Number | date | None, below: Number | date | None) -> str:
        """Return from where to where a fact lies."""
        tr = self.tr
        first = self._bound(fact_id, low) if low is not None else ""
        last = self._bound(fact_id, below) if below is not None else ""
        if first and last:
            return tr("from %(first)s to below %(last)s", first=first, last=last)
        return tr("%(first)s or more", first=first) if first else tr("below %(last)s", last=last)

    def _bound(self, fact_id: str, bound: Number | date) -> str:
        return day(bound, self.tr) if isinstance(bound, date) else self.quantity(fact_id, bound)

    # Values ----------------------------------------------------------------------------------------------

    def value(self, value: Value, write: Write) -> str:
        """Return a value as a phrase; of one that is looked up, what it goes by."""
        tr = self.tr
        if isinstance(value, Constant):
            return write(value.number)
        if isinstance(value, Product):
            amount, label = self.value(value.each, write), self.label(value.count)
            return tr("%(amount)s for each of “%(label)s”", amount=amount, label=label)
        return tr("by “%(label)s”", label=self.label(value.fact))

    def rows(self, value: Value | None, write: Write) -> tuple[Row, ...]:
        """Return the table of a looked-up value; none for a plain one."""
        if isinstance(value, Product):
            label = self.label(value.count)
            return tuple(
                replace(
                    row, value=self.tr("%(amount)s for each of “%(label)s”", amount=row.value, label=label)
                )
                for row in self.rows(value.each, write)
            )
        if isinstance(value, Tiered):
            return tuple(
                Row(self.range(value.fact, tier.low, tier.below), self.value(tier.value, write))
                for tier in value.tiers
            )
        return self._option_rows(value, write) if isinstance(value, ByOption) else ()

    def _option_rows(self, value: ByOption, write: Write) -> tuple[Row, ...]:
        fact = self.fact(value.fact)
        rows = [
            Row(
                text(option.label, self.tr),
                self.value(value.table[option.id], write),
                text(option.group, self.tr) if option.group else "",
            )
            for option in (fact.options if fact else ())
            if option.id in value.table
        ]
        rows += [
            Row(self.answer(value.fact, answer), self.value(found, write))
            for answer, found in value.table.items()
            if answer in {"yes", "no"} and (fact is None or fact.option(answer) is None)
        ]
        if value.other is not None:
            rows.append(Row(self.tr("anything else"), self.value(value.other, write)))
        return tuple(rows)

    # Clauses ---------------------------------------------------------------------------------------------

    def pay(self, pay: Pay, confirmed: bool) -> list[Line]:
        """Return what a clause pays: its heart, then its bounds, with tables where there are many answers."""
        sure = confirmed if pay.confirmed is None else pay.confirmed
        return [*self._heart(pay, sure), *self._bounds(pay, sure)]

    def _heart(self, pay: Pay, sure: bool) -> list[Line]:
        clause = pay.clause
        if isinstance(clause, Percent):
            return [self._share(clause, sure and "rate" not in pay.to_confirm)]
        if isinstance(clause, Fixed):
            return [self._amount(clause.value, sure)]
        if isinstance(clause, Each):
            return [self._each(clause, sure)]
        if isinstance(clause, Choose):
            return [self._choice(clause, sure)]
        return self._combined(clause, sure) if isinstance(clause, Combine) else []

    def _share(self, clause: Percent, sure: bool) -> Line:
        tr, rows = self.tr, self.rows(clause.rate, _rate)
        parts = listed([self.inside(part) for part in clause.base], tr)
        if rows:
            by = self._by(clause.rate)
            return Line(tr("A share of %(parts)s, by “%(label)s”:", parts=parts, label=by), sure, rows)
        return Line(tr("%(rate)s of: %(parts)s.", rate=self.value(clause.rate, _rate), parts=parts), sure)

    def _amount(self, value: Value, sure: bool) -> Line:
        tr, rows = self.tr, self.rows(value, self.money)
        if rows:
            return Line(tr("By “%(label)s”:", label=self._by(value)), sure, rows)
        return Line(tr("%(amount)s.", amount=self.value(value, self.money)), sure)

    def _each(self, clause: Each, sure: bool) -> Line:
        tr, count, rows = self.tr, self.label(clause.count), self.rows(clause.each, self.money)
        if rows:
            by = self._by(clause.each)
            return Line(tr("For each of “%(count)s”, by “%(label)s”:", count=count, label=by), sure, rows)
        amount = self.value(clause.each, self.money)
        return Line(tr("%(amount)s for each of “%(label)s”.", amount=amount, label=count), sure)

    def _choice(self, clause: Choose, sure: bool) -> Line:
        tr, rows = self.tr, self.band_rows(clause.low, clause.high)
        if rows:
            said = tr(
                "The officer chooses the amount and writes the reason, by “%(label)s”:",
                label=self._by(clause.high if self.rows(clause.high, self.money) else clause.low),
            )
            return Line(said, sure, rows)
        if clause.low == clause.high:
            amount = self.value(clause.low, self.money)
            return Line(tr("%(amount)s; an officer confirms it and writes the reason.", amount=amount), sure)
        band = self._band(clause.low, clause.high)
        said = tr("%(band)s; the officer chooses the amount and writes the reason.", band=band)
        if clause.default is not None:
            proposed = tr("%(amount)s is proposed.", amount=self.value(clause.default, self.money))
            said = sentences([said, proposed], tr)
        return Line(said, sure)

    def _band(self, low: Value, high: Value) -> str:
        """Return from where to where, in yuan; from nothing on is "up to"."""
        tr = self.tr
        if isinstance(low, Constant) and isinstance(high, Constant):
            return self._from_to(low.number, high.number)
        most = self.value(high, self.money)
        if low == Constant(0):
            return tr("Up to %(high)s", high=most)
        return tr("From %(low)s to %(high)s", low=self.value(low, self.money), high=most)

    def _from_to(self, low: Number, high: Number) -> str:
        if not low:
            return self.tr("Up to %(high)s", high=self.money(high))
        return self.tr("%(low)s to %(high)s yuan", low=yuan(low), high=yuan(high))

    def _by(self, value: Value) -> str:
        """Return what the fact is called by which a value is looked up."""
        if isinstance(value, Product):
            return self._by(value.each)
        return self.label(value.fact) if isinstance(value, ByOption | Tiered) else ""

    def band_rows(self, low: Value | None, high: Value | None) -> tuple[Row, ...]:
        """Return one table of bands where least, most or both are looked up by the same fact."""
        least, most = self.rows(low, self.money), self.rows(high, self.money)
        if low is None or high is None or not (least or most):
            return ()
        fixed_low, fixed_high = self.value(low, self.money), self.value(high, self.money)
        least = least or tuple(replace(row, value=fixed_low) for row in most)
        most = most or tuple(replace(row, value=fixed_high) for row in least)
        if [row.label for row in least] != [row.label for row in most]:
            return ()
        nothing = self.money(0)
        return tuple(
            replace(one, value=self._row_band(one.value, two.value, nothing))
            for one, two in zip(least, most, strict=True)
        )

    def _row_band(self, low: str, high: str, nothing: str) -> str:
        if low == high:
            return low
        if low == nothing:
            return self.tr("Up to %(high)s", high=high)
        return self.tr("%(low)s to %(high)s", low=low, high=high)

    def _combined(self, clause: Combine, sure: bool) -> list[Line]:
        tr = self.tr
        lead = tr("The sum of these:") if clause.how is Overlap.SUM else tr("The highest of these:")
        parts = [line for one in clause.clauses for line in self.pay(one, sure)]
        return [Line(lead), *parts]

    # Bounds ----------------------------------------------------------------------------------------------

    def _bounds(self, pay: Pay, sure: bool) -> list[Line]:
        tr = self.tr
        seen = sure and not {"min", "max"} & pay.to_confirm
        lines: list[Line] = []
        if bands := self.band_rows(pay.low, pay.high):
            lines.append(Line(tr("At least and at most:"), seen, bands))
        else:
            lines += self._plain_bounds(pay, seen)
        if pay.soft is not None:
            lines.append(Line(self._soft(pay.soft, pay.may_reach), sure and "soft_max" not in pay.to_confirm))
        return lines

    def _plain_bounds(self, pay: Pay, seen: bool) -> list[Line]:
        tr = self.tr
        low_rows, high_rows = self.rows(pay.low, self.money), self.rows(pay.high, self.money)
        if low_rows or high_rows:
            lines = (
                [Line(tr("At least, by “%(label)s”:", label=self._by(pay.low)), seen, low_rows)]
                if (pay.low and low_rows)
                else []
            )
            if pay.high and high_rows:
                lines.append(Line(tr("At most, by “%(label)s”:", label=self._by(pay.high)), seen, high_rows))
            return lines
        said = self._least_and_most(pay)
        return [Line(said, seen)] if said else []

    def _least_and_most(self, pay: Pay) -> str:
        tr = self.tr
        low = self.value(pay.low, self.money) if pay.low else ""
        high = self.value(pay.high, self.money) if pay.high else ""
        if low and high:
            return tr("At least %(low)s, at most %(high)s.", low=low, high=high)
        if low:
            return tr("At least %(low)s.", low=low)
        return tr("At most %(high)s.", high=high) if high else ""

    def _soft(self, soft: Value, reach: Value | None) -> str:
        tr, most = self.tr, self.value(soft, self.money)
        if reach is None:
            return tr(
                "In principle at most %(soft)s; more needs a written reason and a second approval.", soft=most
            )
        return tr(
            "In principle at most %(soft)s; more, up to %(reach)s, needs a written reason"
            " and a second approval.",
            soft=most,
            reach=self.value(reach, self.money),
        )


def lowered(label: str) -> str:
    """Return a label as it stands inside a sentence: an English one without its capital."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _rate(number: Number) -> str:
    return percent(Fraction(number))


def _is_kind(test: Test) -> bool:
    return isinstance(test, OneOf) and test.fact == KIND
