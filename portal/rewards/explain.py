"""Turns a derivation into lines that a verifier, finance or the reporter reads, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from flask_babel import gettext, lazy_gettext

from portal.money import format_yuan, format_yuan_brief
from portal.rewards.rules.codes import Code
from portal.rewards.rules.derivation import Derivation, Step
from portal.rewards.rules.legacy import AccidentClass, Part, RuleId
from portal.rewards.rules.outcome import Estimate, Missing, Need, Reason
from portal.rewards.rules.views import for_finance, without_sealed_lines


def _(message: str, **facts: object) -> str:
    """Return a sentence in the reader's language; the library's own function is not typed."""
    return str(gettext(message, **facts))


class Audience(StrEnum):
    """Who reads a derivation."""

    VERIFIER = "verifier"
    FINANCE = "finance"
    REPORTER = "reporter"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: idle when nothing changed, sum for the last, sealed for the marker of what is withheld."""

    title: str
    result: str
    how: str = ""
    idle: bool = False
    sum: bool = False
    sealed: bool = False


RULE_TITLES = {
    RuleId.NATIONAL_2018: lazy_gettext("National reward rule 2018"),
    RuleId.HENAN_2025: lazy_gettext("Henan reward rule 2025"),
    RuleId.ANYANG_GENERAL_2022: lazy_gettext("Anyang reward rule 2022 (no. 14)"),
    RuleId.ANYANG_WELDING: lazy_gettext("Anyang reward rule for welding"),
    RuleId.TAX_1994: lazy_gettext("Tax circular 1994 no. 20"),
}
PART_LABELS = {
    Part.FINE_FIRM: lazy_gettext("fine on the firm"),
    Part.FINE_PERSON: lazy_gettext("fine on a person"),
    Part.CONFISCATED: lazy_gettext("confiscated income"),
}
CLASS_LABELS = {
    AccidentClass.ORDINARY: lazy_gettext("ordinary accident"),
    AccidentClass.LARGER: lazy_gettext("larger accident"),
    AccidentClass.MAJOR: lazy_gettext("major accident"),
    AccidentClass.ESPECIALLY_MAJOR: lazy_gettext("especially major accident"),
}
NEED_SENTENCES = {
    Need.PENALTY: lazy_gettext("Record the penalty, or that there is none and why."),
    Need.DEATHS: lazy_gettext("Record how many concealed deaths the investigation confirmed."),
    Need.ACCIDENT_CLASS: lazy_gettext("Record the class of the accident that the investigation confirmed."),
    Need.CHOICE: lazy_gettext("Choose an amount from %(low)s to %(high)s yuan and write the reason."),
    Need.CHOICE_INSIDE_BAND: lazy_gettext(
        "The amount must lie between %(low)s and %(high)s yuan. Choose another."
    ),
    Need.CHOICE_REASON: lazy_gettext("Write the reason for the amount you chose."),
    Need.CHOICE_CONFIRMATION: lazy_gettext("An officer has to confirm the amount and write the reason."),
    Need.IDENTITY_ANSWER: lazy_gettext("An identity officer has to answer whether the reporter works there."),
}
REASON_SENTENCES = {
    Reason.NO_FINDING: lazy_gettext("Nothing was verified, so there is no reward."),
    Reason.KIND_NOT_COVERED: lazy_gettext("The reward rules in force do not cover what was found."),
    Reason.NO_CONFIRMED_DEATH: lazy_gettext(
        "The investigation confirmed no concealed death, so there is no reward."
    ),
    Reason.REAL_NAME_MISSING: lazy_gettext("This reward asks for a real name, and none was given."),
}


def explain(derivation: Derivation, audience: Audience) -> list[Line]:
    """Return the lines for this reader; the verifier's never tell anything about the reporter."""
    shown = _view(derivation, audience)
    bounds = _merged_bounds(shown) if audience is not Audience.FINANCE else None
    lines: list[Line] = []
    for step in shown.steps:
        if bounds and step in bounds:
            lines += [_both_bounds(*bounds)] if step is bounds[0] else []
        elif not (step.code is Code.ROUNDING and not step.bit and audience is Audience.REPORTER):
            lines.append(_LINES[step.code](step))
    return [*lines, Line(_sum_title(shown, audience), format_yuan(shown.amount_fen), sum=True)]


def rule_title(rule: str) -> str:
    """Return the title of a rule, or its id when no title is known."""
    return str(RULE_TITLES[RuleId(rule)]) if rule in set(RuleId) else rule


def need_sentence(missing: Missing) -> str:
    """Return what somebody has to do before the award can go on."""
    sentence = str(NEED_SENTENCES[missing.need])
    if missing.band is None:
        return sentence
    facts = {"low": format_yuan_brief(missing.band.min_fen), "high": format_yuan_brief(missing.band.max_fen)}
    return sentence % facts


def reason_sentence(reason: Reason) -> str:
    """Return why nothing is paid."""
    return str(REASON_SENTENCES[reason])


def estimate_sentence(estimate: Estimate) -> str:
    """Return what may come of it, as an estimate and not a promise."""
    low, high = format_yuan_brief(estimate.low_fen), format_yuan_brief(estimate.high_fen)
    if low == high:
        return _("About %(amount)s yuan. This is an estimate, not a promise.", amount=low)
    return _("%(low)s to %(high)s yuan. This is an estimate, not a promise.", low=low, high=high)


def _view(derivation: Derivation, audience: Audience) -> Derivation:
    """Return what this reader may see of the derivation."""
    if audience is Audience.VERIFIER:
        return without_sealed_lines(derivation)
    return for_finance(derivation) if audience is Audience.FINANCE else derivation


def _sum_title(derivation: Derivation, audience: Audience) -> str:
    """Return the title of the last line."""
    if derivation.sealed:
        return _("Without the sealed line")
    return _("You receive") if audience is Audience.REPORTER else _("To be paid")


def _merged_bounds(derivation: Derivation) -> tuple[Step, Step] | None:
    """Return a floor and a cap of which neither bit: together they are one line."""
    floors = [step for step in derivation.steps if step.code is Code.FLOOR and not step.bit]
    caps = [step for step in derivation.steps if step.code is Code.CAP and not step.bit]
    return (floors[0], caps[0]) if floors and caps else None


def _both_bounds(floor: Step, cap: Step) -> Line:
    """Return the one line for two bounds that did not bite."""
    title = _(
        "Floor %(min)s, ceiling %(max)s",
        min=format_yuan_brief(floor.value("min")),
        max=format_yuan_brief(cap.value("max")),
    )
    return Line(title, _("no change"), _("neither applies"), idle=True)


def _penalty_total(step: Step) -> Line:
    """Return the sum of the penalty parts that count, and what does not count."""
    counted = str(step.given["base"]).split("+")
    how = " + ".join(_part(step, part) for part in Part if part in counted and step.value(part))
    left_out = " + ".join(_part(step, part) for part in Part if part not in counted and step.value(part))
    if left_out:
        how = _("%(counted)s; not counted: %(left_out)s", counted=how or "0", left_out=left_out)
    return Line(_("Penalties"), format_yuan(step.after_fen), how or _("no fine"))


def _part(step: Step, part: Part) -> str:
    """Return one penalty part with its amount."""
    amount = format_yuan_brief(step.value(part))
    return _("%(part)s %(amount)s", part=str(PART_LABELS[part]), amount=amount)


def _percent(step: Step) -> Line:
    """Return the share of the penalty."""
    rate = _rate(step)
    formula = f"{format_yuan_brief(step.before_fen)} × {rate}"
    return Line(_("%(rate)s of the fines", rate=rate), format_yuan(step.after_fen), _sourced(formula, step))


def _rounding(step: Step) -> Line:
    """Return how a fraction of a fen was rounded."""
    title = _("Rounded to the fen, half up")
    if not step.bit:
        return Line(title, _("no change"), idle=True)
    exact = Fraction(step.value("exact_numerator"), step.value("exact_denominator") * 100)
    return Line(title, format_yuan(step.after_fen), f"{_decimal(exact)} → {format_yuan(step.after_fen)}")


def _floor(step: Step) -> Line:
    """Return the floor, greyed where it did not bite."""
    title = _("Floor %(min)s", min=format_yuan_brief(step.value("min")))
    return _bound(title, step, _("%(amount)s is below it", amount=format_yuan_brief(step.before_fen)))


def _cap(step: Step) -> Line:
    """Return the cap, greyed where it did not bite."""
    title = _("Ceiling %(max)s", max=format_yuan_brief(step.value("max")))
    return _bound(title, step, _("%(amount)s is above it", amount=format_yuan_brief(step.before_fen)))


def _total_cap(step: Step) -> Line:
    """Return the cap of award and uplift together."""
    title = _("Ceiling of the total %(max)s", max=format_yuan_brief(step.value("max")))
    return _bound(title, step, _("%(amount)s is above it", amount=format_yuan_brief(step.before_fen)))


def _bound(title: str, step: Step, how: str) -> Line:
    """Return a bound that changed the amount, or one that was not reached."""
    if step.bit:
        return Line(title, format_yuan(step.after_fen), _sourced(how, step))
    return Line(title, _("not reached"), idle=True)


def _no_penalty(step: Step) -> Line:
    """Return that no penalty was imposed."""
    return Line(_("Penalties"), _("none"), _sourced(_("no penalty was imposed"), step))


def _choice(step: Step) -> Line:
    """Return the amount that rests on an officer's choice."""
    low, high = format_yuan_brief(step.value("min")), format_yuan_brief(step.value("max"))
    by_default = bool(step.value("by_default"))
    how = _("proposed, an officer has yet to confirm it") if by_default else _("the reason is on file")
    title = _("Officer's choice, %(low)s to %(high)s", low=low, high=high)
    if low == high:
        title = _("Officer's choice, %(amount)s", amount=low)
    return Line(title, format_yuan(step.after_fen), _sourced(how, step))


def _per_death(step: Step) -> Line:
    """Return the amount for confirmed concealed deaths."""
    deaths = step.value("deaths")
    accident = str(CLASS_LABELS[AccidentClass(str(step.given["accident_class"]))])
    formula = f"{format_yuan_brief(step.value('each'))} × {deaths}"
    how = _("%(formula)s, %(accident)s", formula=formula, accident=accident)
    title = _("Confirmed concealed deaths: %(count)s", count=deaths)
    return Line(title, format_yuan(step.after_fen), _sourced(how, step))


def _overlap(step: Step) -> Line:
    """Return that the highest single award of several findings is paid."""
    amounts = [format_yuan_brief(step.value(key)) for key in step.given]
    title = _("The highest of %(count)s findings", count=len(amounts))
    return Line(title, format_yuan(step.after_fen), " / ".join(amounts))


def _uplift(step: Step) -> Line:
    """Return what an employee gets on top."""
    rate = _rate(step)
    formula = f"{format_yuan_brief(step.before_fen)} × {rate}"
    least = format_yuan_brief(step.value("at_least"))
    how = _("%(formula)s, at least %(least)s", formula=formula, least=least)
    added = f"+{format_yuan(step.after_fen - step.before_fen)}"
    return Line(_("Employee, plus %(rate)s", rate=rate), added, _sourced(how, step))


def _uplift_open(_step: Step) -> Line:
    """Return that the employee question is not answered yet."""
    return Line(_("Employee uplift"), _("not answered yet"), _("an identity officer answers yes or no"))


def _tax(step: Step) -> Line:
    """Return the tax withheld."""
    withheld = step.value("withheld")
    # What is not withheld needs no law to be named, least of all one that is to be confirmed.
    how = _sourced("", step) if withheld else _("nothing is withheld")
    return Line(_("Tax withheld"), format_yuan(withheld), how, idle=not withheld)


def _sealed(_step: Step) -> Line:
    """Return the marker that stands for every line about the reporter."""
    how = _("Finance works it out. Verifiers do not see it, so that nobody can guess who it is.")
    return Line(_("What depends on the reporter"), _("sealed"), how, sealed=True)


_LINES: dict[Code, Callable[[Step], Line]] = {
    Code.PENALTY_TOTAL: _penalty_total,
    Code.PERCENT: _percent,
    Code.ROUNDING: _rounding,
    Code.FLOOR: _floor,
    Code.CAP: _cap,
    Code.NO_PENALTY: _no_penalty,
    Code.CHOICE: _choice,
    Code.PER_DEATH: _per_death,
    Code.OVERLAP: _overlap,
    Code.UPLIFT: _uplift,
    Code.UPLIFT_OPEN: _uplift_open,
    Code.TOTAL_CAP: _total_cap,
    Code.TAX: _tax,
    Code.SEALED: _sealed,
}


def _sourced(how: str, step: Step) -> str:
    """Return the formula with where it is written; what is not confirmed says so and never reads as law."""
    title = rule_title(step.rule)
    if not step.confirmed:
        source = _("%(rule)s, to be confirmed", rule=title)
    elif step.article:
        source = _("%(rule)s, %(article)s", rule=title, article=step.article)
    else:
        source = _("%(rule)s, article to be confirmed", rule=title)
    return _("%(how)s · %(source)s", how=how, source=source) if how else source


def _rate(step: Step) -> str:
    """Return the rate of a step in percent, such as "15%"."""
    hundredths = Fraction(step.value("rate_numerator") * 100, step.value("rate_denominator"))
    return f"{_decimal(hundredths)}%"


def _decimal(value: Fraction) -> str:
    """Return a fraction as a decimal number with thousands commas and no trailing zeros."""
    return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():,f}"
