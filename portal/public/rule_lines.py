"""The provisions of a rule set as lines that anybody can read."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flask_babel import gettext, lazy_gettext

from portal.money import format_yuan_brief
from portal.rewards.page_tongue import PAGE, page_reading
from portal.rewards.rules.legacy import (
    Entry,
    Kind,
    Moment,
    OfficerChoice,
    PercentOfPenalty,
    PerDeath,
    RuleSet,
    Source,
)
from portal.rewards.rules.registry import STANDARD
from portal.rewards.speech import text
from portal.rewards.terms import CLASSES


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, and whether its figure still has to be confirmed."""

    text: str
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Provision:
    """What is paid for one sort of thing, and where that is written."""

    title: str
    lines: list[Line]
    sources: list[str]


KINDS = {
    Kind.MAJOR_HAZARD: lazy_gettext("Major hazards"),
    Kind.ILLEGAL_ACT: lazy_gettext("Illegal acts"),
    Kind.ORDINARY_HAZARD: lazy_gettext("Ordinary hazards"),
    Kind.CONCEALED_ACCIDENT: lazy_gettext("Concealed accidents"),
    Kind.WELDING_VIOLATION: lazy_gettext("Welding violations"),
}
NAMED = {
    Moment.FILING: lazy_gettext("A real name is needed when the report is made."),
    Moment.CONCLUSION: lazy_gettext("A real name is needed before the check is concluded."),
    Moment.CLAIM: lazy_gettext("A real name is needed only when the reward is claimed."),
}


def provisions(rules: RuleSet) -> list[Provision]:
    """Return the provisions in the order in which they are tried, then what employees get on top."""
    return [*(_provision(entry) for entry in rules.entries), _uplift(rules), _tax(rules)]


def _provision(entry: Entry) -> Provision:
    title = str(gettext(", ")).join(str(KINDS[kind]) for kind in entry.kinds)
    lines = [*_clause(entry), *_without_penalty(entry), Line(str(NAMED[entry.real_name_by]))]
    sources = [entry.source]
    if isinstance(entry.clause, PercentOfPenalty):
        sources.append(entry.clause.rate_source)
    return Provision(title, lines, _titles(sources))


def _clause(entry: Entry) -> list[Line]:
    clause = entry.clause
    if isinstance(clause, PercentOfPenalty):
        return _percent(clause)
    if isinstance(clause, PerDeath):
        return _deaths(clause)
    band = clause.band
    text = gettext(
        "From %(low)s to %(high)s yuan; the officer chooses the amount and writes the reason.",
        low=format_yuan_brief(band.min_fen),
        high=format_yuan_brief(band.max_fen),
    )
    return [Line(str(text))]


def _percent(clause: PercentOfPenalty) -> list[Line]:
    parts = str(gettext(" and ")).join(text(STANDARD[part].label, PAGE) for part in clause.base)
    share = gettext("%(rate)s of the penalty (%(parts)s).", rate=_rate(clause.rate), parts=parts)
    bounds = gettext(
        "At least %(low)s yuan, at most %(high)s yuan.",
        low=format_yuan_brief(clause.band.min_fen),
        high=format_yuan_brief(clause.band.max_fen),
    )
    return [Line(str(share), clause.rate_source.confirmed), Line(str(bounds))]


def _deaths(clause: PerDeath) -> list[Line]:
    lines = [
        gettext(
            "%(amount)s yuan for each confirmed concealed death: %(accident)s.",
            amount=format_yuan_brief(fen),
            accident=gettext(CLASSES[accident]),
        )
        for accident, fen in clause.by_class
    ]
    lines.append(gettext("At most %(high)s yuan in all.", high=format_yuan_brief(clause.max_fen)))
    return [Line(str(line)) for line in lines]


def _without_penalty(entry: Entry) -> list[Line]:
    choice, source = entry.without_penalty, entry.without_penalty_source
    if not isinstance(choice, OfficerChoice) or source is None:
        return []
    band = choice.band
    low, high = format_yuan_brief(band.min_fen), format_yuan_brief(band.max_fen)
    if band.min_fen == band.max_fen:
        text = gettext("Confirmed, but no penalty: %(amount)s yuan.", amount=low)
    else:
        text = gettext("Confirmed, but no penalty: %(low)s to %(high)s yuan.", low=low, high=high)
    return [Line(str(text), source.confirmed)]


def _uplift(rules: RuleSet) -> Provision:
    uplift = rules.uplift
    more = gettext(
        "%(rate)s on top, at least %(least)s yuan, for employees of the firm.",
        rate=_rate(uplift.rate),
        least=format_yuan_brief(uplift.at_least_fen),
    )
    cap = gettext("At most %(high)s yuan in all.", high=format_yuan_brief(uplift.uplift_cap_fen))
    who = gettext("An identity officer confirms the employment; who checks on site does not learn it.")
    lines = [Line(str(text), uplift.source.confirmed) for text in (more, cap)]
    return Provision(
        str(gettext("Employees of the firm")), [*lines, Line(str(who))], _titles([uplift.source])
    )


def _tax(rules: RuleSet) -> Provision:
    held = rules.withholding
    text = gettext("Withheld for tax: %(amount)s yuan.", amount=format_yuan_brief(held.withheld_fen))
    line = Line(str(text), held.source.confirmed)
    return Provision(str(gettext("Tax")), [line], _titles([held.source]))


def _titles(sources: list[Source]) -> list[str]:
    return list(dict.fromkeys(page_reading().title(source.rule, source.version) for source in sources))


def _rate(rate: Fraction) -> str:
    percent = rate * 100
    return f"{percent.numerator}%" if percent.denominator == 1 else f"{float(percent):g}%"
