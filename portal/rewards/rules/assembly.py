"""Putting a rule set together from the tables of its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypedDict, TypeVar

from portal.rewards.rules import provisions
from portal.rewards.rules.faults import FaultCode, Faults, Hint, Place
from portal.rewards.rules.inheritance import Library, take_over
from portal.rewards.rules.lookups import Scope
from portal.rewards.rules.model import (
    Entry,
    Exclusion,
    Limit,
    RuleSet,
    Source,
    Text,
    Uplift,
    Withholding,
)
from portal.rewards.rules.outline import Outline
from portal.rewards.rules.provisions import Head
from portal.rewards.rules.questions import called, declared
from portal.rewards.rules.reading import RULE_ID, Table
from portal.rewards.rules.rounding import FEN, Rounding
from portal.rewards.rules.vocabulary import (
    GovernsBy,
    Kind,
    Overlap,
    PayableWhen,
    Payment,
    RoundMode,
    Together,
)

SCHEMA = 1
"""The version of the language; a file names it, so that a later one can still be read as it was meant."""
_UNITS = {"0.01": 1, "0.1": 10, "1": 100, "10": 1_000, "100": 10_000}
Part = TypeVar("Part", Entry, Exclusion, Uplift, Limit)


@dataclass(frozen=True, slots=True)
class File:
    """The tables of a file with the lines on which they begin."""

    data: Mapping[str, object]
    lines: Outline
    faults: Faults

    def rows(self, head: Table, table: str) -> list[Table]:
        """Return the tables of one name, each with its place."""
        return [
            Table(
                row.data, Place(called(table, row.data, number), self.lines.line(table, number)), self.faults
            )
            for number, row in enumerate(head.tables(table))
        ]

    def section(self, head: Table, table: str) -> Table:
        """Return the one table of a name, empty where there is none."""
        found = head.table(table)
        return Table(found.data if found else {}, Place(table, self.lines.line(table, 0)), self.faults)


def assemble(data: Mapping[str, object], lines: Outline, faults: Faults, library: Library) -> RuleSet | None:
    """Read the whole file; None where too little of its head holds. What is wrong is noted."""
    file = File(data, lines, faults)
    head = Table(data, Place(), faults, lines=lines)
    head.whole("schema", least=SCHEMA, most=SCHEMA)
    rule_id = head.id("id", RULE_ID)
    version = head.whole("version", least=1) or 0
    title, effective_from = head.text("title", needed=True), head.day("effective_from")
    kinds = head.words("kinds", Kind)
    if "kinds" not in data:
        head.missing("kinds")
    source = Source(rule_id, version, "", head.flag("confirmed", default=True))
    own_facts = declared(head, file.rows(head, "fact"), lines)
    taken = take_over(head, rule_id, kinds, library)
    facts = {**taken.facts, **own_facts}
    eligibility = provisions.eligibility(file.section(head, "eligibility"), source)
    if taken.eligibility is not None and "eligibility" not in data:
        eligibility = taken.eligibility
    sharing = provisions.sharing(file.section(head, "sharing"))
    context = Head(Scope(facts), source, kinds, eligibility.real_name_by)
    entries = _parts(file.rows(head, "award"), provisions.entry, context, taken.entries)
    uplifts = _parts(file.rows(head, "uplift"), provisions.uplift, context, taken.uplifts)
    exclusions = _parts(file.rows(head, "exclude"), provisions.exclusion, context, taken.exclusions)
    limits = _parts(file.rows(head, "limit"), provisions.limit, context, taken.limits)
    rest = _settings(head, source)
    head.rest()
    if not rule_id or not version or title is None or effective_from is None or not kinds:
        return None
    return RuleSet(
        id=rule_id,
        version=version,
        title=title,
        kinds=kinds,
        entries=entries,
        eligibility=eligibility,
        source=source,
        effective_from=effective_from,
        facts=facts,
        uplifts=uplifts,
        exclusions=exclusions,
        limits=limits,
        sharing=taken.sharing if taken.sharing and "sharing" not in data else sharing,
        inherits=tuple(taken.inherits),
        **rest,
    )


class Settings(TypedDict):
    """What the head of a file says beside its name."""

    rounding: Rounding
    overlap: Overlap
    together: Together
    cap_fen: int | None
    governs_by: GovernsBy
    payable_when: PayableWhen
    payment: Payment
    sectors: tuple[str, ...]
    document: Text | None
    invented: bool
    effective_confirmed: bool
    withholding: Withholding


def _settings(head: Table, source: Source) -> Settings:
    return Settings(
        rounding=_rounding(head),
        overlap=head.word("overlap", Overlap, Overlap.HIGHEST),
        together=head.word("uplifts", Together, Together.HIGHEST),
        cap_fen=head.amount("cap"),
        governs_by=head.word("governs_by", GovernsBy, GovernsBy.ACCEPTED),
        payable_when=head.word("payable_when", PayableWhen, PayableWhen.PENALTY_RECORDED),
        payment=head.word("payment", Payment, Payment.EACH),
        sectors=tuple(head.strings("sectors")),
        document=head.text("document"),
        invented=head.flag("invented", default=False),
        effective_confirmed=head.flag("effective_confirmed", default=True),
        withholding=_withholding(head, source),
    )


def _withholding(head: Table, source: Source) -> Withholding:
    withheld_fen = head.amount("withhold") or 0
    article = head.cite("withhold_cite") or ""
    confirmed = head.flag("withhold_confirmed", default=source.confirmed)
    return Withholding(withheld_fen, Source(source.rule, source.version, article, confirmed))


def _rounding(head: Table) -> Rounding:
    table = head.table("rounding")
    if table is None:
        return FEN
    unit = table.string("unit") or "0.01"
    if unit not in _UNITS:
        allowed = ", ".join(_UNITS)
        table.fault(
            FaultCode.UNKNOWN_WORD,
            Hint.SEE_REFERENCE,
            key=table.path("unit"),
            word=unit[:40],
            allowed=allowed,
            near="",
        )
    mode = table.word("mode", RoundMode, RoundMode.HALF_UP)
    table.rest()
    return Rounding(_UNITS.get(unit, 1), mode)


def _parts(
    rows: list[Table], read: Callable[[Table, Head], Part | None], head: Head, taken: list[Part]
) -> tuple[Part, ...]:
    """Read the parts of one name, then those that were taken over; each id stands once."""
    found: dict[str, Part] = {}
    for row in rows:
        if row.faults.full:
            break
        part = read(row, head)
        if part is None:
            continue
        if part.id in found:
            row.fault(FaultCode.DUPLICATE_ID, Hint.REMOVE_ONE, id=part.id)
        found[part.id] = part
    for part in taken:
        # A part of its own goes before the one of the same id that would be taken over.
        found.setdefault(part.id, part)
    return tuple(found.values())
