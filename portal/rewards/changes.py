"""What one version of a rule set says otherwise than another, as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any

from portal.reports.sectors import sector
from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.conditions import Condition, OneOf
from portal.rewards.rules.differences import Change, ChangeCode, Said, Sort
from portal.rewards.rules.given import KIND
from portal.rewards.rules.model import Entry, Limit, RuleSet, Uplift
from portal.rewards.rules.rounding import Rounding
from portal.rewards.rules.terms import Text
from portal.rewards.rules.values import ByOption, Constant, Product, Tiered
from portal.rewards.rules.vocabulary import Kind, Stage
from portal.rewards.wording.phrases import Phrases, Row
from portal.rewards.wording.speech import CHINESE, Tongue, day, listed, percent, text, yuan
from portal.rewards.wording.terms import (
    ANONYMOUS,
    GOVERNS,
    KINDS,
    KNOWN_BEFORE,
    NAMED,
    OVERLAPS,
    PAYABLE,
    PAYMENTS,
    ROUNDINGS,
    STAGES,
    gettext_noop,
)

SORTS = {
    Sort.HEAD: gettext_noop("The rule set"),
    Sort.ELIGIBILITY: gettext_noop("Who is rewarded"),
    Sort.SHARING: gettext_noop("Several reporters"),
    Sort.FACT: gettext_noop("Fact “%(name)s”"),
    Sort.OPTION: gettext_noop("Answer “%(name)s”"),
    Sort.AWARD: gettext_noop("“%(name)s”"),
    Sort.EXCLUDE: gettext_noop("Never rewarded: “%(name)s”"),
    Sort.UPLIFT: gettext_noop("On top: “%(name)s”"),
    Sort.LIMIT: gettext_noop("Limit “%(name)s”"),
}
# The last word of a key says what it is; the words before it whose branch it belongs to.
KEYS = {
    "min": gettext_noop("the floor"),
    "max": gettext_noop("the ceiling"),
    "soft_max": gettext_noop("the ceiling in principle"),
    "may_reach": gettext_noop("what an officer may reach"),
    "fixed": gettext_noop("the fixed amount"),
    "rate": gettext_noop("the share"),
    "percent": gettext_noop("the share"),
    "percent_of": gettext_noop("what the share is taken of"),
    "each": gettext_noop("the amount for each"),
    "count": gettext_noop("what is counted"),
    "less": gettext_noop("what is taken off as paid already"),
    "default": gettext_noop("the amount proposed"),
    "at_least": gettext_noop("the least that is added"),
    "cap": gettext_noop("the ceiling of the total"),
    "withhold": gettext_noop("the tax withheld"),
    "withhold_cite": gettext_noop("the article about tax"),
    "title": gettext_noop("the title"),
    "document": gettext_noop("the document"),
    "label": gettext_noop("the wording"),
    "group": gettext_noop("the heading"),
    "help": gettext_noop("the explanation"),
    "note": gettext_noop("the note"),
    "reason": gettext_noop("the reason"),
    "unit": gettext_noop("the unit"),
    "when": gettext_noop("the condition"),
    "cite": gettext_noop("the article"),
    "effective_from": gettext_noop("the first day"),
    "rounding": gettext_noop("the rounding"),
    "sectors": gettext_noop("the trades"),
    "kinds": gettext_noop("what is covered"),
    "stage": gettext_noop("the stage"),
    "claim_days": gettext_noop("the days to claim"),
    "version": gettext_noop("the version"),
    "inherits": gettext_noop("what is taken over from other rules"),
    "decimals": gettext_noop("the decimals"),
    "order": gettext_noop("the order of addition and ceiling"),
    "uplifts": gettext_noop("what holds when several additions fit"),
    "period": gettext_noop("the time of the limit"),
    "same": gettext_noop("whether only the same kind counts"),
    "staff_or_relatives": gettext_noop("what holds for staff and relatives"),
    "principal": gettext_noop("what holds for whoever runs the firm"),
    "first_only": gettext_noop("whether only the first report is rewarded"),
    "mode": gettext_noop("how a reward is divided"),
    "type": gettext_noop("the type"),
    "about": gettext_noop("what it is about"),
    "confirmed_by": gettext_noop("who confirms it"),
    "public": gettext_noop("whether the public is asked"),
    "stages": gettext_noop("the stages"),
    "invented": gettext_noop("whether the figures are invented"),
    "to_confirm": gettext_noop("which figures are to be confirmed"),
    "effective_confirmed": gettext_noop("whether the first day was seen"),
    "confirmed": gettext_noop("whether it was seen in an official text"),
    "withhold_confirmed": gettext_noop("whether the tax was seen in an official text"),
}
MONEY = frozenset({"fixed", "at_least", "cap", "withhold", "max"})
WORDS: dict[str, Mapping[Any, str]] = {
    "governs_by": GOVERNS,
    "payable_when": PAYABLE,
    "overlap": OVERLAPS,
    "payment": PAYMENTS,
    "real_name_by": NAMED,
    "anonymous": ANONYMOUS,
    "known_before": KNOWN_BEFORE,
}
"""Words that are whole sentences: the new one is said, then the old one."""
LOOKED_UP = (ByOption, Tiered, Product)


def change_sentences(changes: list[Change], old: RuleSet, new: RuleSet, tr: Tongue) -> list[str]:
    """Return the changes as sentences, in the order of a file."""
    writer = _Changes(old, new, tr)
    return [sentence for change in changes for sentence in writer.sentences(change)]


@dataclass(frozen=True, slots=True)
class _Changes:
    """Says changes between two rule sets in one language."""

    old: RuleSet
    new: RuleSet
    tr: Tongue

    def sentences(self, change: Change) -> Iterator[str]:
        tr, part = self.tr, self.part(change)
        match change.code:
            case ChangeCode.ADDED:
                yield tr("%(part)s is new.", part=part)
            case ChangeCode.REMOVED:
                yield tr("%(part)s is dropped.", part=part)
            case ChangeCode.MOVED:
                yield tr("%(part)s is tried at place %(place)s now.", part=part, place=change.after)
            case ChangeCode.CHANGED:
                yield from self.changed(change, part)

    def part(self, change: Change) -> str:
        message = SORTS[change.where.sort]
        return self.tr(message, name=self.name(change)) if change.where.id else self.tr(message)

    def name(self, change: Change) -> str:
        """Return what a part is called in the newer set, or in the older one; never its id."""
        sort, part = change.where.sort, change.where.id
        for rules in (self.new, self.old):
            found = _title(rules, sort, part)
            if found is not None:
                return text(found, self.tr)
            if sort is Sort.AWARD and (entry := rules.entry(part)) is not None:
                return listed([self.tr(KINDS[kind]) for kind in entry.kinds], self.tr)
        return self.tr("without a title")

    def changed(self, change: Change, part: str) -> Iterator[str]:
        tr, key = self.tr, change.where.key.rpartition(".")[2]
        if key in WORDS:
            yield from self.worded(WORDS[key], change, part)
            return
        if key == "confirmed" and isinstance(change.after, bool):
            yield (
                tr("%(part)s: it was seen in an official text.", part=part)
                if change.after
                else tr("%(part)s: it is to be confirmed.", part=part)
            )
            return
        what = self.what(change.where.key)
        if isinstance(change.before, LOOKED_UP) and isinstance(change.after, LOOKED_UP):
            yield from self.rows(change, part, what)
            return
        before, after = self.said(key, change.before, self.old), self.said(key, change.after, self.new)
        yield self.compared(part, what, before, after, _direction(change.before, change.after)) or tr(
            "%(part)s: %(what)s changes.", part=part, what=what
        )

    def worded(self, words: Mapping[Any, str], change: Change, part: str) -> Iterator[str]:
        before, after = (
            self.tr(words[one]) if isinstance(one, StrEnum) else "" for one in (change.before, change.after)
        )
        yield self.tr("%(part)s, now: %(after)s Before: %(before)s", part=part, after=after, before=before)

    def what(self, key: str) -> str:
        """Return what a key is called, with its branch where that is the one without a penalty."""
        last = key.rpartition(".")[2]
        if key.startswith("values."):
            return self.tr("a value of it")
        known = self.tr(KEYS[last]) if last in KEYS else self.tr("what is paid")
        if not key.startswith("without_penalty"):
            return known
        return self.tr("%(what)s without a penalty", what=known)

    def compared(self, part: str, what: str, before: str, after: str, direction: int) -> str:
        tr = self.tr
        facts = {"part": part, "what": what, "before": before, "after": after}
        if not before and not after:
            return ""
        if not before:
            return tr("%(part)s: %(what)s is new: %(after)s.", part=part, what=what, after=after)
        if not after:
            return tr(
                "%(part)s: %(what)s is dropped, it was %(before)s.", part=part, what=what, before=before
            )
        if direction > 0:
            return tr("%(part)s: %(what)s rises from %(before)s to %(after)s.", **facts)
        if direction < 0:
            return tr("%(part)s: %(what)s falls from %(before)s to %(after)s.", **facts)
        return tr("%(part)s: %(what)s changes from %(before)s to %(after)s.", **facts)

    def rows(self, change: Change, part: str, what: str) -> Iterator[str]:
        """Return one sentence for each line of a table that says something else."""
        key = change.where.key.rpartition(".")[2]
        tables = [
            {row.label: row.value for row in self.table(key, value, rules)}
            for value, rules in ((change.before, self.old), (change.after, self.new))
        ]
        for label in dict.fromkeys((*tables[0], *tables[1])):
            before, after = tables[0].get(label, ""), tables[1].get(label, "")
            if before != after:
                where = self.tr("%(what)s for “%(label)s”", what=what, label=label)
                yield self.compared(part, where, before, after, 0)

    def table(self, key: str, value: Said, rules: RuleSet) -> tuple[Row, ...]:
        words = Phrases(rules.facts, self.tr)
        write = _rate if key in {"rate", "percent"} else words.money
        return words.rows(value, write) if isinstance(value, LOOKED_UP) else ()

    def said(self, key: str, value: Said, rules: RuleSet) -> str:
        """Return a value in words; empty where there is none or no words for it."""
        tr, words = self.tr, Phrases(rules.facts, self.tr)
        match value:
            case None | Pay():
                return ""
            case bool():
                return tr("yes") if value else tr("no")
            case Text():
                return f"“{text(value, tr)}”"
            case Condition():
                return self.condition(value, words)
            case Rounding():
                unit, mode = yuan(value.unit_fen), tr(ROUNDINGS[value.mode])
                return tr("%(unit)s yuan, %(mode)s", unit=unit, mode=mode)
            case Constant():
                return _rate(value.number) if key == "rate" else words.money(value.number)
            case ByOption() | Tiered() | Product():
                return words.value(value, words.money)
            case date():
                return day(value, tr)
            case tuple():
                return self.list_of(key, value, words)
        return self.plain(key, value, words)

    def plain(self, key: str, value: object, words: Phrases) -> str:
        if isinstance(value, StrEnum):
            return self.tr(STAGES[value]) if isinstance(value, Stage) else ""
        if key == "percent" and isinstance(value, int | Fraction):
            return _rate(value)
        if key in MONEY and isinstance(value, int):
            return words.money(value)
        if key in {"count", "less"} and isinstance(value, str):
            return f"“{words.label(value)}”"
        return str(value) if value != "" else ""

    def condition(self, condition: Condition, words: Phrases) -> str:
        """Return a condition with the kinds it holds for."""
        kinds = [
            self.tr(KINDS[Kind(one)])
            for test in condition.tests
            if isinstance(test, OneOf) and test.fact == KIND
            for one in sorted(test.answers)
        ]
        parts = [listed(kinds, self.tr), words.conditions(condition)]
        return ("，" if self.tr.language == CHINESE else ", ").join(part for part in parts if part)

    def list_of(self, key: str, values: tuple[str, ...], words: Phrases) -> str:
        tr = self.tr
        if key == "sectors":
            names = [sector(one).zh if tr.language == CHINESE else sector(one).en for one in values]
            return listed(names, tr) or tr("all trades")
        if key == "kinds":
            return listed([tr(KINDS[Kind(one)]) for one in values], tr)
        if key == "percent_of":
            return listed([words.inside(one) for one in values], tr)
        return ""


def _title(rules: RuleSet, sort: Sort, part: str) -> Text | None:
    """Return the title of a part of a rule set; None where it has none, or is not there."""
    if sort is Sort.FACT:
        return rules.facts[part].label if part in rules.facts else None
    if sort is Sort.OPTION:
        fact, _, answer = part.partition("/")
        option = rules.facts[fact].option(answer) if fact in rules.facts else None
        return option.label if option else None
    if sort is Sort.EXCLUDE:
        return next((one.reason for one in rules.exclusions if one.id == part), None)
    parts: Iterable[Entry | Uplift | Limit] = ()
    if sort is Sort.AWARD:
        parts = rules.entries
    elif sort is Sort.UPLIFT:
        parts = rules.uplifts
    elif sort is Sort.LIMIT:
        parts = rules.limits
    return next((one.title for one in parts if one.id == part), None)


def _direction(before: Said, after: Said) -> int:
    """Tell whether a number rises (1), falls (-1) or cannot be compared (0)."""
    one, two = _number(before), _number(after)
    return 0 if one is None or two is None else (two > one) - (two < one)


def _number(value: Said) -> int | Fraction | None:
    if isinstance(value, Constant):
        return value.number
    return value if isinstance(value, int | Fraction) and not isinstance(value, bool) else None


def _rate(number: int | Fraction) -> str:
    return percent(Fraction(number))
