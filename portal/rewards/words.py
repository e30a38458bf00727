"""What finance's pages call kinds, acts, ledger lines and the bank's reasons."""

from __future__ import annotations

from flask_babel import lazy_gettext

from portal.rewards.models import Act, EntryKind, Stage
from portal.rewards.payouts import ReturnReason
from portal.rewards.rules.vocabulary import Kind

KINDS = {
    Kind.MAJOR_HAZARD: lazy_gettext("Major hazard"),
    Kind.ILLEGAL_ACT: lazy_gettext("Illegal act"),
    Kind.ORDINARY_HAZARD: lazy_gettext("Ordinary hazard"),
    Kind.CONCEALED_ACCIDENT: lazy_gettext("Concealed accident"),
    Kind.WELDING_VIOLATION: lazy_gettext("Welding violation"),
}
STAGES = {
    Stage.MAIN: lazy_gettext("Main award"),
    Stage.ADDITIONAL: lazy_gettext("Additional award"),
    Stage.CORROBORATION: lazy_gettext("Award for corroboration"),
    Stage.CORRECTION: lazy_gettext("Correction"),
}
ACTS = {
    Act.VERIFY: lazy_gettext("Verified"),
    Act.IDENTIFY: lazy_gettext("Answered about the reporter"),
    Act.APPROVE: lazy_gettext("Approved"),
    Act.PAY: lazy_gettext("Paid"),
}
ENTRIES = {
    EntryKind.BUDGET: lazy_gettext("Budget"),
    EntryKind.RESERVE: lazy_gettext("Reserved for an award"),
    EntryKind.RELEASE: lazy_gettext("Given back to the fund"),
    EntryKind.PAY: lazy_gettext("Paid out"),
}
RETURNS = {
    ReturnReason.NAME_DIFFERS: lazy_gettext("Name and account do not belong together"),
    ReturnReason.NO_SUCH_ACCOUNT: lazy_gettext("There is no such account"),
    ReturnReason.ACCOUNT_CLOSED: lazy_gettext("The account is closed"),
    ReturnReason.OTHER: lazy_gettext("Another reason of the bank"),
}
