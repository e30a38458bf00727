"""The JSON case of ``flask rules explain`` (docs/rules/case.md): read into facts, refused field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from portal.money import MoneyError, parse_yuan
from portal.rewards.rules.given import (
    Choice,
    Earlier,
    FactError,
    Facts,
    FactValue,
    FindingFacts,
    ReporterFacts,
)
from portal.rewards.rules.model import Fact, RuleSet
from portal.rewards.rules.registry import STANDARD
from portal.rewards.rules.vocabulary import About, FactType, Kind, Moment, PenaltyState, RealName, Stage

MAX_BYTES = 64 * 1024
"""A case is a page of facts; anything larger is refused before it is read."""
MAX_FINDINGS = 100
MOST_DIGITS = 20
MOST_SHOWN = 60

_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")
FIELDS = ("stage", "moment", "main_award", "findings", "case", "reporter")
FIELDS_OF_A_FINDING = ("kind", "penalty", "facts", "choice")
FIELDS_OF_A_REPORTER = ("real_name", "order", "facts", "asked", "earlier", "claim_window_over", "proof")

Word = TypeVar("Word", bound=StrEnum)


class CaseFault(StrEnum):
    """Why a case was refused."""

    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    TWICE = "twice"
    NOT_AN_OBJECT = "not_an_object"
    NOT_A_LIST = "not_a_list"
    MISSING = "missing"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_FACT = "unknown_fact"
    WRONG_PLACE = "wrong_place"
    NOT_YES_NO = "not_yes_no"
    NOT_A_NUMBER = "not_a_number"
    NOT_AN_AMOUNT = "not_an_amount"
    NOT_AN_OPTION = "not_an_option"
    NOT_A_DATE = "not_a_date"
    NOT_A_WORD = "not_a_word"
    TOO_MANY_DECIMALS = "too_many_decimals"
    OUT_OF_RANGE = "out_of_range"
    CONTRADICTION = "contradiction"


class CaseRefused(ValueError):
    """A case cannot be read: the field (``findings[0].facts.kilograms``), a code, facts for the sentence."""

    def __init__(self, place: str, code: CaseFault, facts: Mapping[str, str] | None = None) -> None:
        """Keep the field, the code and the facts; never what was written there."""
        super().__init__(f"{place}: {code.value}")
        self.field = place
        self.code = code
        self.facts: dict[str, str] = dict(facts or {})


@dataclass(frozen=True, slots=True)
class Case:
    """Facts with the moment and the stage they are asked for; main_award_fen for later stages."""

    facts: Facts
    moment: Moment = Moment.CONCLUSION
    stage: Stage = Stage.MAIN
    main_award_fen: int | None = None


@dataclass(frozen=True, slots=True)
class _Reader:
    """An object of the document with its place, read key by key."""

    place: str
    content: Mapping[str, object]
    known: Mapping[str, Fact] = field(default_factory=dict)

    def at(self, key: str) -> str:
        """Return the place of a key."""
        return f"{self.place}.{key}" if self.place else key

    def only(self, keys: tuple[str, ...]) -> None:
        """Refuse a key that means nothing here."""
        for key in self.content:
            if key not in keys:
                raise CaseRefused(self.at(key), CaseFault.UNKNOWN_FIELD, {"known": ", ".join(keys)})

    def inner(self, key: str) -> _Reader:
        """Return an object inside; one that is not there is empty."""
        return _reader(self.content.get(key, {}), self.at(key), self.known)

    def word(self, key: str, words: type[Word], default: Word | None = None) -> Word:
        """Return a word of a closed list."""
        if key not in self.content and default is not None:
            return default
        return _word(self.content.get(key), self.at(key), words)

    def yes_no(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self.content.get(key, default)
        if not isinstance(value, bool):
            raise CaseRefused(self.at(key), CaseFault.NOT_YES_NO)
        return value

    def whole(self, key: str, default: int, least: int) -> int:
        """Return a whole number."""
        value = self.content.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise CaseRefused(self.at(key), CaseFault.NOT_A_NUMBER)
        if not least <= value <= 1_000_000:
            raise CaseRefused(self.at(key), CaseFault.OUT_OF_RANGE, {"min": str(least), "max": "1000000"})
        return value

    def items(self, key: str) -> list[object]:
        """Return a list; one that is not there is empty."""
        value = self.content.get(key, [])
        if not isinstance(value, list):
            raise CaseRefused(self.at(key), CaseFault.NOT_A_LIST)
        return value


def read(body: str | bytes, rules: RuleSet) -> Case:
    """Return the case that a JSON text describes, its facts typed as the rule set declares them."""
    if len(body) > MAX_BYTES:
        raise CaseRefused("", CaseFault.TOO_LARGE, {"max": str(MAX_BYTES)})
    try:
        # A number with a decimal point would become a binary fraction: it is kept as the text it was.
        # So is what no field takes, NaN or a thousand digits: the field that holds it can then be named.
        document = json.loads(
            body, parse_float=str, parse_constant=str, parse_int=_whole, object_pairs_hook=_once
        )
    except CaseRefused:
        raise
    except RecursionError:
        raise CaseRefused("", CaseFault.TOO_DEEP) from None
    except ValueError as error:
        line = str(getattr(error, "lineno", 1))
        raise CaseRefused("", CaseFault.NOT_JSON, {"line": line}) from None
    return from_document(document, rules)


def from_document(document: object, rules: RuleSet) -> Case:
    """Return the case of a document that was parsed already; raises CaseRefused."""
    # What the rule asks stands first where a refusal lists the facts; it also words standard ones.
    top = _reader(document, "", {**rules.facts, **STANDARD, **rules.facts})
    top.only(FIELDS)
    findings = top.items("findings")
    if not findings:
        raise CaseRefused("findings", CaseFault.MISSING)
    if len(findings) > MAX_FINDINGS:
        raise CaseRefused("findings", CaseFault.OUT_OF_RANGE, {"min": "1", "max": str(MAX_FINDINGS)})
    award = top.content.get("main_award")
    return Case(
        Facts(
            tuple(
                _finding(_reader(one, f"findings[{place}]", top.known)) for place, one in enumerate(findings)
            ),
            _reporter(top.inner("reporter"), _limits(rules)),
            _values(top.inner("case"), About.CASE),
        ),
        top.word("moment", Moment, Moment.CONCLUSION),
        top.word("stage", Stage, Stage.MAIN),
        None if award is None else _amount(award, "main_award"),
    )


def _finding(reader: _Reader) -> FindingFacts:
    """Return the facts of one finding."""
    reader.only(FIELDS_OF_A_FINDING)
    choice = reader.inner("choice")
    choice.only(("amount", "reasoned"))
    chosen = (
        Choice(_amount(choice.content.get("amount"), choice.at("amount")), choice.yes_no("reasoned", True))
        if choice.content
        else None
    )
    kind = reader.word("kind", Kind)
    penalty = reader.word("penalty", PenaltyState, PenaltyState.PENDING)
    values = _values(reader.inner("facts"), About.FINDING)
    try:
        return FindingFacts(kind, penalty, values, chosen)
    except FactError as error:
        raise CaseRefused(reader.place, CaseFault.CONTRADICTION, {"fault": error.code.value}) from None


def _limits(rules: RuleSet) -> tuple[str, ...]:
    """Return the keys under which earlier awards are counted: a limit's id, or its id and a kind."""
    kinds = rules.kinds
    return tuple(
        dict.fromkeys(
            limit.key(kind) for limit in rules.limits for kind in (kinds if limit.by_kind else kinds[:1])
        )
    )


def _reporter(reader: _Reader, limits: tuple[str, ...]) -> ReporterFacts:
    """Return what is known about the reporter."""
    reader.only(FIELDS_OF_A_REPORTER)
    asked: set[str] = set()
    for place, fact in enumerate(reader.items("asked")):
        _declared(fact, f"{reader.at('asked')}[{place}]", reader.known, About.REPORTER)
        asked.add(str(fact))
    return ReporterFacts(
        real_name=reader.word("real_name", RealName, RealName.CONFIRMED),
        order=reader.whole("order", 1, 1),
        values=_values(reader.inner("facts"), About.REPORTER),
        asked=frozenset(asked),
        earlier=_earlier(reader.inner("earlier"), limits),
        claim_window_over=reader.yes_no("claim_window_over", False),
        proof=reader.yes_no("proof", True),
    )


def _earlier(reader: _Reader, limits: tuple[str, ...]) -> dict[str, Earlier]:
    """Return the earlier awards by limit, as counts and sums."""
    reader.only(limits)
    earlier: dict[str, Earlier] = {}
    for limit in reader.content:
        one = reader.inner(limit)
        one.only(("count", "sum"))
        total = _amount(one.content.get("sum", "0"), one.at("sum"))
        earlier[limit] = Earlier(one.whole("count", 0, 0), total)
    return earlier


def _values(reader: _Reader, about: About) -> dict[str, FactValue]:
    """Return facts by id, each of the type that its declaration says; null stands for not known."""
    return {
        name: _value(value, _declared(name, reader.at(name), reader.known, about), reader.at(name))
        for name, value in reader.content.items()
        if value is not None
    }


def _declared(name: object, place: str, known: Mapping[str, Fact], about: About) -> Fact:
    """Return the declaration of a fact; refuse one that nobody declared, or that belongs elsewhere."""
    fact = known.get(name) if isinstance(name, str) else None
    if fact is None:
        here = ", ".join(one.id for one in known.values() if one.about is about)
        raise CaseRefused(place, CaseFault.UNKNOWN_FACT, {"known": here})
    if fact.about is not about:
        raise CaseRefused(place, CaseFault.WRONG_PLACE, {"about": fact.about.value})
    return fact


def _value(value: object, fact: Fact, place: str) -> FactValue:
    """Return a value of the fact's type."""
    match fact.type:
        case FactType.YES_NO:
            if not isinstance(value, bool):
                raise CaseRefused(place, CaseFault.NOT_YES_NO)
            return value
        case FactType.MONEY:
            return _in_range(_amount(value, place), fact, place)
        case FactType.NUMBER:
            return _in_range(_number(value, fact, place), fact, place)
        case FactType.CHOICE:
            if not isinstance(value, str) or fact.option(value) is None:
                options = ", ".join(one.id for one in fact.options[:50])
                raise CaseRefused(place, CaseFault.NOT_AN_OPTION, {"known": options})
            return value
        case FactType.DATE:
            return _date(value, place)


def _number(value: object, fact: Fact, place: str) -> int | Fraction:
    """Return an exact number with no more decimals than the fact has."""
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if not _NUMBER.fullmatch(text):
        raise CaseRefused(place, CaseFault.NOT_A_NUMBER)
    number = Fraction(text)
    if (number * 10**fact.decimals).denominator != 1:
        raise CaseRefused(place, CaseFault.TOO_MANY_DECIMALS, {"decimals": str(fact.decimals)})
    return number.numerator if number.denominator == 1 else number


def _in_range(number: int | Fraction, fact: Fact, place: str) -> int | Fraction:
    """Return the number if the fact's bounds hold."""
    if (fact.min is not None and number < fact.min) or (fact.max is not None and number > fact.max):
        # The bounds of money stand in fen; the sentence is about yuan.
        scale = 100 if fact.type is FactType.MONEY else 1
        bounds = {
            key: str(Fraction(bound) / scale)
            for key, bound in (("min", fact.min), ("max", fact.max))
            if bound is not None
        }
        raise CaseRefused(place, CaseFault.OUT_OF_RANGE, bounds)
    return number


def _amount(value: object, place: str) -> int:
    """Return fen of an amount in yuan, written as a text or a whole number."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise CaseRefused(place, CaseFault.MISSING if value is None else CaseFault.NOT_AN_AMOUNT)
    try:
        return parse_yuan(str(value))
    except MoneyError as error:
        raise CaseRefused(place, CaseFault.NOT_AN_AMOUNT, {"fault": error.code.value}) from None


def _date(value: object, place: str) -> date:
    """Return a day written as 2026-01-31."""
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise CaseRefused(place, CaseFault.NOT_A_DATE) from None


def _word(value: object, place: str, words: type[Word]) -> Word:
    """Return a word of a closed list; refuse anything else with the list."""
    known = {"known": ", ".join(words)}
    if value is None:
        raise CaseRefused(place, CaseFault.MISSING, known)
    if not isinstance(value, str) or value not in list(words):
        raise CaseRefused(place, CaseFault.NOT_A_WORD, known)
    return words(value)


def _reader(value: object, place: str, known: Mapping[str, Fact]) -> _Reader:
    """Return an object of the document to read; refuse anything that is none."""
    if not isinstance(value, dict):
        raise CaseRefused(place, CaseFault.NOT_AN_OBJECT)
    return _Reader(place, value, known)


def _whole(written: str) -> int | str:
    """Return a whole number; one of more digits than any fact has stays a text."""
    return int(written) if len(written) <= MOST_DIGITS else written


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object whose keys stand there once; raises CaseRefused."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise CaseRefused(twice[:MOST_SHOWN], CaseFault.TWICE)
    return found
