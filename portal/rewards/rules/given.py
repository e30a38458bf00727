"""What is known of a case: typed facts, frozen; nothing of where, who or when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction

from portal.money import MAX_FEN
from portal.rewards.rules.vocabulary import Kind, Part, PenaltyState, RealName

FactValue = bool | int | Fraction | str | date
"""yes_no: bool; money: int fen; number: int or Fraction; choice: the option's id; date: date."""

MAX_COUNT = 10**9
"""More of anything than this is a slip of the keyboard."""
MAX_DEATHS = 10_000
"""More confirmed deaths than this in one accident are a slip of the keyboard."""

DEATHS = "deaths_confirmed"
KIND = "kind"
PENALISED = "penalised"
MAIN_AWARD = "main_award"
BASE = "base"
"""The sum that a percentage is taken of, for its own rate; no question of a rule."""
KNOWN_BEFORE = "known_before"
STAFF_OR_RELATIVE = "staff_or_relative"
PRINCIPAL = "principal"
PENALTY_FACTS: frozenset[str] = frozenset(part.value for part in Part)
"""Come from the recorded penalty; a part without a row is nothing, not unknown."""


class FactFault(StrEnum):
    """Why facts were refused."""

    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    DEATHS_OUT_OF_RANGE = "deaths_out_of_range"
    PARTS_WITHOUT_PENALTY = "parts_without_penalty"
    BINARY_FLOAT = "binary_float"


class FactError(ValueError):
    """Facts contradict each other or leave the range of money; carries a code only."""

    def __init__(self, code: FactFault) -> None:
        """Keep the code."""
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True)
class PenaltyPart:
    """One sum of a penalty, in fen."""

    part: Part
    amount_fen: int

    def __post_init__(self) -> None:
        """Refuse an amount outside 0 to MAX_FEN; raises FactError."""
        if not 0 <= self.amount_fen <= MAX_FEN:
            raise FactError(FactFault.AMOUNT_OUT_OF_RANGE)


@dataclass(frozen=True, slots=True)
class Choice:
    """An amount an officer chose, in fen, and whether the reason was written down."""

    amount_fen: int
    reasoned: bool


def penalty_values(parts: Iterable[PenaltyPart]) -> dict[str, FactValue]:
    """Return the sums of a penalty's parts by fact id; how it is split into rows changes nothing."""
    sums: dict[str, int] = {}
    for one in parts:
        sums[one.part.value] = sums.get(one.part.value, 0) + one.amount_fen
    return dict(sums)


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """What the rules need to know of one finding: its values by fact id; what is not there is not known."""

    kind: Kind
    penalty: PenaltyState = PenaltyState.PENDING
    values: Mapping[str, FactValue] = field(default_factory=dict)
    choice: Choice | None = None

    def __post_init__(self) -> None:
        """Refuse impossible numbers and a penalty's sums where none is recorded; raises FactError."""
        for fact, value in self.values.items():
            check_value(fact, value)
        parts = [self.values[part] for part in Part if part in self.values]
        if parts and self.penalty in {PenaltyState.PENDING, PenaltyState.NONE}:
            raise FactError(FactFault.PARTS_WITHOUT_PENALTY)
        if sum(value for value in parts if isinstance(value, int)) > MAX_FEN:
            raise FactError(FactFault.AMOUNT_OUT_OF_RANGE)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a reporter was paid before inside a limit's period: how many awards, and their sum in fen."""

    count: int = 0
    sum_fen: int = 0


@dataclass(frozen=True, slots=True)
class ReporterFacts:
    """What is known about the reporter: answers and sums, never a name or a key.

    ``asked``: facts that the identity officer has yet to answer; a fact neither known nor asked counts as no.
    ``earlier``: by limit id, or by "limit:kind" for a limit that counts the same kind only.
    ``order``: the reporter's place among the effective reporters, from 1.
    """

    real_name: RealName = RealName.NONE
    order: int = 1
    values: Mapping[str, FactValue] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    earlier: Mapping[str, Earlier] = field(default_factory=dict)
    claim_window_over: bool = False
    proof: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """The findings of a case, what is known of the case as a whole, and about its reporter."""

    findings: tuple[FindingFacts, ...]
    reporter: ReporterFacts = ReporterFacts()
    values: Mapping[str, FactValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse impossible numbers; raises FactError."""
        for fact, value in self.values.items():
            check_value(fact, value)


def check_value(fact: str, value: object) -> None:
    """Refuse a value that no fact may have; raises FactError."""
    if isinstance(value, (bool, str, date)):
        return
    if not isinstance(value, (int, Fraction)):
        raise FactError(FactFault.BINARY_FLOAT)
    number = Fraction(value)
    if fact == DEATHS and not 0 <= number <= MAX_DEATHS:
        raise FactError(FactFault.DEATHS_OUT_OF_RANGE)
    if fact in PENALTY_FACTS and not 0 <= number <= MAX_FEN:
        raise FactError(FactFault.AMOUNT_OUT_OF_RANGE)
    if not -MAX_FEN <= number <= MAX_FEN:
        raise FactError(FactFault.NUMBER_OUT_OF_RANGE)
