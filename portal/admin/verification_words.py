"""What the codes of a verification are called, and what the pages of its steps say."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext

from portal.admin.blueprint import desk
from portal.admin.steps import Words
from portal.cases.models import AccidentClass, FindingKind, PenaltyPart
from portal.cases.steps import Conclusion, RectificationAction
from portal.money import MoneyFault

FINDING_KINDS = {
    FindingKind.ORDINARY_HAZARD: lazy_gettext("Ordinary hazard"),
    FindingKind.MAJOR_HAZARD: lazy_gettext("Major hazard"),
    FindingKind.ILLEGAL_ACT: lazy_gettext("Illegal act"),
    FindingKind.WELDING_VIOLATION: lazy_gettext("Welding violation"),
    FindingKind.CONCEALED_ACCIDENT: lazy_gettext("Concealed accident"),
}
ACCIDENT_CLASSES = {
    AccidentClass.ORDINARY: lazy_gettext("Ordinary accident"),
    AccidentClass.LARGER: lazy_gettext("Larger accident"),
    AccidentClass.MAJOR: lazy_gettext("Major accident"),
    AccidentClass.ESPECIALLY_MAJOR: lazy_gettext("Especially major accident"),
}
PENALTY_PARTS = {
    PenaltyPart.FIRM: lazy_gettext("Fine on the firm"),
    PenaltyPart.PERSON: lazy_gettext("Fine on a person"),
    PenaltyPart.CONFISCATED: lazy_gettext("Illegal income confiscated"),
}
CONCLUSIONS = {
    Conclusion.TRUE: lazy_gettext("True"),
    Conclusion.PARTLY_TRUE: lazy_gettext("Partly confirmed"),
    Conclusion.FALSE: lazy_gettext("Not confirmed"),
    Conclusion.CANNOT_BE_CLEARED_UP: lazy_gettext("Could not be cleared up"),
}
MONEY_FAULTS = {
    MoneyFault.EMPTY: lazy_gettext("Please give the amount in yuan."),
    MoneyFault.NOT_AN_AMOUNT: lazy_gettext("This is no amount. Please write it like 18,000.00."),
    MoneyFault.NEGATIVE: lazy_gettext("Please give an amount greater than zero."),
    MoneyFault.TOO_MANY_DECIMALS: lazy_gettext("An amount has at most two decimals. Please check it."),
    MoneyFault.TOO_LARGE: lazy_gettext("This amount is too large. Please check the number of zeros."),
}
STEP_NAMES = {
    RectificationAction.START: lazy_gettext("Work has begun"),
    RectificationAction.REINSPECT: lazy_gettext("Inspect again"),
    RectificationAction.CLOSE: lazy_gettext("Sign off"),
    RectificationAction.EXTEND: lazy_gettext("Give more time"),
    RectificationAction.ESCALATE: lazy_gettext("Escalate"),
}

CHECK = Words(
    lazy_gettext("Record a check on site"),
    lazy_gettext("Two officers with their certificate numbers. Both are part of the evidence."),
    lazy_gettext("Record the check"),
    lazy_gettext("The check on site is recorded."),
)
FINDING = Words(
    lazy_gettext("Add a finding"),
    lazy_gettext("One finding for each thing that was verified. Penalty and repair belong to the finding."),
    lazy_gettext("Add the finding"),
    lazy_gettext("The finding is recorded."),
)
CHANGE_FINDING = Words(
    lazy_gettext("Change a finding"),
    lazy_gettext("Possible until its penalty is recorded. The log keeps what it was."),
    lazy_gettext("Save"),
    lazy_gettext("The finding is changed."),
)
FACTS = Words(
    lazy_gettext("What the reward rule asks"),
    lazy_gettext("Answer what is known by now. What is left empty can be added until the approval."),
    lazy_gettext("Keep the answers"),
    lazy_gettext("The answers are kept. The award follows them."),
)
CASE_FACTS = Words(
    lazy_gettext("What the reward rule asks about the case"),
    lazy_gettext("Asked once for the whole case. It can be corrected until the reward is approved."),
    lazy_gettext("Keep the answers"),
    lazy_gettext("The answers are kept. The award follows them."),
)
REMOVE_FINDING = Words(
    lazy_gettext("Take out a finding"),
    lazy_gettext("For a finding that was recorded by mistake. The log keeps that it was there, and why."),
    lazy_gettext("Take it out"),
    lazy_gettext("The finding is taken out."),
)
PENALTY = Words(
    lazy_gettext("Record the penalty"),
    lazy_gettext("One row for each part of the decision. The reward is computed from the sum of all rows."),
    lazy_gettext("Record the penalty"),
    lazy_gettext("The penalty is recorded."),
)
CHANGE_PENALTY = Words(
    lazy_gettext("Correct a penalty"),
    lazy_gettext("Possible until the reward is approved. The log keeps the old and the new amount."),
    lazy_gettext("Save"),
    lazy_gettext("The penalty is corrected."),
)
REMOVE_PENALTY = Words(
    lazy_gettext("Take out a part of a penalty"),
    lazy_gettext("For a part that was recorded twice. The log keeps its amount."),
    lazy_gettext("Take it out"),
    lazy_gettext("The part is taken out."),
)
NO_PENALTY = Words(
    lazy_gettext("Record that there is no penalty"),
    lazy_gettext("With the reason, for example that the danger was put right at once and was the first."),
    lazy_gettext("Record: no penalty"),
    lazy_gettext("It is recorded that there is no penalty."),
)
ORDER = Words(
    lazy_gettext("Order it to be put right"),
    lazy_gettext("All five points are needed: who, what, with what money, until when, and what if it fails."),
    lazy_gettext("Order"),
    lazy_gettext("Ordered."),
)
RECTIFICATION = {
    RectificationAction.START: Words(
        lazy_gettext("The work has begun"),
        lazy_gettext("Note that the firm has begun to put it right."),
        lazy_gettext("Note it"),
        lazy_gettext("Noted: the work has begun."),
    ),
    RectificationAction.REINSPECT: Words(
        lazy_gettext("Inspect again"),
        lazy_gettext("Say when somebody looked again, and what was seen."),
        lazy_gettext("Record"),
        lazy_gettext("The re-inspection is recorded."),
    ),
    RectificationAction.CLOSE: Words(
        lazy_gettext("Sign off"),
        lazy_gettext("The re-inspection showed that it is put right."),
        lazy_gettext("Sign off"),
        lazy_gettext("Signed off."),
    ),
    RectificationAction.EXTEND: Words(
        lazy_gettext("Give more time"),
        lazy_gettext("A later deadline, and why. The log keeps the old one."),
        lazy_gettext("Extend"),
        lazy_gettext("The deadline is extended."),
    ),
    RectificationAction.ESCALATE: Words(
        lazy_gettext("Escalate"),
        lazy_gettext("For what is not being put right. From now on it is under special supervision."),
        lazy_gettext("Escalate"),
        lazy_gettext("Escalated."),
    ),
}
CONCLUDE = Words(
    lazy_gettext("Conclude the check"),
    lazy_gettext("After this the reporter is to be answered within ten days."),
    lazy_gettext("Conclude"),
    lazy_gettext("Concluded. Now answer the reporter."),
)
ANSWER = Words(
    lazy_gettext("Answer the reporter"),
    lazy_gettext("The draft comes from the records. Change what is wrong, and say it in plain words."),
    lazy_gettext("Send the answer"),
    lazy_gettext("Answered. The reporter is told."),
)
UNDERTAKEN = lazy_gettext("The case is yours now. The reporter is told that the check has begun.")


@desk.app_context_processor
def _verification_words() -> dict[str, Any]:
    return {
        "finding_kinds": FINDING_KINDS,
        "accident_classes": ACCIDENT_CLASSES,
        "penalty_parts": PENALTY_PARTS,
        "rectification_steps": STEP_NAMES,
    }
