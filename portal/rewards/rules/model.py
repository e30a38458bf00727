"""The words the reward rules are written in: kinds, facts, clauses and rule sets, all frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from portal.money import MAX_FEN

MAX_DEATHS = 10_000
"""More confirmed deaths than this in one accident are a slip of the keyboard."""


class Kind(StrEnum):
    """What was found."""

    MAJOR_HAZARD = "major_hazard"
    ILLEGAL_ACT = "illegal_act"
    ORDINARY_HAZARD = "ordinary_hazard"
    CONCEALED_ACCIDENT = "concealed_accident"
    WELDING_VIOLATION = "welding_violation"


class AccidentClass(StrEnum):
    """The class of the whole accident, as the investigation confirmed it."""

    ORDINARY = "ordinary"
    LARGER = "larger"
    MAJOR = "major"
    ESPECIALLY_MAJOR = "especially_major"


class Part(StrEnum):
    """What a part of a penalty is."""

    FINE_FIRM = "fine_firm"
    FINE_PERSON = "fine_person"
    CONFISCATED = "confiscated"


class PenaltyState(StrEnum):
    """Whether the penalty of a finding is known."""

    PENDING = "pending"
    RECORDED = "recorded"
    NONE = "none"


class RealName(StrEnum):
    """How far the reporter has given a name."""

    NONE = "none"
    DECLARED = "declared"
    CONFIRMED = "confirmed"


class Moment(StrEnum):
    """The moments at which a rule may ask for the real name, in order."""

    FILING = "filing"
    CONCLUSION = "conclusion"
    CLAIM = "claim"


MOMENTS: tuple[Moment, ...] = (Moment.FILING, Moment.CONCLUSION, Moment.CLAIM)


class RuleId(StrEnum):
    """The documents whose figures ship."""

    NATIONAL_2018 = "national-2018"
    HENAN_2025 = "henan-2025"
    ANYANG_GENERAL_2022 = "anyang-general-2022"
    ANYANG_WELDING = "anyang-welding"
    TAX_1994 = "tax-1994-20"


class Overlap(StrEnum):
    """What is paid when several findings of one case earn an award."""

    HIGHEST = "highest"


class FactFault(StrEnum):
    """Why facts were refused."""

    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    DEATHS_OUT_OF_RANGE = "deaths_out_of_range"
    PARTS_WITHOUT_PENALTY = "parts_without_penalty"


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


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """What the rules need to know of one finding; nothing of where, who or when."""

    kind: Kind
    penalty: PenaltyState = PenaltyState.PENDING
    parts: tuple[PenaltyPart, ...] = ()
    deaths_confirmed: int | None = None
    accident_class: AccidentClass | None = None
    choice: Choice | None = None

    def __post_init__(self) -> None:
        """Refuse impossible numbers and parts of a penalty that is not recorded; raises FactError."""
        if self.deaths_confirmed is not None and not 0 <= self.deaths_confirmed <= MAX_DEATHS:
            raise FactError(FactFault.DEATHS_OUT_OF_RANGE)
        if self.parts and self.penalty is not PenaltyState.RECORDED:
            raise FactError(FactFault.PARTS_WITHOUT_PENALTY)
        if sum(part.amount_fen for part in self.parts) > MAX_FEN:
            raise FactError(FactFault.AMOUNT_OUT_OF_RANGE)

    def total(self, part: Part) -> int:
        """Return the fen of all parts of this sort."""
        return sum(one.amount_fen for one in self.parts if one.part is part)


@dataclass(frozen=True, slots=True)
class Facts:
    """The findings of a case and what is known about its reporter."""

    findings: tuple[FindingFacts, ...]
    real_name: RealName = RealName.NONE
    employment_declared: bool = False
    employee: bool | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """The least and the most that may be paid, in fen, both included."""

    min_fen: int
    max_fen: int

    def __post_init__(self) -> None:
        """Refuse a band that is upside down; raises ValueError."""
        if not 0 <= self.min_fen <= self.max_fen <= MAX_FEN:
            raise ValueError("a band runs from its least to its most")

    def holds(self, amount_fen: int) -> bool:
        """Tell whether the amount lies inside."""
        return self.min_fen <= amount_fen <= self.max_fen


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure comes from; an empty article or confirmed=False is to be confirmed, and no law yet."""

    rule: RuleId
    version: int
    article: str = ""
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class PercentOfPenalty:
    """A share of named penalty parts, kept inside a band; the share may have a source of its own."""

    base: tuple[Part, ...]
    rate: Fraction
    band: Band
    rate_source: Source


@dataclass(frozen=True, slots=True)
class OfficerChoice:
    """A band in which an officer chooses and writes the reason; a default is proposed until he does."""

    band: Band
    default_fen: int | None = None


@dataclass(frozen=True, slots=True)
class PerDeath:
    """An amount for each confirmed concealed death, by the class of the accident, with a cap."""

    by_class: tuple[tuple[AccidentClass, int], ...]
    max_fen: int

    def amount(self, accident: AccidentClass) -> int:
        """Return the fen per death for an accident of this class."""
        return dict(self.by_class)[accident]


Clause = PercentOfPenalty | OfficerChoice | PerDeath


@dataclass(frozen=True, slots=True)
class Entry:
    """One provision: for which kinds, what is paid, and where it is written."""

    kinds: tuple[Kind, ...]
    clause: Clause
    source: Source
    real_name_by: Moment
    without_penalty: OfficerChoice | None = None
    without_penalty_source: Source | None = None


@dataclass(frozen=True, slots=True)
class EmployeeUplift:
    """What an employee of the firm gets on top, and the cap of award and uplift together (uplift_cap)."""

    rate: Fraction
    at_least_fen: int
    uplift_cap_fen: int
    source: Source


@dataclass(frozen=True, slots=True)
class Withholding:
    """The tax kept back from an award, in fen, and its basis."""

    withheld_fen: int
    source: Source


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The provisions of one city in the order they are tried: the first that names the kind governs."""

    id: str
    version: int
    entries: tuple[Entry, ...]
    uplift: EmployeeUplift
    overlap: Overlap
    withholding: Withholding

    def entry_for(self, kind: Kind) -> Entry | None:
        """Return the provision that governs this kind, or None when no rule covers it."""
        return next((entry for entry in self.entries if kind in entry.kinds), None)
