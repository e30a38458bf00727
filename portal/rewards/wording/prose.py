"""A rule set read as prose, made from the file: what is paid for what, to whom, when, what is uncertain."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from portal.rewards.rules.model import Entry, Limit, RuleSet, Source, Uplift
from portal.rewards.rules.vocabulary import (
    About,
    Admission,
    Order,
    Period,
    SharingMode,
    Stage,
    Together,
)
from portal.rewards.shelf import Titles, no_titles
from portal.rewards.wording.clause_phrases import ClausePhrases
from portal.rewards.wording.phrases import Line, Row
from portal.rewards.wording.speech import Tongue, day, listed, percent, text, yuan
from portal.rewards.wording.terms import (
    ANONYMOUS,
    CONFIRMERS,
    GOVERNS,
    KINDS,
    KNOWN_BEFORE,
    NAMED,
    OVERLAPS,
    PAYABLE,
    PAYMENTS,
    ROUNDINGS,
    STAGES,
    gettext_noop,
)

__all__ = ["Line", "Prose", "Provision", "Row", "Titles", "prose"]


@dataclass(frozen=True, slots=True)
class Provision:
    """What is said of one thing, under its title, and where that is written."""

    title: str
    lines: tuple[Line, ...]
    sources: tuple[str, ...] = ()
    when: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Prose:
    """A rule set as a reader meets it: first what is paid, then for whom, how and when."""

    title: str
    document: str
    lead: tuple[Line, ...]
    paid: tuple[Provision, ...]
    rest: tuple[Provision, ...]
    invented: bool

    @property
    def certain(self) -> bool:
        """Tell whether every figure was seen in an official text."""
        parts = (*self.paid, *self.rest)
        return all(line.confirmed for part in parts for line in part.lines)


PERIODS = {
    Period.DAY: gettext_noop("a day"),
    Period.MONTH: gettext_noop("a month"),
    Period.QUARTER: gettext_noop("a quarter"),
    Period.YEAR: gettext_noop("a year"),
}
ORDERS = {
    Order.BEFORE_CAP: gettext_noop("It is added first; the ceilings then hold for the total."),
    Order.AFTER_CAP: gettext_noop("The ceilings hold before it is added."),
    Order.LIFTS_CAP: gettext_noop("With it the total may pass the ceiling of the reward."),
}
TOGETHER = {
    Together.HIGHEST: gettext_noop("If several of these fit, the highest is added."),
    Together.SUM: gettext_noop("If several of these fit, they are added up."),
    Together.FIRST: gettext_noop("If several of these fit, the first is added."),
}


def prose(rules: RuleSet, tr: Tongue, titles: Titles = no_titles) -> Prose:
    """Return a rule set as prose in one language."""
    return _Writer(rules, tr, titles).whole()


def entry_provision(entry: Entry, rules: RuleSet, tr: Tongue, titles: Titles = no_titles) -> Provision:
    """Return what one provision says."""
    return _Writer(rules, tr, titles).entry(entry)


class _Writer:
    """Writes one rule set in one language."""

    def __init__(self, rules: RuleSet, tr: Tongue, titles: Titles) -> None:
        self.rules, self.tr, self.titles = rules, tr, titles
        self.words = ClausePhrases(rules.facts, tr)

    def whole(self) -> Prose:
        rules, tr = self.rules, self.tr
        rest = [
            *self.uplifts(),
            *self.limits(),
            *self.exclusions(),
            self.eligibility(),
            self.sharing(),
            self.paying(),
            *self.questions(),
        ]
        return Prose(
            text(rules.title, tr),
            text(rules.document, tr) if rules.document else "",
            self.lead(),
            tuple(self.entry(one) for one in rules.entries),
            tuple(rest),
            rules.invented,
        )

    def lead(self) -> tuple[Line, ...]:
        rules, tr = self.rules, self.tr
        covered = listed([tr(KINDS[kind]) for kind in rules.kinds], tr)
        return (
            Line(tr("It covers: %(kinds)s.", kinds=covered)),
            Line(
                tr("It holds from %(day)s.", day=day(rules.effective_from, tr)),
                rules.effective_confirmed and rules.source.confirmed,
            ),
            Line(tr(GOVERNS[rules.governs_by])),
        )

    # What is paid ----------------------------------------------------------------------------------------

    def entry(self, entry: Entry) -> Provision:
        tr, words = self.tr, self.words
        lines = words.pay(entry.pay, entry.source.confirmed)
        if entry.without_penalty is not None:
            bare = words.pay(entry.without_penalty, entry.source.confirmed)
            lines += [_led(tr("Confirmed, but no penalty:"), bare[0], tr), *bare[1:]]
        elif self._needs_penalty(entry):
            lines.append(Line(tr("Without a penalty nothing is paid."), entry.source.confirmed))
        if entry.real_name_by is not self.rules.eligibility.real_name_by:
            lines.append(Line(tr(NAMED[entry.real_name_by])))
        when = words.conditions(entry.when)
        return Provision(
            self._entry_title(entry),
            tuple(lines),
            self._sources(entry.source, entry.pay.cite),
            tr("If %(conditions)s.", conditions=when) if when else "",
            text(entry.note, tr) if entry.note else "",
        )

    def _entry_title(self, entry: Entry) -> str:
        tr = self.tr
        title = (
            text(entry.title, tr) if entry.title else listed([tr(KINDS[kind]) for kind in entry.kinds], tr)
        )
        if entry.stage is Stage.MAIN:
            return title
        return tr("%(title)s (%(stage)s)", title=title, stage=tr(STAGES[entry.stage]))

    def _needs_penalty(self, entry: Entry) -> bool:
        return any(one in {"fine_firm", "fine_person", "confiscated"} for one in entry.pay.facts())

    def _sources(self, source: Source, cite: str | None = None) -> tuple[str, ...]:
        """Return where it is written; nothing where the page's own title says it already."""
        tr, article = self.tr, cite or source.article
        if (source.rule, source.version) == (self.rules.id, self.rules.version):
            return (article,) if article else ()
        known = self.titles(source.rule, source.version)
        title = text(known, tr) if known else tr("another rule")
        return (tr("%(rule)s, %(article)s", rule=title, article=article) if article else title,)

    # For whom, how and when ------------------------------------------------------------------------------

    def uplifts(self) -> list[Provision]:
        found = [self.uplift(one) for one in self.rules.uplifts]
        if len(found) > 1:
            together = Line(self.tr(TOGETHER[self.rules.together]))
            found.append(Provision(self.tr("Several at once"), (together,)))
        return found

    def uplift(self, uplift: Uplift) -> Provision:
        tr, sure = self.tr, uplift.source.confirmed
        lines = [Line(self._added(uplift), sure), Line(tr(ORDERS[uplift.order]), sure)]
        if uplift.cap_fen is not None:
            lines.append(Line(tr("At most %(high)s yuan in all.", high=yuan(uplift.cap_fen)), sure))
        if uplift.personal:
            lines.append(Line(tr("An identity officer confirms it; who checks on site does not learn it.")))
        when = self.words.conditions(uplift.when)
        return Provision(
            text(uplift.title, tr) if uplift.title else tr("On top of the reward"),
            tuple(lines),
            self._sources(uplift.source),
            tr("If %(conditions)s.", conditions=when) if when else "",
            text(uplift.note, tr) if uplift.note else "",
        )

    def _added(self, uplift: Uplift) -> str:
        tr = self.tr
        if uplift.rate is None:
            return tr("%(amount)s yuan on top.", amount=yuan(uplift.fixed_fen))
        rate = percent(Fraction(uplift.rate))
        if uplift.at_least_fen:
            return tr("%(rate)s on top, at least %(least)s yuan.", rate=rate, least=yuan(uplift.at_least_fen))
        return tr("%(rate)s on top.", rate=rate)

    def limits(self) -> list[Provision]:
        rules, tr = self.rules, self.tr
        lines: list[Line] = []
        sources: list[str] = []
        if rules.cap_fen is not None:
            said = tr("One reward is at most %(high)s yuan.", high=yuan(rules.cap_fen))
            lines.append(Line(said, rules.source.confirmed))
        for limit in rules.limits:
            lines.append(Line(self._limit(limit), limit.source.confirmed))
            sources += self._sources(limit.source)
        return [Provision(tr("Limits"), tuple(lines), tuple(dict.fromkeys(sources)))] if lines else []

    def _limit(self, limit: Limit) -> str:
        tr, period = self.tr, self.tr(PERIODS[limit.period])
        who = tr("the same reporter, for the same kind") if limit.by_kind else tr("the same reporter")
        most = []
        if limit.max_fen is not None:
            most.append(tr("%(amount)s yuan", amount=yuan(limit.max_fen)))
        if limit.count is not None:
            most.append(tr("rewards: %(count)s", count=limit.count))
        return tr("At most %(most)s %(period)s for %(who)s.", most=listed(most, tr), period=period, who=who)

    def exclusions(self) -> list[Provision]:
        tr = self.tr
        if not self.rules.exclusions:
            return []
        lines: list[Line] = []
        sources: list[str] = []
        for one in self.rules.exclusions:
            lines.append(Line(text(one.reason, tr), one.source.confirmed))
            sources += self._sources(one.source)
        return [Provision(tr("Never rewarded"), tuple(lines), tuple(dict.fromkeys(sources)))]

    def eligibility(self) -> Provision:
        tr, rule = self.tr, self.rules.eligibility
        sure = rule.source.confirmed
        said = [
            tr(NAMED[rule.real_name_by]),
            tr(ANONYMOUS[rule.anonymous]),
            tr(KNOWN_BEFORE[rule.known_before]),
        ]
        if rule.staff_or_relatives is Admission.EXCLUDED:
            said.append(tr("Staff of the authority and their relatives are not rewarded."))
        if rule.principal is Admission.EXCLUDED:
            said.append(tr("Whoever runs the firm is not rewarded for reporting it."))
        lines = [Line(one, sure) for one in said]
        return Provision(tr("Who is rewarded"), tuple(lines), self._sources(rule.source))

    def sharing(self) -> Provision:
        tr = self.tr
        if self.rules.sharing.mode is SharingMode.EQUAL:
            said = tr("If several people reported the same matter, the reward is divided equally among them.")
        elif self.rules.eligibility.first_only:
            said = tr("If several people reported the same matter, the first who may be rewarded is.")
        else:
            said = tr("If several people reported the same matter, each is looked at for itself.")
        return Provision(tr("Several reporters"), (Line(said), Line(tr(OVERLAPS[self.rules.overlap]))))

    def paying(self) -> Provision:
        rules, tr = self.rules, self.tr
        held = rules.withholding
        days = tr("It is claimed within %(days)s days of our notice.", days=rules.eligibility.claim_days)
        lines = [
            Line(tr(PAYABLE[rules.payable_when])),
            Line(days, rules.eligibility.source.confirmed),
            Line(tr(PAYMENTS[rules.payment])),
            Line(
                tr(
                    "Amounts are rounded to %(unit)s yuan, %(mode)s.",
                    unit=yuan(rules.rounding.unit_fen),
                    mode=tr(ROUNDINGS[rules.rounding.mode]),
                )
            ),
            Line(
                tr("Withheld for tax: %(amount)s yuan.", amount=yuan(held.withheld_fen)),
                held.source.confirmed,
            ),
        ]
        return Provision(tr("When and how it is paid"), tuple(lines))

    def questions(self) -> list[Provision]:
        """Say which facts decide, and who confirms each."""
        tr = self.tr
        asked = [fact for about in (About.FINDING, About.CASE) for fact in self.rules.asked(about)]
        if not asked:
            return []
        rows = tuple(Row(text(fact.label, tr), tr(CONFIRMERS[fact.confirmed_by])) for fact in asked)
        return [Provision(tr("What has to be known"), (Line(tr("Fact, and who confirms it:"), rows=rows),))]


def _led(lead: str, line: Line, tr: Tongue) -> Line:
    """Return a line after its lead."""
    return Line(tr("%(lead)s %(text)s", lead=lead, text=line.text), line.confirmed, line.rows)
