"""Conditions, amounts and clauses of a rule set in words; facts and answers by the file's own labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from portal.rewards.speech import CHINESE, Tongue, day, decimal, listed, percent, text, yuan

FEW = 6
"""So many answers still read well in one sentence; more make a table."""

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
        return tr("“%(label)s” is %(answer)s", label=self.label(test.fact), answer=self._answers(test))

    def _answers(self, test: OneOf) -> str:
        fact = self.fact(test.fact)
        known = [option.id for option in fact.options] if fact else []
        order = sorted(test.answers, key=lambda one: known.index(one) if one in known else len(known))
        joint = "或" if self.tr.language == CHINESE else " or "
        return joint.join(self.answer(test.fact, one) for one in order)

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
        """Return a value as a phrase; one that needs a table names what it goes by."""
        tr = self.tr
        if isinstance(value, Constant):
            return write(value.number)
        if isinstance(value, Product):
            return tr(
                "%(amount)s for each of “%(label)s”",
                amount=self.value(value.each, write),
                label=self.label(value.count),
            )
        rows = self.rows(value, write)
        if len(rows) > FEW:
            return tr("by “%(label)s”, as in the table", label=self.label(value.fact))
        joint = "；" if tr.language == CHINESE else "; "
        several = joint.join(
            tr("%(label)s: %(value)s", label=lowered(row.label), value=row.value) for row in rows
        )
        return tr("by “%(label)s” (%(values)s)", label=self.label(value.fact), values=several)

    def rows(self, value: Value | None, write: Write) -> tuple[Row, ...]:
        """Return the table of a looked-up value; none for a plain one."""
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
        tr, clause = self.tr, pay.clause
        if isinstance(clause, Percent):
            parts = listed([self.inside(part) for part in clause.base], tr)
            share = tr("%(rate)s of: %(parts)s.", rate=self.value(clause.rate, _rate), parts=parts)
            return [Line(share, sure and "rate" not in pay.to_confirm, self._table(clause.rate, _rate))]
        if isinstance(clause, Fixed):
            said = tr("%(amount)s.", amount=self.value(clause.value, self.money))
            return [Line(said, sure, self._table(clause.value, self.money))]
        if isinstance(clause, Each):
            said = tr(
                "%(amount)s for each of “%(label)s”.",
                amount=self.value(clause.each, self.money),
                label=self.label(clause.count),
            )
            return [Line(said, sure, self._table(clause.each, self.money))]
        if isinstance(clause, Choose):
            return [Line(self._choice(clause), sure, self._choice_table(clause))]
        return self._combined(clause, sure) if isinstance(clause, Combine) else []

    def _table(self, value: Value, write: Write) -> tuple[Row, ...]:
        rows = self.rows(value, write)
        return rows if len(rows) > FEW else ()

    def _choice(self, clause: Choose) -> str:
        tr = self.tr
        if clause.low == clause.high:
            return tr(
                "%(amount)s; an officer confirms it and writes the reason.",
                amount=self.value(clause.low, self.money),
            )
        if self._choice_table(clause):
            return tr("The officer chooses inside the band of the table and writes the reason.")
        said = tr(
            "From %(low)s to %(high)s; the officer chooses the amount and writes the reason.",
            low=self.value(clause.low, self.money),
            high=self.value(clause.high, self.money),
        )
        if clause.default is None:
            return said
        proposed = tr("%(amount)s is proposed.", amount=self.value(clause.default, self.money))
        return f"{said}{'' if tr.language == CHINESE else ' '}{proposed}"

    def _choice_table(self, clause: Choose) -> tuple[Row, ...]:
        return self.band_rows(clause.low, clause.high)

    def band_rows(self, low: Value | None, high: Value | None) -> tuple[Row, ...]:
        """Return one table of bands where least and most both go by the same fact."""
        if not isinstance(low, ByOption | Tiered) or not isinstance(high, ByOption | Tiered):
            return ()
        least, most = self.rows(low, self.money), self.rows(high, self.money)
        if [row.label for row in least] != [row.label for row in most]:
            return ()
        return tuple(
            Row(
                one.label,
                one.value
                if one.value == two.value
                else self.tr("%(low)s to %(high)s", low=one.value, high=two.value),
                one.group,
            )
            for one, two in zip(least, most, strict=True)
        )

    def _combined(self, clause: Combine, sure: bool) -> list[Line]:
        tr = self.tr
        lead = tr("The sum of these:") if clause.how is Overlap.SUM else tr("The highest of these:")
        parts = [line for one in clause.clauses for line in self.pay(one, sure)]
        return [Line(lead), *parts]

    def _bounds(self, pay: Pay, sure: bool) -> list[Line]:
        tr = self.tr
        bands = self.band_rows(pay.low, pay.high)
        lines = []
        if bands:
            lines.append(Line(tr("At least and at most as in the table."), sure, bands))
        else:
            bounds = self._least_and_most(pay)
            unsure = {"min", "max"} & pay.to_confirm
            lines += [Line(bounds, sure and not unsure)] if bounds else []
        if pay.soft is not None:
            lines.append(Line(self._soft(pay), sure and "soft_max" not in pay.to_confirm))
        return lines

    def _least_and_most(self, pay: Pay) -> str:
        tr = self.tr
        low = self.value(pay.low, self.money) if pay.low else ""
        high = self.value(pay.high, self.money) if pay.high else ""
        if low and high:
            return tr("At least %(low)s, at most %(high)s.", low=low, high=high)
        if low:
            return tr("At least %(low)s.", low=low)
        return tr("At most %(high)s.", high=high) if high else ""

    def _soft(self, pay: Pay) -> str:
        tr = self.tr
        if pay.soft is None:
            return ""
        soft = self.value(pay.soft, self.money)
        if pay.may_reach is None:
            return tr(
                "In principle at most %(soft)s; more needs a written reason and a second approval.", soft=soft
            )
        return tr(
            "In principle at most %(soft)s; more, up to %(reach)s, needs a written reason"
            " and a second approval.",
            soft=soft,
            reach=self.value(pay.may_reach, self.money),
        )


def lowered(label: str) -> str:
    """Return a label as it stands inside a sentence: an English one without its capital."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _rate(number: Number) -> str:
    return percent(Fraction(number))


def _is_kind(test: Test) -> bool:
    return isinstance(test, OneOf) and test.fact == KIND
