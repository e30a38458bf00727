"""What the closed words of the reward rules are called, for readers; each a message id."""

from __future__ import annotations

from portal.rewards.rules.vocabulary import (
    AccidentClass,
    Anonymous,
    ConfirmedBy,
    GovernsBy,
    Kind,
    KnownBefore,
    Moment,
    Overlap,
    PayableWhen,
    Payment,
    RoundMode,
    Stage,
)


def gettext_noop(message: str) -> str:
    """Mark a message id for the catalogue; portal.errors has the same, and brings Flask with it."""
    return message


KINDS = {
    Kind.MAJOR_HAZARD: gettext_noop("Major hazards"),
    Kind.ILLEGAL_ACT: gettext_noop("Illegal acts"),
    Kind.ORDINARY_HAZARD: gettext_noop("Ordinary hazards"),
    Kind.CONCEALED_ACCIDENT: gettext_noop("Concealed accidents"),
    Kind.WELDING_VIOLATION: gettext_noop("Welding violations"),
}
CLASSES = {
    AccidentClass.ORDINARY: gettext_noop("ordinary accident"),
    AccidentClass.LARGER: gettext_noop("larger accident"),
    AccidentClass.MAJOR: gettext_noop("major accident"),
    AccidentClass.ESPECIALLY_MAJOR: gettext_noop("especially major accident"),
}
STAGES = {
    Stage.MAIN: gettext_noop("Reward"),
    Stage.ADDITIONAL: gettext_noop("Additional reward, later"),
    Stage.CORROBORATION: gettext_noop("For others whose report helped"),
}
NAMED = {
    Moment.FILING: gettext_noop("A real name is needed when the report is made."),
    Moment.CONCLUSION: gettext_noop("A real name is needed before the check is concluded."),
    Moment.CLAIM: gettext_noop("A real name is needed only when the reward is claimed."),
    Moment.NEVER: gettext_noop("No real name is needed."),
}
PAYABLE = {
    PayableWhen.VERIFIED: gettext_noop("A reward is due once the report is confirmed."),
    PayableWhen.PENALTY_RECORDED: gettext_noop(
        "A reward is due once the penalty is recorded, or that there is none and why."
    ),
    PayableWhen.PENALTY_FINAL: gettext_noop(
        "A reward is due once the penalty is final, or it is known that there is none."
    ),
    PayableWhen.PENALTY_COLLECTED: gettext_noop(
        "A reward is due once the penalty is paid, or it is known that there is none."
    ),
}
NOT_YET_PAYABLE = {
    PayableWhen.VERIFIED: gettext_noop("This is an estimate until the report is confirmed."),
    PayableWhen.PENALTY_RECORDED: gettext_noop("This is an estimate until the penalty is recorded."),
    PayableWhen.PENALTY_FINAL: gettext_noop("This is an estimate until the penalty is final."),
    PayableWhen.PENALTY_COLLECTED: gettext_noop("This is an estimate until the penalty is paid."),
}
GOVERNS = {
    GovernsBy.ACCEPTED: gettext_noop("The version in force on the day the report was accepted holds."),
    GovernsBy.VERIFIED: gettext_noop("The version in force on the day the report was confirmed holds."),
    GovernsBy.DECIDED: gettext_noop("The version in force on the day the reward was decided holds."),
}
OVERLAPS = {
    Overlap.HIGHEST: gettext_noop(
        "If several things are confirmed in one case, the highest single reward is paid."
    ),
    Overlap.SUM: gettext_noop("If several things are confirmed in one case, their rewards are added up."),
}
PAYMENTS = {
    Payment.EACH: gettext_noop("Each reward is paid by itself."),
    Payment.MONTHLY: gettext_noop("Rewards are paid together once a month."),
    Payment.QUARTERLY: gettext_noop("Rewards are paid together once a quarter."),
}
ROUNDINGS = {
    RoundMode.HALF_UP: gettext_noop("half up"),
    RoundMode.HALF_EVEN: gettext_noop("half to the even digit"),
    RoundMode.UP: gettext_noop("up"),
    RoundMode.DOWN: gettext_noop("down"),
}
ANONYMOUS = {
    Anonymous.EXCLUDED: gettext_noop("Who reports without a name is not rewarded."),
    Anonymous.WITH_PROOF: gettext_noop("Who reports without a name proves it with the receipt code."),
    Anonymous.ALLOWED: gettext_noop("Who reports without a name is rewarded as well."),
}
KNOWN_BEFORE = {
    KnownBefore.EXCLUDED: gettext_noop("What the firm or the authority knew before is not rewarded."),
    KnownBefore.UNLESS_NOT_DEALT_WITH: gettext_noop(
        "What the firm or the authority knew before is rewarded only if it was not dealt with."
    ),
    KnownBefore.ALLOWED: gettext_noop("What was known before is rewarded as well."),
}
CONFIRMERS = {
    ConfirmedBy.VERIFIER: gettext_noop("who checks on site"),
    ConfirmedBy.IDENTITY_OFFICER: gettext_noop("an identity officer"),
    ConfirmedBy.PENALTY_DOCUMENT: gettext_noop("the penalty document"),
    ConfirmedBy.INVESTIGATION: gettext_noop("the investigation"),
}
KIND_NOTES = {
    Kind.MAJOR_HAZARD: gettext_noop("many people could be hurt, and it cannot be put right quickly"),
    Kind.ILLEGAL_ACT: gettext_noop("working without a licence or a certificate, or against an order"),
    Kind.ORDINARY_HAZARD: gettext_noop("a danger that can be put right quickly, such as a blocked exit"),
    Kind.CONCEALED_ACCIDENT: gettext_noop("somebody died or was hurt, and it was hidden or told wrongly"),
    Kind.WELDING_VIOLATION: gettext_noop("welding or cutting without a certificate, or near what burns"),
}
