"""Clauses of a rule set in words: what is paid, its bounds, and tables where it goes by an answer."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.clauses.choose import Choose
from portal.rewards.rules.clauses.combine import Combine
from portal.rewards.rules.clauses.each import Each
from portal.rewards.rules.clauses.fixed import Fixed
from portal.rewards.rules.clauses.percent import Percent
from portal.rewards.rules.clauses.slices import Slices
from portal.rewards.rules.given import BASE
from portal.rewards.rules.values import ByOption, Constant, Number, Product, Tiered, Value
from portal.rewards.rules.vocabulary import Joint
from portal.rewards.wording.phrases import Line, Phrases, Row
from portal.rewards.wording.speech import listed, percent, sentences, yuan
from portal.rewards.wording.terms import gettext_noop

LEADS = {
    Joint.SUM: gettext_noop("The sum of these:"),
    Joint.HIGHEST: gettext_noop("The highest of these:"),
    Joint.LOWEST: gettext_noop("The lowest of these:"),
}


class ClausePhrases(Phrases):
    """Words for the clauses of one rule set in one language."""

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
        if isinstance(clause, Slices):
            return [self._slices(clause, sure and "slices" not in pay.to_confirm)]
        return self._combined(clause, sure) if isinstance(clause, Combine) else []

    def _slices(self, clause: Slices, sure: bool) -> Line:
        tr, over = self.tr, clause.base[0] if clause.counted else BASE
        rows = self.rows(Tiered(over, clause.tiers), self.money if clause.counted else _rate)
        if clause.counted:
            counted = self.label(over)
            return Line(tr("“%(count)s” in slices, each at its own amount:", count=counted), sure, rows)
        parts = listed([self.inside(part) for part in clause.base], tr)
        return Line(tr("%(parts)s in slices, each at its own share:", parts=parts), sure, rows)

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
        lead = tr(LEADS[clause.how])
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
        if pay.less:
            label = self.label(pay.less)
            said = tr("“%(label)s” is taken off: what was paid already is not paid again.", label=label)
            lines.append(Line(said, sure))
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


def _rate(number: Number) -> str:
    return percent(Fraction(number))
