"""Conditions, amounts and clauses of a rule set in words; facts and answers by the file's own labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import groupby

from portal.rewards.rules.conditions import Between, Condition, Not, OneOf, Test
from portal.rewards.rules.given import BASE, KIND
from portal.rewards.rules.model import Fact, Option
from portal.rewards.rules.registry import ALWAYS, OF_A_SHARE, STANDARD
from portal.rewards.rules.values import ByOption, Constant, Number, Product, Tiered, Value
from portal.rewards.rules.vocabulary import FactType
from portal.rewards.wording.speech import CHINESE, Tongue, day, decimal, listed, text, yuan

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
        found = self._facts.get(fact_id) or STANDARD.get(fact_id) or ALWAYS.get(fact_id)
        return OF_A_SHARE if found is None and fact_id == BASE else found

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


def lowered(label: str) -> str:
    """Return a label as it stands inside a sentence: an English one without its capital."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _is_kind(test: Test) -> bool:
    return isinstance(test, OneOf) and test.fact == KIND
