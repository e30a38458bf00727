"""The rule set of Anyang as the pages read it before rule sets were files; goes when they read the file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from portal.money import MAX_FEN
from portal.rewards.rules.given import MAX_DEATHS, Choice, FactError, FactFault, PenaltyPart
from portal.rewards.rules.terms import Band
from portal.rewards.rules.vocabulary import AccidentClass, Kind, Moment, Overlap, Part, PenaltyState, RealName

MOMENTS: tuple[Moment, ...] = (Moment.FILING, Moment.CONCLUSION, Moment.CLAIM)


class RuleId(StrEnum):
    """The documents whose figures ship."""

    NATIONAL_2018 = "national-2018"
    HENAN_2025 = "henan-2025"
    ANYANG_GENERAL_2022 = "anyang-general-2022"
    ANYANG_WELDING = "anyang-welding"
    TAX_1994 = "tax-1994-20"


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


_YUAN = 100

# 500 to 3,000 and the real name are published; the steps inside the band are not, so the officer chooses.
WELDING = Entry(
    kinds=(Kind.WELDING_VIOLATION,),
    clause=OfficerChoice(Band(500 * _YUAN, 3_000 * _YUAN)),
    source=Source(RuleId.ANYANG_WELDING, 1),
    real_name_by=Moment.CONCLUSION,
)

# 安安委〔2022〕14号 publishes 3,000 to 300,000 and "a share of the penalty"; the 15 % is the national rule's,
# and what is paid without a penalty is not published: both are marked as to be confirmed.
GENERAL = Entry(
    kinds=(Kind.MAJOR_HAZARD, Kind.ILLEGAL_ACT),
    clause=PercentOfPenalty(
        base=(Part.FINE_FIRM, Part.FINE_PERSON),
        rate=Fraction(15, 100),
        band=Band(3_000 * _YUAN, 300_000 * _YUAN),
        rate_source=Source(RuleId.ANYANG_GENERAL_2022, 1, confirmed=False),
    ),
    source=Source(RuleId.ANYANG_GENERAL_2022, 1),
    real_name_by=Moment.CLAIM,
    without_penalty=OfficerChoice(Band(3_000 * _YUAN, 3_000 * _YUAN), default_fen=3_000 * _YUAN),
    without_penalty_source=Source(RuleId.ANYANG_GENERAL_2022, 1, confirmed=False),
)

# 安监总财〔2018〕19号: for each confirmed concealed death, by the confirmed class of the accident.
CONCEALED = Entry(
    kinds=(Kind.CONCEALED_ACCIDENT,),
    clause=PerDeath(
        by_class=(
            (AccidentClass.ORDINARY, 30_000 * _YUAN),
            (AccidentClass.LARGER, 40_000 * _YUAN),
            (AccidentClass.MAJOR, 50_000 * _YUAN),
            (AccidentClass.ESPECIALLY_MAJOR, 60_000 * _YUAN),
        ),
        max_fen=300_000 * _YUAN,
    ),
    source=Source(RuleId.NATIONAL_2018, 1),
    real_name_by=Moment.CLAIM,
)

# Taken over from the Henan rule of 2025. It comes on top of a welding award too: the band bounds what the
# officer chooses, uplift_cap bounds the total.
UPLIFT = EmployeeUplift(
    rate=Fraction(15, 100),
    at_least_fen=1_000 * _YUAN,
    uplift_cap_fen=300_000 * _YUAN,
    source=Source(RuleId.HENAN_2025, 1),
)

# 财税字〔1994〕020号 is read as exempting such rewards; to be confirmed.
NOTHING_WITHHELD = Withholding(withheld_fen=0, source=Source(RuleId.TAX_1994, 1, confirmed=False))

# The special rule stands first: a trade's own rule goes before the general one.
ANYANG = RuleSet(
    id="anyang",
    version=1,
    entries=(WELDING, GENERAL, CONCEALED),
    uplift=UPLIFT,
    overlap=Overlap.HIGHEST,
    withholding=NOTHING_WITHHELD,
)
