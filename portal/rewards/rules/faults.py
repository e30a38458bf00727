"""Why a rule file is refused: codes with facts, the entry and the line of its header, and a hint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

MOST_FAULTS = 200


class FaultCode(StrEnum):
    """What is wrong. Facts are named after the colon."""

    TOO_LARGE = "too_large"  # bytes, most
    NOT_UTF8 = "not_utf8"
    NUL_BYTE = "nul_byte"
    TOO_DEEP = "too_deep"  # most
    SYNTAX = "syntax"  # column
    KEY_TWICE = "key_twice"
    NUMBER_TOO_LONG = "number_too_long"
    UNKNOWN_KEY = "unknown_key"  # key, near
    MISSING_KEY = "missing_key"  # key
    WRONG_TYPE = "wrong_type"  # key, expected
    OUT_OF_RANGE = "out_of_range"  # key, written, least, most
    UNKNOWN_WORD = "unknown_word"  # key, word, allowed
    BAD_ID = "bad_id"  # key, id
    DUPLICATE_ID = "duplicate_id"  # id
    BAD_TEXT = "bad_text"  # key
    BAD_CITE = "bad_cite"  # key
    FLOAT = "float"  # key, written
    BAD_AMOUNT = "bad_amount"  # key, written
    NEGATIVE_AMOUNT = "negative_amount"  # key
    BAD_RATE = "bad_rate"  # key, written
    RATE_OVER_100 = "rate_over_100"  # key, written, most
    BAD_NUMBER = "bad_number"  # key, written
    DATE_IN_QUOTES = "date_in_quotes"  # key
    ONE_CLAUSE = "one_clause"  # key, found, allowed
    MIN_OVER_MAX = "min_over_max"  # key, other, low, high (fen), option
    FIXED_OUTSIDE_BOUNDS = "fixed_outside_bounds"  # amount, low, high
    TIERS_OVERLAP = "tiers_overlap"  # key, at
    TIERS_GAP = "tiers_gap"  # key, at
    TIER_EMPTY = "tier_empty"  # key, at
    UNDECLARED_FACT = "undeclared_fact"  # fact, near
    FACT_TYPE = "fact_type"  # fact, expected
    OPTION_UNKNOWN = "option_unknown"  # fact, option, near
    OPTION_NOT_NAMED = "option_not_named"  # fact, option
    OPTION_WITHOUT_VALUE = "option_without_value"  # fact, option, name
    REPORTER_FACT = "reporter_fact"  # fact
    KIND_NOT_DECLARED = "kind_not_declared"  # kind
    KIND_WITHOUT_ENTRY = "kind_without_entry"  # kind
    UNREACHABLE_ENTRY = "unreachable_entry"  # by
    MANY_CHOICES = "many_choices"
    UPLIFT_CONTRADICTORY = "uplift_contradictory"  # why
    LIMIT_EMPTY = "limit_empty"
    INVENTED_UNMARKED = "invented_unmarked"
    EFFECTIVE_BEFORE_EXISTING = "effective_before_existing"  # version, effective_from
    VERSION_NOT_RISING = "version_not_rising"  # version
    INHERITED_UNKNOWN = "inherited_unknown"  # rule, version
    INHERITED_PART_UNKNOWN = "inherited_part_unknown"  # part, near
    INHERITED_CIRCLE = "inherited_circle"  # rule, version


class Hint(StrEnum):
    """What to do about it."""

    NONE = "none"
    SPLIT_THE_FILE = "split_the_file"
    SAVE_AS_UTF8 = "save_as_utf8"
    WRITE_FLATTER = "write_flatter"
    DID_YOU_MEAN = "did_you_mean"
    SEE_REFERENCE = "see_reference"
    PLAIN_SIGNS = "plain_signs"
    KEY_AND_VALUE = "key_and_value"
    WRITE_ONE = "write_one"
    WRITE_A_CLAUSE = "write_a_clause"
    ADD_THE_KEY = "add_the_key"
    WRITE_IN_QUOTES = "write_in_quotes"
    WRITE_WITHOUT_QUOTES = "write_without_quotes"
    WRITE_PERCENT = "write_percent"
    WRITE_ID = "write_id"
    WRITE_BOTH_LANGUAGES = "write_both_languages"
    SWAP_BOUNDS = "swap_bounds"
    MAKE_TIERS_MEET = "make_tiers_meet"
    DECLARE_THE_FACT = "declare_the_fact"
    NAME_EVERY_OPTION = "name_every_option"
    MOVE_TO_UPLIFT = "move_to_uplift"
    ADD_AN_ENTRY = "add_an_entry"
    ADD_TO_KINDS = "add_to_kinds"
    PUT_IT_FIRST = "put_it_first"
    SPLIT_THE_ENTRY = "split_the_entry"
    NAME_A_CAP = "name_a_cap"
    CAP_OR_AFTER = "cap_or_after"
    RAISE_THE_CAP = "raise_the_cap"
    REMOVE_ONE = "remove_one"
    MARK_THE_TITLE = "mark_the_title"
    RAISE_THE_VERSION = "raise_the_version"
    LATER_DATE = "later_date"
    BREAK_THE_CIRCLE = "break_the_circle"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file: the entry, such as 'award "chemicals"' (empty: the head), and its header's line."""

    entry: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong."""

    file: str
    entry: str
    line: int
    code: FaultCode
    facts: Mapping[str, str | int] = field(default_factory=dict)
    hint: Hint = Hint.NONE


class RulesRefused(ValueError):
    """A rule file is not taken; carries everything that is wrong with it, in the order of its lines."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep the faults."""
        super().__init__(", ".join(dict.fromkeys(fault.code.value for fault in faults)))
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))


@dataclass(slots=True)
class Faults:
    """The faults of one file as they are found."""

    file: str
    found: list[Fault] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Tell whether more would tell nobody anything; a hostile file has a fault in every line."""
        return len(self.found) >= MOST_FAULTS

    def add(self, code: FaultCode, place: Place, hint: Hint = Hint.NONE, **facts: str | int) -> None:
        """Note a fault, once."""
        if self.full:
            return
        fault = Fault(self.file, place.entry, place.line, code, facts, hint)
        if fault not in self.found:
            self.found.append(fault)
