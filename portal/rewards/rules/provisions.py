"""Reading the parts of a rule file: entries, exclusions, uplifts, limits, and who may be paid."""

from __future__ import annotations

from dataclasses import dataclass

from portal.rewards.rules import when
from portal.rewards.rules.clauses import catalogue
from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.conditions import Condition, OneOf
from portal.rewards.rules.faults import FaultCode, Hint
from portal.rewards.rules.given import KIND
from portal.rewards.rules.lookups import Scope
from portal.rewards.rules.model import (
    Eligibility,
    Entry,
    Exclusion,
    Limit,
    Sharing,
    Source,
    Uplift,
)
from portal.rewards.rules.reading import ENTRY_ID, Table, shortened
from portal.rewards.rules.vocabulary import (
    About,
    Admission,
    Anonymous,
    Kind,
    KnownBefore,
    Moment,
    Order,
    Period,
    SharingMode,
    Stage,
)

_MOST_UPLIFT = 10
_REPORTER = "reporter"
"""An uplift of more than ten times the award is a slip of the keyboard."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the parts of a rule set take from its head."""

    scope: Scope
    source: Source
    kinds: tuple[Kind, ...]
    real_name_by: Moment = Moment.CLAIM

    def cited(self, table: Table) -> Source:
        """Return where a part is written; what it does not say itself, the head says."""
        article = table.cite("cite") or ""
        confirmed = table.flag("confirmed", default=self.source.confirmed)
        return Source(self.source.rule, self.source.version, article, confirmed)


def entry(table: Table, head: Head) -> Entry | None:
    """Read an [[award]]; None where it is wrong, which is noted."""
    entry_id = table.id("id", ENTRY_ID)
    condition = when.condition(table, "when", head.scope)
    paid = _branch(table, "pay", head.scope)
    without = _branch(table, "without_penalty", head.scope) if "without_penalty" in table.data else None
    if "pay" not in table.data:
        table.missing("pay")
    found = {
        "stage": table.word("stage", Stage, Stage.MAIN),
        "title": table.text("title"),
        "note": table.text("note"),
        "real_name_by": table.word("real_name_by", Moment, head.real_name_by),
    }
    source, kinds = head.cited(table), _kinds(table, condition, head)
    table.rest()
    if paid is None or not entry_id:
        return None
    return Entry(
        id=entry_id,
        when=condition,
        kinds=kinds,
        pay=paid,
        source=source,
        without_penalty=without,
        **found,  # type: ignore[arg-type]
    )


def _branch(table: Table, key: str, scope: Scope) -> Pay | None:
    if key in table.data and not isinstance(table.data[key], dict):
        table.asked.add(key)
        table.wrong(key, "clause", Hint.WRITE_A_CLAUSE)
        return None
    inner = table.table(key)
    return None if inner is None else catalogue.pay(inner, scope)


def _kinds(table: Table, condition: Condition, head: Head) -> tuple[Kind, ...]:
    """Return the kinds that the condition names, all of the rule's where it names none."""
    named: set[str] = set(head.kinds)
    for test in condition.tests:
        if isinstance(test, OneOf) and test.fact == KIND:
            for kind in sorted(test.answers & set(Kind) - set(head.kinds)):
                table.fault(FaultCode.KIND_NOT_DECLARED, Hint.ADD_TO_KINDS, kind=kind)
            named &= test.answers
    return tuple(kind for kind in head.kinds if kind in named)


def exclusion(table: Table, head: Head) -> Exclusion | None:
    """Read an [[exclude]]; None where it is wrong, which is noted."""
    exclusion_id = table.id("id", ENTRY_ID)
    condition = when.condition(table, "when", head.scope)
    reason = table.text("reason", needed=True)
    source = head.cited(table)
    if "when" not in table.data:
        table.missing("when")
    table.rest()
    return Exclusion(exclusion_id, condition, reason, source) if exclusion_id and reason else None


def uplift(table: Table, head: Head) -> Uplift | None:
    """Read an [[uplift]]; None where it is wrong, which is noted."""
    uplift_id = table.id("id", ENTRY_ID)
    scope = Scope(head.scope.facts, reporter=True)
    condition = when.condition(table, "when", scope)
    add = table.table("add")
    if add is None:
        if "add" not in table.data:
            table.missing("add")
        add = Table({}, table.place, table.faults, "add")
    elif add.has("percent") == add.has("fixed") or (add.has("fixed") and add.has("at_least")):
        table.fault(FaultCode.UPLIFT_CONTRADICTORY, Hint.REMOVE_ONE, why="percent_or_fixed")
    rate = add.as_rate("percent", add.get("percent"), _MOST_UPLIFT) if add.has("percent") else None
    fixed_fen, least_fen = add.amount("fixed"), add.amount("at_least")
    add.rest()
    facts = [head.scope.facts[fact] for fact in condition.facts() if fact in head.scope.facts]
    found = Uplift(
        id=uplift_id,
        when=condition,
        rate=rate,
        fixed_fen=fixed_fen or 0,
        at_least_fen=least_fen or 0,
        order=table.word("order", Order, Order.BEFORE_CAP),
        source=head.cited(table),
        personal=any(fact.about is About.REPORTER for fact in facts),
        cap_fen=table.amount("cap"),
        stages=frozenset(table.words("stages", Stage)) or frozenset({Stage.MAIN}),
        title=table.text("title"),
        note=table.text("note"),
    )
    table.rest()
    return found if uplift_id else None


def _only(table: Table, key: str, written: list[str], allowed: str) -> None:
    """Refuse every word but one."""
    for word in written:
        if word != allowed:
            facts = {"key": key, "word": shortened(word), "allowed": allowed, "near": ""}
            table.fault(FaultCode.UNKNOWN_WORD, Hint.SEE_REFERENCE, **facts)


def limit(table: Table, head: Head) -> Limit | None:
    """Read a [[limit]]; None where it is wrong, which is noted."""
    limit_id = table.id("id", ENTRY_ID)
    _only(table, "per", [table.string("per") or _REPORTER], _REPORTER)
    same = table.strings("same")
    _only(table, "same", same, KIND)
    if "period" not in table.data:
        table.missing("period")
    count = table.whole("count", least=1) if "count" in table.data else None
    found = Limit(
        id=limit_id,
        period=table.word("period", Period, Period.YEAR),
        source=head.cited(table),
        max_fen=table.amount("max"),
        count=count,
        by_kind=KIND in same,
        title=table.text("title"),
    )
    table.rest()
    if found.max_fen is None and found.count is None:
        table.fault(FaultCode.LIMIT_EMPTY, Hint.ADD_THE_KEY)
    return found if limit_id else None


def eligibility(table: Table, source: Source) -> Eligibility:
    """Read [eligibility]."""
    default = Eligibility(source)
    article = table.cite("cite") or ""
    confirmed = table.flag("confirmed", default=source.confirmed)
    found = Eligibility(
        source=Source(source.rule, source.version, article, confirmed),
        real_name_by=table.word("real_name_by", Moment, default.real_name_by),
        anonymous=table.word("anonymous", Anonymous, default.anonymous),
        known_before=table.word("known_before", KnownBefore, default.known_before),
        staff_or_relatives=table.word("staff_or_relatives", Admission, default.staff_or_relatives),
        principal=table.word("principal", Admission, default.principal),
        first_only=table.flag("first_only", default=default.first_only),
        claim_days=table.whole("claim_days", default.claim_days, least=1, most=3660) or default.claim_days,
    )
    table.rest()
    return found


def sharing(table: Table) -> Sharing:
    """Read [sharing]."""
    found = Sharing(table.word("mode", SharingMode, SharingMode.FIRST))
    table.rest()
    return found
