"""Reading a stored derivation: a closed form, so that nothing else of a case can slip into it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from portal.rewards.rules.codes import Code, DerivationError, Value
from portal.rewards.rules.vocabulary import AccidentClass, Kind, Part

DERIVATION_KEYS = frozenset(
    {"schema", "rule_set", "rule_set_version", "kind", "sealed", "amount_fen", "steps"}
)
STEP_KEYS = frozenset(
    {"code", "rule", "version", "article", "confirmed", "inputs", "before_fen", "after_fen", "bit"}
)
_RATE_KEYS = frozenset({"rate_numerator", "rate_denominator"})
_INPUT_KEYS: dict[Code, frozenset[str]] = {
    Code.PENALTY_TOTAL: frozenset({"base", *Part}),
    Code.PERCENT: _RATE_KEYS,
    Code.ROUNDING: frozenset({"exact_numerator", "exact_denominator"}),
    Code.FLOOR: frozenset({"min"}),
    Code.CAP: frozenset({"max"}),
    Code.NO_PENALTY: frozenset(),
    Code.CHOICE: frozenset({"min", "max", "chosen", "by_default"}),
    Code.PER_DEATH: frozenset({"deaths", "each", "accident_class"}),
    Code.UPLIFT: _RATE_KEYS | {"at_least"},
    Code.UPLIFT_OPEN: frozenset(),
    Code.TOTAL_CAP: frozenset({"max"}),
    Code.TAX: frozenset({"withheld"}),
    Code.SEALED: frozenset(),
}
_NAME = re.compile(r"[a-z0-9-]{0,64}")
_ARTICLE = re.compile(r"[第条款项之一二三四五六七八九十百零0-9()]{0,24}")


def known_inputs(code: Code, stored: object) -> tuple[tuple[str, Value], ...]:
    """Read the inputs of a step: the keys its code knows, whole numbers, and two closed vocabularies."""
    if not isinstance(stored, dict):
        raise DerivationError("inputs")
    known = _INPUT_KEYS.get(code) or frozenset(_candidate_keys(code, len(stored)))
    if set(stored) != known:
        raise DerivationError("inputs")
    return tuple((key, _word_or_number(key, stored[key])) for key in sorted(stored))


def _candidate_keys(code: Code, count: int) -> list[str]:
    """Return the keys of an overlap of so many findings."""
    return [f"candidate_{number}" for number in range(1, count + 1)] if code is Code.OVERLAP else []


def _word_or_number(key: str, value: object) -> Value:
    """Return a whole number, or a word of the vocabulary this key has; raises DerivationError."""
    if key == "base" and isinstance(value, str) and set(value.split("+")) <= set(Part):
        return value
    if key == "accident_class" and isinstance(value, str) and value in set(AccidentClass):
        return value
    if key in {"base", "accident_class"} or type(value) is not int:
        raise DerivationError(key)
    return value


def exact_mapping(stored: object, keys: frozenset[str]) -> dict[str, object]:
    """Return a dict that has exactly these keys; raises DerivationError."""
    if not isinstance(stored, dict) or set(stored) != keys:
        raise DerivationError("keys")
    return stored


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
    value = data[key]
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise DerivationError(key)
    return value


def known_kind(data: Mapping[str, object]) -> Kind:
    """Return the kind of the finding that is paid; raises DerivationError."""
    value = data["kind"]
    if not isinstance(value, str) or value not in set(Kind):
        raise DerivationError("kind")
    return Kind(value)


def known_code(data: Mapping[str, object]) -> Code:
    """Return the code of a step; raises DerivationError."""
    value = data["code"]
    if not isinstance(value, str) or value not in set(Code):
        raise DerivationError("code")
    return Code(value)


def article_text(data: Mapping[str, object]) -> str:
    """Return the number of an article, such as 第十四条; raises DerivationError."""
    value = data["article"]
    if not isinstance(value, str) or not _ARTICLE.fullmatch(value):
        raise DerivationError("article")
    return value
