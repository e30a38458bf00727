"""Taking named parts over from another rule set; each part keeps the source it was written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.conditions import Condition
from portal.rewards.rules.faults import FaultCode, Hint
from portal.rewards.rules.model import (
    Eligibility,
    Entry,
    Exclusion,
    Fact,
    Inherited,
    Limit,
    RuleSet,
    Sharing,
    Uplift,
)
from portal.rewards.rules.reading import RULE_ID, Table, near, shortened
from portal.rewards.rules.vocabulary import Kind

Library = Callable[[str, int], RuleSet]
"""Returns a rule set by id and version; raises KeyError for one that is not there."""


class CircleError(LookupError):
    """A rule set that is asked for is just being read: it inherits from itself in the end."""


@dataclass(slots=True)
class Taken:
    """What was taken over."""

    inherits: list[Inherited] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    uplifts: list[Uplift] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    facts: dict[str, Fact] = field(default_factory=dict)
    eligibility: Eligibility | None = None
    sharing: Sharing | None = None


def take_over(head: Table, rule_id: str, kinds: tuple[Kind, ...], library: Library) -> Taken:
    """Read ``inherits`` and take the named parts; what is not there is noted."""
    taken = Taken()
    for row in head.tables("inherits"):
        source = row.id("from", RULE_ID)
        version = row.whole("version", least=1)
        parts = row.strings("parts")
        if not parts:
            row.missing("parts")
        row.rest()
        rules = _rules(row, rule_id, source, version, library) if source and version else None
        if rules is None:
            continue
        taken.inherits.append(Inherited(rules.id, rules.version, tuple(parts)))
        for part in parts:
            if not _take(part, rules, kinds, taken):
                close = "" if row.faults.full else near(part, list(_named(rules)))
                hint = Hint.DID_YOU_MEAN if close else Hint.SEE_REFERENCE
                row.fault(FaultCode.INHERITED_PART_UNKNOWN, hint, part=shortened(part), near=close)
    return taken


def _rules(row: Table, rule_id: str, source: str, version: int, library: Library) -> RuleSet | None:
    facts: dict[str, str | int] = {"rule": source, "version": version}
    try:
        return library(source, version)
    except (CircleError, RecursionError):
        row.fault(FaultCode.INHERITED_CIRCLE, Hint.BREAK_THE_CIRCLE, **facts)
    except KeyError:
        code = FaultCode.INHERITED_CIRCLE if source == rule_id else FaultCode.INHERITED_UNKNOWN
        hint = Hint.BREAK_THE_CIRCLE if source == rule_id else Hint.SEE_REFERENCE
        row.fault(code, hint, **facts)
    return None


def _named(rules: RuleSet) -> Iterator[str]:
    """Name every part that may be taken over."""
    for name, parts in _lists(rules).items():
        yield from (f"{name}:{part.id}" for part in parts)
    yield from ("eligibility", "sharing")


def _lists(rules: RuleSet) -> dict[str, tuple[Entry | Uplift | Exclusion | Limit | Fact, ...]]:
    return {
        "award": rules.entries,
        "uplift": rules.uplifts,
        "exclude": rules.exclusions,
        "limit": rules.limits,
        "fact": tuple(rules.facts.values()),
    }


def _take(name: str, rules: RuleSet, kinds: tuple[Kind, ...], taken: Taken) -> bool:
    """Take one part over; False where there is none of this name."""
    if name == "eligibility":
        taken.eligibility = rules.eligibility
        return True
    if name == "sharing":
        taken.sharing = rules.sharing
        return True
    sort, _, part_id = name.partition(":")
    part = next((one for one in _lists(rules).get(sort, ()) if one.id == part_id), None)
    if part is None:
        return False
    _keep(part, kinds, taken)
    taken.facts |= {fact: rules.facts[fact] for fact in _used(part) if fact in rules.facts}
    return True


def _keep(part: Entry | Uplift | Exclusion | Limit | Fact, kinds: tuple[Kind, ...], taken: Taken) -> None:
    """Put a part to those of its sort; an entry pays for the kinds of this rule set only."""
    match part:
        case Entry():
            own = tuple(kind for kind in part.kinds if kind in kinds)
            taken.entries.append(replace(part, kinds=own))
        case Uplift():
            taken.uplifts.append(part)
        case Exclusion():
            taken.exclusions.append(part)
        case Limit():
            taken.limits.append(part)
        case Fact():
            taken.facts[part.id] = part


def _used(part: Entry | Uplift | Exclusion | Limit | Fact) -> Iterator[str]:
    """Name the facts that a part asks for: they come with it."""
    when: Condition | None = getattr(part, "when", None)
    if when is not None:
        yield from when.facts()
    pays: tuple[Pay | None, ...] = (getattr(part, "pay", None), getattr(part, "without_penalty", None))
    for pay in pays:
        if pay is not None:
            yield from pay.facts()
