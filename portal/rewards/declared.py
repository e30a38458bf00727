"""What the governing rule set asks about a finding or a case: questions of a page, answers as typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from portal.money import MAX_FEN, MoneyError, format_yuan_brief, parse_yuan
from portal.reports import wording
from portal.rewards.answered import NO, YES, text_of, value_of
from portal.rewards.rules.eligibility import asked_of_case
from portal.rewards.rules.given import FactValue
from portal.rewards.rules.model import Entry, Fact, RuleSet
from portal.rewards.rules.vocabulary import About, FactType, Kind
from portal.rewards.stored_facts import OWN_PLACE
from portal.rewards.wording.phrases import Phrases
from portal.rewards.wording.reading import Reading
from portal.rewards.wording.speech import text

FEW = 6
"""More answers than this are chosen from a list."""
LONGEST = 60
_NUMBER = re.compile(r"\d{1,15}(?:\.(\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    """Answers under a heading (a trade, a tier), or under none."""

    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question as a page puts it: control is radio, select, text or date."""

    name: str
    fact: Fact
    label: str
    control: str
    answer: str
    help: str = ""
    unit: str = ""
    groups: tuple[Group, ...] = ()
    fault: str = ""


@dataclass
class Answers:
    """The questions of one group of fields, what was typed or is kept, and what is wrong with it."""

    facts: list[Fact]
    reading: Reading
    prefix: str
    typed: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)

    def name(self, fact: Fact) -> str:
        """Return the name of a field."""
        return f"{self.prefix}fact-{fact.id}"

    @property
    def is_typed(self) -> bool:
        """Tell whether any of these fields came with the request."""
        return any(self.name(fact) in self.typed for fact in self.facts)

    def questions(self) -> list[Question]:
        """Return the questions in the order of the file."""
        return [self._question(fact) for fact in self.facts]

    def validate(self) -> bool:
        """Tell whether every answer that was typed can be taken."""
        return not any(self.fault(fact) for fact in self.facts)

    def texts(self) -> dict[str, str]:
        """Return what was typed as it is kept; what is empty or cannot be read is left out."""
        found = {}
        for fact in self.facts:
            value = read(fact, self._raw(fact))
            if value is not None:
                found[fact.id] = text_of(value)
        return found

    def fault(self, fact: Fact) -> str:
        """Return what is wrong with an answer and what to write instead; empty when it can be read."""
        raw = self._raw(fact)
        if not raw or read(fact, raw) is not None:
            return ""
        return _fault(fact, raw, self.reading)

    def _raw(self, fact: Fact) -> str:
        return unicodedata.normalize("NFKC", self.typed.get(self.name(fact), "")).strip()

    def _shown(self, fact: Fact) -> str:
        if self.is_typed:
            return self.typed.get(self.name(fact), "")[:LONGEST]
        kept = self.kept.get(fact.id, "")
        value = value_of(fact, kept) if kept else None
        if fact.type is FactType.MONEY and isinstance(value, int):
            return format_yuan_brief(value)
        return kept if value is not None else ""

    def _question(self, fact: Fact) -> Question:
        tr, words = self.reading.tr, Phrases(self.reading.facts, self.reading.tr)
        groups = groups_of(fact, self.reading)
        many = sum(len(group.options) for group in groups) > FEW or len(groups) > 1
        control = "select" if many else "radio" if groups else "text"
        if fact.type is FactType.DATE:
            control = "date"
        unit = tr("yuan") if fact.type is FactType.MONEY else text(fact.unit, tr) if fact.unit else ""
        return Question(
            self.name(fact),
            fact,
            words.label(fact.id),
            control,
            self._shown(fact),
            text(fact.help, tr) if fact.help else "",
            unit,
            groups,
            self.fault(fact) if self.is_typed else "",
        )


def asked_about_finding(rules: RuleSet | None, kind: Kind) -> list[Fact]:
    """Return what a rule set asks about a finding of this kind, in the order of the file."""
    if rules is None:
        return []
    used = set(_used(rules, kind))
    about = rules.asked(About.FINDING)
    return [fact for fact in about if fact.id in used and fact.id not in OWN_PLACE]


def asked_about_case(rules: RuleSet | None) -> list[Fact]:
    """Return what a rule set asks about a case as a whole, such as whether it was known before."""
    return asked_of_case(rules) if rules else []


def read(fact: Fact, raw: str) -> FactValue | None:
    """Return what was typed as a value of this fact; None for nothing and for what it does not take."""
    if not raw:
        return None
    if fact.type in {FactType.YES_NO, FactType.CHOICE}:
        return value_of(fact, raw)
    if fact.type is FactType.DATE:
        days = wording.dates(raw)
        return days[0] if len(days) == 1 else None
    number = _money(raw) if fact.type is FactType.MONEY else _number(raw, fact.decimals)
    return number if number is not None and _inside(fact, number) else None


def _inside(fact: Fact, number: int | Fraction) -> bool:
    if number > MAX_FEN:
        return False
    return (fact.min is None or number >= fact.min) and (fact.max is None or number <= fact.max)


def _money(raw: str) -> int | None:
    try:
        return parse_yuan(raw)
    except MoneyError:
        return None


def _number(raw: str, decimals: int) -> int | Fraction | None:
    plain = raw.replace(",", "").replace(" ", "")
    match = _NUMBER.fullmatch(plain) if plain.isascii() else None
    if match is None or len(match.group(1) or "") > decimals:
        return None
    value = Fraction(plain)
    return value.numerator if value.denominator == 1 else value


def _fault(fact: Fact, raw: str, reading: Reading) -> str:
    tr, words = reading.tr, Phrases(reading.facts, reading.tr)
    if fact.type is FactType.DATE:
        return tr("Please give the day like this: 2026-11-03.")
    if fact.type in {FactType.YES_NO, FactType.CHOICE}:
        return tr("Please choose from the list.")
    number = _money(raw) if fact.type is FactType.MONEY else _number(raw, 9)
    if number is None and fact.type is FactType.MONEY:
        return tr("This is no amount. Please write it like 18,000.00.")
    if number is None:
        return tr("This is no number. Please write it like 300 or 1,250.5.")
    if not _inside(fact, number):
        return _outside(fact, words)
    return tr("At most %(count)s digits after the point, please.", count=fact.decimals)


def _outside(fact: Fact, words: Phrases) -> str:
    tr = words.tr
    if fact.min is not None and fact.max is not None:
        low, high = words.quantity(fact.id, fact.min), words.quantity(fact.id, fact.max)
        return tr("The rule takes %(low)s to %(high)s here. Please check the number.", low=low, high=high)
    most = words.quantity(fact.id, MAX_FEN if fact.max is None else fact.max)
    return tr("The rule takes at most %(high)s here. Please check the number.", high=most)


def groups_of(fact: Fact, reading: Reading) -> tuple[Group, ...]:
    """Return the answers of a choice under their headings; yes and no are answers too."""
    tr = reading.tr
    if fact.type is FactType.YES_NO:
        return (Group("", (Option(YES, tr("Yes")), Option(NO, tr("No")))),)
    found: dict[str, list[Option]] = {}
    for option in fact.options:
        heading = text(option.group, tr) if option.group else ""
        found.setdefault(heading, []).append(Option(option.id, text(option.label, tr)))
    return tuple(Group(title, tuple(options)) for title, options in found.items())


def _used(rules: RuleSet, kind: Kind) -> Iterator[str]:
    """Name every fact that may decide on a finding of this kind, at any stage."""
    for entry in rules.entries:
        if kind in entry.kinds:
            yield from _of_entry(entry)
    for condition in (*(one.when for one in rules.exclusions), *(one.when for one in rules.uplifts)):
        yield from condition.facts()


def _of_entry(entry: Entry) -> Iterable[str]:
    branches = (entry.pay, entry.without_penalty)
    return [*entry.when.facts(), *(fact for branch in branches if branch for fact in branch.facts())]


def answer_in_words(fact: Fact, kept: str, reading: Reading) -> str:
    """Return a kept answer as a page shows it, with its unit."""
    words, value = Phrases(reading.facts, reading.tr), value_of(fact, kept)
    if value is None:
        return ""
    if fact.type in {FactType.YES_NO, FactType.CHOICE}:
        return words.answer(fact.id, kept)
    return words.quantity(fact.id, value) if isinstance(value, (int, Fraction)) else kept
