"""What one rule set says otherwise than another: codes and the model's own values, no sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from portal.rewards.rules.clauses.bounds import Pay
from portal.rewards.rules.clauses.choose import Choose
from portal.rewards.rules.clauses.each import Each
from portal.rewards.rules.clauses.fixed import Fixed
from portal.rewards.rules.clauses.percent import Percent
from portal.rewards.rules.conditions import Condition
from portal.rewards.rules.model import (
    Eligibility,
    Entry,
    Exclusion,
    Fact,
    Limit,
    Option,
    RuleSet,
    Sharing,
    Uplift,
)
from portal.rewards.rules.rounding import Rounding
from portal.rewards.rules.terms import Text
from portal.rewards.rules.values import Value


class ChangeCode(StrEnum):
    """What happened to a part or to one of its keys."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


class Sort(StrEnum):
    """Which part of a rule set."""

    HEAD = "head"
    ELIGIBILITY = "eligibility"
    SHARING = "sharing"
    FACT = "fact"
    OPTION = "option"
    AWARD = "award"
    EXCLUDE = "exclude"
    UPLIFT = "uplift"
    LIMIT = "limit"


Part = TypeVar("Part", Fact, Entry, Exclusion, Uplift, Limit)
Plain = bool | int | str | Fraction | date | None
Said = Plain | Text | Value | Pay | Condition | Rounding | tuple[str, ...]
"""A value as the model holds it: amounts in fen, rates as fractions of one."""


Keys = dict[str, Said]


@dataclass(frozen=True, slots=True)
class Where:
    """A part by its sort and id (an option: "fact/option"), and the key inside it, such as "pay.rate"."""

    sort: Sort
    id: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; an added or removed part carries no values, a moved one the place it had and has."""

    code: ChangeCode
    where: Where
    before: Said = None
    after: Said = None


def diff(old: RuleSet, new: RuleSet) -> list[Change]:
    """Return every difference between two rule sets, in the order of a file."""
    changes = list(_keys(Where(Sort.HEAD), _head(old), _head(new)))
    changes += _keys(Where(Sort.ELIGIBILITY), _eligibility(old.eligibility), _eligibility(new.eligibility))
    changes += _keys(Where(Sort.SHARING), _sharing(old.sharing), _sharing(new.sharing))
    changes += _parts(Sort.FACT, _by_id(old.facts.values(), _fact), _by_id(new.facts.values(), _fact))
    changes += _options(old, new)
    changes += _parts(Sort.AWARD, _by_id(old.entries, _entry), _by_id(new.entries, _entry), ordered=True)
    exclusions = _by_id(old.exclusions, _exclusion), _by_id(new.exclusions, _exclusion)
    changes += _parts(Sort.EXCLUDE, *exclusions)
    changes += _parts(Sort.UPLIFT, _by_id(old.uplifts, _uplift), _by_id(new.uplifts, _uplift))
    changes += _parts(Sort.LIMIT, _by_id(old.limits, _limit), _by_id(new.limits, _limit))
    return changes


def _keys(where: Where, old: Keys, new: Keys) -> Iterator[Change]:
    """Compare the keys of one part."""
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if before != after:
            yield Change(ChangeCode.CHANGED, Where(where.sort, where.id, key), before, after)


def _parts(
    sort: Sort, old: Mapping[str, Keys], new: Mapping[str, Keys], *, ordered: bool = False
) -> Iterator[Change]:
    """Compare the parts of one sort: gone, new, changed, and where the order counts, moved."""
    for part in old:
        if part not in new:
            yield Change(ChangeCode.REMOVED, Where(sort, part))
    stayed = [part for part in old if part in new]
    now = [part for part in new if part in old]
    for part in new:
        where = Where(sort, part)
        if part not in old:
            yield Change(ChangeCode.ADDED, where)
            continue
        yield from _keys(where, old[part], new[part])
        before, after = stayed.index(part) + 1, now.index(part) + 1
        if ordered and before != after:
            yield Change(ChangeCode.MOVED, where, before, after)


def _options(old: RuleSet, new: RuleSet) -> Iterator[Change]:
    """Compare the answers of the choices that both have."""
    for fact_id in old.facts:
        if fact_id not in new.facts:
            continue
        both = [
            {f"{fact_id}/{option.id}": _option(option) for option in rules.facts[fact_id].options}
            for rules in (old, new)
        ]
        yield from _parts(Sort.OPTION, both[0], both[1])


def _by_id(parts: Iterable[Part], keys: Callable[[Part], Keys]) -> dict[str, Keys]:
    return {part.id: keys(part) for part in parts}


def _head(rules: RuleSet) -> Keys:
    return {
        "version": rules.version,
        "title": rules.title,
        "document": rules.document,
        "confirmed": rules.source.confirmed,
        "invented": rules.invented,
        "effective_from": rules.effective_from,
        "effective_confirmed": rules.effective_confirmed,
        "governs_by": rules.governs_by,
        "payable_when": rules.payable_when,
        "rounding": rules.rounding,
        "overlap": rules.overlap,
        "uplifts": rules.together,
        "cap": rules.cap_fen,
        "withhold": rules.withholding.withheld_fen,
        "withhold_cite": rules.withholding.source.article,
        "withhold_confirmed": rules.withholding.source.confirmed,
        "sectors": rules.sectors,
        "kinds": tuple(kind.value for kind in rules.kinds),
        "payment": rules.payment,
        "inherits": tuple(f"{one.rule}/{one.version}/{part}" for one in rules.inherits for part in one.parts),
    }


def _eligibility(who: Eligibility) -> Keys:
    return {
        "real_name_by": who.real_name_by,
        "anonymous": who.anonymous,
        "known_before": who.known_before,
        "staff_or_relatives": who.staff_or_relatives,
        "principal": who.principal,
        "first_only": who.first_only,
        "claim_days": who.claim_days,
        "cite": who.source.article,
        "confirmed": who.source.confirmed,
    }


def _sharing(sharing: Sharing) -> Keys:
    return {"mode": sharing.mode}


def _fact(fact: Fact) -> Keys:
    return {
        "type": fact.type,
        "label": fact.label,
        "help": fact.help,
        "unit": fact.unit,
        "decimals": fact.decimals,
        "min": fact.min,
        "max": fact.max,
        "about": fact.about,
        "confirmed_by": fact.confirmed_by,
        "public": fact.public,
    }


def _option(option: Option) -> Keys:
    values: Keys = {f"values.{name}": value for name, value in option.values.items()}
    return {"label": option.label, "group": option.group, **values}


def _entry(entry: Entry) -> Keys:
    return {
        "title": entry.title,
        "stage": entry.stage,
        "when": entry.when,
        **_pay("pay", entry.pay),
        **(_pay("without_penalty", entry.without_penalty) if entry.without_penalty else {}),
        "real_name_by": entry.real_name_by,
        "cite": entry.source.article,
        "confirmed": entry.source.confirmed,
        "note": entry.note,
    }


def _pay(name: str, pay: Pay) -> Keys:
    """Return a clause by its keys; one that has none of the simple forms stands as a whole."""
    bounds: Keys = {
        f"{name}.min": pay.low,
        f"{name}.max": pay.high,
        f"{name}.soft_max": pay.soft,
        f"{name}.may_reach": pay.may_reach,
        f"{name}.less": pay.less or None,
        f"{name}.cite": pay.cite,
        f"{name}.confirmed": pay.confirmed,
        f"{name}.to_confirm": tuple(sorted(pay.to_confirm)) or None,
    }
    match pay.clause:
        case Fixed(value=value):
            return {f"{name}.fixed": value, **bounds}
        case Percent(base=base, rate=rate):
            return {f"{name}.percent_of": base, f"{name}.rate": rate, **bounds}
        case Each(each=each, count=count):
            return {f"{name}.each": each, f"{name}.count": count, **bounds}
        case Choose(low=low, high=high, default=default):
            band: Keys = {f"{name}.choose.min": low, f"{name}.choose.max": high}
            return {**band, f"{name}.choose.default": default, **bounds}
    return {name: pay}


def _exclusion(exclusion: Exclusion) -> Keys:
    return {
        "when": exclusion.when,
        "reason": exclusion.reason,
        "cite": exclusion.source.article,
        "confirmed": exclusion.source.confirmed,
    }


def _uplift(uplift: Uplift) -> Keys:
    return {
        "title": uplift.title,
        "when": uplift.when,
        "add.percent": uplift.rate,
        "add.fixed": None if uplift.rate is not None else uplift.fixed_fen,
        "add.at_least": uplift.at_least_fen,
        "order": uplift.order,
        "cap": uplift.cap_fen,
        "stages": tuple(sorted(stage.value for stage in uplift.stages)),
        "cite": uplift.source.article,
        "confirmed": uplift.source.confirmed,
        "note": uplift.note,
    }


def _limit(limit: Limit) -> Keys:
    return {
        "title": limit.title,
        "period": limit.period,
        "max": limit.max_fen,
        "count": limit.count,
        "same": limit.by_kind,
        "cite": limit.source.article,
        "confirmed": limit.source.confirmed,
    }
