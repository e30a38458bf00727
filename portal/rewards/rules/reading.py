"""Reading tables of a rule file: every key is asked for by its type, and what nobody asked for is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from portal.money import MAX_FEN
from portal.rewards.rules.closed import ARTICLE
from portal.rewards.rules.faults import FaultCode, Faults, Hint, Place
from portal.rewards.rules.given import MAX_COUNT
from portal.rewards.rules.outline import Outline
from portal.rewards.rules.terms import Text

Word = TypeVar("Word", bound=StrEnum)

FACT_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
ENTRY_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
RULE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")
_RATE = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,6})?)%")
_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,3})?")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what stands beside them."""
_MEANT = {"to": "below", "until": "below", "up_to": "below", "percent": "rate", "amount": "fixed"}
"""What is often written for a key; the next word would not lead to it."""
_LONGEST_TEXT = 600


class Unquoted(str):
    """A number with a point or an exponent as it was written: never a binary fraction."""

    __slots__ = ()


@dataclass(slots=True)
class Table:
    """One table of the file, where it stands, and which of its keys were asked for."""

    data: Mapping[str, object]
    place: Place
    faults: Faults
    name: str = ""
    lines: Outline | None = None
    asked: set[str] = field(default_factory=set)

    def fault(self, code: FaultCode, hint: Hint = Hint.NONE, **facts: str | int) -> None:
        """Note a fault at this table's place; in the head, which has no header, at the line of its key."""
        place = self.place
        if self.lines is not None:
            key = self.name or str(facts.get("key", ""))
            place = Place(place.entry, self.lines.key(key.partition(".")[0]))
        self.faults.add(code, place, hint, **facts)

    def path(self, key: str) -> str:
        """Return how a key is called in a fault."""
        return f"{self.name}.{key}" if self.name else key

    def get(self, key: str) -> object:
        """Return what stands under a key, None when nothing does."""
        self.asked.add(key)
        return self.data.get(key)

    def has(self, *keys: str) -> bool:
        """Tell whether any of these keys stands there."""
        return any(key in self.data for key in keys)

    def wrong(self, key: str, expected: str, hint: Hint = Hint.SEE_REFERENCE) -> None:
        """Note that a key holds something else than expected."""
        if not isinstance(self.data.get(key), Unquoted):  # said once for the whole file
            self.fault(FaultCode.WRONG_TYPE, hint, key=self.path(key), expected=expected)

    def missing(self, key: str) -> None:
        """Note that a key is missing."""
        self.fault(FaultCode.MISSING_KEY, Hint.ADD_THE_KEY, key=self.path(key))

    def rest(self) -> None:
        """Refuse the keys that nobody asked for."""
        for key in self.data:
            if key not in self.asked and not self.faults.full:
                meant = _MEANT.get(key, "")
                close = meant if meant in self.asked else near(key, self.asked)
                hint = Hint.DID_YOU_MEAN if close else Hint.SEE_REFERENCE
                self.fault(FaultCode.UNKNOWN_KEY, hint, key=shortened(self.path(key)), near=close)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(key, "true_or_false")
            return default
        return value

    def whole(self, key: str, default: int | None = None, *, least: int = 0, most: int = 10**6) -> int | None:
        """Return a whole number in a range; without a default it has to be there."""
        value = self.get(key)
        if value is None:
            if default is None:
                self.missing(key)
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            self.wrong(key, "whole_number")
            return default
        if not least <= value <= most:
            written = shortened(str(value)) if abs(value) < 10**40 else "…"
            facts: dict[str, str | int] = {"written": written, "least": least, "most": most}
            self.fault(FaultCode.OUT_OF_RANGE, Hint.SEE_REFERENCE, key=self.path(key), **facts)
            return default
        return value

    def string(self, key: str) -> str | None:
        """Return a short string without control characters; None when there is none."""
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or isinstance(value, Unquoted):
            self.wrong(key, "text")
            return None
        if len(value) > _LONGEST_TEXT or _CONTROL.search(value):
            self.fault(FaultCode.BAD_TEXT, Hint.SEE_REFERENCE, key=self.path(key))
            return None
        return value

    def word(self, key: str, words: type[Word], default: Word) -> Word:
        """Return a word of a closed list."""
        value = self.string(key)
        return default if value is None else self._of_list(key, value, words) or default

    def words(self, key: str, words: type[Word]) -> tuple[Word, ...]:
        """Return several words of a closed list, each once."""
        found = [self._of_list(key, value, words) for value in self.strings(key)]
        return tuple(dict.fromkeys(word for word in found if word is not None))

    def strings(self, key: str) -> list[str]:
        """Return a list of strings; nothing when there is none."""
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(type(one) is str for one in value):
            self.wrong(key, "list_of_texts")
            return []
        return value

    def _of_list(self, key: str, value: str, words: type[Word]) -> Word | None:
        if value in set(words):
            return words(value)
        if self.faults.full:
            return None
        allowed = ", ".join(words)
        close = near(value, list(words))
        hint = Hint.DID_YOU_MEAN if close else Hint.SEE_REFERENCE
        self.fault(
            FaultCode.UNKNOWN_WORD,
            hint,
            key=self.path(key),
            word=shortened(value),
            allowed=allowed,
            near=close,
        )
        return None

    def id(self, key: str, pattern: re.Pattern[str], default: str = "") -> str:
        """Return an id; without one the default, or a fault where there is none."""
        value = self.string(key)
        if value is None:
            if not default and key not in self.data:
                self.missing(key)
            return default
        if not pattern.fullmatch(value):
            self.fault(FaultCode.BAD_ID, Hint.WRITE_ID, key=self.path(key), id=shortened(value))
            return default
        return value

    def text(self, key: str, *, needed: bool = False) -> Text | None:
        """Return words in both languages."""
        if key not in self.data:
            self.asked.add(key)
            if needed:
                self.missing(key)
            return None
        if not isinstance(self.data[key], dict):
            self.asked.add(key)
            self.wrong(key, "both_languages", Hint.WRITE_BOTH_LANGUAGES)
            return None
        inner = self.table(key)
        if inner is None:
            return None
        zh, en = inner.string("zh"), inner.string("en")
        inner.rest()
        if not zh or not en:
            self.fault(FaultCode.BAD_TEXT, Hint.WRITE_BOTH_LANGUAGES, key=self.path(key))
            return None
        return Text(zh, en)

    def cite(self, key: str) -> str | None:
        """Return an article such as 第十一条第一项: digits and the words of articles only."""
        value = self.string(key)
        if value is not None and not ARTICLE.fullmatch(value):
            self.fault(FaultCode.BAD_CITE, Hint.SEE_REFERENCE, key=self.path(key))
            return None
        return value

    def day(self, key: str) -> date | None:
        """Return a date, which TOML writes without quotation marks."""
        value = self.get(key)
        if value is None:
            self.missing(key)
        elif isinstance(value, str):
            self.fault(FaultCode.DATE_IN_QUOTES, Hint.WRITE_WITHOUT_QUOTES, key=self.path(key))
        elif not isinstance(value, date) or isinstance(value, datetime):
            self.wrong(key, "date")
        else:
            return value
        return None

    def table(self, key: str) -> Table | None:
        """Return the table under a key; None when there is none."""
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.wrong(key, "table")
            return None
        return Table(value, self.place, self.faults, self.path(key), self.lines)

    def tables(self, key: str) -> list[Table]:
        """Return a list of tables; nothing when there is none."""
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.wrong(key, "list_of_tables")
            return []
        return [Table(one, self.place, self.faults, self.path(key), self.lines) for one in value]

    def amount(self, key: str) -> int | None:
        """Return fen of an amount in yuan; None when there is none."""
        value = self.get(key)
        return None if value is None else self.as_amount(key, value)

    def as_amount(self, key: str, value: object) -> int | None:
        """Return fen of yuan as a whole number or a decimal in quotation marks."""
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            self.wrong(key, "amount", Hint.WRITE_IN_QUOTES)
            return None
        if isinstance(value, Unquoted):
            return None
        if str(value).startswith("-"):
            self.fault(FaultCode.NEGATIVE_AMOUNT, Hint.NONE, key=self.path(key))
            return None
        written = str(value) if isinstance(value, str) or value < 10**12 else ""
        fen = Fraction(written) * 100 if _AMOUNT.fullmatch(written) else None
        if fen is None or fen > MAX_FEN:
            shown = shortened(written) or "…"
            self.fault(FaultCode.BAD_AMOUNT, Hint.WRITE_IN_QUOTES, key=self.path(key), written=shown)
            return None
        return int(fen)

    def as_rate(self, key: str, value: object, most: int = 1) -> Fraction | None:
        """Return a rate written as "15%"; more than ``most`` times the whole is refused."""
        if isinstance(value, Unquoted):
            return None
        match = _RATE.fullmatch(value) if isinstance(value, str) else None
        rate = Fraction(match[1]) / 100 if match else None
        if rate is None:
            written = shortened(str(value)) if isinstance(value, (str, int)) else ""
            self.fault(FaultCode.BAD_RATE, Hint.WRITE_PERCENT, key=self.path(key), written=written)
            return None
        if not 0 < rate <= most:
            facts: dict[str, str | int] = {"written": str(value), "most": f"{most * 100}%"}
            self.fault(FaultCode.RATE_OVER_100, Hint.NONE, key=self.path(key), **facts)
            return None
        return rate

    def as_number(self, key: str, value: object) -> int | Fraction | None:
        """Return a whole number, or a decimal written in quotation marks."""
        if isinstance(value, Unquoted):
            return None
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_COUNT:
            return value
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            number = Fraction(value)
            return number.numerator if number.denominator == 1 else number
        written = shortened(str(value)) if isinstance(value, str) else ""
        self.fault(FaultCode.BAD_NUMBER, Hint.WRITE_IN_QUOTES, key=self.path(key), written=written)
        return None


def near(word: str, known: Iterable[str]) -> str:
    """Return the known word that was probably meant, or nothing."""
    return next(iter(get_close_matches(word[:60], sorted(known)[:500], 1)), "")


def shortened(written: str) -> str:
    """Return what was written, short enough for a sentence."""
    plain = _CONTROL.sub("\ufffd", written)
    return plain if len(plain) <= 40 else f"{plain[:39]}…"
