"""Forms of finance and the cashier: what is typed becomes a command."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, RadioField, SelectChoice, StringField, TextAreaField

from portal.rewards.awards import LONGEST_REASON, Decision
from portal.rewards.models import PayoutState
from portal.rewards.payouts import BankAnswer, ReturnReason
from portal.rewards.words import RETURNS


def _number(text: str | None) -> int:
    """Return a whole number of a hidden field; 0, which nothing has, for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


class DecisionForm(FlaskForm):
    """What finance decides, on the award as it was shown."""

    version = HiddenField()
    amount = HiddenField()
    reason = TextAreaField(lazy_gettext("Reason"))

    def decision(self, award_id: int) -> Decision:
        """Return the command."""
        reason = (self.reason.data or "")[:LONGEST_REASON]
        return Decision(award_id, _number(self.version.data), _number(self.amount.data), reason)


class PaymentForm(FlaskForm):
    """What the bank did with a payment."""

    version = HiddenField()
    key = HiddenField()
    state = RadioField(
        lazy_gettext("What did the bank do?"),
        choices=[
            SelectChoice(PayoutState.PAID.value, lazy_gettext("It paid")),
            SelectChoice(PayoutState.RETURNED.value, lazy_gettext("It sent the money back")),
            SelectChoice(PayoutState.UNKNOWN.value, lazy_gettext("Not known yet")),
        ],
        default=PayoutState.PAID.value,
        validate_choice=False,
    )
    reference = StringField(lazy_gettext("Reference of the bank"))
    paid_on = DateField(lazy_gettext("Day on which the bank paid"))
    returned = RadioField(
        lazy_gettext("Why did it come back?"),
        choices=[SelectChoice(reason.value, label) for reason, label in RETURNS.items()],
        default=ReturnReason.NAME_DIFFERS.value,
        validate_choice=False,
    )

    def answer(self, share_id: int) -> BankAnswer:
        """Return the command; a choice that nobody offered counts as not known, or as another reason."""
        known, reasons = {state.value for state in PayoutState}, {reason.value for reason in ReturnReason}
        state, reason = self.state.data, self.returned.data
        paid_on: date | None = self.paid_on.data
        return BankAnswer(
            share_id,
            _number(self.version.data),
            self.key.data or "",
            PayoutState(state) if state in known else PayoutState.SENT,
            self.reference.data or "",
            paid_on,
            ReturnReason(reason) if reason in reasons else ReturnReason.OTHER,
        )
