"""One line for each step of a derivation: what the rule says, the numbers put in, where it is written."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from portal.rewards.rules.codes import Code
from portal.rewards.rules.derivation import Derivation, Step
from portal.rewards.rules.model import Uplift
from portal.rewards.rules.vocabulary import AccidentClass, FactType, Kind, Part, RoundMode
from portal.rewards.step_inputs import candidates, counted_fact, exact_in, money_of, rate_in, slices_in
from portal.rewards.wording.phrases import Phrases, lowered
from portal.rewards.wording.reading import Audience, Line, Reading
from portal.rewards.wording.speech import decimal, listed, text, yuan, yuan_exact
from portal.rewards.wording.terms import CLASSES, KINDS, ROUNDINGS


class StepLines:
    """One line for each step, in one language for one reader."""

    def __init__(self, reading: Reading, audience: Audience) -> None:
        self.reading, self.audience, self.tr = reading, audience, reading.tr
        self.words = Phrases(reading.facts, reading.tr)

    def line(self, step: Step) -> Line:
        """Return the line of a step."""
        return _LINES[step.code](self, step)

    def sum_title(self, derivation: Derivation) -> str:
        """Return the title of the last line."""
        if derivation.sealed:
            return self.tr("Without the sealed line")
        return self.tr("You receive") if self.audience is Audience.REPORTER else self.tr("To be paid")

    # What an amount comes from ---------------------------------------------------------------------------

    def base(self, step: Step) -> Line:
        """Return the sum of the money facts that count, and what does not count."""
        tr, counted = self.tr, str(step.given["base"]).split("+")
        how = " + ".join(self._part(step, part) for part in counted if money_of(step, part))
        others = [part for part in Part if part not in counted and money_of(step, part)]
        left_out = " + ".join(self._part(step, part) for part in others)
        if left_out:
            how = tr("%(counted)s; not counted: %(left_out)s", counted=how or "0", left_out=left_out)
        penalties = set(counted) <= set(Part)
        title = tr("Penalties") if penalties else listed([self.words.label(one) for one in counted], tr)
        nothing = tr("no fine") if penalties else tr("nothing")
        return Line(title, yuan_exact(step.after_fen), how or nothing)

    def _part(self, step: Step, part: str) -> str:
        """Return one part with its amount."""
        amount = yuan(money_of(step, part))
        return self.tr("%(part)s %(amount)s", part=self.words.inside(part), amount=amount)

    def percent(self, step: Step) -> Line:
        """Return a share of what came before."""
        tr, rate = self.tr, rate_in(step)
        formula = self._looked_up(step, f"{yuan(step.before_fen)} × {rate}")
        return Line(
            tr("%(rate)s of that sum", rate=rate), yuan_exact(step.after_fen), self._sourced(formula, step)
        )

    def fixed(self, step: Step) -> Line:
        """Return an amount that the rule names, under the title of its provision."""
        tr, rules = self.tr, self.reading.rules
        entry = rules.entry(step.entry) if rules else None
        title = text(entry.title, tr) if entry and entry.title else tr("Fixed amount")
        how = self._looked_up(step, tr("fixed amount") if entry and entry.title else "")
        return Line(title, yuan_exact(step.after_fen), self._sourced(how, step))

    def each(self, step: Step) -> Line:
        """Return an amount for each of what a fact counts."""
        tr, given = self.tr, step.given
        count, each = exact_in(given, "count"), exact_in(given, "each")
        counted = counted_fact(given)
        title = (
            tr("%(label)s: %(count)s", label=self.words.label(counted), count=decimal(count))
            if counted
            else tr("For each of %(count)s", count=decimal(count))
        )
        how = self._looked_up(step, f"{yuan(each)} × {decimal(count)}", without=counted)
        return Line(title, yuan_exact(step.after_fen), self._sourced(how, step))

    def slices(self, step: Step) -> Line:
        """Return what lies in each slice and what it is worth there."""
        tr, counted = self.tr, counted_fact(step.given)
        title = self.words.label(counted) if counted else tr("Each slice at its own share")
        return Line(title, yuan_exact(step.after_fen), self._sourced(slices_in(step.given), step))

    def per_death(self, step: Step) -> Line:
        """Return the amount for confirmed concealed deaths, as the first schema stored it."""
        tr, deaths = self.tr, step.value("deaths")
        accident = tr(CLASSES[AccidentClass(str(step.given["accident_class"]))])
        how = tr(
            "%(formula)s, %(accident)s", formula=f"{yuan(step.value('each'))} × {deaths}", accident=accident
        )
        title = tr("Confirmed concealed deaths: %(count)s", count=deaths)
        return Line(title, yuan_exact(step.after_fen), self._sourced(how, step))

    def no_penalty(self, step: Step) -> Line:
        """Return that no penalty was imposed."""
        tr = self.tr
        return Line(tr("Penalties"), tr("none"), self._sourced(tr("no penalty was imposed"), step))

    def choice(self, step: Step) -> Line:
        """Return the amount that rests on an officer's choice."""
        tr = self.tr
        low, high = yuan(step.value("min")), yuan(step.value("max"))
        by_default = bool(step.value("by_default"))
        how = tr("proposed, an officer has yet to confirm it") if by_default else tr("the reason is on file")
        title = tr("Officer's choice, %(low)s to %(high)s", low=low, high=high)
        if low == high:
            title = tr("Officer's choice, %(amount)s", amount=low)
        return Line(title, yuan_exact(step.after_fen), self._sourced(self._looked_up(step, how), step))

    def beyond(self, step: Step) -> Line:
        """Return what an officer chose beyond a ceiling that holds in principle."""
        tr = self.tr
        how = tr(
            "computed %(computed)s; the reason is on file, a second person approves",
            computed=yuan(step.before_fen),
        )
        title = tr("Officer's choice beyond the ceiling, up to %(high)s", high=yuan(step.value("max")))
        return Line(title, yuan_exact(step.after_fen), self._sourced(how, step))

    # Bounds and rounding ---------------------------------------------------------------------------------

    def rounding(self, step: Step) -> Line:
        """Return how a fraction was rounded."""
        tr, given = self.tr, step.given
        unit, mode = given.get("unit", 1), RoundMode(str(given.get("mode", RoundMode.HALF_UP)))
        if unit == 1 and mode is RoundMode.HALF_UP:
            title = tr("Rounded to the fen, half up")
        else:
            title = tr("Rounded to %(unit)s yuan, %(mode)s", unit=yuan(int(unit)), mode=tr(ROUNDINGS[mode]))
        if not step.bit:
            return Line(title, tr("no change"), idle=True)
        exact = Fraction(step.value("exact_numerator"), step.value("exact_denominator") * 100)
        result = yuan_exact(step.after_fen)
        return Line(title, result, f"{decimal(exact)} → {result}")

    def less(self, step: Step) -> Line:
        """Return that what was paid already is taken off."""
        tr, paid = self.tr, yuan(step.value("paid"))
        title = tr("Paid already %(paid)s", paid=paid)
        how = f"{yuan(step.before_fen)} − {paid}"
        return Line(title, yuan_exact(step.after_fen), self._sourced(how, step))

    def both_bounds(self, floor: Step, cap: Step) -> Line:
        """Return the one line for two bounds that did not bite."""
        tr = self.tr
        title = tr("Floor %(min)s, ceiling %(max)s", min=yuan(floor.value("min")), max=yuan(cap.value("max")))
        return Line(title, tr("no change"), tr("neither applies"), idle=True)

    def floor(self, step: Step) -> Line:
        """Return the floor, greyed where it did not bite."""
        tr = self.tr
        title = tr("Floor %(min)s", min=yuan(step.value("min")))
        return self._bound(title, step, tr("%(amount)s is below it", amount=yuan(step.before_fen)))

    def cap(self, step: Step) -> Line:
        """Return the ceiling of a clause, greyed where it did not bite."""
        return self._ceiling(step, self.tr("Ceiling %(max)s", max=yuan(step.value("max"))))

    def soft_cap(self, step: Step) -> Line:
        """Return a ceiling that holds in principle."""
        return self._ceiling(step, self.tr("Ceiling %(max)s, in principle", max=yuan(step.value("max"))))

    def award_cap(self, step: Step) -> Line:
        """Return the ceiling of one reward."""
        return self._ceiling(step, self.tr("Ceiling of one reward %(max)s", max=yuan(step.value("max"))))

    def total_cap(self, step: Step) -> Line:
        """Return the ceiling of reward and uplift together."""
        return self._ceiling(step, self.tr("Ceiling of the total %(max)s", max=yuan(step.value("max"))))

    def limit(self, step: Step) -> Line:
        """Return what is left of a limit after what the reporter was paid earlier."""
        tr = self.tr
        most, earlier = step.value("max"), step.value("earlier")
        title = tr("Limit %(max)s, paid before %(earlier)s", max=yuan(most), earlier=yuan(earlier))
        left = tr("%(left)s are left", left=yuan(max(most - earlier, 0)))
        return self._bound(title, step, left)

    def _ceiling(self, step: Step, title: str) -> Line:
        return self._bound(title, step, self.tr("%(amount)s is above it", amount=yuan(step.before_fen)))

    def _bound(self, title: str, step: Step, how: str) -> Line:
        """Return a bound that changed the amount, or one that was not reached."""
        if step.bit:
            return Line(title, yuan_exact(step.after_fen), self._sourced(self._looked_up(step, how), step))
        return Line(title, self.tr("not reached"), idle=True)

    # Several amounts -------------------------------------------------------------------------------------

    def part(self, step: Step) -> Line:
        """Return the heading of one part; what it comes to stands in the lines that follow."""
        tr, kind = self.tr, step.given.get("kind")
        title = tr("Part %(number)s", number=step.value("number"))
        if kind:
            title = tr("%(label)s: %(value)s", label=title, value=lowered(tr(KINDS[Kind(str(kind))])))
        return Line(title, tr("starts here"), idle=True)

    def sum_of(self, step: Step) -> Line:
        """Return the sum of parts, or of several findings."""
        amounts = candidates(step)
        title = self.tr("The sum")
        if "findings" in step.given:
            title = self.tr("The sum of %(count)s findings", count=len(amounts))
        return Line(title, yuan_exact(step.after_fen), " + ".join(map(yuan, amounts)))

    def highest(self, step: Step) -> Line:
        """Return the highest of parts."""
        amounts = candidates(step)
        return Line(self.tr("The highest"), yuan_exact(step.after_fen), " / ".join(map(yuan, amounts)))

    def lowest(self, step: Step) -> Line:
        """Return the lowest of parts."""
        amounts = candidates(step)
        return Line(self.tr("The lowest"), yuan_exact(step.after_fen), " / ".join(map(yuan, amounts)))

    def overlap(self, step: Step) -> Line:
        """Return that the highest single award of several findings is paid."""
        amounts = candidates(step)
        title = self.tr("The highest of %(count)s findings", count=len(amounts))
        return Line(title, yuan_exact(step.after_fen), " / ".join(map(yuan, amounts)))

    # What is added, about the reporter, and tax ----------------------------------------------------------

    def uplift(self, step: Step) -> Line:
        """Return what is added, and how much."""
        tr, given = self.tr, step.given
        of = given.get("of", step.before_fen)
        formula = yuan(step.value("fixed")) if "fixed" in given else f"{yuan(int(of))} × {rate_in(step)}"
        if given.get("at_least"):
            least = yuan(step.value("at_least"))
            formula = tr("%(formula)s, at least %(least)s", formula=formula, least=least)
        added = f"+{yuan_exact(step.after_fen - step.before_fen)}"
        return Line(self._uplift_title(step), added, self._sourced(formula, step))

    def _uplift_title(self, step: Step) -> str:
        tr = self.tr
        found = self._uplift_of(step)
        more = yuan(step.value("fixed")) if "fixed" in step.given else rate_in(step)
        if found is not None and found.title is not None:
            return tr("%(title)s, plus %(more)s", title=text(found.title, tr), more=more)
        if step.code is Code.MERIT:
            return tr("On top, plus %(more)s", more=more)
        return tr("Employee, plus %(rate)s", rate=more)

    def _uplift_of(self, step: Step) -> Uplift | None:
        rules = self.reading.rules
        return next((one for one in rules.uplifts if one.id == step.entry), None) if rules else None

    def cap_lifted(self, step: Step) -> Line:
        """Return that another ceiling holds for the total."""
        tr = self.tr
        how = tr("the total may reach %(max)s", max=yuan(step.value("max")))
        title = tr("The ceiling of the reward is lifted")
        return Line(title, tr("no change"), self._sourced(how, step), idle=True)

    def uplift_open(self, step: Step) -> Line:
        """Return that the question about the reporter is not answered yet."""
        tr, found = self.tr, self._uplift_of(step)
        title = text(found.title, tr) if found and found.title else tr("Employee uplift")
        return Line(title, tr("not answered yet"), tr("an identity officer answers yes or no"))

    def tax(self, step: Step) -> Line:
        """Return the tax withheld."""
        tr, withheld = self.tr, step.value("withheld")
        # What is not withheld needs no law to be named, least of all one that is to be confirmed.
        how = self._sourced("", step) if withheld else tr("nothing is withheld")
        return Line(tr("Tax withheld"), yuan_exact(withheld), how, idle=not withheld)

    def sealed(self, _step: Step) -> Line:
        """Return the marker that stands for every line about the reporter."""
        tr = self.tr
        how = tr("Finance works it out. Verifiers do not see it, so that nobody can guess who it is.")
        return Line(tr("What depends on the reporter"), tr("sealed"), how, sealed=True)

    # Where it is written ---------------------------------------------------------------------------------

    def _looked_up(self, step: Step, how: str, without: str = "") -> str:
        """Return the formula with the facts by which its figures were looked up."""
        used = [
            self._fact_used(key.removeprefix("fact."), value)
            for key, value in step.inputs
            if key.startswith("fact.") and key.removeprefix("fact.") != without
        ]
        return listed([part for part in (how, *used, self._tier(step)) if part], self.tr)

    def _tier(self, step: Step) -> str:
        """Return the step of a scale that the fact falls into."""
        facts = [key.removeprefix("fact.") for key in step.given if key.startswith("fact.")]
        if "tier_from" not in step.given or len(facts) != 1:
            return ""
        low, below = step.given["tier_from"], step.given.get("tier_below")
        return self.words.range(facts[0], Fraction(low), None if below is None else Fraction(below))

    def _fact_used(self, fact_id: str, value: int | str) -> str:
        tr, fact = self.tr, self.words.fact(fact_id)
        if fact is not None and fact.type is FactType.YES_NO:
            answer = tr("yes") if value else tr("no")
        elif fact is not None and fact.type is FactType.CHOICE:
            answer = lowered(self.words.answer(fact_id, str(value)))
        else:
            answer = self.words.quantity(fact_id, Fraction(value))
        return tr("%(label)s: %(value)s", label=self.words.inside(fact_id), value=answer)

    def _sourced(self, how: str, step: Step) -> str:
        """Return the formula with where it is written; what is not confirmed never reads as law."""
        tr = self.tr
        if not step.rule:
            return how
        title = self.reading.title(step.rule, step.version)
        if not step.confirmed:
            source = (
                tr("%(rule)s, %(article)s, to be confirmed", rule=title, article=step.article)
                if step.article
                else tr("%(rule)s, to be confirmed", rule=title)
            )
        elif step.article:
            source = tr("%(rule)s, %(article)s", rule=title, article=step.article)
        else:
            source = tr("%(rule)s, article to be confirmed", rule=title)
        return tr("%(how)s · %(source)s", how=how, source=source) if how else source


_LINES: dict[Code, Callable[[StepLines, Step], Line]] = {
    Code.PENALTY_TOTAL: StepLines.base,
    Code.PER_DEATH: StepLines.per_death,
    Code.BASE: StepLines.base,
    Code.PERCENT: StepLines.percent,
    Code.ROUNDING: StepLines.rounding,
    Code.FIXED: StepLines.fixed,
    Code.EACH: StepLines.each,
    Code.SLICES: StepLines.slices,
    Code.CHOICE: StepLines.choice,
    Code.NO_PENALTY: StepLines.no_penalty,
    Code.FLOOR: StepLines.floor,
    Code.CAP: StepLines.cap,
    Code.SOFT_CAP: StepLines.soft_cap,
    Code.BEYOND: StepLines.beyond,
    Code.LESS: StepLines.less,
    Code.PART: StepLines.part,
    Code.SUM: StepLines.sum_of,
    Code.HIGHEST: StepLines.highest,
    Code.LOWEST: StepLines.lowest,
    Code.OVERLAP: StepLines.overlap,
    Code.MERIT: StepLines.uplift,
    Code.MERIT_CAP: StepLines.total_cap,
    Code.AWARD_CAP: StepLines.award_cap,
    Code.CAP_LIFTED: StepLines.cap_lifted,
    Code.UPLIFT: StepLines.uplift,
    Code.UPLIFT_OPEN: StepLines.uplift_open,
    Code.TOTAL_CAP: StepLines.total_cap,
    Code.LIMIT: StepLines.limit,
    Code.TAX: StepLines.tax,
    Code.SEALED: StepLines.sealed,
}
