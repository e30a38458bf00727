"""Reading a stored derivation: a closed form, so that nothing else of a case can slip into it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from portal.rewards.rules.codes import COMBINING, Code, DerivationError, Value
from portal.rewards.rules.vocabulary import AccidentClass, Kind, Part, RoundMode, Stage

DERIVATION_KEYS = {
    1: frozenset({"schema", "rule_set", "rule_set_version", "kind", "sealed", "amount_fen", "steps"}),
    2: frozenset(
        {"schema", "rule_set", "rule_set_version", "stage", "kind", "sealed", "amount_fen", "steps"}
    ),
}
_STEP_KEYS = frozenset(
    {"code", "rule", "version", "article", "confirmed", "inputs", "before_fen", "after_fen", "bit"}
)
STEP_KEYS = {1: _STEP_KEYS, 2: _STEP_KEYS | {"entry"}}
_RATE = frozenset({"rate_numerator", "rate_denominator"})
_ROUNDING = frozenset({"unit", "mode"})
_LOOKED_UP = frozenset({"tier_from", "tier_below"})
_NOTHING: frozenset[str] = frozenset()
_MAX = frozenset({"max"})
_UPLIFT = _RATE | _ROUNDING | {"fixed", "at_least", "of"}
_SHAPES: dict[Code, tuple[frozenset[str], frozenset[str]]] = {
    Code.PENALTY_TOTAL: (frozenset({"base", *Part}), _NOTHING),
    Code.PER_DEATH: (frozenset({"deaths", "each", "accident_class"}), _NOTHING),
    Code.PERCENT: (_RATE, _ROUNDING | _LOOKED_UP),
    Code.ROUNDING: (frozenset({"exact_numerator", "exact_denominator"}), _ROUNDING),
    Code.FIXED: (frozenset({"amount"}), _LOOKED_UP),
    Code.EACH: (
        frozenset({"of"}),
        frozenset({"count", "count_numerator", "count_denominator"})
        | frozenset({"each", "each_numerator", "each_denominator"})
        | _ROUNDING
        | _LOOKED_UP,
    ),
    Code.SLICES: (_NOTHING, _ROUNDING | {"of"}),
    Code.LESS: (frozenset({"paid"}), _NOTHING),
    Code.CHOICE: (frozenset({"min", "max", "chosen", "by_default"}), _LOOKED_UP),
    Code.NO_PENALTY: (_NOTHING, _NOTHING),
    Code.FLOOR: (frozenset({"min"}), _LOOKED_UP),
    Code.CAP: (_MAX, _LOOKED_UP),
    Code.SOFT_CAP: (_MAX, _LOOKED_UP),
    Code.BEYOND: (frozenset({"chosen", "max"}), _NOTHING),
    Code.PART: (frozenset({"number"}), frozenset({"kind"})),
    Code.MERIT: (_NOTHING, _UPLIFT),
    Code.MERIT_CAP: (_MAX, _NOTHING),
    Code.AWARD_CAP: (_MAX, _NOTHING),
    Code.CAP_LIFTED: (_MAX, _NOTHING),
    Code.UPLIFT: (_NOTHING, _UPLIFT),
    Code.UPLIFT_OPEN: (_NOTHING, _NOTHING),
    Code.TOTAL_CAP: (_MAX, _NOTHING),
    Code.LIMIT: (frozenset({"max", "earlier"}), _NOTHING),
    Code.TAX: (frozenset({"withheld"}), _NOTHING),
    Code.SEALED: (_NOTHING, _NOTHING),
}
_WORDS: dict[str, frozenset[str]] = {
    "accident_class": frozenset(AccidentClass),
    "mode": frozenset(RoundMode),
    "kind": frozenset(Kind),
}
_FACT = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FACT_KEY = re.compile(r"fact\.[a-z][a-z0-9_]{0,39}")
_WORD = re.compile(r"-?[a-z0-9][a-z0-9_./-]{0,63}")
_SLICE = re.compile(r"(slice|worth)_[1-9][0-9]{0,2}(_numerator|_denominator)?")
_NAME = re.compile(r"[a-z0-9-]{0,64}")
_ENTRY = re.compile(r"[a-z0-9_-]{0,40}")
_MOST_PARTS = 1000
ARTICLE = re.compile(
    r"([\u4e00-\u9fff]{1,12}〔[0-9]{4}〕[0-9]{1,5}号)?"
    r"[第条款项目章节附件表则编之至、，一二三四五六七八九十百零〇0-9()（）. -]{0,40}"
)
"""A document's number and the place in it: no other words, so that no name can stand there."""


def known_inputs(code: Code, stored: object) -> tuple[tuple[str, Value], ...]:
    """Read the inputs of a step: the keys its code knows, whole numbers, and closed words."""
    if not isinstance(stored, dict) or not all(isinstance(key, str) for key in stored):
        raise DerivationError("inputs")
    keys = frozenset(key for key in stored if not _FACT_KEY.fullmatch(key))
    if not _has_shape(code, keys, stored):
        raise DerivationError("inputs")
    return tuple((key, _word_or_number(key, stored[key])) for key in sorted(stored))


def _has_shape(code: Code, keys: frozenset[str], stored: Mapping[str, object]) -> bool:
    """Tell whether a step of this code may have these keys."""
    looked_up = len(keys) < len(stored)
    if code is Code.OVERLAP or code in COMBINING:
        wanted = {f"candidate_{number}" for number in range(1, min(len(keys), _MOST_PARTS) + 1)}
        return keys - {"findings"} == wanted - ({f"candidate_{len(keys)}"} if "findings" in keys else set())
    if code is Code.BASE:
        named = set(str(stored.get("base", "")).split("+"))
        return keys - {"base"} <= named | set(Part) and named < keys
    required, optional = _SHAPES[code]
    if code is Code.SLICES:
        keys = frozenset(key for key in keys if not _SLICE.fullmatch(key))
    return required <= keys <= required | optional and (not looked_up or optional >= _LOOKED_UP)


def _word_or_number(key: str, value: object) -> Value:
    """Return a whole number, or a word of the vocabulary this key has; raises DerivationError."""
    if key.startswith("fact.") or key in _LOOKED_UP:
        if type(value) is int or (isinstance(value, str) and _WORD.fullmatch(value)):
            return value
    elif isinstance(value, str):
        if _is_word(key, value):
            return value
    elif type(value) is int and key not in {"base", "accident_class", "mode", "kind"}:
        return value
    raise DerivationError(key)


def _is_word(key: str, value: str) -> bool:
    """Tell whether a word belongs to the closed vocabulary of its key."""
    if key == "base":
        return all(_FACT.fullmatch(part) for part in value.split("+"))
    if key == "of":
        return bool(_FACT.fullmatch(value))
    return value in _WORDS.get(key, frozenset())


def exact_mapping(stored: object, keys: frozenset[str]) -> dict[str, object]:
    """Return a dict that has exactly these keys; raises DerivationError."""
    if not isinstance(stored, dict) or set(stored) != keys:
        raise DerivationError("keys")
    return stored


def schema_of(stored: object) -> int:
    """Return the version of a stored form; raises DerivationError for one that is not known."""
    schema = stored.get("schema") if isinstance(stored, dict) else None
    if type(schema) is not int or schema not in DERIVATION_KEYS:
        raise DerivationError("schema")
    return schema


def whole_number(data: Mapping[str, object], key: str) -> int:
    """Return a whole number of 0 or more; raises DerivationError."""
    value = data[key]
    # A JSON true is an int to Python, and no number here.
    if type(value) is not int or value < 0:
        raise DerivationError(key)
    return value


def yes_or_no(data: Mapping[str, object], key: str) -> bool:
    """Return true or false; raises DerivationError."""
    value = data[key]
    if not isinstance(value, bool):
        raise DerivationError(key)
    return value


def rule_name(data: Mapping[str, object], key: str) -> str:
    """Return the id of a rule or rule set; raises DerivationError."""
    return _text(data, key, _NAME)


def entry_name(data: Mapping[str, object]) -> str:
    """Return the id of an entry, an uplift or a limit; raises DerivationError."""
    return _text(data, "entry", _ENTRY)


def article_text(data: Mapping[str, object]) -> str:
    """Return the number of an article, such as 第十四条; raises DerivationError."""
    return _text(data, "article", ARTICLE)


def known_kind(data: Mapping[str, object]) -> Kind:
    """Return the kind of the finding that is paid; raises DerivationError."""
    if data["kind"] not in set(Kind):
        raise DerivationError("kind")
    return Kind(str(data["kind"]))


def known_stage(data: Mapping[str, object]) -> Stage:
    """Return the stage of the award; schema 1 knew the main one only; raises DerivationError."""
    stage = data.get("stage", Stage.MAIN)
    if not isinstance(stage, str) or stage not in set(Stage):
        raise DerivationError("stage")
    return Stage(stage)


def known_code(data: Mapping[str, object]) -> Code:
    """Return the code of a step; raises DerivationError."""
    value = data["code"]
    if not isinstance(value, str) or value not in set(Code):
        raise DerivationError("code")
    return Code(value)


def _text(data: Mapping[str, object], key: str, pattern: re.Pattern[str]) -> str:
    value = data[key]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise DerivationError(key)
    return value
