"""A rule set as it stands in its file: frozen values, amounts in fen, rates as fractions of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.conditions import Condition
from portal.rewards.rules.rounding import FEN, Rounding
from portal.rewards.rules.terms import Band as Band
from portal.rewards.rules.terms import Source as Source
from portal.rewards.rules.terms import Text as Text
from portal.rewards.rules.vocabulary import (
    About,
    Admission,
    Anonymous,
    ConfirmedBy,
    FactType,
    GovernsBy,
    Kind,
    KnownBefore,
    Moment,
    Order,
    Overlap,
    PayableWhen,
    Payment,
    Period,
    SharingMode,
    Stage,
    Together,
)


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a choice, with the named amounts (fen) and rates that entries may take from it."""

    id: str
    label: Text
    group: Text | None = None
    values: Mapping[str, int | Fraction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fact:
    """A question the rule asks: its type, words, bounds (fen for money), and who confirms the answer."""

    id: str
    type: FactType
    label: Text
    about: About = About.FINDING
    confirmed_by: ConfirmedBy = ConfirmedBy.VERIFIER
    help: Text | None = None
    unit: Text | None = None
    decimals: int = 0
    min: int | Fraction | None = None
    max: int | Fraction | None = None
    public: bool = False
    options: tuple[Option, ...] = ()

    def option(self, option_id: str) -> Option | None:
        """Return one answer of a choice."""
        return next((one for one in self.options if one.id == option_id), None)


@dataclass(frozen=True, slots=True)
class Entry:
    """One provision ([[award]]): when it holds, what is paid, and where it is written."""

    id: str
    when: Condition
    kinds: tuple[Kind, ...]
    pay: Pay
    source: Source
    real_name_by: Moment
    stage: Stage = Stage.MAIN
    without_penalty: Pay | None = None
    title: Text | None = None
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Something that is never paid, with the reason in words ([[exclude]])."""

    id: str
    when: Condition
    reason: Text
    source: Source


@dataclass(frozen=True, slots=True)
class Uplift:
    """What is added: a share of the award or a fixed amount in fen, at least so much; order and cap."""

    id: str
    when: Condition
    rate: Fraction | None
    fixed_fen: int
    at_least_fen: int
    order: Order
    source: Source
    personal: bool
    cap_fen: int | None = None
    stages: frozenset[Stage] = frozenset({Stage.MAIN})
    title: Text | None = None
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """How much (fen) or how often one reporter is paid in a period; by_kind: of the same kind only."""

    id: str
    period: Period
    source: Source
    max_fen: int | None = None
    count: int | None = None
    by_kind: bool = False
    title: Text | None = None

    def key(self, kind: Kind) -> str:
        """Return under which key a reporter's earlier awards are looked up."""
        return f"{self.id}:{kind.value}" if self.by_kind else self.id


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Who may be paid at all."""

    source: Source
    real_name_by: Moment = Moment.CLAIM
    anonymous: Anonymous = Anonymous.WITH_PROOF
    known_before: KnownBefore = KnownBefore.EXCLUDED
    staff_or_relatives: Admission = Admission.EXCLUDED
    principal: Admission = Admission.EXCLUDED
    first_only: bool = True
    claim_days: int = 60


@dataclass(frozen=True, slots=True)
class Sharing:
    """How an award is divided among several reporters."""

    mode: SharingMode = SharingMode.FIRST


TO_THE_FIRST = Sharing()


@dataclass(frozen=True, slots=True)
class Withholding:
    """The tax kept back from an award, in fen, and its basis."""

    withheld_fen: int
    source: Source


@dataclass(frozen=True, slots=True)
class Inherited:
    """Named parts taken over from another rule set."""

    rule: str
    version: int
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The provisions of one document in the order they are tried: the first whose condition holds governs."""

    id: str
    version: int
    title: Text
    kinds: tuple[Kind, ...]
    entries: tuple[Entry, ...]
    eligibility: Eligibility
    withholding: Withholding
    source: Source
    effective_from: date
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """Every fact that it uses, declared here, standard or inherited, by id, in the order of the file."""
    uplifts: tuple[Uplift, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    limits: tuple[Limit, ...] = ()
    sharing: Sharing = TO_THE_FIRST
    rounding: Rounding = FEN
    overlap: Overlap = Overlap.HIGHEST
    together: Together = Together.HIGHEST
    cap_fen: int | None = None
    governs_by: GovernsBy = GovernsBy.ACCEPTED
    payable_when: PayableWhen = PayableWhen.PENALTY_RECORDED
    payment: Payment = Payment.EACH
    sectors: tuple[str, ...] = ()
    inherits: tuple[Inherited, ...] = ()
    document: Text | None = None
    invented: bool = False
    effective_confirmed: bool = True

    def covers(self, kind: Kind) -> bool:
        """Tell whether the rule set speaks of this kind."""
        return kind in self.kinds

    def entry_for(self, kind: Kind, stage: Stage = Stage.MAIN) -> Entry | None:
        """Return the first provision that may govern this kind, or None when no rule covers it."""
        return next((one for one in self.entries if kind in one.kinds and one.stage is stage), None)

    def entry(self, entry_id: str) -> Entry | None:
        """Return a provision by its id."""
        return next((one for one in self.entries if one.id == entry_id), None)

    def asked(self, about: About) -> Iterator[Fact]:
        """Return the questions about this, in the order in which they are asked."""
        return (fact for fact in self.facts.values() if fact.about is about)
