"""What is missing, why nothing is paid, and what may come of it, as sentences that say what can be done."""

from __future__ import annotations

from collections.abc import Mapping

from portal.rewards.rules.model import Exclusion, Limit
from portal.rewards.rules.outcome import Estimate, Ineligible, Missing, Need, Reason
from portal.rewards.rules.vocabulary import ConfirmedBy, PayableWhen
from portal.rewards.wording.phrases import Phrases
from portal.rewards.wording.reading import Reading
from portal.rewards.wording.speech import text, yuan
from portal.rewards.wording.terms import NOT_YET_PAYABLE, gettext_noop

WITHOUT_CEILING_FEN = 10**11
"""A thousand million yuan: an estimate that high only says that the rule names no ceiling."""
NEEDS = {
    Need.PENALTY: gettext_noop("Record the penalty, or that there is none and why."),
    Need.DEATHS: gettext_noop("Record how many concealed deaths the investigation confirmed."),
    Need.ACCIDENT_CLASS: gettext_noop("Record the class of the accident that the investigation confirmed."),
    Need.CHOICE: gettext_noop("Choose an amount from %(low)s to %(high)s yuan and write the reason."),
    Need.CHOICE_INSIDE_BAND: gettext_noop(
        "The amount must lie between %(low)s and %(high)s yuan. Choose another."
    ),
    Need.CHOICE_REASON: gettext_noop("Write the reason for the amount you chose."),
    Need.CHOICE_CONFIRMATION: gettext_noop("An officer has to confirm the amount and write the reason."),
    Need.IDENTITY_ANSWER: gettext_noop("An identity officer has to answer whether the reporter works there."),
}
ASKED_OF = {
    ConfirmedBy.VERIFIER: gettext_noop("Record this: %(label)s"),
    ConfirmedBy.PENALTY_DOCUMENT: gettext_noop("Record this from the penalty document: %(label)s"),
    ConfirmedBy.INVESTIGATION: gettext_noop("Record this as the investigation confirmed it: %(label)s"),
    ConfirmedBy.IDENTITY_OFFICER: gettext_noop("An identity officer has to answer: %(label)s"),
}
REASONS = {
    Reason.NO_FINDING: gettext_noop("Nothing was verified, so there is no reward."),
    Reason.KIND_NOT_COVERED: gettext_noop("The reward rules in force do not cover what was found."),
    Reason.NOT_LISTED: gettext_noop("The list of the rule does not name what was found."),
    Reason.NO_CONFIRMED_DEATH: gettext_noop(
        "The investigation confirmed no concealed death, so there is no reward."
    ),
    Reason.NOTHING_COUNTED: gettext_noop("What the rule counts is nothing, so there is no reward."),
    Reason.PAID_ALREADY: gettext_noop("What was paid already comes to as much as this reward."),
    Reason.BELOW_LEAST: gettext_noop("What was found is below the least that the rule rewards."),
    Reason.NO_PENALTY_NO_AWARD: gettext_noop(
        "No penalty was imposed, and the rule gives nothing without one."
        " If a penalty follows, the reward is computed anew."
    ),
    Reason.EXCLUDED: gettext_noop("The rule does not reward this."),
    Reason.KNOWN_BEFORE: gettext_noop(
        "The firm or the authority knew of it before the report, so there is no reward."
        " If it was not dealt with, say so and the matter is looked at again."
    ),
    Reason.STAFF_OR_RELATIVE: gettext_noop("Staff of the authority and their relatives are not rewarded."),
    Reason.PRINCIPAL: gettext_noop("Whoever runs the firm is not rewarded for reporting it."),
    Reason.ANONYMOUS: gettext_noop("The rule rewards only reports with a real name."),
    Reason.NOT_FIRST: gettext_noop(
        "Somebody else reported this earlier; the reward goes to the first report."
    ),
    Reason.REAL_NAME_MISSING: gettext_noop("This reward asks for a real name, and none was given."),
    Reason.REAL_NAME_NOT_CONFIRMED: gettext_noop(
        "This reward asks for a real name, and the name given is not confirmed yet."
    ),
    Reason.WINDOW_OVER: gettext_noop(
        "The time to claim is over. With a good reason it can be extended: please ask."
    ),
    Reason.CAP_REACHED: gettext_noop("The most that the rule pays one person in this time is reached."),
}


def need_sentence(missing: Missing, reading: Reading) -> str:
    """Return what somebody has to do before the award can go on; a fact by its own label."""
    tr = reading.tr
    if missing.need is Need.FACT:
        words = Phrases(reading.facts, tr)
        fact = words.fact(missing.fact)
        asked = ASKED_OF[fact.confirmed_by if fact else ConfirmedBy.VERIFIER]
        return tr(asked, label=words.label(missing.fact))
    if missing.band is None:
        return tr(NEEDS[missing.need])
    facts = {"low": yuan(missing.band.min_fen), "high": yuan(missing.band.max_fen)}
    return tr(NEEDS[missing.need], **facts)


def reason_sentence(reason: Reason, reading: Reading) -> str:
    """Return why nothing is paid, in one sentence."""
    return reading.tr(REASONS[reason])


def ineligible_sentence(why: Ineligible, reading: Reading) -> str:
    """Return why nothing is paid, with the facts that decide."""
    tr, facts = reading.tr, why.facts
    if why.code is Reason.EXCLUDED and (found := _exclusion(facts, reading)) is not None:
        return tr("The rule does not reward this: %(reason)s", reason=text(found.reason, tr))
    if why.code is Reason.BELOW_LEAST and (label := _label(facts, reading)):
        return tr("“%(label)s” is below the least that the rule rewards.", label=label)
    if why.code is Reason.NOTHING_COUNTED and (label := _label(facts, reading)):
        return tr("“%(label)s” is nothing, so there is no reward.", label=label)
    if why.code is Reason.CAP_REACHED and (limit := _limit(facts, reading)) is not None:
        return _limit_sentence(limit, reading)
    if why.code is Reason.WINDOW_OVER and "days" in facts:
        return tr(
            "The reward was not claimed within %(days)s days."
            " With a good reason the time can be extended: please ask.",
            days=facts["days"],
        )
    return tr(REASONS[why.code])


def estimate_sentence(estimate: Estimate, reading: Reading) -> str:
    """Return what may come of it, as an estimate and not a promise."""
    tr, low, high = reading.tr, yuan(estimate.low_fen), yuan(estimate.high_fen)
    if estimate.high_fen >= WITHOUT_CEILING_FEN:
        return tr("%(low)s yuan or more, without a ceiling. This is an estimate, not a promise.", low=low)
    if low == high:
        return tr("About %(amount)s yuan. This is an estimate, not a promise.", amount=low)
    return tr("%(low)s to %(high)s yuan. This is an estimate, not a promise.", low=low, high=high)


def not_yet_payable(when: PayableWhen, reading: Reading) -> str:
    """Return what an amount still waits for before it is an award."""
    return reading.tr(NOT_YET_PAYABLE[when])


def _exclusion(facts: Mapping[str, int | str], reading: Reading) -> Exclusion | None:
    rules, name = reading.rules, facts.get("exclusion")
    return next((one for one in rules.exclusions if one.id == name), None) if rules else None


def _limit(facts: Mapping[str, int | str], reading: Reading) -> Limit | None:
    rules, name = reading.rules, facts.get("limit")
    return next((one for one in rules.limits if one.id == name), None) if rules else None


def _label(facts: Mapping[str, int | str], reading: Reading) -> str:
    fact = facts.get("fact")
    return Phrases(reading.facts, reading.tr).label(str(fact)) if fact else ""


def _limit_sentence(limit: Limit, reading: Reading) -> str:
    tr = reading.tr
    if limit.max_fen is None:
        return tr(REASONS[Reason.CAP_REACHED])
    return tr(
        "The most that the rule pays one person in this time, %(most)s yuan, is reached.",
        most=yuan(limit.max_fen),
    )
