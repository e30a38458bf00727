"""What a rule set must not say although each of its words is right: contradictions, gaps, dead entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.clauses.choose import Choose
from portal.rewards.rules.clauses.combine import Combine
from portal.rewards.rules.clauses.fixed import Fixed
from portal.rewards.rules.faults import FaultCode, Faults, Hint, Place
from portal.rewards.rules.model import Entry, RuleSet, Uplift
from portal.rewards.rules.outline import Outline
from portal.rewards.rules.questions import called
from portal.rewards.rules.reach import covered_by
from portal.rewards.rules.values import ByOption, Constant, Value, constant
from portal.rewards.rules.vocabulary import Order, Stage, Together

_MOST_COMPARED = 60_000
_EXAMPLE = ("示例", "example")


class Places:
    """Where the parts of a file stand; what was taken over stands in the head, at ``inherits``."""

    def __init__(self, data: Mapping[str, object], lines: Outline) -> None:
        """Note the place of every part that has an id."""
        self.lines = lines
        self.places: dict[tuple[str, str], Place] = {}
        for table in ("award", "uplift"):
            rows = data.get(table)
            for number, row in enumerate(rows if isinstance(rows, list) else []):
                if isinstance(row, dict) and isinstance(row.get("id"), str):
                    place = Place(called(table, row, number), lines.line(table, number))
                    self.places.setdefault((table, row["id"]), place)

    def of(self, table: str, part_id: str) -> Place:
        """Return the place of a part."""
        return self.places.get((table, part_id)) or self.key("inherits")

    def key(self, key: str) -> Place:
        """Return the place of a key of the head."""
        return Place("", self.lines.key(key))


def check(
    rules: RuleSet, data: Mapping[str, object], lines: Outline, faults: Faults, existing: Sequence[RuleSet]
) -> None:
    """Note what contradicts itself in a rule set, or the versions that are there."""
    places = Places(data, lines)
    # Where an entry could not be read, nobody can tell what the others leave open.
    read = not any(fault.entry.startswith("award") for fault in faults.found)
    _versions(rules, places, faults, existing)
    for entry in rules.entries:
        place = places.of("award", entry.id)
        for pay in (entry.pay, entry.without_penalty):
            if pay is not None:
                _clause(pay, place, faults)
                _choices(pay, place, faults)
                _under_cap(pay, rules, place, faults)
    if read:
        _kinds(rules, places, faults)
        _unreachable(rules, places, faults)
    for uplift in rules.uplifts:
        _uplift(uplift, rules, places.of("uplift", uplift.id), faults)
    _shadowed_uplifts(rules, places, faults)
    if rules.invented and not (_EXAMPLE[0] in rules.title.zh and _EXAMPLE[1] in rules.title.en.lower()):
        faults.add(FaultCode.INVENTED_UNMARKED, places.key("title"), Hint.MARK_THE_TITLE)


def _versions(rules: RuleSet, places: Places, faults: Faults, existing: Sequence[RuleSet]) -> None:
    """Refuse a version that is there, and one that would be effective before an earlier one."""
    same = [one for one in existing if one.id == rules.id]
    if not same:
        return
    newest = max(same, key=lambda one: one.version)
    if rules.version <= newest.version:
        faults.add(
            FaultCode.VERSION_NOT_RISING,
            places.key("version"),
            Hint.RAISE_THE_VERSION,
            version=newest.version,
        )
    latest = max(same, key=lambda one: one.effective_from)
    if rules.effective_from < latest.effective_from:
        faults.add(
            FaultCode.EFFECTIVE_BEFORE_EXISTING,
            places.key("effective_from"),
            Hint.LATER_DATE,
            version=latest.version,
            effective_from=latest.effective_from.isoformat(),
        )


def _kinds(rules: RuleSet, places: Places, faults: Faults) -> None:
    """Refuse kinds that the rule says it covers and pays nothing for."""
    paid = {kind for entry in rules.entries if entry.stage is Stage.MAIN for kind in entry.kinds}
    for kind in rules.kinds:
        if kind not in paid:
            faults.add(FaultCode.KIND_WITHOUT_ENTRY, places.key("kinds"), Hint.ADD_AN_ENTRY, kind=kind.value)


def _clause(pay: Pay, place: Place, faults: Faults) -> None:
    """Refuse bounds that stand the wrong way round, in a clause and in its parts."""
    _rises(pay.low, pay.high, ("min", "max"), place, faults)
    _rises(pay.soft, pay.high, ("soft_max", "max"), place, faults)
    _rises(pay.low, pay.soft, ("min", "soft_max"), place, faults)
    _rises(pay.soft, pay.may_reach, ("soft_max", "may_reach"), place, faults)
    _rises(pay.may_reach, pay.high, ("may_reach", "max"), place, faults)
    clause = pay.clause
    if isinstance(clause, Choose):
        _rises(clause.low, clause.high, ("choose.min", "choose.max"), place, faults)
        _rises(clause.low, clause.default, ("choose.min", "choose.default"), place, faults)
        _rises(clause.default, clause.high, ("choose.default", "choose.max"), place, faults)
        _rises(pay.low, clause.high, ("min", "choose.max"), place, faults)
        _rises(clause.low, pay.high, ("choose.min", "max"), place, faults)
    elif isinstance(clause, Fixed):
        _fixed(clause, pay, place, faults)
    elif isinstance(clause, Combine):
        for part in clause.clauses:
            _clause(part, place, faults)


def _fixed(clause: Fixed, pay: Pay, place: Place, faults: Faults) -> None:
    """Refuse a fixed amount that its own bounds would change."""
    amount, low, high = constant(clause.value), constant(pay.low), constant(pay.high)
    if amount is None:
        return
    if (low is not None and amount < low) or (high is not None and amount > high):
        faults.add(
            FaultCode.FIXED_OUTSIDE_BOUNDS,
            place,
            Hint.REMOVE_ONE,
            amount=int(amount),
            low=int(low or 0),
            high=int(high if high is not None else amount),
        )


def _rises(
    low: Value | None, high: Value | None, keys: tuple[str, str], place: Place, faults: Faults
) -> None:
    """Refuse a lower bound over its upper one, for each answer where they are looked up."""
    for option, least, most in _pairs(low, high):
        if least > most:
            faults.add(
                FaultCode.MIN_OVER_MAX,
                place,
                Hint.SWAP_BOUNDS,
                key=keys[0],
                other=keys[1],
                low=int(least),
                high=int(most),
                option=option,
            )


def _pairs(low: Value | None, high: Value | None) -> Iterator[tuple[str, int, int]]:
    """Return the amounts that stand against each other, with the answer they belong to."""
    if isinstance(low, Constant) and isinstance(high, Constant):
        yield "", int(low.number), int(high.number)
    elif isinstance(low, ByOption) or isinstance(high, ByOption):
        fact = low if isinstance(low, ByOption) else high
        if not isinstance(fact, ByOption):
            return
        for option in fact.table:
            ends = _of_option(low, fact.fact, option), _of_option(high, fact.fact, option)
            if ends[0] is not None and ends[1] is not None:
                yield option, ends[0], ends[1]


def _of_option(value: Value | None, fact: str, option: str) -> int | None:
    """Return what a value is for one answer, where it is written down."""
    if isinstance(value, ByOption):
        value = value.table.get(option, value.other) if value.fact == fact else None
    number = constant(value)
    return None if number is None else int(number)


def _choices(pay: Pay, place: Place, faults: Faults) -> None:
    """Refuse two decisions of an officer in one amount: nobody could tell which one he chose."""
    if _decisions(pay) > 1:
        faults.add(FaultCode.MANY_CHOICES, place, Hint.SPLIT_THE_ENTRY)


def _decisions(pay: Pay) -> int:
    clause = pay.clause
    inner = sum(_decisions(part) for part in clause.clauses) if isinstance(clause, Combine) else 0
    # A soft cap right on a choice is passed by the choice itself.
    own = isinstance(clause, Choose) or pay.soft is not None
    return inner + int(own)


def _under_cap(pay: Pay, rules: RuleSet, place: Place, faults: Faults) -> None:
    """Refuse a floor that lies over the cap of the whole award."""
    low = constant(pay.low)
    if low is not None and rules.cap_fen is not None and low > rules.cap_fen:
        faults.add(
            FaultCode.MIN_OVER_MAX,
            place,
            Hint.RAISE_THE_CAP,
            key="min",
            other="cap",
            low=int(low),
            high=rules.cap_fen,
            option="",
        )


def _unreachable(rules: RuleSet, places: Places, faults: Faults) -> None:
    """Refuse an entry that earlier ones leave nothing to."""
    before: dict[Stage, list[Entry]] = {stage: [] for stage in Stage}
    compared = 0
    for entry in rules.entries:
        earlier = before[entry.stage]
        compared += len(earlier)
        # Only a file made to keep us busy has so many entries: it is read, but not compared to its end.
        if faults.full or compared > _MOST_COMPARED:
            return
        by = covered_by(entry, earlier)
        if by:
            place = places.of("award", entry.id)
            faults.add(FaultCode.UNREACHABLE_ENTRY, place, Hint.PUT_IT_FIRST, by=by)
        earlier.append(entry)


def _uplift(uplift: Uplift, rules: RuleSet, place: Place, faults: Faults) -> None:
    """Refuse an uplift whose order and caps contradict each other."""

    def contradicts(why: str, hint: Hint) -> None:
        faults.add(FaultCode.UPLIFT_CONTRADICTORY, place, hint, why=why)

    if uplift.order is Order.LIFTS_CAP:
        if uplift.cap_fen is None:
            contradicts("lifts_without_cap", Hint.NAME_A_CAP)
        elif rules.cap_fen is not None and uplift.cap_fen <= rules.cap_fen:
            contradicts("lifts_nothing", Hint.RAISE_THE_CAP)
    elif uplift.order is Order.BEFORE_CAP:
        if uplift.cap_fen is None and rules.cap_fen is None:
            contradicts("before_no_cap", Hint.CAP_OR_AFTER)
        elif uplift.cap_fen is not None and rules.cap_fen is not None and uplift.cap_fen > rules.cap_fen:
            contradicts("cap_over_cap", Hint.RAISE_THE_CAP)
    elif uplift.cap_fen is not None and rules.cap_fen is not None and uplift.cap_fen < rules.cap_fen:
        contradicts("on_top_below_cap", Hint.RAISE_THE_CAP)


def _shadowed_uplifts(rules: RuleSet, places: Places, faults: Faults) -> None:
    """Refuse an uplift that can never apply because an earlier one has the same condition."""
    if rules.together is not Together.FIRST:
        return
    seen: list[Uplift] = []
    for uplift in rules.uplifts:
        if any(one.when == uplift.when and one.stages >= uplift.stages for one in seen):
            place = places.of("uplift", uplift.id)
            faults.add(FaultCode.UPLIFT_CONTRADICTORY, place, Hint.REMOVE_ONE, why="same_condition")
        seen.append(uplift)
