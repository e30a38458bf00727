"""What a report could be worth: the few questions a rule set asks in public, and the band it may give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from portal.money import MoneyError, parse_yuan
from portal.rewards.bands import rule_set_for
from portal.rewards.declared import Group, Option, groups_of
from portal.rewards.rules import known as facts_known
from portal.rewards.rules import uplifts
from portal.rewards.rules.compute import compute
from portal.rewards.rules.estimate import estimate
from portal.rewards.rules.given import KNOWN_BEFORE, FactError, Facts, FactValue, FindingFacts, ReporterFacts
from portal.rewards.rules.model import Entry, Fact, RuleSet
from portal.rewards.rules.outcome import Outcome
from portal.rewards.rules.vocabulary import (
    About,
    FactType,
    Kind,
    Moment,
    Part,
    PenaltyState,
    RealName,
    Stage,
)
from portal.rewards.verdicts import WITHOUT_CEILING_FEN, ineligible_sentence
from portal.rewards.wording.explain import Audience, Reading, explain
from portal.rewards.wording.lines import Shown, shown
from portal.rewards.wording.phrases import Phrases
from portal.rewards.wording.prose import Provision, entry_provision
from portal.rewards.wording.speech import text
from portal.rewards.wording.terms import gettext_noop

PENALTY = "penalty"
NO_PENALTY = "none"
GUESSED = frozenset(
    {
        *Part,
        "deaths_confirmed",
        "accident_class",
        "goods_value",
        "evidence_quality",
        "insider",
        "family",
    }
)
"""Standard facts that a reporter may have an idea of; a rule set declares others public itself."""
ASKED = {
    "insider": gettext_noop("Do you work there?"),
    "family": gettext_noop("Does somebody of your family work there?"),
}
"""Facts about the reporter, asked of the reporter."""
MANY = 8
YES, NO = "yes", "no"

Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ask:
    """One question as the page puts it: control is radio, select, text or date."""

    name: str
    label: str
    control: str
    answer: str
    help: str = ""
    unit: str = ""
    groups: tuple[Group, ...] = ()
    fault: str = ""

    @property
    def options(self) -> tuple[Option, ...]:
        """Return all answers, whatever their heading."""
        return tuple(option for group in self.groups for option in group.options)


@dataclass(frozen=True, slots=True)
class Worth:
    """What may come of it, in fen, and why: lines of a sum, or the provisions that bound it."""

    low_fen: int = 0
    high_fen: int = 0
    lines: tuple[Shown, ...] = ()
    provisions: tuple[Provision, ...] = ()
    nothing: tuple[str, ...] = ()
    officers_choice: bool = False
    title: str = ""

    @property
    def unlimited(self) -> bool:
        """Tell whether the rule names no ceiling for what is known so far."""
        return self.high_fen >= WITHOUT_CEILING_FEN


def kinds(rule_sets: Sequence[RuleSet], sector: str) -> list[Kind]:
    """Return the kinds that some rule set rewards in a trade."""
    return [kind for kind in Kind if rule_set_for(rule_sets, sector, kind) is not None]


def questions(rules: RuleSet, kind: Kind, answers: Answers, reading: Reading) -> list[Ask]:
    """Return the questions that matter for this kind, with what was answered and what is wrong with it."""
    asked = [_question(fact, answers, reading) for fact in _asked(rules, kind)]
    if _needs_penalty(rules, kind):
        asked.insert(0, _penalty_question(answers, reading))
    return asked


def worth(rules: RuleSet, kind: Kind, answers: Answers, reading: Reading) -> Worth:
    """Return what these answers may be worth; who asks is nobody in particular."""
    title = text(rules.title, reading.tr)
    facts = _facts(rules, kind, answers)
    outcome = compute(facts, rules, moment=Moment.CONCLUSION)
    if outcome.amount_fen is not None and outcome.derivation is not None and not outcome.officers_choice:
        said = explain(outcome.derivation, Audience.REPORTER, reading)
        said[-1] = replace(said[-1], title=reading.tr("About"))
        lines = tuple(shown(line, outcome.amount_fen) for line in said)
        return Worth(outcome.amount_fen, outcome.amount_fen, lines, title=title)
    provisions = tuple(
        entry_provision(entry, rules, reading.tr, reading.titles) for entry in _entries(rules, kind)
    )
    guess = estimate(facts, rules)
    if guess is None:
        return Worth(provisions=provisions, nothing=_reasons(outcome, reading), title=title)
    low_fen, high_fen = (_lifted(fen, facts, rules) for fen in (guess.low_fen, guess.high_fen))
    return Worth(low_fen, high_fen, (), provisions, (), guess.officers_choice, title)


def _reasons(outcome: Outcome, reading: Reading) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ineligible_sentence(one, reading) for one in outcome.reasons))


def _lifted(fen: int, facts: Facts, rules: RuleSet) -> int:
    """Return an end of the band with what is added for this reporter."""
    known = facts_known.of_finding(facts.findings[0], facts)
    full = facts_known.with_reporter(known, facts.reporter, rules.facts.values())
    personal = uplifts.applying(rules, Stage.MAIN, full, personal=True)
    steps = uplifts.add(personal, fen, rules, uplifts.Cap(rules.cap_fen), uplifts.SEALED)
    return steps[-1].after_fen if steps else fen


# Questions -----------------------------------------------------------------------------------------------


def _entries(rules: RuleSet, kind: Kind) -> list[Entry]:
    return [entry for entry in rules.entries if kind in entry.kinds and entry.stage is Stage.MAIN]


def _used(rules: RuleSet, kind: Kind) -> Iterator[str]:
    """Name every fact that may decide on a report of this kind."""
    for entry in _entries(rules, kind):
        yield from entry.when.facts()
        yield from entry.pay.facts()
        if entry.without_penalty is not None:
            yield from entry.without_penalty.facts()
    for uplift in rules.uplifts:
        yield from uplift.when.facts()


def _asked(rules: RuleSet, kind: Kind) -> list[Fact]:
    used = set(_used(rules, kind))
    return [
        fact
        for fact in rules.facts.values()
        if fact.id in used and (fact.public or fact.id in GUESSED) and fact.type is not FactType.DATE
    ]


def _needs_penalty(rules: RuleSet, kind: Kind) -> bool:
    return not set(Part).isdisjoint(_used(rules, kind))


def _penalty_question(answers: Answers, reading: Reading) -> Ask:
    tr = reading.tr
    options = (
        Option("", tr("I do not know")),
        Option(YES, tr("Yes")),
        Option(NO_PENALTY, tr("No, it will be put right without a fine")),
    )
    return Ask(
        PENALTY, tr("Will there be a fine?"), "radio", answers.get(PENALTY, ""), groups=(Group("", options),)
    )


def _question(fact: Fact, answers: Answers, reading: Reading) -> Ask:
    tr, words = reading.tr, Phrases(reading.facts, reading.tr)
    groups = groups_of(fact, reading)
    count = sum(len(group.options) for group in groups)
    control = "text" if not groups else "radio" if count <= MANY else "select"
    if control == "radio":
        personal = fact.about is About.REPORTER
        unknown = tr("I would rather not say") if personal else tr("I do not know")
        groups = (Group("", (Option("", unknown), *groups[0].options)), *groups[1:])
    unit = tr("yuan") if fact.type is FactType.MONEY else text(fact.unit, tr) if fact.unit else ""
    answer = answers.get(fact.id, "")
    return Ask(
        fact.id,
        tr(ASKED[fact.id]) if fact.id in ASKED else words.label(fact.id),
        control,
        answer,
        text(fact.help, tr) if fact.help else "",
        unit,
        groups,
        _fault(fact, answer, reading),
    )


# Answers -------------------------------------------------------------------------------------------------


def _facts(rules: RuleSet, kind: Kind, answers: Answers) -> Facts:
    """Return what was answered as facts; what cannot be read is not known."""
    values: dict[About, dict[str, FactValue]] = {about: {} for about in About}
    for fact in _asked(rules, kind):
        value = _value(fact, answers.get(fact.id, ""))
        if value is not None:
            values[fact.about][fact.id] = value
    finding = values[About.FINDING]
    penalty = _penalty(finding, answers)
    if penalty is not PenaltyState.RECORDED:
        finding = {name: value for name, value in finding.items() if name not in set(Part)}
    if KNOWN_BEFORE in rules.facts:
        values[About.CASE].setdefault(KNOWN_BEFORE, NO)
    reporter = ReporterFacts(RealName.CONFIRMED, values=values[About.REPORTER])
    try:
        return Facts((FindingFacts(kind, penalty, finding),), reporter, values[About.CASE])
    except FactError:
        return Facts((FindingFacts(kind),), reporter)


def _penalty(finding: Mapping[str, FactValue], answers: Answers) -> PenaltyState:
    if answers.get(PENALTY) == NO_PENALTY:
        return PenaltyState.NONE
    return PenaltyState.PENDING if set(Part).isdisjoint(finding) else PenaltyState.RECORDED


def _value(fact: Fact, answer: str) -> FactValue | None:
    """Return an answer as the fact's type; None for none, and for one that cannot be read."""
    if not answer:
        return None
    if fact.type is FactType.YES_NO:
        return {YES: True, NO: False}.get(answer)
    if fact.type is FactType.CHOICE:
        return answer if fact.option(answer) else None
    number = _money(answer) if fact.type is FactType.MONEY else _number(answer, fact)
    if (
        number is None
        or (fact.min is not None and number < fact.min)
        or (fact.max is not None and number > fact.max)
    ):
        return None
    return number


def _money(answer: str) -> int | None:
    try:
        return parse_yuan(answer)
    except MoneyError:
        return None


def _number(answer: str, fact: Fact) -> int | Fraction | None:
    plain = answer.strip().replace(",", "")
    whole, _, part = plain.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 9) or len(part) > fact.decimals:
        return None
    if part and not (part.isascii() and part.isdigit()):
        return None
    value = Fraction(plain)
    return value.numerator if value.denominator == 1 else value


def _fault(fact: Fact, answer: str, reading: Reading) -> str:
    """Return what is wrong with an answer, and what to write instead; empty when it can be read."""
    tr = reading.tr
    if not answer or _value(fact, answer) is not None:
        return ""
    if fact.type is FactType.MONEY:
        return tr("Please write an amount in yuan, such as 20,000, or leave it empty.")
    words = Phrases(reading.facts, tr)
    if fact.type is FactType.NUMBER and fact.min is not None and fact.max is not None:
        return tr(
            "Please write a number from %(low)s to %(high)s, or leave it empty.",
            low=words.quantity(fact.id, fact.min),
            high=words.quantity(fact.id, fact.max),
        )
    return tr("Please choose one of the answers, or write a number.")
